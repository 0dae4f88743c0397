"""Values that tell their own type: through the interface's word for it, or by being of the graph's own class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo

from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives


@dataclass(frozen=True)
class ShapeValue:
    kind: str
    name: str = "n"


@dataclass(frozen=True)
class SquareValue(ShapeValue):
    kind: str = "Square"


@dataclass(frozen=True)
class ShyValue(ShapeValue):
    kind: str = "shy"


class Shy(Exception):
    """It will not say what it is."""


@strawberry.interface
class Shape:
    name: str | None

    @classmethod
    def resolve_type(cls, value: ShapeValue, _info: GraphQLResolveInfo[Any], _type: GraphQLAbstractType) -> str:
        if value.kind == "shy":
            raise Shy("I will not say")
        return value.kind


@strawberry.type
class Round(Shape):
    corners: str | None = each(lambda shape: f"{shape.name}: none", called="corners")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, ShapeValue) and value.kind == "Round"


@strawberry.type
class Square(Shape):
    corners: str | None = each(lambda shape: f"{shape.name}: four", called="corners")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, ShapeValue) and value.kind == "Square"


@strawberry.type
class Heavy:
    pounds: int


@strawberry.type
class Light:
    ounces: int


@strawberry.type
class Query:
    shapes: list[Shape | None] | None = gives([ShapeValue("Round", "a"), SquareValue(name="b"), ShyValue()])
    unknown: Shape | None = gives(ShapeValue("Star"))
    word: Shape | None = gives(ShapeValue("String"))
    foreign: Shape | None = gives(ShapeValue("Query"))
    meta: Shape | None = gives(ShapeValue("__Schema"))
    weights: list[Heavy | Light] | None = gives([Heavy(pounds=3), Light(ounces=5)])


shapes = strawberry.Schema(Query, types=[Round, Square])


async def test_the_interface_says_which_type_each_value_has(engine: Engine) -> None:
    text = "{ shapes { __typename name ... on Round { corners } ... on Square { corners } } }"

    assert await engine.ask(shapes, text) == {
        "data": {
            "shapes": [
                {"__typename": "Round", "name": "a", "corners": "a: none"},
                {"__typename": "Square", "name": "b", "corners": "b: four"},
                None,
            ]
        },
        "errors": [
            {"message": "I will not say", "locations": [{"line": 1, "column": 3}], "path": ["shapes", 2]},
        ],
    }


@pytest.mark.parametrize(
    "field,message",
    [
        ("unknown", "Abstract type 'Shape' was resolved to a type 'Star' that does not exist inside the schema."),
        ("word", "Abstract type 'Shape' was resolved to a non-object type 'String'."),
        ("foreign", "Runtime Object type 'Query' is not a possible type for 'Shape'."),
        ("meta", "Runtime Object type '__Schema' is not a possible type for 'Shape'."),
    ],
)
async def test_a_type_that_the_interface_cannot_have_is_an_error(engine: Engine, field: str, message: str) -> None:
    assert await engine.ask(shapes, f"{{ {field} {{ name }} }}") == {
        "data": {field: None},
        "errors": [{"message": message, "locations": [{"line": 1, "column": 3}], "path": [field]}],
    }


async def test_objects_of_the_graphs_own_classes_are_known_by_them(engine: Engine) -> None:
    text = "{ weights { ... on Heavy { pounds } ... on Light { ounces } __typename } }"

    assert await engine.ask(shapes, text) == {
        "data": {"weights": [{"pounds": 3, "__typename": "Heavy"}, {"ounces": 5, "__typename": "Light"}]}
    }
