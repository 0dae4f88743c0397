"""Which operation of a document is executed, and on which root type."""

from __future__ import annotations

import strawberry

from tests.engine.execution.asking import Engine, Name
from tests.engine.execution.fields import gives
from tests.engine.shop import Desk


@strawberry.type
class Query:
    rate: str | None = gives("1.08", called="rate")
    fee: str | None = gives("2.00", called="fee")


@strawberry.type
class Mutation:
    refund: str | None = gives("refunded", called="refund")


bank = strawberry.Schema(Query, Mutation)
reading_only = strawberry.Schema(Query)

TWO = "query Rate { now: rate } query Fee { now: fee }"
# The compiled engine speaks to people who wrote a query, graphql-core to those who read the specification.
UNCLEAR = {
    "core": "Must provide operation name if query contains multiple operations.",
    "loom": "The query holds several operations: say which one with operationName.",
}
UNKNOWN = {"core": "Unknown operation named {}.", "loom": "There is no operation named {} in the query."}
NONE = {"core": "Must provide an operation.", "loom": "The query holds no operation."}
MIXED = "query Look { __typename rate } mutation Act { __typename refund }"


async def test_the_anonymous_operation_needs_no_name(engine: Engine) -> None:
    assert await engine.ask(bank, "{ rate }") == {"data": {"rate": "1.08"}}


async def test_an_only_operation_is_found_without_its_name(engine: Engine) -> None:
    assert await engine.ask(bank, "query Rate { rate }") == {"data": {"rate": "1.08"}}


async def test_an_only_operation_is_found_by_its_name(engine: Engine) -> None:
    assert await engine.ask(bank, "query Rate { rate }", operation="Rate") == {"data": {"rate": "1.08"}}


async def test_of_several_operations_the_named_one_is_executed_and_no_other(engine: Engine) -> None:
    desk = Desk()

    answer = await engine.ask(bank, TWO, operation="Fee", desk=desk)

    assert answer == {"data": {"now": "2.00"}}
    assert desk.called() == [("fee", 1)]


async def test_operations_of_one_document_keep_apart_when_each_is_asked_for(engine: Engine) -> None:
    answers = [await engine.ask(bank, TWO, operation=name) for name in ("Rate", "Fee", "Rate")]

    assert answers == [{"data": {"now": "1.08"}}, {"data": {"now": "2.00"}}, {"data": {"now": "1.08"}}]


async def test_an_operation_does_not_need_the_variables_of_its_neighbour(engine: Engine) -> None:
    text = "query Plain { rate } query Choosy($no: Boolean!) { rate @skip(if: $no) fee }"

    assert await engine.ask(bank, text, operation="Plain") == {"data": {"rate": "1.08"}}
    assert await engine.ask(bank, text, {"no": True}, operation="Choosy") == {"data": {"fee": "2.00"}}


async def test_variables_of_one_name_have_the_type_and_default_of_their_own_operation(engine: Engine) -> None:
    text = (
        "query A($yes: Boolean = true) { rate @include(if: $yes) } query B($yes: Boolean!) { fee @include(if: $yes) }"
    )

    assert await engine.ask(bank, text, operation="A") == {"data": {"rate": "1.08"}}
    assert await engine.ask(bank, text, {"yes": False}, operation="A") == {"data": {}}
    assert await engine.ask(bank, text, {"yes": True}, operation="B") == {"data": {"fee": "2.00"}}


async def test_a_fragment_is_shared_by_operations(engine: Engine) -> None:
    text = "query A { ...Both } query B { ...Both more: fee } fragment Both on Query { rate fee }"

    assert await engine.ask(bank, text, operation="A") == {"data": {"rate": "1.08", "fee": "2.00"}}
    assert await engine.ask(bank, text, operation="B") == {"data": {"rate": "1.08", "fee": "2.00", "more": "2.00"}}


async def test_several_operations_without_a_name_are_refused(engine: Engine, name: Name) -> None:
    assert await engine.ask(bank, TWO) == {"data": None, "errors": [{"message": UNCLEAR[name]}]}


async def test_an_unknown_name_is_refused(engine: Engine, name: Name) -> None:
    refused = {"data": None, "errors": [{"message": UNKNOWN[name].format("'Tax'")}]}

    assert await engine.ask(bank, TWO, operation="Tax") == refused
    assert await engine.ask(bank, "{ rate }", operation="Tax") == refused


async def test_the_empty_name_is_a_name_that_no_operation_has(engine: Engine, name: Name) -> None:
    assert await engine.ask(bank, "{ rate }", operation="") == {
        "data": None,
        "errors": [{"message": UNKNOWN[name].format("''")}],
    }


async def test_a_document_without_operations_is_refused(engine: Engine, name: Name) -> None:
    assert await engine.ask(bank, "fragment Part on Query { rate }", validated=False) == {
        "data": None,
        "errors": [{"message": NONE[name]}],
    }


async def test_queries_start_at_the_query_type_and_mutations_at_the_mutation_type(engine: Engine) -> None:
    assert await engine.ask(bank, MIXED, operation="Look") == {"data": {"__typename": "Query", "rate": "1.08"}}
    assert await engine.ask(bank, MIXED, operation="Act") == {"data": {"__typename": "Mutation", "refund": "refunded"}}


async def test_an_operation_that_the_schema_has_no_type_for_is_refused_at_its_place(engine: Engine) -> None:
    assert await engine.ask(reading_only, "mutation { __typename }", validated=False, left_to_core="no root type") == {
        "data": None,
        "errors": [
            {
                "message": "Schema is not configured to execute mutation operation.",
                "locations": [{"line": 1, "column": 1}],
            }
        ],
    }


async def test_definitions_of_types_in_a_document_are_not_executed(engine: Engine) -> None:
    assert await engine.ask(bank, "{ rate } type Query { tax: String }", validated=False) == {"data": {"rate": "1.08"}}
