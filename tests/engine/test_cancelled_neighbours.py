"""What graphql-core cancels, beside a field that failed, takes nobody else's answer away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.shop import Desk


@dataclass(frozen=True)
class Thing:
    good: bool


SHARED, BAD = Thing(good=True), Thing(good=False)


async def pairs_of(desk: Desk, parents: Sequence[None], wanted: Wanted) -> Sequence[list[list[Thing]]]:
    return [[[BAD, SHARED], [SHARED]]]


async def soon(desk: Desk, parents: Sequence[Thing], wanted: Wanted) -> Sequence[str | Exception]:
    return ["soon" if parent.good else LookupError("bad") for parent in parents]


async def late(desk: Desk, parents: Sequence[Thing], wanted: Wanted) -> Sequence[str]:
    for _ in range(20):
        await asyncio.sleep(0)
    return ["late"] * len(parents)


@strawberry.type
class Item:
    soon: str = batch(soon)
    late: str = batch(late)


@strawberry.type
class Query:
    pairs: list[list[Item] | None] = batch(pairs_of)


async def test_an_answer_that_a_failed_neighbour_no_longer_waits_for_still_reaches_the_others(desk: Desk) -> None:
    result = await strawberry.Schema(Query).execute("{ pairs { soon late } }", context_value=desk)

    assert result.data == {"pairs": [None, [{"soon": "soon", "late": "late"}]]}
    assert [(error.message, error.path) for error in result.errors or []] == [("bad", ["pairs", 0, 0, "soon"])]
