"""Subscriptions: one answer an event, each executed like a query whose root value is the event."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import strawberry
from graphql import ExecutionResult, parse, validate
from strawberry.types import Info

from engine.loom import Loom
from engine.operation import Operation, operations
from tests.engine.execution.asking import Name
from tests.engine.execution.fields import each, gives, reached
from tests.engine.shop import Desk


class Sunk(Exception):
    """A ship that is no more."""


@dataclass(frozen=True)
class ShipValue:
    name: str
    crew: object = ()


def captain_of(ship: ShipValue) -> object:
    return Sunk(f"{ship.name} has no captain") if ship.name == "Bounty" else f"captain of {ship.name}"


@strawberry.type
class Sailor:
    name: str
    song: str | None = each(lambda sailor: f"{sailor.name} sings", called="song")


@strawberry.type
class Ship:
    name: str
    captain: str | None = each(captain_of, called="captain")
    must: str = each(captain_of, called="must")
    crew: list[Sailor] | None


FLEET = [
    ShipValue("Argo", [ShipValue("Bo"), ShipValue("Cy")]),
    ShipValue("Bounty"),
    ShipValue("Beagle", [ShipValue("Di")]),
]


def nothing() -> list[object]:
    raise Sunk("nothing will ever come")


@dataclass
class Watch(Desk):
    """The context of one subscription, or of one of its events."""

    ended: list[str] = field(default_factory=list)


def as_ship(value: object) -> Ship:
    return cast("Ship", value)


@strawberry.type
class Query:
    fine: str = gives("fine")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def arrivals(self, info: Info[Watch, None], after: int = 0) -> AsyncGenerator[Ship, None]:
        try:
            for ship in FLEET[after:]:
                yield as_ship(ship)
        finally:
            info.context.ended.append("arrivals")

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[Ship | None, None]:
        yield as_ship(FLEET[0])
        yield None
        yield as_ship(Sunk("not even a ship"))
        raise Sunk("the harbour burned")

    @strawberry.subscription
    async def never(self) -> AsyncGenerator[Ship, None]:
        for ship in nothing():
            yield as_ship(ship)

    @strawberry.subscription
    async def depth(self) -> AsyncGenerator[int, None]:
        for fathoms in (3, 5):
            yield fathoms


harbour = strawberry.Schema(Query, subscription=Subscription)
landlocked = strawberry.Schema(Query)


@pytest.fixture(params=["core", "loom"])
def compiled(request: pytest.FixtureRequest) -> bool:
    return cast("Name", request.param) == "loom"


@dataclass
class Listener:
    """A subscription under way; each event has a context of its own."""

    answers: AsyncIterator[ExecutionResult] | ExecutionResult
    watch: Watch
    desks: list[Desk]
    loom: Loom

    async def all(self) -> list[dict[str, Any]]:
        assert not isinstance(self.answers, ExecutionResult)
        return [dict(answer.formatted) async for answer in self.answers]

    def refused(self) -> dict[str, Any]:
        assert isinstance(self.answers, ExecutionResult)
        return dict(self.answers.formatted)


async def listen(
    text: str,
    variables: Mapping[str, object] | None = None,
    *,
    compiled: bool,
    schema: strawberry.Schema = harbour,
    validated: bool = True,
) -> Listener:
    document = parse(text)
    if validated:
        assert [error.message for error in validate(schema._schema, document)] == []
    loom = Loom(schema._schema, compiled=compiled)
    watch, desks = Watch(), list[Desk]()

    def next_desk() -> Desk:
        desks.append(Desk())
        return desks[-1]

    [operation] = operations(document)
    assert isinstance(operation, Operation)
    return Listener(await loom.subscribe(operation, watch, variables, next_desk), watch, desks, loom)


async def test_each_event_is_an_answer_in_the_order_of_the_events(compiled: bool) -> None:
    listener = await listen("subscription { arrivals { name } }", compiled=compiled)

    assert await listener.all() == [{"data": {"arrivals": {"name": name}}} for name in ("Argo", "Bounty", "Beagle")]
    assert listener.watch.ended == ["arrivals"]
    assert set(listener.loom.fallbacks) == (set() if compiled else {"switched off"})


async def test_events_may_be_leaves(compiled: bool) -> None:
    listener = await listen("subscription { fathoms: depth }", compiled=compiled)

    assert await listener.all() == [{"data": {"fathoms": 3}}, {"data": {"fathoms": 5}}]


async def test_what_is_below_an_event_is_asked_for_that_event_alone(compiled: bool) -> None:
    listener = await listen("subscription { arrivals { captain crew { song } } }", compiled=compiled)

    answers = await listener.all()

    assert [answer["data"]["arrivals"]["crew"] for answer in answers] == [
        [{"song": "Bo sings"}, {"song": "Cy sings"}],
        [],
        [{"song": "Di sings"}],
    ]
    assert [reached(desk) for desk in listener.desks] == [
        {"captain": 1, "song": 2},
        {"captain": 1},
        {"captain": 1, "song": 1},
    ]


async def test_arguments_and_variables_reach_the_stream(compiled: bool) -> None:
    listener = await listen("subscription ($from: Int! = 2) { arrivals(after: $from) { name } }", compiled=compiled)
    assert [answer["data"]["arrivals"]["name"] for answer in await listener.all()] == ["Beagle"]

    listener = await listen(
        "subscription ($from: Int! = 2) { arrivals(after: $from) { name } }", {"from": 1}, compiled=compiled
    )
    assert [answer["data"]["arrivals"]["name"] for answer in await listener.all()] == ["Bounty", "Beagle"]


async def test_conditions_hold_for_every_event(compiled: bool) -> None:
    text = "subscription ($song: Boolean!) { arrivals(after: 2) { name crew @include(if: $song) { song } } }"

    assert await (await listen(text, {"song": False}, compiled=compiled)).all() == [
        {"data": {"arrivals": {"name": "Beagle"}}}
    ]
    assert await (await listen(text, {"song": True}, compiled=compiled)).all() == [
        {"data": {"arrivals": {"name": "Beagle", "crew": [{"song": "Di sings"}]}}}
    ]


async def test_an_error_in_one_event_is_that_events_and_the_next_is_fine(compiled: bool) -> None:
    listener = await listen("subscription { arrivals { captain } }", compiled=compiled)

    assert await listener.all() == [
        {"data": {"arrivals": {"captain": "captain of Argo"}}},
        {
            "data": {"arrivals": {"captain": None}},
            "errors": [
                {
                    "message": "Bounty has no captain",
                    "locations": [{"line": 1, "column": 27}],
                    "path": ["arrivals", "captain"],
                }
            ],
        },
        {"data": {"arrivals": {"captain": "captain of Beagle"}}},
    ]


async def test_a_null_that_may_not_be_takes_that_event_and_no_other(compiled: bool) -> None:
    listener = await listen("subscription { arrivals { must } }", compiled=compiled)

    assert await listener.all() == [
        {"data": {"arrivals": {"must": "captain of Argo"}}},
        {
            "data": None,
            "errors": [
                {
                    "message": "Bounty has no captain",
                    "locations": [{"line": 1, "column": 27}],
                    "path": ["arrivals", "must"],
                }
            ],
        },
        {"data": {"arrivals": {"must": "captain of Beagle"}}},
    ]


async def test_what_the_stream_raises_ends_it_and_is_raised_to_the_listener(compiled: bool) -> None:
    listener = await listen("subscription { broken { name } }", compiled=compiled)
    assert not isinstance(listener.answers, ExecutionResult)

    first, second, third = [(await anext(listener.answers)).formatted for _ in range(3)]
    with pytest.raises(Sunk, match="the harbour burned"):
        await anext(listener.answers)

    assert first == {"data": {"broken": {"name": "Argo"}}}
    assert second == {"data": {"broken": None}}
    assert third == {
        "data": {"broken": None},
        "errors": [
            {"message": "not even a ship", "locations": [{"line": 1, "column": 16}], "path": ["broken"]},
        ],
    }
    with pytest.raises(StopAsyncIteration):
        await anext(listener.answers)


async def test_a_stream_that_raises_at_once_raises_to_the_listener(compiled: bool) -> None:
    listener = await listen("subscription { never { name } }", compiled=compiled)

    with pytest.raises(Sunk, match="nothing will ever come"):
        await listener.all()


async def test_a_listener_that_leaves_ends_the_stream(compiled: bool) -> None:
    listener = await listen("subscription { arrivals { name } }", compiled=compiled)
    answers = cast("AsyncGenerator[ExecutionResult, None]", listener.answers)

    assert (await anext(answers)).formatted == {"data": {"arrivals": {"name": "Argo"}}}
    await answers.aclose()

    assert listener.watch.ended == ["arrivals"]


async def test_variables_that_do_not_fit_keep_it_from_beginning(compiled: bool) -> None:
    listener = await listen(
        "subscription ($from: Int!) { arrivals(after: $from) { name } }", {"from": "x"}, compiled=compiled
    )

    assert listener.refused() == {
        "data": None,
        "errors": [
            {
                "message": "Variable '$from' has invalid value: Int cannot represent non-integer value: 'x'",
                "locations": [{"line": 1, "column": 15}],
            }
        ],
    }


async def test_null_for_a_required_argument_keeps_it_from_beginning(compiled: bool) -> None:
    listener = await listen(
        "subscription ($from: Int = 2) { arrivals(after: $from) { name } }", {"from": None}, compiled=compiled
    )

    assert listener.refused() == {
        "data": None,
        "errors": [
            {
                "message": "Argument 'after' has invalid value: "
                "Expected variable '$from' provided to non-null type 'Int!' not to be None.",
                "locations": [{"line": 1, "column": 49}],
                "path": ["arrivals"],
            }
        ],
    }


async def test_a_schema_without_subscriptions_says_so(compiled: bool) -> None:
    listener = await listen("subscription { arrivals { name } }", compiled=compiled, schema=landlocked, validated=False)

    assert listener.refused() == {
        "data": None,
        "errors": [
            {
                "message": "Schema is not configured to execute subscription operation.",
                "locations": [{"line": 1, "column": 1}],
            }
        ],
    }


async def test_an_unknown_field_says_so(compiled: bool) -> None:
    listener = await listen("subscription { sunsets }", compiled=compiled, validated=False)

    assert listener.refused() == {
        "data": None,
        "errors": [
            {
                "message": "The subscription field 'sunsets' is not defined.",
                "locations": [{"line": 1, "column": 16}],
            }
        ],
    }
