"""Response keys: aliases, and one field asked for in several places."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives
from tests.engine.shop import Desk


@dataclass(frozen=True)
class ShipValue:
    name: str
    port: str


@strawberry.type
class Ship:
    name: str
    port: str
    sister: Ship | None = each(lambda ship: ShipValue(f"{ship.name}'s sister", ship.port), called="sister")
    crew: list[Sailor] = each(lambda ship: [ShipValue("Bo", ship.port), ShipValue("Cy", ship.port)], called="crew")


@strawberry.type
class Sailor:
    name: str
    port: str


async def ship(context: Desk, parents: Sequence[None], wanted: Wanted, called: str = "Argo") -> Sequence[ShipValue]:
    context.note("ship", parents, wanted, called=called)
    return [ShipValue(called, "Iolcos")] * len(parents)


@strawberry.type
class Query:
    ship: Ship | None = batch(ship)
    port: str = gives("Piraeus")
    name: str = gives("Harbour")


harbour = strawberry.Schema(Query)


async def test_one_field_under_two_names_is_two_values(engine: Engine) -> None:
    assert await engine.ask(harbour, '{ a: ship(called: "A") { name } b: ship(called: "B") { name } }') == {
        "data": {"a": {"name": "A"}, "b": {"name": "B"}}
    }


async def test_an_alias_may_be_the_name_of_another_field(engine: Engine) -> None:
    assert await engine.ask(harbour, "{ port: name name: port ship { name: port port: name } }") == {
        "data": {"port": "Harbour", "name": "Piraeus", "ship": {"name": "Iolcos", "port": "Argo"}}
    }


async def test_the_same_field_below_two_aliases_has_its_own_selection(engine: Engine) -> None:
    assert await engine.ask(harbour, "{ one: ship { name } two: ship { port sister { name } } }") == {
        "data": {"one": {"name": "Argo"}, "two": {"port": "Iolcos", "sister": {"name": "Argo's sister"}}}
    }


async def test_a_field_asked_for_twice_is_one_key_and_one_call(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(harbour, "{ ship { name } port ship { port } port }", desk=desk)

    assert json.dumps(answer) == '{"data": {"ship": {"name": "Argo", "port": "Iolcos"}, "port": "Piraeus"}}'
    assert desk.called() == [("ship", 1), ("gives", 1)]


async def test_selections_of_one_key_merge_at_every_depth(engine: Engine) -> None:
    desk = Desk()
    text = """
      { ship { sister { name crew { name } } }
        ... on Query { ship { sister { sister { name } crew { port } } name } }
        ship { sister { sister { port } } } }
    """

    answer = await engine.ask(harbour, text, desk=desk)

    assert answer == {
        "data": {
            "ship": {
                "sister": {
                    "name": "Argo's sister",
                    "crew": [{"name": "Bo", "port": "Iolcos"}, {"name": "Cy", "port": "Iolcos"}],
                    "sister": {"name": "Argo's sister's sister", "port": "Iolcos"},
                },
                "name": "Argo",
            }
        }
    }
    assert sorted(desk.called()) == [("crew", 1), ("ship", 1), ("sister", 1), ("sister", 1)]


async def test_a_key_stands_where_it_was_first_asked_for(engine: Engine) -> None:
    text = """{ ship { ...Late name ...Early } }
      fragment Late on Ship { port } fragment Early on Ship { sister { port } name }"""

    answer = await engine.ask(harbour, text)

    assert json.dumps(answer["data"]) == ('{"ship": {"port": "Iolcos", "name": "Argo", "sister": {"port": "Iolcos"}}}')


async def test_merged_fields_with_equal_arguments_are_asked_for_once_with_them(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(
        harbour,
        "query ($name: String!) { ship(called: $name) { name } ... { ship(called: $name) { port } } }",
        {"name": "Aello"},
        desk=desk,
    )

    assert answer == {"data": {"ship": {"name": "Aello", "port": "Iolcos"}}}
    assert [call.arguments for call in desk.calls] == [{"called": "Aello"}]


async def test_what_the_resolver_is_told_of_is_the_merged_selection(engine: Engine) -> None:
    desk = Desk()

    await engine.ask(harbour, "{ ship { name } ship { ...Port } } fragment Port on Ship { port }", desk=desk)

    assert desk.wanted_by("ship") == [Wanted.of("name", "port")]


async def test_the_type_name_may_be_asked_for_under_any_name_and_twice(engine: Engine) -> None:
    answer = await engine.ask(harbour, "{ __typename kind: __typename ship { name __typename kind: __typename } }")

    assert json.dumps(answer["data"]) == (
        '{"__typename": "Query", "kind": "Query", "ship": {"name": "Argo", "__typename": "Ship", "kind": "Ship"}}'
    )


@pytest.mark.parametrize(
    "word",
    [
        "None",
        "True",
        "def",
        "class",
        "lambda",
        "self",
        "o",
        "v",
        "l",
        "r0",
        "I0",
        "_",
        "__",
        "__import__",
        "__class__",
        "type",
    ],
)
async def test_words_of_python_are_names_like_any_other(engine: Engine, word: str) -> None:
    assert await engine.ask(harbour, f"{{ {word}: ship {{ {word}: name sister {{ {word}: port }} }} }}") == {
        "data": {word: {word: "Argo", "sister": {word: "Iolcos"}}}
    }


async def test_a_thousand_aliases_are_a_thousand_answers(engine: Engine) -> None:
    text = f"{{ ship {{ {' '.join(f'a{number}: name' for number in range(1000))} }} }}"

    answer = await engine.ask(harbour, text)

    assert answer == {"data": {"ship": {f"a{number}": "Argo" for number in range(1000)}}}
