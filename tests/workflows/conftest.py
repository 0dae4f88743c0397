from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.real_redis import RealRedis
from tests.workflows.house import House
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
