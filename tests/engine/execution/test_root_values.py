"""The value that an operation starts from: none for most, an object where somebody gave one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import strawberry

from canonical.wanted import Wanted
from engine.seam import batch, derived
from tests.engine.execution.asking import Engine
from tests.engine.shop import Desk


@dataclass(frozen=True)
class HouseValue:
    name: str
    rooms: tuple[HouseValue, ...] = ()


async def parents_names(_context: Desk, parents: Sequence[HouseValue], _wanted: Wanted) -> Sequence[str]:
    return [f"asked of {getattr(parent, 'name', None)}" for parent in parents]


def in_capitals(house: HouseValue) -> str:
    return house.name.upper()


@strawberry.type
class Room:
    name: str


@strawberry.type
class Query:
    name: str | None
    rooms: list[Room] | None
    asked: str = batch(parents_names)
    loud: str | None = derived(in_capitals)


@strawberry.type
class Mutation:
    name: str | None
    asked: str = batch(parents_names)


houses = strawberry.Schema(Query, Mutation)
HOUSE = HouseValue("Villa", (HouseValue("Hall"), HouseValue("Attic")))


async def test_root_fields_are_read_and_derived_and_asked_of_it(engine: Engine) -> None:
    assert await engine.ask(houses, "{ name rooms { name } asked loud }", root=HOUSE) == {
        "data": {
            "name": "Villa",
            "rooms": [{"name": "Hall"}, {"name": "Attic"}],
            "asked": "asked of Villa",
            "loud": "VILLA",
        }
    }


async def test_mutations_start_from_it_as_well(engine: Engine) -> None:
    assert await engine.ask(houses, "mutation { name asked again: asked }", root=HOUSE) == {
        "data": {"name": "Villa", "asked": "asked of Villa", "again": "asked of Villa"}
    }


async def test_where_there_is_none_an_attribute_of_it_is_an_error(engine: Engine) -> None:
    assert await engine.ask(houses, "{ asked name }") == {
        "data": {"asked": "asked of None", "name": None},
        "errors": [
            {
                "message": "'NoneType' object has no attribute 'name'",
                "locations": [{"line": 1, "column": 9}],
                "path": ["name"],
            }
        ],
    }
