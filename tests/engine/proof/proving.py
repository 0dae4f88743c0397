"""Runs a proof over many examples, cut into parts that run side by side."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

# Abandoned coroutines are graphql-core's way with the neighbours of a failed non-null field.
no_warning_of_the_abandoned = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")


def long_count() -> int:
    """How many operations the long form of the proof tries, all parts together."""
    return int(os.environ.get("REVGRAPH_DIFFERENTIAL", "100000"))


def prove(check: Callable[..., None], count: int, part: int, **strategies: st.SearchStrategy[Any]) -> None:
    """Try so many examples. Where a run decides over a change, each part tries its own ones, the same each time."""

    @settings(max_examples=count, report_multiple_bugs=False, suppress_health_check=[HealthCheck.too_slow])
    @given(**strategies)
    def proof(**example: Any) -> None:
        check(**example)

    if os.environ.get("CI"):
        proof = seed(part)(proof)
    proof()
