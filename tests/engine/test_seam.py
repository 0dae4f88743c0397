"""How graphql-core reaches batches: calls counted, errors placed, arguments passed."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pytest
import strawberry

from canonical.wanted import Wanted
from engine.seam import batch, derived
from tests.engine.shop import Desk, OrderValue, order_of, schema

PAGE = """
{ orders { hasMore edges { cursor node {
  id number spokenTotal
  customer { name orders { number } }
  invoices { amount payments { amount } }
} } } }
"""


async def test_a_page_costs_one_call_a_level_however_many_orders_it_holds() -> None:
    desk = Desk(orders=50)

    result = await schema.execute(PAGE, context_value=desk)

    assert [error.message for error in result.errors or []] == ["no customer for c1"]
    assert sorted(desk.called()) == [
        ("customer", 50),
        ("invoices", 50),
        ("orders", 1),
        ("ordersOf", 49),
        ("payments", 100),
    ]


async def test_values_reach_their_own_parents(desk: Desk) -> None:
    result = await schema.execute(
        "{ orders { hasMore edges { node { id invoices { id payments { id } } } } } }", context_value=desk
    )

    assert result.errors is None
    assert result.data is not None
    assert result.data["orders"]["hasMore"] is False
    assert result.data["orders"]["edges"][2]["node"] == {
        "id": "id:2",
        "invoices": [
            {"id": "id:2-0", "payments": [{"id": "id:2-0-p"}]},
            {"id": "id:2-1", "payments": [{"id": "id:2-1-p"}]},
        ],
    }


async def test_an_exception_in_a_parents_place_is_that_parents_error_only(desk: Desk) -> None:
    result = await schema.execute("{ orders { edges { node { customer { name } } } } }", context_value=desk)

    assert [(error.message, error.path) for error in result.errors or []] == [
        ("no customer for c1", ["orders", "edges", 1, "node", "customer"])
    ]
    assert result.data == {
        "orders": {
            "edges": [
                {"node": {"customer": {"name": "Ada"}}},
                {"node": {"customer": None}},
                {"node": {"customer": {"name": "Ada"}}},
            ]
        }
    }


async def test_a_raised_exception_is_every_parents_error_and_costs_one_call() -> None:
    desk = Desk(broken={"invoices": ConnectionError("the ledger is down")})

    result = await schema.execute("{ orders { edges { node { number invoices { id } } } } }", context_value=desk)

    assert [(error.message, error.path) for error in result.errors or []] == [
        ("the ledger is down", ["orders", "edges", place, "node", "invoices"]) for place in range(3)
    ]
    assert desk.called() == [("orders", 1), ("invoices", 3)]


async def test_a_raised_exception_of_a_root_field_is_its_error() -> None:
    desk = Desk(broken={"orders": ConnectionError("nobody answers")})

    result = await schema.execute("{ orders { hasMore } }", context_value=desk)

    assert result.data == {"orders": None}
    assert [(error.message, error.path) for error in result.errors or []] == [("nobody answers", ["orders"])]


async def test_a_wrong_number_of_answers_is_said_clearly() -> None:
    desk = Desk(short="customer", orders=2)

    result = await schema.execute("{ orders { edges { node { customer { name } } } } }", context_value=desk)

    assert [error.message for error in result.errors or []] == [
        "customer_of gave 0 answers for 2 parents of Order.",
        "customer_of gave 0 answers for 2 parents of Order.",
    ]


async def test_root_fields_are_called_straight_with_their_arguments(desk: Desk) -> None:
    result = await schema.execute(
        'query ($key: String!) { order(key: $key) { number } absent: order(key: "none") { number } }',
        {"key": "7"},
        context_value=desk,
    )

    assert result.errors is None
    assert result.data == {"order": {"number": "N7"}, "absent": None}
    assert [call.arguments for call in desk.calls] == [{"key": "7"}, {"key": "none"}]
    assert desk.loaders == {}


async def test_mutations_are_reached_the_same_way(desk: Desk) -> None:
    result = await schema.execute('mutation { touch(key: "7") { customer { name } } }', context_value=desk)

    assert result.errors is None
    assert desk.called() == [("order", 1), ("customer", 1)]


async def test_input_objects_and_aliases_reach_the_resolver_apart(desk: Desk) -> None:
    result = await schema.execute(
        """query ($limit: InvoiceFilter) { orders { edges { node {
          all: invoices { id } some: invoices(matching: $limit) { id } few: invoices(matching: {above: "9"}) { id }
        } } } }""",
        {"limit": {"above": "5"}},
        context_value=desk,
    )

    assert result.errors is None
    assert [(call.parents, call.arguments["above"]) for call in desk.calls[1:]] == [(3, None), (3, "5"), (3, "9")]


async def test_defaults_of_the_resolver_are_the_graphs_defaults(desk: Desk) -> None:
    await schema.execute("{ orders { hasMore } }", context_value=desk)

    assert desk.calls[0].arguments == {"first": 50}
    assert "orders(first: Int! = 50): OrderConnection" in schema.as_str()


async def test_a_context_serves_one_operation_only(desk: Desk) -> None:
    await schema.execute("{ orders { hasMore } }", context_value=desk)

    result = await schema.execute("{ orders { hasMore } }", context_value=desk)

    assert [error.message for error in result.errors or []] == [
        "A context serves one operation; this one was used before."
    ]


async def _number(context: Desk, parents: Sequence[OrderValue], wanted: Wanted) -> Sequence[str]:
    context.note("label", parents, wanted)
    return [parent.number for parent in parents]


def _fresh(_value: object) -> OrderValue:
    """A parent that nobody else keeps, as a computed attribute makes it."""
    return order_of(str(next(_COUNTER)))


_COUNTER = iter(range(10_000))


@strawberry.type
class Labelled:
    label: str = batch(_number)


@strawberry.type
class Holder:
    fresh: Labelled = derived(_fresh)


async def _holders(_context: Desk, parents: Sequence[None], _wanted: Wanted) -> Sequence[list[object]]:
    return [[object() for _ in range(200)] for _ in parents]


@strawberry.type
class Pit:
    holders: list[Holder] = batch(_holders)


async def test_parents_that_nobody_keeps_still_get_their_own_answers(desk: Desk) -> None:
    pit = strawberry.Schema(Pit)

    result = await pit.execute("{ holders { fresh { label } again: fresh { label } } }", context_value=desk)
    gc.collect()

    assert result.data is not None
    labels = [holder[name]["label"] for holder in result.data["holders"] for name in ("fresh", "again")]
    assert len(set(labels)) == 400
    assert desk.called() == [("label", 200), ("label", 200)]


def test_one_string_for_needs_is_refused() -> None:
    with pytest.raises(TypeError, match="several names"):
        batch(_number, needs="number")


def test_descriptions_reach_the_graph() -> None:
    assert '"""Global."""' in schema.as_str()


def test_a_field_that_hides_the_function_behind_another_is_refused_in_words() -> None:
    with pytest.raises(TypeError, match="has the function's name and hides it"):

        @strawberry.type
        class Query:
            orders: int = batch(hidden)
            again: int = batch(orders)  # type: ignore[arg-type]


async def hidden(context: Desk, parents: Sequence[None], wanted: Wanted) -> Sequence[int]:
    return [1]
