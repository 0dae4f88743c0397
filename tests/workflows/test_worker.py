"""What real worker processes do when they die, freeze, lose their session, or are told to stop."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from canonical.submission import SubmissionState
from tests.workflows.floor import Floor, open_floor
from workflows.takeover import LOST, Timings
from workflows.worker import FAILED

# Several processes each: one after the other, whatever else runs.
pytestmark = pytest.mark.xdist_group("workers")


@pytest.fixture
async def floor(database: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(database, tmp_path) as opened:
        yield opened


async def test_a_worker_books_what_was_submitted_and_ends_cleanly_when_it_is_told_to(floor: Floor) -> None:
    worker = await floor.start()

    done = await floor.ended(await floor.submit())
    worker.send_signal(signal.SIGTERM)
    code = await worker.wait()

    assert done.state is SubmissionState.COMPLETED
    assert len(floor.house.eu.requests) == 1
    assert code == 0
    assert await floor.house.ask("select 1 from worker where ended_at is null") == []


async def test_an_order_that_is_in_flight_when_its_worker_is_killed_is_booked_once(floor: Floor) -> None:
    await asyncio.gather(floor.start(), floor.start())

    async with floor.exchange.held():
        submission = await floor.submit()
        pid = await floor.exchange.arrived.get()
        floor.whose(pid).kill()
        dead, by, count = await floor.taken_over()
        await floor.looked_again()
    done = await floor.ended(submission)

    assert done.state is SubmissionState.COMPLETED
    assert len(floor.house.eu.requests) == 1
    assert f"-{pid}-" in dead
    assert f"-{pid}-" not in by
    assert count >= 1


@pytest.mark.timeout(300)
async def test_what_a_killed_worker_had_in_hand_is_taken_up_by_another_within_half_a_minute(floor: Floor) -> None:
    # At the pace of the product; all instants are the database's.
    told = replace(floor.told, timings=Timings())
    await asyncio.gather(floor.start(told), floor.start(told))

    async with floor.exchange.held():
        submission = await floor.submit()
        pid = await floor.exchange.arrived.get()
        [(killed_at,)] = await floor.house.ask("select extract(epoch from clock_timestamp())::float8")
        floor.whose(pid).kill()
        _, by, _ = await floor.taken_over()
        await floor.looked_again()
    done = await floor.ended(submission)

    [(taken_at,)] = await floor.house.ask(
        "select extract(epoch from min(at))::float8 from takeover where workflows > 0"
    )
    begun = "select max(started_at_epoch_ms) / 1000.0 from dbos.workflow_status where executor_id = :by and created_at"
    [(begun_at,)] = await floor.house.ask(f"{begun} < :at", by=by, at=int(killed_at * 1000))
    assert done.state is SubmissionState.COMPLETED
    assert killed_at < taken_at < killed_at + 30
    assert killed_at < float(begun_at) < killed_at + 30


async def test_deaths_around_every_write_leave_one_order_each(floor: Floor) -> None:
    floor.exchange.deaths = ["before book_order", "after book_order", "after write_back"]
    floor.told = replace(floor.told, settle=2.5)
    floor.house.eu.books.customers.clear()
    await asyncio.gather(*(floor.start() for _ in range(4)))

    submissions = [await floor.submit(f"key-of-order-number-{number}") for number in range(4)]
    ended = [await floor.ended(one) for one in submissions]

    assert sorted(floor.exchange.died) == ["after book_order", "after write_back", "before book_order"]
    assert {one.state for one in ended} == {SubmissionState.COMPLETED}
    assert sorted(len(held) for held in floor.house.eu.orders.values()) == [1, 1, 1, 1]
    assert len(floor.house.eu.created) == 1
    assert sorted(told.reference for told in floor.house.crm.told) == sorted(one.external_reference for one in ended)


async def test_a_worker_that_loses_its_session_ends_itself_and_its_work_goes_on_elsewhere(floor: Floor) -> None:
    await asyncio.gather(floor.start(), floor.start())

    async with floor.exchange.held():
        submission = await floor.submit()
        worker = floor.whose(await floor.exchange.arrived.get())
        life = "select pg_terminate_backend(backend_pid, 1000) from worker where os_pid = :pid"
        await floor.house.ask(life, pid=worker.pid)
        code = await worker.wait()
        await floor.taken_over()
    done = await floor.ended(submission)

    assert code == LOST
    assert "This worker ends itself: its heartbeat failed" in floor.words(worker)
    assert done.state is SubmissionState.COMPLETED
    assert len(floor.house.eu.requests) == 1


async def test_a_frozen_worker_loses_its_work_and_ends_itself_when_it_wakes(floor: Floor) -> None:
    await asyncio.gather(floor.start(), floor.start())

    async with floor.exchange.held():
        submission = await floor.submit()
        worker = floor.whose(await floor.exchange.arrived.get())
        worker.send_signal(signal.SIGSTOP)
        await floor.taken_over()
        await floor.looked_again()
    done = await floor.ended(submission)
    worker.send_signal(signal.SIGCONT)
    code = await worker.wait()

    assert done.state is SubmissionState.COMPLETED
    assert len(floor.house.eu.requests) == 1
    assert code == LOST


async def test_what_a_worker_cannot_finish_before_its_end_goes_on_elsewhere_at_once(floor: Floor) -> None:
    # With a grace that nobody would wait for.
    told = replace(floor.told, timings=Timings(0.1, 60, 90, 120), finish_within=0)
    await asyncio.gather(floor.start(told), floor.start(told))

    async with floor.exchange.held():
        submission = await floor.submit()
        worker = floor.whose(await floor.exchange.arrived.get())
        worker.send_signal(signal.SIGTERM)
        code = await worker.wait()
        await floor.taken_over()
    done = await floor.ended(submission)

    assert code == 0
    assert done.state is SubmissionState.COMPLETED
    assert len(floor.house.eu.requests) == 1


async def test_a_worker_of_a_new_shape_leaves_what_runs_on_the_old_one_to_a_worker_of_the_old(floor: Floor) -> None:
    old = await floor.start()
    async with floor.exchange.held():
        begun = await floor.submit()
        await floor.exchange.arrived.get()
        old.kill()
        await floor.start(replace(floor.told, version="2"))
    later = await floor.ended(await floor.submit("key-of-the-later-order"))
    running = "select distinct application_version from dbos.workflow_status where status = 'PENDING'"
    versions = await floor.house.ask(running)
    await floor.start()
    done = await floor.ended(begun)

    assert later.state is SubmissionState.COMPLETED
    assert versions == [("1",)]
    assert done.state is SubmissionState.COMPLETED
    assert len(floor.house.eu.requests) == 2


async def test_a_worker_that_cannot_start_says_why_and_ends(floor: Floor) -> None:
    worker = await floor.begin(replace(floor.told, url=floor.told.url.replace("test_", "none_")))

    code = await worker.wait()

    assert code == FAILED
    assert "does not exist" in floor.words(worker)


POINTS = [
    f"{when} {method}"
    for method in ("quote_order", "create_customer", "book_order", "write_back")
    for when in ("before", "after")
]


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_a_worker_that_is_killed_before_or_after_any_call_leaves_one_order(floor: Floor) -> None:
    floor.told = replace(floor.told, settle=2.5)
    floor.house.eu.books.customers.clear()
    await floor.start()
    await floor.start()
    ended = []

    for point in POINTS:
        floor.house.eu.created.clear()
        floor.house.customer(f"acc-{point.replace(' ', '-')}")
        floor.exchange.deaths.append(point)
        submission = await floor.submit(f"key-of-{point.replace(' ', '-')}", f"acc-{point.replace(' ', '-')}")
        ended.append(await floor.ended(submission))
        await floor.start()

    assert floor.exchange.died == POINTS
    assert {one.state for one in ended} == {SubmissionState.COMPLETED}
    assert [len(held) for held in floor.house.eu.orders.values()] == [1] * len(POINTS)
    assert len(floor.house.crm.told) == len(POINTS)


@pytest.mark.proof
@pytest.mark.timeout(400)
async def test_orders_through_a_lossy_erp_and_workers_that_are_killed_at_random_are_each_booked_once(
    floor: Floor,
) -> None:
    chance = random.Random(7)
    floor.told = replace(floor.told, settle=2.5)
    floor.exchange.weather = chance
    await asyncio.gather(floor.start(), floor.start(), floor.start())

    submissions = []
    for number in range(60):
        submissions.append(await floor.submit(f"key-of-random-order-{number:03}"))
        if number % 6 == 5:
            living = [worker for worker in floor.workers if worker.returncode is None]
            chance.choice(living).kill()
            await floor.start()
    ended = [await floor.ended(one) for one in submissions]

    assert {one.state for one in ended} == {SubmissionState.COMPLETED}
    assert sorted(floor.house.eu.orders) == sorted(one.external_reference for one in ended)
    assert {len(held) for held in floor.house.eu.orders.values()} == {1}
    assert floor.exchange.lost > 5
