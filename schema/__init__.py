"""The questions: Strawberry declarations, whose fields are attributes, or resolvers called once for many parents."""

from __future__ import annotations

from schema.build import build_schema

__all__ = ["build_schema"]
