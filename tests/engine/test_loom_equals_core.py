"""The engine answers as graphql-core does, operation by operation, in worlds where anything can go wrong.

Two judges: graphql-core without a loop over a twin schema, for data, order and every error; and graphql-core through
the loaders, for data and calls. What may differ is said in tests/engine/proof/comparing.py, and is counted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import parse, validate
from hypothesis import given, settings

from tests.engine.proof.operations import Asked, operations
from tests.engine.proof.proving import long_count, no_warning_of_the_abandoned, prove
from tests.engine.proof.trial import Trial, collected_between
from tests.engine.proof.twin import at_once
from tests.engine.world.schema import world_schema
from tests.engine.world.weather import DIALECT, Weather, weathers

pytestmark = no_warning_of_the_abandoned

SCHEMA = world_schema()._schema
QUERIES, MUTATIONS = operations(SCHEMA), operations(SCHEMA, kind="mutation")
PARTS, PART = 7, 500
LONG_PARTS = 20


@pytest.fixture
def trial() -> Iterator[Trial]:
    trial = Trial(world_schema, DIALECT, drive=at_once)
    with collected_between():
        yield trial
        trial.close()


def tried(trial: Trial, count: int, part: int) -> None:
    """Prove it over so many operations, one in eight a mutation; what was tried must be worth something."""

    def check(asked: Asked, weather: Weather) -> None:
        trial.check(asked, weather.desks())

    prove(check, count - count // 8, part, asked=QUERIES, weather=weathers)
    prove(check, count // 8, part, asked=MUTATIONS, weather=weathers)
    print(trial.tally, trial.loom.fallbacks)  # noqa: T201 - `pytest -rP` shows what was counted
    assert 0.15 < trial.share("with errors") < 0.8
    assert trial.share("left to graphql-core") < 0.1
    assert trial.share("without data") < 0.3
    assert trial.share("pruned errors") + trial.share("doomed") < 0.05


@pytest.mark.timeout(900)  # a failing example is made small before it is told
@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_is_answered_as_by_graphql_core(trial: Trial, part: int) -> None:
    tried(trial, PART, part)


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(LONG_PARTS))
def test_every_operation_of_very_many_is_answered_as_by_graphql_core(trial: Trial, part: int) -> None:
    tried(trial, long_count() * 2 // 3 // LONG_PARTS, 1000 + part)


def test_what_is_not_asked_below_a_bad_item_may_be_asked_elsewhere(trial: Trial) -> None:
    text = """
    query($v0: Int) {
      __typename
      page(first: 2) {
        edges {
          a: node { place { ... on Party { ...F0 } } __typename }
          node { related { id } invoices(first: $v0) { related { id } } }
        }
      }
    }
    fragment F0 on Place { zone { ... { city city } } }
    """

    trial.check(Asked(text, {}, {"v0": 1}), Weather(990, 8, unsteady=False).desks())

    assert trial.tally["pruned errors"] == 1


@settings(max_examples=200)
@given(QUERIES)
def test_the_operations_that_are_tried_are_valid(asked: Asked) -> None:
    assert validate(SCHEMA, parse(asked.text)) == []
