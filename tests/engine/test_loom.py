"""How operations are executed: compiled, kept, left to graphql-core, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse, validate

from canonical.wanted import Wanted
from engine import compiling, weave
from engine.loom import Loom
from engine.operation import Operation, operations
from engine.seam import batch
from tests.engine.shop import Customer, Desk, Invoice, Order, OrderValue, Payment, order_of, schema

GRAPH = schema._schema


def operation(text: str) -> Operation:
    document = parse(text)
    assert validate(GRAPH, document) == []
    return operations(document)[0]


async def test_an_operation_is_compiled_once_and_serves_all_variables() -> None:
    loom, asked = Loom(GRAPH), operation("query($first: Int!) { orders(first: $first) { edges { node { number } } } }")

    answers = [await loom.run(asked, Desk(orders=5), {"first": first}) for first in (1, 2, 3)]

    assert [len(answer.data["orders"]["edges"]) for answer in answers if answer.data] == [1, 2, 3]
    assert len(loom.plans) == 1
    assert loom.fallbacks == {}


async def test_each_set_of_conditions_has_a_plan_of_its_own() -> None:
    loom = Loom(GRAPH)
    asked = operation('query($yes: Boolean!) { order(key: "7") { number customer @include(if: $yes) { name } } }')

    with_it = await loom.run(asked, desk := Desk(), {"yes": True})
    without = await loom.run(asked, other := Desk(), {"yes": False})

    assert with_it.data == {"order": {"number": "N7", "customer": {"name": "Ada"}}}
    assert without.data == {"order": {"number": "N7"}}
    assert (desk.called(), other.called()) == ([("order", 1), ("customer", 1)], [("order", 1)])
    assert len(loom.plans) == 2


@pytest.mark.parametrize(
    "text,reason",
    [
        ("{ __schema { queryType { name } } orders { hasMore } }", "introspection"),
        ('{ __type(name: "Order") { name } }', "introspection"),
        (
            "query(" + " ".join(f"$c{n}: Boolean! = true" for n in range(6)) + ") { orders { "
            "" + " ".join(f"a{n}: hasMore @skip(if: $c{n})" for n in range(6)) + " b: hasMore } }",
            "many conditions",
        ),
    ],
)
async def test_what_is_not_compiled_is_answered_by_graphql_core_and_counted(text: str, reason: str) -> None:
    loom = Loom(GRAPH)

    answers = [await loom.run(operation(text), Desk()) for _ in range(2)]

    assert [answer.errors for answer in answers] == [None, None]
    assert loom.fallbacks == {reason: 2}


async def test_switched_off_everything_is_graphql_cores() -> None:
    loom = Loom(GRAPH, compiled=False)

    answer = await loom.run(operation("{ orders { edges { node { number } } } }"), Desk(orders=1))

    assert answer.data == {"orders": {"edges": [{"node": {"number": "N0"}}]}}
    assert loom.fallbacks == {"switched off": 1}


async def test_what_would_take_too_much_code_is_left_to_graphql_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weave, "LARGEST_CODE", 1_000)
    loom = Loom(GRAPH)
    text = "{ orders { edges { node { " + " ".join(f"a{place}: number" for place in range(100)) + " } } } }"

    answer = await loom.run(operation(text), Desk(orders=1))

    assert answer.data
    assert len(answer.data["orders"]["edges"][0]["node"]) == 100
    assert loom.fallbacks == {"too large": 1}


async def test_plans_are_bounded_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "MOST_PLANS", 3)
    loom = Loom(GRAPH)

    for place in range(8):
        await loom.run(operation(f"{{ a{place}: orders {{ hasMore }} }}"), Desk())

    assert len(loom.plans) == 3


async def test_another_schema_forgets_every_plan() -> None:
    @strawberry.type
    class Query:
        order: Order | None = batch(lonely)

    loom = Loom(GRAPH)
    text = parse('{ order(key: "1") { number } }')
    await loom.execute(text, Desk())

    loom.use(strawberry.Schema(Query, types=[Customer, Invoice, Payment])._schema)

    assert len(loom.plans) == 0
    assert (await loom.execute(text, Desk())).data == {"order": {"number": "lonely"}}


async def lonely(context: Desk, parents: Sequence[None], wanted: Wanted, key: str) -> Sequence[OrderValue]:
    return [OrderValue(key, "lonely", "c", order_of("1").total)]


async def test_a_context_serves_one_operation() -> None:
    loom, desk = Loom(GRAPH), Desk()
    await loom.run(operation("{ orders { hasMore } }"), desk)

    with pytest.raises(RuntimeError, match="one operation"):
        await loom.run(operation("{ orders { hasMore } }"), desk)


async def test_steps_that_do_not_need_each_other_run_side_by_side() -> None:
    arrived: list[str] = []
    both = asyncio.Event()

    async def meet(context: Desk, parents: Sequence[object], wanted: Wanted, name: str) -> Sequence[str]:
        arrived.append(name)
        if len(arrived) == 2:
            both.set()
        await both.wait()
        return [name] * len(parents)

    @strawberry.type
    class Query:
        seat: str = batch(meet)

    answer = await asyncio.wait_for(
        Loom(strawberry.Schema(Query)._schema).execute(parse('{ a: seat(name: "a") b: seat(name: "b") }'), Desk()), 5
    )

    assert answer.data == {"a": "a", "b": "b"}


async def test_cancelling_an_operation_cancels_its_calls() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def forever(context: Desk, parents: Sequence[object], wanted: Wanted) -> Sequence[str]:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return []

    @strawberry.type
    class Query:
        one: str = batch(forever)
        other: str = batch(forever)

    running = asyncio.create_task(Loom(strawberry.Schema(Query)._schema).execute(parse("{ one other }"), Desk()))
    await began.wait()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


async def wrong_count(context: Desk, parents: Sequence[object], wanted: Wanted) -> Sequence[str]:
    return ["one", "two", "three"]


async def test_a_resolver_that_gives_another_number_of_answers_fails_its_field_only() -> None:
    @strawberry.type
    class Query:
        word: str = "word"
        short: str | None = batch(wrong_count)

    answer = await Loom(strawberry.Schema(Query)._schema).execute(
        parse("{ short word }"), Desk(), root_value=SimpleNamespace(word="word")
    )

    assert answer.data == {"short": None, "word": "word"}
    assert [error.message for error in answer.errors or []] == ["wrong_count gave 3 answers for 1 parents of Query."]


@strawberry.type
class News:
    order: Order


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def booked(self, info: strawberry.Info, keys: list[str]) -> AsyncIterator[Order]:
        for key in keys:
            if key == "broken":
                raise LookupError("the line is cut")
            yield order_of(key)  # type: ignore[misc]  # a canonical value, as everywhere


@strawberry.type
class Nothing:
    word: str = "word"


NEWS = strawberry.Schema(Nothing, subscription=Subscription, types=[Customer, Invoice, Payment])._schema


async def heard(text: str, desks: list[Desk], **variables: Any) -> list[ExecutionResult] | ExecutionResult:
    def desk() -> Desk:
        desks.append(Desk())
        return desks[-1]

    [asked] = operations(parse(text))
    stream = await Loom(NEWS).subscribe(asked, Desk(), variables, desk)
    return stream if isinstance(stream, ExecutionResult) else [answer async for answer in stream]


async def test_each_event_is_answered_by_plan_in_a_context_of_its_own() -> None:
    desks: list[Desk] = []

    answers = await heard('subscription { booked(keys: ["1", "2"]) { id customer { name } } }', desks)

    assert isinstance(answers, list)
    assert [answer.data for answer in answers] == [
        {"booked": {"id": "id:1", "customer": None}},
        {"booked": {"id": "id:2", "customer": {"name": "Ada"}}},
    ]
    assert [[error.message for error in answer.errors or []] for answer in answers] == [["no customer for c1"], []]
    assert [desk.called() for desk in desks] == [[("customer", 1)], [("customer", 1)]]


async def test_a_subscription_whose_variables_do_not_fit_does_not_begin() -> None:
    answer = await heard("subscription($keys: [String!]!) { booked(keys: $keys) { id } }", [], keys=7)

    assert isinstance(answer, ExecutionResult)
    assert "Variable '$keys' has invalid value" in (answer.errors or [])[0].message
