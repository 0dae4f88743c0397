"""Whoever has to wait for a system leaves the turn in its queue to others meanwhile."""

from __future__ import annotations

import pytest

from canonical.errors import Throttled
from canonical.submission import StepState, SubmissionState
from tests.fakes.intake import never_arrived, raising
from tests.workflows.house import House, order
from workflows.durable import queue_of


@pytest.fixture(autouse=True)
def _usual(house: House) -> None:
    house.customer_of_both()


async def test_an_attempt_whose_answer_was_lost_leaves_its_turn_and_looks_again_in_another(house: House) -> None:
    house.eu.mood.will("book_order", never_arrived)

    unsure = await house.done(order())

    turns = [place for place in house.durable.queues if place == queue_of("erp-eu")]
    assert unsure.state is SubmissionState.UNCERTAIN
    assert house.durable.slept == [1.0, 2.0]
    assert len(turns) == 3
    assert len(house.eu.requests) == 0


async def test_a_throttled_write_comes_back_when_it_was_told_to(house: House) -> None:
    house.eu.mood.will("book_order", raising(Throttled("erp-eu", "Not so fast.", retry_after=2.5)))

    done = await house.done(order())

    assert (done.state, house.durable.slept) == (SubmissionState.COMPLETED, [2.5])
    [booking] = [step for step in done.steps if step.name == "booking"]
    assert (booking.state, booking.attempts) == (StepState.DONE, 2)
