from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from tests.fakes.events import Telling
from tests.fakes.real_redis import RealRedis
from tests.workflows.house import House
from workflows.relay import Relay
from workflows.store.opening import Store


@pytest.fixture
def house(store: Store) -> House:
    """A small company, its desk, and a worker that runs whatever waits when it is told to."""
    return House(store)


@pytest.fixture
def redis() -> Iterator[RealRedis]:
    """A Redis of the test's own, running."""
    server = RealRedis()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def line(redis: RealRedis) -> AsyncIterator[Redis]:
    """A client of the Redis."""
    client = redis.client()
    yield client
    await client.aclose()


@pytest.fixture
def quiet(store: Store) -> Telling:
    """A log whose relay wakes nobody."""
    return Telling(store, Relay(store, "acme"))
