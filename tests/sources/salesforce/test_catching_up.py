"""A worker that comes back after the bus has forgotten its place: what it missed is found by asking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sources.landscape_events import Feed
from sources.salesforce.adapter import ListenedSalesforce
from tests.fakes.systems import FakeSystems
from tests.fakes.waiting import until
from tests.sources.salesforce.conftest import ACCOUNT, QUOTE, Shop
from tests.sources.salesforce.listening import line, order
from tests.workflows.house import House
from workflows.feeds import Feeds
from workflows.store.opening import Store


def feeds_of(house: House, crm: ListenedSalesforce) -> Feeds:
    """Ears on the org alone; it is asked once an hour, unless a stream wants it to be asked at once."""
    rules = house.landscape
    hourly = {"crm": replace(rules.instances["crm"], feed=Feed(poll_seconds=3600.0))}
    shop = replace(house.shop, systems=FakeSystems(crm), landscape=replace(rules, instances=hourly))
    return Feeds(shop, "a", look_every=0.02)


@asynccontextmanager
async def working(feeds: Feeds) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(way(stop)) for way in feeds.ways()]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def heard(house: House, *keys: str) -> bool:
    """Whether each of these records was heard of."""
    told = {row[0] for row in await house.ask("select key from change_in")}
    return set(keys) <= told


async def test_after_a_replay_id_has_expired_no_change_is_missed(bus: Shop, store: Store) -> None:
    house, crm = House(store), bus.listen()
    feeds = feeds_of(house, crm)
    async with working(feeds):
        await until(lambda: bus.box.bus.streams >= 4)
        await until(lambda: house.ask("select 1 from feed where way = 'poll' and heard_at is not null"))
        first = order(bus)
        await until(lambda: heard(house, first))
    await until(lambda: bus.box.bus.streams == 0)
    [[place]] = await house.ask("select position from feed where way = 'stream'")

    missed = [order(bus) for _ in range(3)]
    with_line = order(bus)
    line(bus, with_line)
    bus.box.change("Quote", QUOTE, {"Status": "Approved"})
    bus.box.org.store.clock = lambda: datetime.now(UTC) - timedelta(minutes=10)
    late = order(bus)
    bus.box.org.store.clock = lambda: datetime.now(UTC)
    bus.box.org.log.forget()
    # As if it had been looked through to the end, before what was committed late could be seen.
    await house.say(
        "update feed set position = :far where way = 'poll'", far=crm.position_at(datetime.now(UTC) + timedelta(days=1))
    )
    assert not await heard(house, *missed)

    async with working(feeds):
        await until(lambda: heard(house, *missed, with_line, late, QUOTE))
        await until(lambda: bus.box.bus.streams >= 4)
        bus.box.change("Account", ACCOUNT, {"Name": "Acme again"})
        afterwards = order(bus)
        await until(lambda: heard(house, ACCOUNT, afterwards))
        rows = await house.ask("select position, trouble from feed where way = 'stream'")

    assert rows[0][0] not in (None, place)
    assert rows[0][1] is None
