"""Fragments: named and inline, nested, repeated, and bound to a type."""

from __future__ import annotations

import json
from dataclasses import dataclass

import strawberry

from tests.engine.execution.asking import Engine
from tests.engine.execution.fields import each, gives
from tests.engine.shop import Desk


@dataclass(frozen=True)
class TreeValue:
    name: str
    rings: int
    bark: str


@strawberry.interface
class Plant:
    name: str


@strawberry.type
class Oak(Plant):
    rings: int
    bark: str
    shade: Oak | None = each(lambda oak: TreeValue(f"under {oak.name}", oak.rings - 1, oak.bark), called="shade")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, TreeValue)


OLD = TreeValue("Old", 300, "grey")


@strawberry.type
class Query:
    oak: Oak | None = gives(OLD, called="oak")
    plant: Plant | None = gives(OLD, called="plant")
    wood: Query | None = gives(OLD, called="wood")


wood = strawberry.Schema(Query, types=[Oak])


async def test_fragments_side_by_side_merge_at_every_depth(engine: Engine) -> None:
    desk = Desk()
    text = """
      { oak { name, ...One, ...Two } }
      fragment One on Oak { rings shade { rings, deeper: shade { rings } } }
      fragment Two on Oak { bark shade { bark, deeper: shade { bark } } }
    """

    answer = await engine.ask(wood, text, desk=desk)

    assert json.dumps(answer["data"]["oak"]) == (
        '{"name": "Old", "rings": 300, "shade": {"rings": 299, "deeper": {"rings": 298, "bark": "grey"}, '
        '"bark": "grey"}, "bark": "grey"}'
    )
    assert desk.called() == [("oak", 1), ("shade", 1), ("shade", 1)]


async def test_a_fragment_used_in_several_places_answers_in_each(engine: Engine) -> None:
    text = "{ oak { ...Look shade { ...Look } } wood { oak { ...Look } } } fragment Look on Oak { name bark }"

    assert await engine.ask(wood, text) == {
        "data": {
            "oak": {"name": "Old", "bark": "grey", "shade": {"name": "under Old", "bark": "grey"}},
            "wood": {"oak": {"name": "Old", "bark": "grey"}},
        }
    }


async def test_fragments_spread_fragments(engine: Engine) -> None:
    text = """
      { ...Root }
      fragment Root on Query { oak { ...Outer } }
      fragment Outer on Oak { name ...Middle }
      fragment Middle on Oak { shade { ...Inner } }
      fragment Inner on Oak { rings }
    """

    assert await engine.ask(wood, text) == {"data": {"oak": {"name": "Old", "shade": {"rings": 299}}}}


async def test_a_spread_said_twice_counts_once(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(wood, "{ ...F ...F ... { ...F } } fragment F on Query { oak { name } }", desk=desk)

    assert answer == {"data": {"oak": {"name": "Old"}}}
    assert desk.called() == [("oak", 1)]


async def test_an_inline_fragment_without_a_type_changes_nothing(engine: Engine) -> None:
    assert await engine.ask(wood, "{ ... { oak { ... { name ... { rings } } } } }") == {
        "data": {"oak": {"name": "Old", "rings": 300}}
    }


async def test_a_fragment_on_the_interface_answers_for_the_object(engine: Engine) -> None:
    text = "{ oak { ...Named ... on Plant { kind: __typename } } } fragment Named on Plant { name }"

    assert await engine.ask(wood, text) == {"data": {"oak": {"name": "Old", "kind": "Oak"}}}


async def test_a_fragment_on_the_object_answers_below_the_interface(engine: Engine) -> None:
    text = "{ plant { name ...Inside ... on Oak { bark } } } fragment Inside on Oak { rings shade { name } }"

    assert await engine.ask(wood, text) == {
        "data": {"plant": {"name": "Old", "rings": 300, "shade": {"name": "under Old"}, "bark": "grey"}}
    }


async def test_a_fragment_that_spreads_itself_is_followed_once(engine: Engine) -> None:
    text = "{ oak { name ...Loop ...Loop } } fragment Loop on Oak { name bark ...Loop }"

    assert await engine.ask(wood, text, validated=False) == {"data": {"oak": {"name": "Old", "bark": "grey"}}}


async def test_an_unknown_fragment_is_nothing(engine: Engine) -> None:
    assert await engine.ask(wood, "{ oak { name ...Nowhere } }", validated=False) == {"data": {"oak": {"name": "Old"}}}
