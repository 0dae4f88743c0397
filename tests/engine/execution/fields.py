"""Fields whose answers are written where they are declared, and arguments as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.shop import Desk


def gives(value: object, *, called: str = "gives") -> Any:
    """A batch with the same answer for each parent. An exception is that parent's error."""

    async def give(context: Desk, parents: Sequence[object], wanted: Wanted) -> Sequence[object]:
        context.note(called, parents, wanted)
        return [value] * len(parents)

    return batch(give)


def raises(error: Exception) -> Any:
    """A batch whose call fails, for all parents."""

    async def fail(_context: Desk, _parents: Sequence[object], _wanted: Wanted) -> Sequence[object]:
        raise error

    return batch(fail)


def each(function: Callable[[Any], object], *, called: str = "each") -> Any:
    """A batch that works out each parent's answer from that parent."""

    async def work_out(context: Desk, parents: Sequence[object], wanted: Wanted) -> Sequence[object]:
        context.note(called, parents, wanted)
        return [function(parent) for parent in parents]

    return batch(work_out)


def told(value: object) -> str:
    """What a resolver was given, as text; fields that nobody gave are left out."""
    if isinstance(value, list):
        return f"[{', '.join(told(item) for item in value)}]"
    if is_dataclass(value) and not isinstance(value, type):
        given = {part.name: getattr(value, part.name) for part in fields(value)}
        return (
            f"{{{', '.join(f'{name}: {told(part)}' for name, part in given.items() if part is not strawberry.UNSET)}}}"
        )
    return value.name if isinstance(value, Enum) else repr(value)


def reached(desk: Desk) -> dict[str, int]:
    """How many parents each resolver was asked for, whether in one call or in several."""
    parents: Counter[str] = Counter()
    for name, count in desk.called():
        parents[name] += count
    return dict(parents)
