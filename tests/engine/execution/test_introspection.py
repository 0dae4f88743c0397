"""The schema asked about itself: graphql-core answers, also where the question has data beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import strawberry
from graphql import build_client_schema, get_introspection_query, print_schema

from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives
from tests.engine.shop import Desk


@dataclass(frozen=True)
class RoseValue:
    name: str = "Rosa"


@strawberry.enum
class Season(Enum):
    SPRING = "s"
    WINTER = strawberry.enum_value("w", deprecation_reason="Nothing grows.")


@strawberry.interface
class Plant:
    name: str


@strawberry.type(description="Thorny.")
class Rose(Plant):
    thorns: int | None = gives(9, called="thorns")
    label: str | None = each(lambda rose: f"a {rose.name}", called="label")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, RoseValue)


@strawberry.type
class Moss:
    damp: bool


Growth = Annotated[Rose | Moss, strawberry.union("Growth")]


@strawberry.type
class Query:
    rose: Rose | None = gives(RoseValue(), called="rose")
    growth: list[Growth] | None = gives([RoseValue()], called="growth")
    season: Season | None = gives(Season.SPRING, called="season")


garden = strawberry.Schema(Query)


async def test_a_type_says_what_it_is(engine: Engine) -> None:
    text = """{
      Plant: __type(name: "Plant") { ...Type }
      Growth: __type(name: "Growth") { ...Type }
      Season: __type(name: "Season") { kind enumValues(includeDeprecated: true) { name isDeprecated } }
      Nowhere: __type(name: "Nowhere") { kind }
    } fragment Type on __Type {
      kind name fields { name } interfaces { name } possibleTypes { name } enumValues { name } inputFields { name }
    }"""

    assert await engine.ask(garden, text, left_to_core="introspection") == {
        "data": {
            "Plant": {
                "kind": "INTERFACE",
                "name": "Plant",
                "fields": [{"name": "name"}],
                "interfaces": [],
                "possibleTypes": [{"name": "Rose"}],
                "enumValues": None,
                "inputFields": None,
            },
            "Growth": {
                "kind": "UNION",
                "name": "Growth",
                "fields": None,
                "interfaces": None,
                "possibleTypes": [{"name": "Rose"}, {"name": "Moss"}],
                "enumValues": None,
                "inputFields": None,
            },
            "Season": {
                "kind": "ENUM",
                "enumValues": [{"name": "SPRING", "isDeprecated": False}, {"name": "WINTER", "isDeprecated": True}],
            },
            "Nowhere": None,
        }
    }


async def test_data_beside_the_schemas_own_words_is_answered_with_one_call_a_level(engine: Engine) -> None:
    desk = Desk()
    text = '{ rose { name thorns label } __type(name: "Rose") { description } __typename }'

    answer = await engine.ask(garden, text, desk=desk, left_to_core="introspection")

    assert answer == {
        "data": {
            "rose": {"name": "Rosa", "thorns": 9, "label": "a Rosa"},
            "__type": {"description": "Thorny."},
            "__typename": "Query",
        }
    }
    assert sorted(desk.called()) == [("label", 1), ("rose", 1), ("thorns", 1)]


async def test_the_type_name_alone_needs_nobody_else(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(garden, "{ __typename rose { __typename } growth { __typename } }", desk=desk)

    assert answer == {
        "data": {"__typename": "Query", "rose": {"__typename": "Rose"}, "growth": [{"__typename": "Rose"}]}
    }


async def test_skipped_introspection_is_none(engine: Engine) -> None:
    text = "query ($ask: Boolean!) { season __schema @include(if: $ask) { queryType { name } } }"

    assert await engine.ask(garden, text, {"ask": False}) == {"data": {"season": "SPRING"}}
    assert await engine.ask(garden, text, {"ask": True}, left_to_core="introspection") == {
        "data": {"season": "SPRING", "__schema": {"queryType": {"name": "Query"}}}
    }


async def test_tools_can_rebuild_the_schema_from_what_it_says(engine: Engine) -> None:
    answer = await engine.ask(garden, get_introspection_query(), left_to_core="introspection")

    assert "errors" not in answer
    assert print_schema(build_client_schema(answer["data"])) == print_schema(garden._schema)
