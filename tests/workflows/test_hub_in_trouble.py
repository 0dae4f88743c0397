"""What subscribers hear while Redis or the database is away, or the log begins anew: the same as ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from redis.asyncio import Redis

from canonical.errors import Mistake, Unavailable
from canonical.events import Cursor, Logged
from tests.fakes.events import ALL, Counting, Subscriber, Telling, attached, happened, listening, waits
from tests.fakes.postgres import Databases
from tests.fakes.real_redis import RealRedis
from tests.fakes.waiting import until
from workflows.event_stream import stream_of, to_wire
from workflows.hub import Hub
from workflows.listening import CutOffError
from workflows.log import begin_epoch
from workflows.relay import Relay
from workflows.store.opening import Store

NEVER = 3_600.0
"""Seconds after which a hub looks by itself, where it is to be woken."""
SOON = 0.05


async def test_subscribers_go_on_from_the_log_while_redis_is_killed_and_started_again(
    store: Store, redis: RealRedis, line: Redis
) -> None:
    telling = Telling(store, Relay(store, "acme", line))
    hub = Hub(store, "acme", line, look_every=SOON)

    async with hub.open():
        one = Subscriber(hub, await telling.at(0))
        async with listening(one):
            for turn in range(3):
                await telling.log(*[happened(f"{turn}/up/{number}") for number in range(5)])
                await one.hears(turn * 10 + 5)
                redis.kill()
                await telling.log(*[happened(f"{turn}/down/{number}") for number in range(5)])
                await one.hears(turn * 10 + 10)
                redis.start()
            await telling.log(happened("last"))
            await one.hears(31)

    assert one.heard == list(await telling.everything())
    assert one.cuts == []


async def test_a_hub_that_begins_without_its_redis_hears_through_it_once_it_is_there(
    store: Store, redis: RealRedis, line: Redis
) -> None:
    redis.kill()
    telling = Telling(store, Relay(store, "acme", line))
    hub = Hub(store, "acme", line, look_every=SOON)

    async with hub.open():
        one = Subscriber(hub, await telling.at(0))
        async with listening(one):
            await telling.log(happened("e1"))
            await one.hears(1)
            redis.start()
            await telling.log(happened("e2"))
            await one.hears(2)

    assert one.keys == ["e1", "e2"]


class Swallowing(Redis):
    """A Redis whose client swallows the first cancellation, as wait_for does where a command was sent just then."""

    waiting = swallowed = False

    async def xread(self, *_: Any, **__: Any) -> Any:
        self.waiting = True
        if not self.swallowed:
            try:
                await asyncio.sleep(NEVER)
            except asyncio.CancelledError:
                self.swallowed = True
        return []


async def test_a_hub_ends_though_its_redis_swallows_that_it_is_to(store: Store, redis: RealRedis) -> None:
    line = Swallowing(unix_socket_path=str(redis.socket))

    async with asyncio.timeout(30), Hub(store, "acme", line, look_every=NEVER).open():
        await until(lambda: line.waiting)

    assert line.swallowed
    await line.aclose()


async def test_what_comes_out_of_order_or_not_at_all_through_redis_is_found_in_the_log(
    quiet: Telling, line: Redis
) -> None:
    hub = Hub(quiet.store, "acme", line, look_every=NEVER)

    async with hub.open():
        one = Subscriber(hub, await quiet.at(0))
        async with listening(one):
            await attached(hub, 1)
            await until(lambda: waits(line))
            await quiet.log(*[happened(f"e{number}") for number in range(1, 7)])
            logged = await quiet.everything()
            for place in (4, 2, 0, 4, 5):
                await line.xadd(stream_of("acme"), to_wire(logged[place]))
            await one.hears(6)
            await quiet.log(happened("e7"))
            await line.xadd(stream_of("acme"), to_wire((await quiet.everything())[6]))
            await one.hears(7)

    assert one.keys == [f"e{number}" for number in range(1, 8)]


async def test_what_comes_through_redis_while_the_log_is_read_is_told_once(quiet: Telling, line: Redis) -> None:
    hub = Hub(quiet.store, "acme", line, look_every=NEVER)

    async with hub.open():
        one = Subscriber(hub, await quiet.at(0))
        async with listening(one):
            await attached(hub, 1)
            await until(lambda: waits(line))
            await quiet.log(happened("e1"), happened("e2"))
            logged = await quiet.everything()
            async with quiet.store.transaction() as transaction:
                await transaction.exec_driver_sql("lock table event in access exclusive mode")
                looking = asyncio.create_task(hub.check(logged[1].cursor))
                await until(lambda: _held_up(quiet))
                for entry in logged:
                    await line.xadd(stream_of("acme"), to_wire(entry))
                await one.hears(2)
            await looking
            await quiet.log(happened("e3"))
            await hub.check(await quiet.at(3))
            await one.hears(3)

    assert one.keys == ["e1", "e2", "e3"]


async def _held_up(telling: Telling) -> bool:
    """Whether somebody waits for a lock."""
    async with telling.store.transaction() as transaction:
        asked = await transaction.exec_driver_sql("select exists (select from pg_locks where not granted)")
        return bool(asked.scalar_one())


async def test_what_is_no_event_of_ours_in_the_stream_is_passed_over(quiet: Telling, line: Redis) -> None:
    hub = Hub(quiet.store, "acme", line, look_every=NEVER)
    epoch = (await quiet.at(0)).epoch
    garbage: list[dict[Any, Any]] = [
        {"hello": "world"},
        {"epoch": epoch, "position": "first", "event": "{}"},
        {"epoch": epoch, "position": 1, "event": "{}"},
        {"epoch": epoch, "position": 1, "event": b"\xff\xfe"},
        {"epoch": b"\xff", "position": 1, "event": "{}"},
        {"epoch": epoch, "position": 1, "event": "[1, 2"},
    ]

    async with hub.open():
        one = Subscriber(hub, await quiet.at(0))
        async with listening(one):
            await attached(hub, 1)
            await until(lambda: waits(line))
            await quiet.log(happened("e1"))
            for entry in garbage:
                await line.xadd(stream_of("acme"), entry)
            await line.xadd(stream_of("acme"), to_wire((await quiet.everything())[0]))
            await one.hears(1)

    assert one.keys == ["e1"]


async def test_an_entry_of_another_log_tells_nobody_anything(quiet: Telling, line: Redis) -> None:
    hub = Hub(quiet.store, "acme", line, look_every=NEVER)

    async with hub.open():
        one = Subscriber(hub, await quiet.at(0))
        async with listening(one):
            await attached(hub, 1)
            await until(lambda: waits(line))
            await line.xadd(stream_of("acme"), to_wire(Logged(Cursor("elsewhere", 1), happened("foreign"))))
            await quiet.log(happened("e1"))
            await line.xadd(stream_of("acme"), to_wire((await quiet.everything())[0]))
            await one.hears(1)

    assert one.keys == ["e1"]


@asynccontextmanager
async def away(databases: Databases, store: Store) -> AsyncIterator[None]:
    """The store's database takes no connection and has none, until the block ends."""
    name = store.url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(databases.cluster.url("postgres"), autocommit=True) as session:
        session.execute(SQL("alter database {} with allow_connections false").format(Identifier(name)))
        session.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", [name])
        try:
            yield
        finally:
            session.execute(SQL("alter database {} with allow_connections true").format(Identifier(name)))


async def test_a_database_that_is_away_for_a_while_costs_nobody_an_event(
    databases: Databases, database: str, line: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(database)
    telling = Telling(store, Relay(store, "acme"))
    hub = Hub(store, "acme", line, look_every=SOON)

    async with hub.open():
        one = Subscriber(hub, await telling.at(0))
        async with listening(one):
            await attached(hub, 1)
            await telling.log(happened("e1"))
            await one.hears(1)
            await telling.put(happened("e2"), happened("e3"))
            async with away(databases, store):
                entry = to_wire(Logged(Cursor(one.heard[0].cursor.epoch, 3), happened("e3")))
                await line.xadd(stream_of("acme"), entry)
                await until(lambda: "The event log cannot be read" in caplog.text)
                assert one.keys == ["e1"]
            await telling.log()
            await one.hears(3)

    assert one.keys == ["e1", "e2", "e3"]
    assert one.cuts == []
    await store.close()


async def test_a_database_that_was_never_migrated_is_said_to_be_so_once_in_a_while(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    empty = Counting(databases.cluster.ensure_database("never_migrated"))

    async with Hub(empty, "acme", look_every=0.01).open():
        await until(lambda: empty.asked > 5)

    await empty.close()
    [said] = [one.getMessage() for one in caplog.records if "cannot be read" in one.getMessage()]
    assert "run `revgraph migrate`" in said


async def test_a_hub_that_begins_without_its_database_is_nowhere_until_it_has_read_the_log(
    databases: Databases, database: str
) -> None:
    store = Store(database)
    telling = Telling(store, Relay(store, "acme"))
    hub = Hub(store, "acme", look_every=SOON)
    await telling.log(happened("e1"))

    async with away(databases, store):
        opening = hub.open()
        await opening.__aenter__()
        nowhere = hub.cursor
    try:
        here = await hub.place()
        one = Subscriber(hub, here)
        async with listening(one):
            await attached(hub, 1)
            await telling.log(happened("e2"))
            await one.hears(1)
    finally:
        await opening.__aexit__(None, None, None)

    assert one.keys == ["e2"]
    assert here == await telling.at(1)
    with pytest.raises(Mistake, match="could not be read"):
        await hub.check(nowhere)
    await store.close()


@pytest.mark.parametrize("known", [True, False], ids=["behind a cursor", "from now on"])
async def test_whoever_subscribes_while_the_database_is_away_is_told_once_it_is_back(
    databases: Databases, database: str, *, known: bool
) -> None:
    store = Store(database)
    telling = Telling(store, Relay(store, "acme"))
    await telling.log(happened("e1"))
    start = await telling.at(0)
    hub = Hub(store, "acme", look_every=SOON)

    async with away(databases, store):
        opening = hub.open()
        await opening.__aenter__()
        events = hub.events(ALL, start if known else None)
        first = asyncio.ensure_future(anext(cast("Any", events)))
        place = events.place
        await asyncio.sleep(0.3)
        assert not first.done()
    if not known:
        await attached(hub, 1)
        await telling.log(happened("e2"))
    heard = await asyncio.wait_for(first, 30)
    await events.aclose()
    await opening.__aexit__(None, None, None)

    assert place == (start if known else None)
    assert heard.event.key == ("e1" if known else "e2")
    await store.close()


async def test_a_database_that_stays_away_is_waited_for_no_longer_than_patience(
    databases: Databases, database: str
) -> None:
    store = Store(database)
    start = await Telling(store, Relay(store, "acme")).at(0)
    hub = Hub(store, "acme", look_every=SOON, patience=0.3)

    async with away(databases, store), hub.open():
        with pytest.raises(Unavailable, match="does not answer"):
            await asyncio.wait_for(anext(cast("Any", hub.events(ALL, start))), 30)

    await store.close()


async def test_a_store_that_is_away_is_not_asked_by_everybody_who_waits_for_it(
    databases: Databases, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, asked = Store(database), 0
    start = await Telling(store, Relay(store, "acme")).at(0)
    hub = Hub(store, "acme", look_every=NEVER)
    transaction = store.transaction

    def counted() -> Any:
        nonlocal asked
        asked += 1
        return transaction()

    async with away(databases, store):
        opening = hub.open()
        await opening.__aenter__()
        monkeypatch.setattr(store, "transaction", counted)
        waiting = [asyncio.ensure_future(anext(cast("Any", hub.events(ALL, start)))) for _ in range(200)]
        await asyncio.sleep(1.0)
        meanwhile = asked
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await opening.__aexit__(None, None, None)

    assert 1 <= meanwhile <= 20
    await store.close()


async def test_an_event_of_a_newer_version_keeps_its_place_and_is_told_to_nobody(quiet: Telling, line: Redis) -> None:
    hub = Hub(quiet.store, "acme", line, look_every=SOON)
    relay = Relay(quiet.store, "acme", line)

    async with hub.open():
        attending, resuming = Subscriber(hub, await quiet.at(0)), Subscriber(hub, await quiet.at(0))
        async with listening(attending):
            await attached(hub, 1)
            await quiet.put(happened("e1"), happened("e2"), happened("e3"))
            async with quiet.store.transaction() as transaction:
                await transaction.exec_driver_sql(
                    "update event_out set body = jsonb_set(body::jsonb, '{happening,kind}', '\"NOT_YET_KNOWN\"')"
                    " where key = 'e2'"
                )
            await relay.move()
            await attending.hears(2)
            async with listening(resuming):
                await resuming.hears(2)

    assert attending.keys == resuming.keys == ["e1", "e3"]
    assert [logged.cursor.position for logged in attending.heard] == [1, 3]


async def test_another_epoch_cuts_everybody_off_and_nothing_of_it_is_told_to_them(quiet: Telling) -> None:
    hub = Hub(quiet.store, "acme", look_every=SOON)
    start = await quiet.at(0)
    attending, reading = Subscriber(hub, start), Subscriber(hub, start, pace=asyncio.Semaphore(0))
    full = Subscriber(hub, start, pace=asyncio.Semaphore(0))
    await quiet.log(happened("e1"), happened("e2"))

    async with hub.open(), listening(attending, reading, again=False) as tasks:
        await until(lambda: len(attending.heard) == 2 and len(reading.heard) == 1)
        full.after = await quiet.at(2)
        tasks.append(asyncio.create_task(full.listen(again=False)))
        await attached(hub, 2)
        await quiet.log(happened("e3"), happened("e4"))
        await until(lambda: len(attending.heard) == 4 and len(full.heard) == 1)
        async with quiet.store.transaction() as transaction:
            epoch = await begin_epoch(transaction)
        await until(lambda: hub.cursor.epoch == epoch)
        await quiet.log(happened("e5"))
        await until(lambda: hub.cursor.position == 5)
        reading.hurry()
        full.hurry()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)

        with pytest.raises(Mistake, match="restored or begun anew"):
            await hub.check(start)
        await hub.check(Cursor(epoch, 4))

    assert attending.keys == ["e1", "e2", "e3", "e4"]
    assert reading.keys == ["e1", "e2"]
    assert full.keys == ["e3", "e4"]
    for one in (attending, reading, full):
        assert [cut.leaving for cut in one.cuts] == [True]
        assert one.cuts[0].cursor.epoch == start.epoch


async def test_events_that_are_dropped_under_whoever_reads_them_are_not_passed_over_in_silence(
    quiet: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.hub.RECENT", 1)
    await quiet.log(*[happened(f"e{number}") for number in range(1, 6)])
    hub = Hub(quiet.store, "acme", look_every=NEVER)
    start = await quiet.at(0)

    async with hub.open():
        await hub.check(start)
        async with quiet.store.transaction() as transaction:
            await transaction.exec_driver_sql("delete from event where position <= 3")
            await transaction.exec_driver_sql("update event_log set floor = 3")

        with pytest.raises(Mistake) as refused:
            await anext(cast("Any", hub.events(ALL, start)))

    assert refused.value.code == "CURSOR_EXPIRED"


async def test_a_cursor_that_this_process_has_not_heard_of_yet_is_good(quiet: Telling, line: Redis) -> None:
    hub = Hub(quiet.store, "acme", line, look_every=NEVER)

    async with hub.open():
        await quiet.log(happened("e1"), happened("e2"))
        ahead = await quiet.at(1)
        await hub.check(ahead)
        first = await anext(cast("Any", hub.events(ALL, ahead)))

        assert first.event.key == "e2"
        with pytest.raises(Mistake, match="restored or begun anew"):
            await hub.check(Cursor(ahead.epoch, 3))


def test_a_cut_off_says_where_to_go_on() -> None:
    cut = CutOffError(Cursor("one", 4), leaving=False)

    assert str(cut) == str(Cursor("one", 4))
