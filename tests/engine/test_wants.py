"""What resolvers are told to read, place by place and type by type."""

from __future__ import annotations

from canonical.wanted import Wanted
from tests.engine.shop import Desk, schema


async def ask(desk: Desk, query: str, variables: dict[str, object] | None = None) -> None:
    result = await schema.execute(query, variables, context_value=desk)
    assert result.errors is None


async def test_plain_attributes_nest_and_calls_leave_only_their_needs(desk: Desk) -> None:
    await ask(desk, "{ orders { edges { node { number total { amount } invoices { amount } } } } }")

    assert desk.wanted_by("orders") == [Wanted.of("edges.node.key", "edges.node.number", "edges.node.total.amount")]
    assert desk.wanted_by("invoices") == [Wanted.of("amount")]


async def test_needs_of_calls_and_derivations_count_as_read(desk: Desk) -> None:
    await ask(desk, '{ order(key: "7") { id spokenTotal customer { id orders { number } } } }')

    assert desk.wanted_by("order") == [Wanted.of("customer_key", "key", "total.amount", "total.currency")]
    assert desk.wanted_by("customer") == [Wanted.of("key")]
    assert desk.wanted_by("ordersOf") == [Wanted.of("number")]


async def test_fragments_aliases_and_repetition_are_merged(desk: Desk) -> None:
    await ask(
        desk,
        """
        { order(key: "7") {
          a: number b: number ...Total total { currency } ... on Order { ... { invoices { due } } }
        } }
        fragment Total on Order { total { amount } ... on Node { id } }
        """,
    )

    assert desk.wanted_by("order") == [Wanted.of("number", "total.amount", "total.currency", "key")]


async def test_skipped_and_not_included_fields_are_not_read(desk: Desk) -> None:
    await ask(
        desk,
        """query ($no: Boolean!, $yes: Boolean!) { order(key: "7") {
          number @skip(if: $yes) total @include(if: $yes) { amount currency @include(if: $no) }
          ... @skip(if: $yes) { customer { name } }
        } }""",
        {"no": False, "yes": True},
    )

    assert desk.wanted_by("order") == [Wanted.of("total.amount")]
    assert desk.learned == [{"Query": Wanted(), "Order": Wanted.of("total.amount"), "Money": Wanted.of("amount")}]


async def test_of_an_interface_everything_that_any_type_reads_is_wanted(desk: Desk) -> None:
    await ask(desk, "{ nodes { id ... on Order { number } ... on Customer { name } ... on Invoice { due } } }")

    assert desk.wanted_by("nodes") == [Wanted.of("due", "key", "name", "number")]
    assert desk.learned[0]["Customer"] == Wanted.of("key", "name")
    assert desk.learned[0]["Payment"] == Wanted.of("key")


async def test_of_a_union_the_same(desk: Desk) -> None:
    await ask(desk, '{ order(key: "7") { events { __typename ... on Invoice { due } ... on Payment { amount } } } }')

    assert desk.wanted_by("events") == [Wanted.of("amount", "due")]


async def test_the_context_learns_once_and_first_what_the_whole_operation_reads_of_a_type(desk: Desk) -> None:
    await ask(
        desk,
        """{
          order(key: "7") { number customer { name } }
          nodes { ... on Customer { orders { total { currency } } } }
        }""",
    )

    assert len(desk.learned) == 1
    assert desk.learned[0] == {
        "Query": Wanted(),
        "Order": Wanted.of("customer_key", "number", "total.currency"),
        "Customer": Wanted.of("key", "name"),
        "Invoice": Wanted(),
        "Payment": Wanted(),
        "Money": Wanted.of("currency"),
    }


async def test_one_place_below_several_types_is_asked_once_a_type(desk: Desk) -> None:
    await ask(
        desk, "{ orders { edges { node { events { ... on Node { id } ... on Invoice { payments { amount } } } } } } }"
    )

    assert desk.called() == [("orders", 1), ("events", 3), ("payments", 3)]
    assert desk.wanted_by("events") == [Wanted.of("key")]
