"""Lists whose items have fields: null and errors at the items, in their fields, and in calls below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import strawberry

from tests.engine.execution.asking import Engine, Name
from tests.engine.execution.fields import each, gives, reached
from tests.engine.shop import Desk


class Bad(Exception):
    """Something is wrong here."""


@dataclass(frozen=True)
class CarValue:
    plate: str | None
    doors: list[object] = field(default_factory=list)


@dataclass(frozen=True)
class DoorValue:
    side: str | None
    key: object = "k"


@strawberry.type
class Door:
    side: str
    key: str = each(lambda door: door.key, called="key")


@strawberry.type
class Car:
    plate: str
    doors: list[Door | None] | None
    firm_doors: list[Door] | None = each(lambda car: car.doors, called="firmDoors")
    lock: str | None = each(lambda car: f"lock of {car.plate}", called="lock")


GOOD = CarValue("A", [DoorValue("left"), DoorValue("right")])
MIXED = CarValue("B", [DoorValue("left"), None, DoorValue(None)])
TWICE = [GOOD, GOOD]


def breaking_off() -> Iterator[CarValue]:
    yield GOOD
    raise Bad("out of cars")


@strawberry.type
class Query:
    good: list[Car] | None = gives([GOOD])
    twice: list[Car] | None = gives(TWICE)
    holed: list[Car | None] | None = gives([GOOD, None, Bad("bad"), MIXED])
    firm: list[Car] | None = gives([GOOD, Bad("bad"), MIXED])
    plateless: list[Car | None] | None = gives([CarValue(None), GOOD, CarValue(None)])
    firm_plateless: list[Car] | None = gives([GOOD, CarValue(None), CarValue(None)])
    keyless: list[Car] = gives([CarValue("C", [DoorValue("left", None)]), GOOD])
    streamed: list[Car] | None = each(lambda _: iter([GOOD, CarValue("D")]))
    streamed_rows: list[list[Car]] | None = each(lambda _: (iter([car]) for car in (GOOD, CarValue("D"))))
    broken_off: list[Car] | None = each(lambda _: breaking_off())
    rows: list[list[Car] | None] | None = gives([[GOOD, MIXED], None, [], [GOOD, None]])


cars = strawberry.Schema(Query)


def wrong(message: str, column: int, *path: str | int) -> dict[str, object]:
    return {"message": message, "locations": [{"line": 1, "column": column}], "path": list(path)}


async def test_items_keep_their_place_among_nulls_and_errors(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(cars, "{ holed { plate lock } }", desk=desk)

    assert answer == {
        "data": {
            "holed": [{"plate": "A", "lock": "lock of A"}, None, None, {"plate": "B", "lock": "lock of B"}],
        },
        "errors": [wrong("bad", 3, "holed", 2)],
    }
    assert desk.called() == [("gives", 1), ("lock", 2)]


async def test_one_object_twice_in_a_list_is_answered_twice(engine: Engine) -> None:
    assert await engine.ask(cars, "{ twice { plate lock firmDoors { side key } } }") == {
        "data": {
            "twice": [
                {
                    "plate": "A",
                    "lock": "lock of A",
                    "firmDoors": [{"side": "left", "key": "k"}, {"side": "right", "key": "k"}],
                }
            ]
            * 2
        }
    }


async def test_null_in_an_item_takes_the_item_where_it_may_be_null(engine: Engine) -> None:
    assert await engine.ask(cars, "{ plateless { lock plate } }") == {
        "data": {"plateless": [None, {"lock": "lock of A", "plate": "A"}, None]},
        "errors": [
            wrong("Cannot return null for non-nullable field Car.plate.", 20, "plateless", 0, "plate"),
            wrong("Cannot return null for non-nullable field Car.plate.", 20, "plateless", 2, "plate"),
        ],
    }


async def test_null_in_an_item_takes_the_list_where_the_item_may_not_be_null(engine: Engine) -> None:
    assert await engine.ask(cars, "{ firmPlateless { plate } good { plate } }") == {
        "data": {"firmPlateless": None, "good": [{"plate": "A"}]},
        "errors": [wrong("Cannot return null for non-nullable field Car.plate.", 19, "firmPlateless", 1, "plate")],
    }


async def test_a_bad_item_of_a_list_that_may_hold_none_leaves_the_rest_uncalled(engine: Engine, name: Name) -> None:
    desk = Desk()

    answer = await engine.ask(cars, "{ firm { plate firmDoors { side } } good { lock } }", desk=desk)

    assert answer == {
        "data": {"firm": None, "good": [{"lock": "lock of A"}]},
        "errors": [wrong("bad", 3, "firm", 1)],
    }
    assert reached(desk) == {"gives": 2, "lock": 1} | ({"firmDoors": 1} if name == "core" else {})


async def test_lists_within_items_hold_their_own_nulls(engine: Engine) -> None:
    assert await engine.ask(cars, "{ holed { doors { side } } }") == {
        "data": {
            "holed": [
                {"doors": [{"side": "left"}, {"side": "right"}]},
                None,
                None,
                {"doors": [{"side": "left"}, None, None]},
            ]
        },
        "errors": [
            wrong("bad", 3, "holed", 2),
            wrong("Cannot return null for non-nullable field Door.side.", 19, "holed", 3, "doors", 2, "side"),
        ],
    }


async def test_a_null_two_calls_below_climbs_to_what_may_be_null(engine: Engine) -> None:
    assert await engine.ask(cars, "{ keyless { plate firmDoors { side key } } }") == {
        "data": {
            "keyless": [
                {"plate": "C", "firmDoors": None},
                {"plate": "A", "firmDoors": [{"side": "left", "key": "k"}, {"side": "right", "key": "k"}]},
            ]
        },
        "errors": [
            wrong("Cannot return null for non-nullable field Door.key.", 36, "keyless", 0, "firmDoors", 0, "key")
        ],
    }


async def test_objects_that_can_be_gone_through_once_are_answered_with_what_is_below_them(engine: Engine) -> None:
    assert await engine.ask(cars, "{ streamed { plate } again: streamed { lock firmDoors { key } } }") == {
        "data": {
            "streamed": [{"plate": "A"}, {"plate": "D"}],
            "again": [
                {"lock": "lock of A", "firmDoors": [{"key": "k"}, {"key": "k"}]},
                {"lock": "lock of D", "firmDoors": []},
            ],
        }
    }


async def test_lists_of_lists_that_can_be_gone_through_once_are_answered_as_well(engine: Engine) -> None:
    assert await engine.ask(cars, "{ streamedRows { plate lock } }") == {
        "data": {"streamedRows": [[{"plate": "A", "lock": "lock of A"}], [{"plate": "D", "lock": "lock of D"}]]}
    }


async def test_objects_that_break_off_are_the_fields_error(engine: Engine) -> None:
    assert await engine.ask(cars, "{ brokenOff { lock } }") == {
        "data": {"brokenOff": None},
        "errors": [wrong("out of cars", 3, "brokenOff")],
    }


async def test_lists_of_lists_of_objects_are_answered_in_place(engine: Engine) -> None:
    assert await engine.ask(cars, "{ rows { plate lock } }") == {
        "data": {
            "rows": [
                [{"plate": "A", "lock": "lock of A"}, {"plate": "B", "lock": "lock of B"}],
                None,
                [],
                None,
            ]
        },
        "errors": [wrong("Cannot return null for non-nullable field Query.rows.", 3, "rows", 3, 1)],
    }
