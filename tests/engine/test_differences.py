"""Every place where a breadth-first engine could answer otherwise than graphql-core, and where it does.

Three answers of each operation: the engine's, graphql-core's one parent after the other (`sync`), and graphql-core's
through the loaders (`core`). Where they differ, the difference is written out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.engine.proof.answers import Answer
from tests.engine.proof.operations import Asked
from tests.engine.proof.proving import no_warning_of_the_abandoned
from tests.engine.proof.trial import Parsed, Trial, collected_between
from tests.engine.proof.twin import at_once
from tests.engine.world.desk import Desk
from tests.engine.world.schema import world_schema
from tests.engine.world.scripted import Scripted
from tests.engine.world.weather import DIALECT

pytestmark = no_warning_of_the_abandoned


@dataclass(frozen=True)
class Three:
    """The three answers of one operation."""

    mine: Answer
    sync: Answer
    core: Answer


class Ask:
    """Asks all three in a world where wrong is what the script says."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def __call__(
        self,
        text: str,
        spoils: Mapping[tuple[object, ...], Any] | None = None,
        *,
        down: str = "",
        variables: dict[str, Any] | None = None,
    ) -> Three:
        parsed, book, variables = Parsed.of(Asked(text, {}, {})), Scripted(spoils or {}, down), variables or {}
        return Three(
            self._trial.by_engine(parsed, variables, Desk(book)),
            self._trial.by_sync(parsed, variables, Desk(book)),
            self._trial.by_core(parsed, variables, Desk(book)),
        )


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    trial = Trial(world_schema, DIALECT, drive=at_once)
    with collected_between():
        yield Ask(trial)
        trial.close()


def called(answer: Answer) -> list[tuple[str, tuple[str, ...]]]:
    return [(call.question[0], tuple(map(str, call.parents))) for call in answer.calls]  # type: ignore[misc]


def told(answer: Answer) -> list[tuple[str, str]]:
    return [(".".join(map(str, error.path)), error.message) for error in answer.errors]


def test_a_list_that_one_bad_item_makes_null_costs_no_call_below_its_good_items(ask: Ask) -> None:
    answers = ask("{ maybeOrders { number } orders { number customer { name } } }", {("list", 3, 1): 7})

    assert answers.mine.data == answers.sync.data is None
    assert told(answers.mine) == told(answers.sync)
    assert told(answers.mine)[-1] == ("orders.1", "Expected value of type 'Order' but got: 7.")
    assert called(answers.mine) == [("orders", ("None",)), ("orders", ("None",))]
    assert ("customer", ("0",)) in called(answers.sync)


def test_the_good_items_of_such_a_list_have_no_errors_where_nothing_was_asked(ask: Ask) -> None:
    answers = ask("{ page { edges { node { invoices { number } } } } }", {("None", "edges", 2): None}, down="invoices")

    assert answers.mine.data == answers.sync.data == {"page": None}
    assert told(answers.mine) == [("page.edges.2", "Cannot return null for non-nullable field Page.edges.")]
    assert [path for path, _ in told(answers.sync)] == [
        "page.edges.0.node.invoices",
        "page.edges.1.node.invoices",
        "page.edges.2",
    ]


def test_what_is_read_without_a_call_is_still_read_in_such_a_list_so_that_its_first_error_is_told(ask: Ask) -> None:
    answers = ask(
        "{ order(by: {id: 1}) { invoices { order { number } rows { sku } price { amount } } } }",
        {("0", "amount"): None, ("invoices", "0", None, None, 1): ValueError("the second")},
    )

    assert told(answers.mine)[0][0] == "order.invoices.0.price.amount"
    assert answers.mine.errors == answers.sync.errors


def test_a_value_of_no_type_of_a_union_is_an_error_in_the_unions_own_words(ask: Ask) -> None:
    answers = ask("{ order(by: {id: 1}) { events { __typename } } }", {("events", "0", 1): 7})

    assert answers.mine.errors == answers.sync.errors == answers.core.errors
    assert "cannot be resolved for the field" in answers.mine.errors[0].message


def test_a_wrong_argument_of_a_root_field_that_may_not_be_null_keeps_everything_from_being_called(ask: Ask) -> None:
    answers = ask(
        "query($n: Int) { sureNodes(ids: 1) { id } sure(first: $n) { number } nodes(ids: 2) { id } }",
        variables={"n": None},
    )

    [(path, message)] = told(answers.mine)
    assert path == "sure"
    assert message.startswith("Argument 'first' has invalid value")
    assert answers.mine.errors == answers.sync.errors == answers.core.errors
    assert called(answers.mine) == called(answers.core) == []
    assert called(answers.sync) == [("nodes", ("None",))]


def test_then_a_root_field_before_it_has_no_error_of_its_own(ask: Ask) -> None:
    answers = ask(
        "query($n: Int) { orders { number } sure(first: $n) { number } }", variables={"n": None}, down="orders"
    )

    assert [path for path, _ in told(answers.mine)] == ["sure"]
    assert answers.mine.errors == answers.core.errors
    assert told(answers.sync) == [("orders", "orders is down")]


def test_a_null_leaf_that_may_not_be_null_ends_no_call_of_its_siblings(ask: Ask) -> None:
    answers = ask("{ maybeOrders { source labels } }", {("1", "source"): None})

    assert answers.mine.errors == answers.sync.errors
    assert answers.mine.data == answers.sync.data == answers.core.data
    assert called(answers.mine) == [("orders", ("None",)), ("labels", ("0", "1", "2"))]
    assert called(answers.core) == [("orders", ("None",)), ("labels", ("0", "2"))]


def test_of_two_failing_siblings_the_first_of_the_text_is_told(ask: Ask) -> None:
    answers = ask(
        "{ sure { payer { __typename } customer { name } } }",
        {("customer", "1", "[]"): Exception("no customer"), ("payer", "1", "[]"): Exception("no payer")},
    )

    assert told(answers.mine) == told(answers.sync) == [("sure.payer", "no payer")]


def test_errors_told_before_their_parent_was_null_stay_told(ask: Ask) -> None:
    answers = ask(
        "{ order(by: {id: 1}) { customer { email orders { number } name } } }",
        {("0", "email"): ValueError("no email"), ("0", "name"): ValueError("no name")},
    )

    assert answers.mine.data == {"order": None}
    assert told(answers.mine) == [
        ("order.customer.email", "no email"),
        ("order.customer.name", "no name"),
    ]
    assert answers.mine.errors == answers.sync.errors


def test_null_for_a_condition_is_told_where_graphql_core_tells_it(ask: Ask) -> None:
    answers = ask(
        "query($with: Boolean = true) { greeting sure { number @include(if: $with) } }", variables={"with": None}
    )

    assert not answers.mine.compiled
    assert answers.mine.errors == answers.core.errors
    assert [path for path, _ in told(answers.mine)] == ["sure"]


def test_a_fragment_at_two_places_is_a_call_at_each_where_loaders_make_one(ask: Ask) -> None:
    answers = ask("{ a: sure { ...Parts } b: sure(first: 2) { ...Parts } } fragment Parts on Order { labels }")

    assert answers.mine.data == answers.sync.data == answers.core.data
    assert [call for call in called(answers.mine) if call[0] == "labels"] == [("labels", ("1",)), ("labels", ("2",))]
    assert [call for call in called(answers.core) if call[0] == "labels"] == [("labels", ("1", "2"))]


def test_parents_that_are_one_object_are_one_parent(ask: Ask) -> None:
    answers = ask("{ maybeOrders { customer { orders { number } } } }")

    assert answers.mine.data == answers.sync.data
    assert (
        called(answers.mine)
        == called(answers.core)
        == [
            ("orders", ("None",)),
            ("customer", ("0", "1", "2")),
            ("ordersOf", ("0",)),
        ]
    )


def test_parents_made_anew_each_time_they_are_read_are_read_once(ask: Ask) -> None:
    answers = ask("{ maybeOrders { moved { city owner { name } } stopsOnce { owner { name } } } }")

    assert answers.mine.errors == []
    assert answers.mine.data == answers.sync.data == answers.core.data
    assert [len(parents) for _, parents in called(answers.mine)] == [1, 3, 3]


def test_changes_happen_in_their_order_and_what_is_below_one_is_answered_before_the_next(ask: Ask) -> None:
    answers = ask("mutation { a: add { count order { number } } b: surelyAdd(amount: 2) { count } c: add { count } }")

    assert answers.mine.data == {"a": {"count": 1, "order": {"number": "N-0"}}, "b": {"count": 3}, "c": {"count": 4}}
    assert answers.mine.data == answers.sync.data == answers.core.data
    assert called(answers.mine) == called(answers.core)
    assert [name for name, _ in called(answers.mine)] == ["add", "order", "add", "add"]


def test_after_a_change_that_makes_everything_null_none_happens(ask: Ask) -> None:
    text = "mutation { a: add { count } b: surelyAdd(amount: 2) { count } c: add(amount: 3) { count } }"
    answers = ask(text, {("add", 2, 1): None})

    assert answers.mine.data is None
    assert answers.mine.errors == answers.sync.errors
    assert called(answers.mine) == called(answers.sync) == [("add", ("None",)), ("add", ("None",))]


def test_records_that_another_subgraph_names_are_graphql_cores_to_answer(ask: Ask) -> None:
    text = '{ _entities(representations: [{__typename: "Product", sku: "7"}]) { __typename ... on Product { name } } }'
    answers = ask(text)

    assert not answers.mine.compiled
    assert answers.mine.data == {"_entities": [{"__typename": "Product", "name": "Bolt"}]}
