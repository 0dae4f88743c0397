"""Asks the graph over fakes, by the engine that the environment names: both have to pass every test."""

from __future__ import annotations

import os
from typing import Any

from graphql import ExecutionResult, parse, validate

from engine.loom import Loom
from schema import build_schema
from schema.dialect import DIALECT
from tests.fakes.company import Company

SCHEMA = build_schema()._schema
LOOM = Loom(SCHEMA, DIALECT, compiled=os.environ.get("REVGRAPH_ENGINE", "loom") == "loom")


async def ask(company: Company, query: str, variables: dict[str, Any] | None = None, **rights: Any) -> ExecutionResult:
    """The answer for a principal who may see everything but what the rights say."""
    document = parse(query)
    wrong = validate(SCHEMA, document)
    if wrong:
        return ExecutionResult(None, wrong)
    return await LOOM.execute(document, company.context(**rights), variables)
