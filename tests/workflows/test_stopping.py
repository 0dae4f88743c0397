"""A worker that is told to stop does not go on for as long as a system takes to answer, and leaves nothing half."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from canonical.changes import Changes
from sources.kit.call import Call
from sources.landscape_events import Feed
from tests.fakes.feeds import Polled, change
from tests.fakes.happenings import happened, invoiced
from tests.fakes.receiver import Manner, open_receiver
from tests.fakes.systems import FakeSystems
from tests.fakes.waiting import until
from tests.workflows.floor import Floor, open_floor
from tests.workflows.house import House
from tests.workflows.intake_desk import SALE, Desk, kinds, stands
from workflows import delivery_log
from workflows.event_work import EventWork
from workflows.feeds import Feeds
from workflows.workshop import Workshop

pytestmark = pytest.mark.xdist_group("workers")


@pytest.fixture
async def floor(database: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(database, tmp_path) as opened:
        yield opened


class Endless(Polled):
    """Always has more. `through`: lets each step be answered."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.through = asyncio.Event()
        self.through.set()

    async def poll_changes(self, call: Call, position: str) -> Changes:
        self.polled.append(position)
        await self.through.wait()
        number = int(position) + 1
        return Changes(changes=(change(f"sale{number}"),), position=str(number), more=True)


def heard_from(house: House, crm: Endless) -> Workshop:
    """The workshop where this system alone is asked, and often."""
    quick = {name: replace(one, feed=Feed(poll_seconds=0.02)) for name, one in house.landscape.instances.items()}
    return replace(house.shop, systems=FakeSystems(crm), landscape=replace(house.landscape, instances=quick))


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Come back once they have ended; TimeoutError where they do not."""
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks)


async def position(house: House) -> str:
    [[found]] = await house.ask("select position from feed where way = 'poll'")
    return str(found)


async def test_a_catching_up_without_an_end_stops_behind_the_step_that_it_stored(house: House) -> None:
    crm, stop = Endless("crm"), asyncio.Event()
    [way] = Feeds(heard_from(house, crm), "a", look_every=0.02).ways()
    listening = asyncio.create_task(way(stop))
    await until(lambda: len(crm.polled) >= 5)

    stop.set()
    await ended(listening)

    kept = [row[0] for row in await house.ask("select key from change_in order by id")]
    assert kept[-1] == f"sale{await position(house)}"


async def test_a_system_that_is_slow_to_tell_keeps_no_worker_from_stopping(house: House) -> None:
    crm, stop = Endless("crm"), asyncio.Event()
    crm.through.clear()
    [way] = Feeds(heard_from(house, crm), "a", look_every=0.02).ways()
    listening = asyncio.create_task(way(stop))
    await until(lambda: crm.polled)
    before = await position(house)

    stop.set()
    await ended(listening)

    assert await position(house) == before
    assert await house.ask("select trouble from feed where trouble is not null") == []


async def test_a_look_that_is_under_way_when_its_worker_stops_leaves_the_change_to_the_next(house: House) -> None:
    desk, stop = Desk(house), asyncio.Event()
    desk.eye.orders[SALE] = stands(0)
    desk.eye.through.clear()
    await desk.hear(change("sale1"))
    turns = EventWork(house.shop, "w1", lambda *_: desk.eye, None).turns()
    running = [asyncio.create_task(work(stop)) for work in turns]
    await until(lambda: desk.eye.looks)

    stop.set()
    await ended(*running)
    waits, told = await desk.waits(), kinds(await desk.told())
    desk.eye.through.set()
    await desk.intake.turn()

    assert (waits, told) == (["sale1"], [])
    assert len(kinds(await desk.told())) == 2
    assert await desk.waits() == []


async def test_a_worker_takes_no_submission_while_what_it_sends_outside_comes_to_its_end(floor: Floor) -> None:
    store, never = floor.house.store, asyncio.Event()
    async with store.transaction() as transaction:
        await delivery_log.begin(transaction, "billing")
    async with open_receiver() as outside:
        outside.manner = lambda _: Manner(gate=never)
        worker = await floor.start(replace(floor.told, receiver=outside.url, receiver_seconds=60.0))
        await happened(store, invoiced("a", "a1"))
        await outside.until(lambda: "a1" in outside.titles)

        worker.send_signal(signal.SIGTERM)
        # What is under way to a receiver has five seconds.
        async with asyncio.timeout(4):
            await until(lambda: "takes nothing new" in floor.words(worker))
        submission = await floor.submit()
        code = await worker.wait()

    assert code == 0
    assert [row[0] for row in await floor.house.ask("select status from dbos.workflow_status")] == ["ENQUEUED"]
    assert not (await floor.house.look(submission)).settled_at
