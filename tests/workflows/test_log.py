from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy import text

from canonical.errors import Mistake
from canonical.events import CURSOR_EXPIRED, Cursor, cursor_of
from tests.fakes.events import Telling, happened
from workflows.log import (
    CURSOR_UNKNOWN,
    Standing,
    begin_epoch,
    count_behind,
    drop_old,
    read_log,
    renew_epoch,
    standing,
)
from workflows.relay import Relay
from workflows.store.opening import Store


@pytest.fixture
def telling(store: Store) -> Telling:
    """A log that nobody has written to."""
    return Telling(store, Relay(store, "acme"))


async def stands(store: Store) -> Standing:
    async with store.transaction() as transaction:
        return await standing(transaction)


async def say(store: Store, sentence: str) -> None:
    async with store.transaction() as transaction:
        await transaction.execute(text(sentence))


async def test_a_log_is_begun_once_however_many_look_at_it_first(store: Store) -> None:
    found = await asyncio.gather(*[stands(store) for _ in range(8)])

    assert len({one.epoch for one in found}) == 1
    assert found[0].epoch
    assert (found[0].head, found[0].floor) == (0, 0)


async def test_events_are_read_behind_one_position_up_to_another_as_they_were_told(telling: Telling) -> None:
    events = [happened(f"e{number}") for number in range(1, 8)]
    await telling.log(*events)

    async with telling.store.transaction() as transaction:
        found = await read_log(transaction, "one", after=2, upto=6, most=3)

    assert [logged.event for logged in found] == events[2:5]
    assert [logged.cursor for logged in found] == [Cursor("one", 3), Cursor("one", 4), Cursor("one", 5)]


@pytest.mark.parametrize("position", [3, 5, 7])
def test_a_cursor_from_the_oldest_to_the_newest_passes(position: int) -> None:
    Standing("one", head=7, floor=3).check(Cursor("one", position))


@pytest.mark.parametrize("cursor", [Cursor("two", 5), Cursor("one", 8), Cursor("two", 1)])
def test_a_cursor_of_another_epoch_or_ahead_of_the_log_is_refused_in_words(cursor: Cursor) -> None:
    with pytest.raises(Mistake) as refused:
        Standing("one", head=7, floor=3).check(cursor)

    assert refused.value.code == CURSOR_UNKNOWN == "CURSOR_UNKNOWN"
    assert "restored or begun anew" in refused.value.sentence
    assert "resumeFrom" in refused.value.sentence


def test_a_cursor_that_is_too_old_is_refused_with_the_oldest_one_that_is_kept() -> None:
    kept = Standing("one", head=7, floor=3)

    with pytest.raises(Mistake) as refused:
        kept.check(Cursor("one", 2))

    [told] = [word for word in refused.value.sentence.split() if word.startswith(str(Cursor("one", 3)))]
    assert refused.value.code == CURSOR_EXPIRED == "CURSOR_EXPIRED"
    assert cursor_of(told.rstrip(".")) == Cursor("one", 3)
    kept.check(cursor_of(told.rstrip(".")))


async def test_a_log_keeps_its_epoch_in_the_cluster_in_which_it_began(telling: Telling) -> None:
    before = await stands(telling.store)

    for _ in range(3):
        async with telling.store.transaction() as transaction:
            assert not await renew_epoch(transaction)

    assert await stands(telling.store) == before


async def test_a_log_that_is_found_in_another_cluster_goes_on_under_another_epoch(telling: Telling) -> None:
    async with telling.store.transaction() as transaction:
        await renew_epoch(transaction)
    await telling.log(happened("before"))
    before = await stands(telling.store)
    await say(telling.store, "update event_log set cluster = '7134/1'")

    async with telling.store.transaction() as transaction:
        renewed = await renew_epoch(transaction)
    async with telling.store.transaction() as transaction:
        again = await renew_epoch(transaction)

    after = await stands(telling.store)
    assert (renewed, again) == (True, False)
    assert after.epoch != before.epoch
    assert (after.head, after.floor) == (1, 0)
    with pytest.raises(Mistake, match="restored or begun anew"):
        after.check(before.cursor)


async def test_workers_that_find_it_at_once_begin_one_epoch_together(telling: Telling) -> None:
    await stands(telling.store)
    await say(telling.store, "update event_log set cluster = '7134/1'")

    async def renew() -> bool:
        async with telling.store.transaction() as transaction:
            return await renew_epoch(transaction)

    assert sorted(await asyncio.gather(*[renew() for _ in range(5)])) == [False, False, False, False, True]


async def test_an_operator_begins_another_epoch_whenever_it_is_asked_for(telling: Telling) -> None:
    await telling.log(happened("before"))
    before = await stands(telling.store)

    async with telling.store.transaction() as transaction:
        epoch = await begin_epoch(transaction)
    await telling.log(happened("after"))

    after = await stands(telling.store)
    assert after == Standing(epoch, head=2, floor=0)
    assert epoch != before.epoch


async def test_old_events_are_dropped_and_the_floor_tells_up_to_where(telling: Telling) -> None:
    await telling.log(*[happened(f"e{number}") for number in range(1, 6)])
    await say(telling.store, "update event set recorded_at = now() - interval '40 days' where position <= 3")

    async with telling.store.transaction() as transaction:
        dropped = await drop_old(transaction, days=30)
    async with telling.store.transaction() as transaction:
        again = await drop_old(transaction, days=30)

    assert (dropped, again) == (3, 0)
    found = await stands(telling.store)
    assert (found.head, found.floor) == (5, 3)
    assert await telling.keys() == ["e4", "e5"]


async def test_the_newest_event_stays_however_old_it_is(telling: Telling) -> None:
    await telling.log(*[happened(f"e{number}") for number in range(1, 4)])
    await say(telling.store, "update event set recorded_at = now() - interval '40 days'")

    async with telling.store.transaction() as transaction:
        dropped = await drop_old(transaction, days=30)

    found = await stands(telling.store)
    assert dropped == 2
    assert (found.head, found.floor) == (3, 2)
    assert await telling.keys() == ["e3"]


async def test_what_waits_to_be_put_into_the_log_is_counted(telling: Telling) -> None:
    await telling.put(happened("one"), happened("two"))

    async with telling.store.transaction() as transaction:
        assert await count_behind(transaction) == 2

    await telling.relay.move()
    async with telling.store.transaction() as transaction:
        assert await count_behind(transaction) == 0


async def test_a_log_that_is_written_to_in_another_cluster_goes_on_under_another_epoch_at_once(
    telling: Telling,
) -> None:
    await telling.log(happened("before"))
    before = await stands(telling.store)
    await say(telling.store, "update event_log set cluster = '7134/1'")
    await telling.log()
    untouched = await stands(telling.store)

    await telling.log(happened("after"))

    after = await stands(telling.store)
    assert untouched == before
    assert after.epoch != before.epoch
    assert after.head == 2


async def test_a_database_that_may_not_say_where_it_is_keeps_its_epoch_and_is_asked_once_a_session(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("revoke execute on function pg_walfile_name(pg_lsn) from public")
        session.execute("create role plain login")
        session.execute("grant select, insert, update, delete on all tables in schema public to plain")
    store = Store(database.replace("postgres@", "plain@"), connections=1)
    telling = Telling(store, Relay(store, "acme"))

    for key in ("one", "two", "three"):
        await telling.log(happened(key))

    keys, found = await telling.keys(), await stands(store)
    await store.close()
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("drop owned by plain")
        session.execute("drop role plain")
    assert keys == ["one", "two", "three"]
    assert found.head == 3
    assert [line.message.split(":")[0] for line in caplog.records if line.name == "workflows.log"] == [
        "The database does not say which cluster it is in (InsufficientPrivilege)"
    ]
