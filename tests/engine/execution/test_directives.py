"""@skip and @include, wherever they may stand."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import strawberry

from canonical.wanted import Wanted
from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives, reached
from tests.engine.shop import Desk


@dataclass(frozen=True)
class LampValue:
    shade: str = "green"
    watts: int = 40


@strawberry.type
class Lamp:
    shade: str
    watts: int
    bulb: Lamp | None = each(lambda lamp: LampValue(watts=lamp.watts - 1), called="bulb")


@strawberry.type
class Query:
    a: str | None = gives("a", called="a")
    b: str | None = gives("b", called="b")
    lamp: Lamp | None = gives(LampValue(), called="lamp")
    lamps: list[Lamp] | None = gives([LampValue(), LampValue(watts=60)], called="lamps")


hall = strawberry.Schema(Query)

PLACES = {
    "field": "{{ a b {} }}",
    "spread": "{{ a ...B {} }} fragment B on Query {{ b }}",
    "inline": "{{ a ... on Query {} {{ b }} }}",
    "inline without a type": "{{ a ... {} {{ b }} }}",
    "nested": "{{ a ... {{ ... on Query {{ ... {} {{ b }} }} }} }}",
}
LITERALS = {
    "@include(if: true)": True,
    "@include(if: false)": False,
    "@skip(if: false)": True,
    "@skip(if: true)": False,
    "@include(if: true) @skip(if: false)": True,
    "@include(if: true) @skip(if: true)": False,
    "@include(if: false) @skip(if: false)": False,
    "@include(if: false) @skip(if: true)": False,
    "@skip(if: false) @include(if: true)": True,
}

NULL_CONDITION = (
    "Argument 'if' has invalid value: Expected variable '$yes' provided to non-null type 'Boolean!' not to be None."
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("directive", LITERALS)
async def test_what_is_skipped_or_not_included_is_neither_answered_nor_called(
    engine: Engine, place: str, directive: str
) -> None:
    desk = Desk()

    answer = await engine.ask(hall, PLACES[place].format(directive), desk=desk)

    assert answer == {"data": {"a": "a", "b": "b"} if LITERALS[directive] else {"a": "a"}}
    assert sorted(desk.called()) == ([("a", 1), ("b", 1)] if LITERALS[directive] else [("a", 1)])


@pytest.mark.parametrize("place", PLACES)
async def test_a_variable_decides_each_time_anew(engine: Engine, place: str) -> None:
    text = f"query ($yes: Boolean!, $no: Boolean!) {PLACES[place].format('@include(if: $yes) @skip(if: $no)')}"

    answers = [
        await engine.ask(hall, text, {"yes": yes, "no": no})
        for yes, no in [(True, False), (True, True), (False, False), (False, True), (True, False)]
    ]

    both, one = {"data": {"a": "a", "b": "b"}}, {"data": {"a": "a"}}
    assert answers == [both, one, one, one, both]


async def test_the_default_of_a_variable_decides_where_none_is_given(engine: Engine) -> None:
    text = "query ($yes: Boolean = false) { a b @include(if: $yes) }"

    assert await engine.ask(hall, text) == {"data": {"a": "a"}}
    assert await engine.ask(hall, text, {"yes": True}) == {"data": {"a": "a", "b": "b"}}


async def test_one_variable_may_decide_both_ways(engine: Engine) -> None:
    text = "query ($on: Boolean!) { lamp { shade @include(if: $on) watts @skip(if: $on) } }"

    assert await engine.ask(hall, text, {"on": True}) == {"data": {"lamp": {"shade": "green"}}}
    assert await engine.ask(hall, text, {"on": False}) == {"data": {"lamp": {"watts": 40}}}


async def test_a_field_also_asked_for_elsewhere_without_a_condition_stays(engine: Engine) -> None:
    text = "{ lamp @skip(if: true) { shade } lamp { watts shade @skip(if: true) } ... @include(if: false) { a } a }"

    assert await engine.ask(hall, text) == {"data": {"lamp": {"watts": 40}, "a": "a"}}


async def test_conditions_at_each_depth_hold_for_what_is_below(engine: Engine) -> None:
    desk = Desk()
    text = """query ($off: Boolean!) {
      lamp { watts bulb @skip(if: $off) { shade bulb { watts } } ...Deep }
      lamps @include(if: $off) { ...Deep watts }
    } fragment Deep on Lamp { bulb @include(if: $off) { watts } }"""

    answer = await engine.ask(hall, text, {"off": True}, desk=desk)

    assert answer == {
        "data": {
            "lamp": {"watts": 40, "bulb": {"watts": 39}},
            "lamps": [{"bulb": {"watts": 39}, "watts": 40}, {"bulb": {"watts": 59}, "watts": 60}],
        }
    }
    assert reached(desk) == {"lamp": 1, "lamps": 1, "bulb": 3}
    assert desk.wanted_by("lamp") == [Wanted.of("watts")]


async def test_where_nothing_is_left_the_object_is_empty(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(
        hall, "{ lamp { shade @skip(if: true) } lamps { ... @include(if: false) { watts } } }", desk=desk
    )

    assert answer == {"data": {"lamp": {}, "lamps": [{}, {}]}}
    assert await engine.ask(hall, "{ a @skip(if: true) }") == {"data": {}}


async def test_a_spread_left_out_once_is_still_followed_elsewhere(engine: Engine) -> None:
    text = "query ($no: Boolean!) { ...B @skip(if: $no) a ...B } fragment B on Query { b }"

    assert await engine.ask(hall, text, {"no": True}) == {"data": {"a": "a", "b": "b"}}


async def test_more_variables_than_are_compiled_decide_apart_as_well(engine: Engine) -> None:
    names = [f"v{number}" for number in range(12)]
    fields = " ".join(f"{name}: a @include(if: ${name})" for name in names)
    text = f"query ({', '.join(f'${name}: Boolean!' for name in names)}) {{ {fields} b }}"

    for chosen in (set(), {"v3"}, {"v0", "v7", "v11"}, set(names)):
        answer = await engine.ask(hall, text, {name: name in chosen for name in names}, left_to_core="many conditions")
        assert answer == {"data": {**{name: "a" for name in names if name in chosen}, "b": "b"}}


async def test_null_for_a_condition_with_a_default_is_an_error_of_the_whole_operation(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(
        hall,
        "query ($yes: Boolean = true) { a b @include(if: $yes) }",
        {"yes": None},
        desk=desk,
        left_to_core="a wrong condition",
    )

    assert answer == {
        "data": None,
        "errors": [
            {
                "message": NULL_CONDITION,
                "locations": [{"line": 1, "column": 49}],
            }
        ],
    }
    assert desk.called() == []


async def test_null_for_a_condition_below_a_field_is_an_error_of_that_field(engine: Engine) -> None:
    answer = await engine.ask(
        hall,
        "query ($yes: Boolean = true) { a lamp { watts @include(if: $yes) } }",
        {"yes": None},
        left_to_core="a wrong condition",
    )

    assert answer == {
        "data": {"a": "a", "lamp": None},
        "errors": [
            {
                "message": NULL_CONDITION,
                "locations": [{"line": 1, "column": 60}],
                "path": ["lamp"],
            }
        ],
    }
