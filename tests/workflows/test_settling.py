"""How long a claim on a reference lasts, and what a doubt, a slow look or a busy store leaves behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy.exc import TimeoutError as NoConnectionError

from canonical.errors import Outcome
from canonical.submission import SubmissionState
from tests.fakes.durable import DiedError
from tests.fakes.intake import never_arrived
from tests.workflows.house import QUICK, SETTLE, House, order
from workflows.registry import registered
from workflows.round import Ending, Round, run_round

LEFT = "select extract(epoch from not_before - clock_timestamp())::float8 from effect where kind = 'BOOK_ORDER'"


@pytest.fixture(autouse=True)
def _usual(house: House) -> None:
    house.customer_of_both()


def broken(error: Exception) -> Callable[[Round], Awaitable[Ending]]:
    async def body(_: Round) -> Ending:
        raise error

    return body


def die(_: str) -> None:
    raise DiedError


async def test_after_a_death_the_reference_rests_for_as_long_as_a_write_may_be_under_way_and_then_settle(
    house: House,
) -> None:
    house.eu.mood.will("book_order", die)

    with pytest.raises(DiedError):
        await house.done(order())

    [(left,)] = await house.ask(LEFT)
    assert SETTLE + QUICK.write - 30 < left <= SETTLE + QUICK.write


async def test_an_attempt_that_is_over_without_an_answer_settles_from_its_end(house: House) -> None:
    house.eu.mood.will("book_order", never_arrived)

    await house.done(order())

    [(left,)] = await house.ask(LEFT)
    assert SETTLE - 30 < left <= SETTLE


async def test_a_look_may_take_its_time_and_the_order_is_sent_all_the_same(house: House) -> None:
    def slowly(when: str) -> None:
        house.now += 2 if when == "before" else 0

    house.eu.mood.will("book_order", never_arrived)
    unsure = await house.done(order())
    house.eu.mood.always["find_orders"] = slowly
    await house.settle()
    await house.reconciled()
    await house.work()

    assert (await house.look(unsure.id)).state is SubmissionState.COMPLETED
    assert len(house.eu.requests) == 1


async def test_what_a_worker_is_too_slow_to_send_is_not_refused_but_tried_again(house: House) -> None:
    hasty = replace(house.shop, pace=replace(QUICK, send_within=-1.0))
    house.durable.workflows = registered(hasty)
    waiting = await house.done(order())
    house.durable.workflows = registered(house.shop)
    await house.reconciled()
    await house.work()

    assert waiting.state is SubmissionState.IN_PROGRESS
    [problem] = waiting.problems
    assert (problem.blocking, problem.outcome) == (False, Outcome.NOT_APPLIED)
    assert (await house.look(waiting.id)).state is SubmissionState.COMPLETED
    assert len(house.eu.requests) == 1


async def test_a_fault_of_ours_behind_a_booking_does_not_say_that_nothing_was_done(house: House) -> None:
    done = await house.done(order())
    await house.say("update submission set state = 'IN_PROGRESS', settled_at = null, round = 2")

    await run_round(house.shop, f"{done.id}:2", broken(ZeroDivisionError()))
    unsure = await house.look(done.id)
    await house.reconciled()
    await house.work()

    assert (unsure.state, unsure.problems[0].outcome) == (SubmissionState.UNCERTAIN, Outcome.UNCERTAIN)
    assert (await house.look(done.id)).state is SubmissionState.COMPLETED
    assert len(house.eu.requests) == 1


async def test_a_store_whose_connections_are_all_taken_fails_no_submission(house: House) -> None:
    submitted = (await house.submit(order())).submission
    assert submitted is not None

    with pytest.raises(NoConnectionError):
        await run_round(house.shop, f"{submitted.id}:1", broken(NoConnectionError("QueuePool limit of size 8 reached")))

    assert (await house.look(submitted.id)).state is SubmissionState.IN_PROGRESS
