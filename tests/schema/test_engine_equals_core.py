"""Over the whole graph, the engine answers as graphql-core does: for any rights, and whichever system is in trouble."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import GraphQLSchema, parse, validate
from hypothesis import given, settings

from schema import build_schema
from schema.dialect import DIALECT
from tests.engine.proof.operations import Asked, operations
from tests.engine.proof.proving import long_count, no_warning_of_the_abandoned, prove
from tests.engine.proof.trial import Trial, collected_between
from tests.schema.trading import SAMPLES, Trade, trades

pytestmark = no_warning_of_the_abandoned

NEED_A_STORE = ("audit", "exceptions", "kpis", "submission", "submissions", "validateOrder")
"""Most of them may not be null, and without a store they are: an answer with one of them proves nothing more."""


def asked_of() -> GraphQLSchema:
    """The graph as far as the pretend systems alone can answer it."""
    graph = build_schema()._schema
    assert graph.query_type is not None
    for name in NEED_A_STORE:
        del graph.query_type.fields[name]
    return graph


SCHEMA = asked_of()
QUERIES = operations(SCHEMA, SAMPLES)
PARTS, PART = 4, 400
LONG_PARTS = 20


@pytest.fixture
def trial() -> Iterator[Trial]:
    trial = Trial(build_schema, DIALECT)
    with collected_between():
        yield trial
        trial.close()


def tried(trial: Trial, count: int, part: int) -> None:
    """Prove it over so many operations; what was tried must be worth something."""

    def check(asked: Asked, trade: Trade) -> None:
        trial.check(asked, trade.desks())

    prove(check, count, part, asked=QUERIES, trade=trades)
    print(trial.tally, trial.loom.fallbacks)  # noqa: T201 - `pytest -rP` shows what was counted
    assert 0.1 < trial.share("with errors") < 0.7
    assert trial.share("left to graphql-core") < 0.1
    assert trial.share("without data") < 0.3


@pytest.mark.timeout(900)  # a failing example is made small before it is told
@pytest.mark.parametrize("part", range(PARTS))
def test_every_query_of_the_graph_is_answered_as_by_graphql_core(trial: Trial, part: int) -> None:
    tried(trial, PART, part)


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(LONG_PARTS))
def test_every_query_of_very_many_is_answered_as_by_graphql_core(trial: Trial, part: int) -> None:
    tried(trial, long_count() // 3 // LONG_PARTS, 1000 + part)


QUIET = Trade(orders=1, without=None, legal_entities=None, accounts=None, troubles=(), unsteady=False)


def test_what_a_list_is_about_to_tell_may_be_asked_for_by_key_meanwhile(trial: Trial) -> None:
    text = """
    query($v0: InvoiceBy!) {
      invoice(by: $v0) { lines { sku orderLine { id legalEntity { code } } } }
      orders { edges { node { id } } }
    }
    """
    invoice = {"v0": {"id": "MR9JbnZvaWNlH2VycC1ldR9JZXJwLWV1MA"}}

    trial.check(Asked(text, invoice, invoice), QUIET.desks())

    assert trial.tally["calls, for what was listed meanwhile"] == 1


def test_where_wrong_arguments_doom_everything_a_resolver_that_would_have_failed_is_not_called(trial: Trial) -> None:
    text = """
    query($v0: [ID!] = []) { orders(after: "nonsense", filter: {}) { gaps { system missing } } nodes(ids: $v0) { id } }
    """

    trial.check(Asked(text, {"v0": None}, {"v0": None}), QUIET.desks())

    assert trial.tally["doomed"] == 1


@settings(max_examples=100)
@given(QUERIES)
def test_the_queries_that_are_tried_are_valid(asked: Asked) -> None:
    assert validate(SCHEMA, parse(asked.text)) == []
