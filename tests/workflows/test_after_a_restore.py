"""A store that came back from a backup has forgotten what was done since: it is looked for before it is done again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from canonical.customer import Credit
from canonical.money import money
from canonical.submission import Submission, SubmissionState
from tests.fakes.company import NOW
from tests.workflows.floor import open_floor
from tests.workflows.house import House, order
from workflows.log import begin_epoch


@pytest.fixture(autouse=True)
def _usual(house: House) -> None:
    house.customer_of_both()


async def as_backed_up(house: House, attempts: int = 0) -> None:
    """What was accepted before the backup and booked since is as it was at the backup, after so many attempts."""
    await house.say("delete from submission_order")
    if attempts:
        await house.say("delete from effect where kind <> 'BOOK_ORDER'")
        await house.say(
            "update effect set state = 'UNCERTAIN', answer = null, answered_at = null, attempt = :attempts, lost = 1,"
            " not_before = clock_timestamp() - interval '2 hours'",
            attempts=attempts,
        )
    else:
        await house.say("delete from effect")
    await house.say(
        "update submission set state = :state, settled_at = null, resume_at = clock_timestamp(),"
        " submitted_at = clock_timestamp() - interval '1 day'",
        state="UNCERTAIN" if attempts else "IN_PROGRESS",
    )


def over_the_limit() -> Credit:
    """What is left is less than any order."""
    euro = money(1, "EUR")
    return Credit(credit_limit=euro, exposure=None, available=euro, on_hold=False, checked_at=NOW)


async def restored(house: House, minutes_ago: float, attempts: int = 0) -> Submission:
    """A submission that was accepted before the backup and booked since; so many minutes after the restore."""
    done = await house.done(order())
    await as_backed_up(house, attempts)
    async with house.store.transaction() as transaction:
        await begin_epoch(transaction)
    await house.say(
        "update event_log set renewed_at = clock_timestamp() - make_interval(secs => :seconds)",
        seconds=minutes_ago * 60,
    )
    return done


async def go_on(house: House) -> None:
    await house.reconciled()
    await house.work()


@pytest.mark.parametrize("minutes_ago", [0.0, 60.0])
async def test_what_was_booked_since_the_backup_is_found_and_not_booked_again(house: House, minutes_ago: float) -> None:
    done = await restored(house, minutes_ago)

    await go_on(house)

    again = await house.look(done.id)
    assert (again.state, again.record_refs) == (SubmissionState.COMPLETED, done.record_refs)
    assert len(house.eu.requests) == 1


@pytest.mark.parametrize("attempts", [0, 1])
async def test_what_may_still_be_under_way_at_the_restore_is_not_sent_before_it_has_settled(
    house: House, attempts: int
) -> None:
    done = await restored(house, minutes_ago=0.0, attempts=attempts)
    under_way = dict(house.eu.orders)
    house.eu.orders.clear()

    await go_on(house)
    unsure = await house.look(done.id)
    await house.say("update submission set resume_at = clock_timestamp()")
    await go_on(house)
    [(rounds,)] = await house.ask("select round from submission")
    house.eu.orders.update(under_way)
    await house.say("update event_log set renewed_at = renewed_at - interval '1 hour'")
    await house.say("update submission set resume_at = clock_timestamp()")
    await go_on(house)

    assert unsure.state is SubmissionState.UNCERTAIN
    # A look that finds nothing yet begins no round.
    assert rounds == (1 if attempts else 2)
    assert (await house.look(done.id)).state is SubmissionState.COMPLETED
    assert len(house.eu.requests) == 1


async def test_what_was_booked_since_the_backup_is_not_refused_for_the_credit_that_it_uses_itself(house: House) -> None:
    done = await restored(house, minutes_ago=60.0)
    house.eu.credit = over_the_limit()

    await go_on(house)

    again = await house.look(done.id)
    assert (again.state, again.problems) == (SubmissionState.COMPLETED, ())
    assert "Order 4001 was booked before." in [step.message for step in again.steps if step.name == "search"]
    assert len(house.eu.requests) == 1


async def test_what_was_not_booked_since_the_backup_is_judged_as_ever(house: House) -> None:
    done = await restored(house, minutes_ago=60.0)
    house.eu.orders.clear()
    house.eu.credit = over_the_limit()

    await go_on(house)

    again = await house.look(done.id)
    assert (again.state, [one.code for one in again.problems]) == (SubmissionState.REFUSED, ["CREDIT_EXCEEDED"])
    assert len(house.eu.requests) == 1


async def test_what_was_submitted_since_the_restore_is_sent_at_once(house: House) -> None:
    async with house.store.transaction() as transaction:
        await begin_epoch(transaction)

    done = await house.done(order())

    assert done.state is SubmissionState.COMPLETED
    assert "find_orders" not in house.eu.questions()


@pytest.mark.xdist_group("workers")
async def test_a_worker_that_comes_up_on_a_restored_store_takes_no_attempt_for_the_first(
    database: str, tmp_path: Path
) -> None:
    async with open_floor(database, tmp_path) as floor:
        floor.told = replace(floor.told, settle=0.2)
        before = await floor.start()
        submission = await floor.submit()
        booked = await floor.ended(submission)
        before.kill()
        await before.wait()
        await as_backed_up(floor.house)
        await floor.house.say("update event_log set cluster = 'another/1'")

        await floor.start()
        found = await floor.ended(submission)

        assert (found.state, found.record_refs) == (SubmissionState.COMPLETED, booked.record_refs)
        assert [len(held) for held in floor.house.eu.orders.values()] == [1]
