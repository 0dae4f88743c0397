"""What leaves may be: each scalar's and enum's own rules for what it writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, NewType

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.execution.asking import Answer, Engine
from tests.engine.shop import Desk

Tempo = NewType("Tempo", int)


@strawberry.enum
class Colour(Enum):
    RED = "r"
    GREEN = 2
    ODD = strawberry.enum_value("o", name="PECULIAR")


class Other(Enum):
    RED = "r"


def write_tempo(value: object) -> object:
    """Beats a minute: 0 has no words, and none below 0 is written."""
    if not isinstance(value, int):
        raise TypeError("a tempo is a number")
    if value < 0:
        raise GraphQLError("too slow", extensions={"beats": value})
    return f"{value} bpm" if value else None


@dataclass
class Holding(Desk):
    value: object = None


async def held(context: Holding, parents: Sequence[object], _wanted: Wanted) -> Sequence[Any]:
    return [context.value for _ in parents]


@dataclass(frozen=True)
class HolderValue:
    context: Holding

    def __getattr__(self, _name: str) -> object:
        return self.context.value


async def holder(context: Holding, parents: Sequence[object], _wanted: Wanted) -> Sequence[HolderValue]:
    return [HolderValue(context) for _ in parents]


@strawberry.type
class Holder:
    text: str | None
    whole: int | None
    real: float | None
    yes: bool | None
    id: strawberry.ID | None
    colour: Colour | None
    tempo: Tempo | None
    number: Decimal | None
    firm_colour: Colour


@strawberry.type
class Query:
    text: str | None = batch(held)
    whole: int | None = batch(held)
    real: float | None = batch(held)
    yes: bool | None = batch(held)
    id: strawberry.ID | None = batch(held)
    colour: Colour | None = batch(held)
    tempo: Tempo | None = batch(held)
    number: Decimal | None = batch(held)
    colours: list[Colour] | None = batch(held)
    holder: Holder | None = batch(holder)


TEMPO = ScalarDefinition(
    name="Tempo", description=None, specified_by_url=None, serialize=write_tempo, parse_value=None, parse_literal=None
)
leaves = strawberry.Schema(Query, config=StrawberryConfig(scalar_map={Tempo: TEMPO}))


class Text(str):
    __slots__ = ()


class Spelled:
    def __str__(self) -> str:
        return "spelled"


WRITTEN: list[tuple[str, object, object]] = [
    ("text", "a", "a"),
    ("text", "", ""),
    ("text", Text("sub"), "sub"),
    ("text", 5, "5"),
    ("text", 1.5, "1.5"),
    ("text", True, "true"),
    ("whole", 7, 7),
    ("whole", -2147483648, -2147483648),
    ("whole", 3.0, 3),
    ("whole", "8", 8),
    ("whole", True, 1),
    ("real", 1.5, 1.5),
    ("real", 3, 3.0),
    ("real", "2.5", 2.5),
    ("real", True, 1),
    ("yes", True, True),
    ("yes", False, False),
    ("yes", 0, False),
    ("yes", 2.5, True),
    ("id", "x", "x"),
    ("id", 7, "7"),
    ("id", 7.0, "7"),
    ("colour", Colour.RED, "RED"),
    ("colour", Colour.ODD, "PECULIAR"),
    ("tempo", 120, "120 bpm"),
    ("number", Decimal("1.10"), "1.10"),
]
REFUSED: list[tuple[str, object, str]] = [
    ("text", [1], "String cannot represent value: [1]"),
    ("text", {"a": 1}, "String cannot represent value: {'a': 1}"),
    ("whole", 1.5, "Int cannot represent non-integer value: 1.5"),
    ("whole", "x", "Int cannot represent non-integer value: 'x'"),
    ("whole", "", "Int cannot represent non-integer value: ''"),
    ("whole", 2147483648, "Int cannot represent non 32-bit signed integer value: 2147483648"),
    ("whole", [7], "Int cannot represent non-integer value: [7]"),
    ("real", "x", "Float cannot represent non numeric value: 'x'"),
    ("real", float("nan"), "Float cannot represent non numeric value: nan"),
    ("real", float("inf"), "Float cannot represent non numeric value: inf"),
    ("yes", "true", "Boolean cannot represent a non boolean value: 'true'"),
    ("yes", float("nan"), "Boolean cannot represent a non boolean value: nan"),
    ("id", True, "ID cannot represent value: True"),
    ("id", 1.5, "ID cannot represent value: 1.5"),
    ("tempo", "fast", "a tempo is a number"),
    ("tempo", 0, "Expected `Tempo.coerce_output_value(0)` to return non-nullable value, returned: None"),
]


async def by_batch(engine: Engine, field: str, value: object) -> Answer:
    return await engine.ask(leaves, f"{{ {field} }}", desk=Holding(value=value))


async def by_attribute(engine: Engine, field: str, value: object) -> Answer:
    return await engine.ask(leaves, f"{{ holder {{ {field} }} }}", desk=Holding(value=value))


@pytest.mark.parametrize("field,value,written", WRITTEN)
async def test_a_value_is_written_as_its_type_writes_it(
    engine: Engine, field: str, value: object, written: object
) -> None:
    by_call, by_reading = await by_batch(engine, field, value), await by_attribute(engine, field, value)

    assert json.dumps(by_call) == json.dumps({"data": {field: written}})
    assert json.dumps(by_reading) == json.dumps({"data": {"holder": {field: written}}})


@pytest.mark.parametrize("field,value,message", REFUSED)
async def test_what_a_type_cannot_write_is_an_error(engine: Engine, field: str, value: object, message: str) -> None:
    assert await by_batch(engine, field, value) == {
        "data": {field: None},
        "errors": [{"message": message, "locations": [{"line": 1, "column": 3}], "path": [field]}],
    }
    assert await by_attribute(engine, field, value) == {
        "data": {"holder": {field: None}},
        "errors": [{"message": message, "locations": [{"line": 1, "column": 12}], "path": ["holder", field]}],
    }


@pytest.mark.parametrize("field", ["text", "whole", "real", "yes", "id", "colour", "tempo", "number"])
async def test_null_is_written_as_null_by_every_type(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, None) == {"data": {field: None}}
    assert await by_attribute(engine, field, None) == {"data": {"holder": {field: None}}}


@pytest.mark.parametrize("field", ["text", "whole", "real", "yes", "id", "colour", "tempo", "number"])
async def test_an_exception_in_a_leafs_place_is_its_error_whatever_the_type(engine: Engine, field: str) -> None:
    assert await by_batch(engine, field, ValueError("no value")) == {
        "data": {field: None},
        "errors": [{"message": "no value", "locations": [{"line": 1, "column": 3}], "path": [field]}],
    }
    assert await by_attribute(engine, field, ValueError("no value")) == {
        "data": {"holder": {field: None}},
        "errors": [{"message": "no value", "locations": [{"line": 1, "column": 12}], "path": ["holder", field]}],
    }


async def test_what_a_scalar_says_has_its_extensions(engine: Engine) -> None:
    assert await by_batch(engine, "tempo", -5) == {
        "data": {"tempo": None},
        "errors": [
            {
                "message": "too slow",
                "locations": [{"line": 1, "column": 3}],
                "path": ["tempo"],
                "extensions": {"beats": -5},
            }
        ],
    }


async def test_a_list_of_enums_is_written_name_by_name(engine: Engine) -> None:
    assert await by_batch(engine, "colours", [Colour.RED, Colour.ODD, Colour.GREEN]) == {
        "data": {"colours": ["RED", "PECULIAR", "GREEN"]}
    }


@pytest.mark.parametrize(
    "value,shown",
    [("purple", "'purple'"), (Other.RED, "<Other instance>"), (9, "9"), ([Colour.RED], "[<Colour instance>]")],
)
async def test_an_enum_writes_none_but_its_own_members(engine: Engine, value: object, shown: str) -> None:
    message = f"Enum 'Colour' cannot represent value: {shown}"

    assert await by_attribute(engine, "colour", value) == {
        "data": {"holder": {"colour": None}},
        "errors": [{"message": message, "locations": [{"line": 1, "column": 12}], "path": ["holder", "colour"]}],
    }
    assert await by_batch(engine, "colour", value) == {
        "data": {"colour": None},
        "errors": [{"message": message, "locations": [{"line": 1, "column": 3}], "path": ["colour"]}],
    }
