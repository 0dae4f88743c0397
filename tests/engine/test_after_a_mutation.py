"""What one mutation loaded is not read by the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import strawberry
from graphql import parse

from canonical.wanted import Wanted
from engine.loom import Loom
from engine.seam import batch
from tests.engine.shop import Desk

Stock = dict[str, int]


async def _sell(context: Desk, parents: Sequence[None], _: Wanted) -> Sequence[Stock]:
    _counted(context)
    return [{"left": 0}] * len(parents)


async def _left(context: Desk, parents: Sequence[Stock], _: Wanted) -> Sequence[int]:
    return [_counted(context)] * len(parents)


def _counted(context: Desk) -> int:
    """One less each time that nobody has counted yet."""
    held: dict[Any, Any] = context.loaders
    if "left" not in held:
        context.orders -= 1
        held["left"] = context.orders
    return int(held["left"])


@strawberry.type
class Shelf:
    left: int = batch(_left)


@strawberry.type
class Query:
    shelf: Shelf = batch(_sell)


@strawberry.type
class Mutation:
    sell: Shelf = batch(_sell)


SCHEMA = strawberry.Schema(Query, Mutation)._schema


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    "text,left",
    [
        ("mutation { a: sell { left } b: sell { left } c: sell { left } }", [2, 1, 0]),
        ("{ a: shelf { left } b: shelf { left } c: shelf { left } }", [2, 2, 2]),
    ],
)
async def test_root_fields_of_a_mutation_load_anew_and_those_of_a_query_share(
    text: str, left: list[int], *, compiled: bool
) -> None:
    result = await Loom(SCHEMA, compiled=compiled).execute(parse(text), Desk(orders=3))

    assert result.errors is None
    assert result.data
    assert [shelf["left"] for shelf in result.data.values()] == left
