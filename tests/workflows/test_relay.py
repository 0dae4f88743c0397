"""Many write at once, what they wrote is committed in any order, and whoever reads on by position misses nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.fakes.events import Telling, happened
from tests.fakes.real_redis import RealRedis
from workflows.event_stream import from_wire, stream_of
from workflows.log import read_log, standing
from workflows.outbox import put
from workflows.relay import MOST, Relay
from workflows.store.opening import Store

WRITERS, EACH = 12, 25


class GaveUpError(Exception):
    """The business had second thoughts."""


@pytest.fixture
def telling(store: Store) -> Telling:
    """A log that nobody has written to."""
    return Telling(store, Relay(store, "acme"))


@asynccontextmanager
async def relays(store: Store, many: int) -> AsyncIterator[None]:
    """So many relays that move what there is until the block ends."""
    stop = asyncio.Event()

    async def move(relay: Relay) -> None:
        while not stop.is_set():
            await relay.move()
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(many):
            group.create_task(move(Relay(store, "acme")))
        try:
            yield
        finally:
            stop.set()


async def write(store: Store, writer: int, chance: random.Random) -> list[str]:
    """Transactions that take a while, of which some come to nothing; what stands in the end."""
    kept: list[str] = []
    for number in range(EACH):
        keys = [f"{writer}/{number}/{part}" for part in range(chance.randint(1, 3))]
        try:
            async with store.transaction() as transaction:
                await put(transaction, *[happened(key) for key in keys])
                for _ in range(chance.randint(0, 6)):
                    await asyncio.sleep(0)
                if chance.random() < 0.2:
                    raise GaveUpError
        except GaveUpError:
            continue
        kept += keys
    return kept


async def read_on(store: Store, stop: asyncio.Event) -> list[tuple[int, str]]:
    """What a reader is told that asks again and again for what is behind its position."""
    heard: list[tuple[int, str]] = []
    while True:
        last = stop.is_set()
        async with store.transaction() as transaction:
            head = (await standing(transaction)).head
            found = await read_log(transaction, "", heard[-1][0] if heard else 0, head, 1000)
        heard += [(logged.cursor.position, logged.event.key) for logged in found]
        if last:
            return heard


@pytest.mark.parametrize("seed", range(3))
async def test_a_reader_that_goes_by_positions_misses_nothing_and_hears_nothing_twice(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    writing = Store(store.url, connections=WRITERS + 1)
    stop = asyncio.Event()

    async with asyncio.TaskGroup() as group:
        reader = group.create_task(read_on(store, stop))
        async with relays(store, 2):
            kept = await asyncio.gather(*[write(writing, w, random.Random(chance.random())) for w in range(WRITERS)])
        await Telling(store, Relay(store, "acme")).log()
        stop.set()
    await writing.close()

    heard = reader.result()
    assert [position for position, _ in heard] == list(range(1, len(heard) + 1))
    assert sorted(key for _, key in heard) == sorted(key for keys in kept for key in keys)


@pytest.mark.parametrize("seed", range(2))
async def test_what_one_writer_told_stands_in_the_order_in_which_it_was_told(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    writing = Store(store.url, connections=WRITERS + 1)
    telling = Telling(store, Relay(store, "acme"))

    async with relays(store, 2):
        kept = await asyncio.gather(*[write(writing, w, random.Random(chance.random())) for w in range(WRITERS)])
    await telling.log()
    await writing.close()

    found = await telling.keys()
    for writer, keys in enumerate(kept):
        assert [key for key in found if key.startswith(f"{writer}/")] == keys


async def test_an_event_stands_in_the_log_once_however_often_it_is_told(telling: Telling) -> None:
    await telling.put(happened("one"), happened("two"), happened("one"))
    first = await telling.relay.move()
    await telling.put(happened("two"), happened("three"), happened("three"))
    second = await telling.relay.move()
    await telling.put(happened("one"))
    third = await telling.relay.move()

    assert (first, second, third) == (2, 1, 0)
    assert await telling.keys() == ["one", "two", "three"]
    assert (await telling.at(0)).epoch
    async with telling.store.transaction() as transaction:
        assert (await standing(transaction)).head == 3


async def test_the_same_key_of_another_tenant_is_another_event(telling: Telling) -> None:
    await telling.log(happened("one"), happened("one", tenant="other"))

    assert await telling.keys() == ["one", "one"]


async def test_the_same_told_by_many_at_once_stands_in_the_log_once(store: Store) -> None:
    telling = Telling(store, Relay(store, "acme"))

    async with relays(store, 3):
        await asyncio.gather(*[telling.put(happened(f"e{number}")) for number in range(20) for _ in range(5)])
    await telling.log()

    assert sorted(await telling.keys()) == sorted(f"e{number}" for number in range(20))


async def test_more_than_one_transaction_takes_is_moved_in_several_in_their_order(telling: Telling) -> None:
    keys = [f"e{number:04}" for number in range(MOST + 20)]
    await telling.put(*[happened(key) for key in keys])

    assert await telling.relay.move() == MOST
    assert await telling.relay.move() == 20
    assert await telling.keys() == keys


async def test_readers_are_told_through_redis_what_went_into_the_log(store: Store, redis: RealRedis) -> None:
    client = redis.client()
    telling = Telling(store, Relay(store, "acme", client))
    events = [happened("one"), happened("two")]

    await telling.log(*events)

    entries: Any = await client.xrange(stream_of("acme"))
    epoch = (await telling.at(0)).epoch
    heard = [from_wire(entry) for _, entry in entries]
    assert [logged.event for logged in heard] == events
    assert [(logged.cursor.epoch, logged.cursor.position) for logged in heard] == [(epoch, 1), (epoch, 2)]
    await client.aclose()


async def test_the_log_is_kept_where_redis_is_away(store: Store, redis: RealRedis) -> None:
    client: Redis = redis.client()
    redis.kill()
    telling = Telling(store, Relay(store, "acme", client))

    await telling.log(happened("one"))

    assert await telling.keys() == ["one"]
    await client.aclose()
