"""Three ways for a value not to be there: not asked for, not existing, not to be had just now."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from msgspec import UNSET, UnsetType

T = TypeVar("T")

Told: TypeAlias = T | UnsetType | None
"""What one system says of a field: a value, None (it says there is none), or UNSET (nobody asked)."""

Served: TypeAlias = T | Exception | UnsetType | None
"""What the graph serves of a field: as `Told`, or the fault that kept its owner from answering."""


def known(value: T | UnsetType | Exception | None) -> T | None:
    """The value itself; None for every kind of absence."""
    return None if value is None or value is UNSET or isinstance(value, Exception) else value


__all__ = ["UNSET", "Served", "Told", "UnsetType", "known"]
