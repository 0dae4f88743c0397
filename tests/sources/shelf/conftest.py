from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.real_redis import RealRedis


@pytest.fixture(scope="session")
def redis() -> Iterator[RealRedis]:
    server = RealRedis()
    server.start()
    yield server
    server.stop()
