"""Two gateways in processes of their own over one store and one Redis, with a worker: what a rolling restart meets."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.soak.house import Gateway
from gateway.demo import free_port
from gateway.settings import Settings
from gateway.tokens import Signer
from resolvers.access import SCOPES
from sandbox.serve import Company
from sources.landscape_file import read_landscape
from tests.fakes.real_redis import RealRedis
from tests.fakes.waiting import until
from tests.journeys.asking import SECRET
from tests.journeys.working import a_worker
from workflows.store.opening import Store

END_WITHIN = 30.0
LOOK_EVERY = 0.05
"""Seconds between two looks at what costs others time to answer."""


@dataclass(frozen=True)
class Replicas:
    """The gateways, a token with every right, and the store that they share."""

    gateways: tuple[Gateway, Gateway]
    token: str
    store: Store


@asynccontextmanager
async def open_replicas(company: Company, url: str, logs: Path) -> AsyncIterator[Replicas]:
    """All of it, once it answers; all of it has ended, by its ids, when the block has."""
    with _redis() as redis_url:
        told = {"jwt_secret": SECRET, "landscape": company.landscape, "database_url": url, "redis_url": redis_url}
        settings = Settings.model_validate(told)
        first, second = (_gateway(company, url, redis_url, logs / f"gateway{number}.log") for number in (1, 2))
        store = Store(url, 4, "rolling")
        try:
            first.start()
            second.start()
            async with a_worker(settings, url, logs / "worker.log"):
                await is_ready(first)
                await is_ready(second)
                tenant = read_landscape(company.landscape, os.environ).tenant
                yield Replicas((first, second), Signer(SECRET, tenant).sign(SCOPES), store)
        finally:
            await store.close()
            for gateway in (first, second):
                gateway.end(signal.SIGKILL)


async def is_ready(gateway: Gateway) -> None:
    """Come back once its /readyz says so."""
    await until(lambda: asyncio.to_thread(gateway.answers), LOOK_EVERY)


async def has_ended(gateway: Gateway) -> int:
    """How it ended, once it has by itself: the code that its process leaves."""
    assert gateway.running is not None
    return await asyncio.to_thread(gateway.running.wait, END_WITHIN)


@contextmanager
def _redis() -> Iterator[str]:
    redis = RealRedis()
    redis.start()
    try:
        yield redis.url
    finally:
        redis.stop()


def _gateway(company: Company, url: str, redis_url: str, log: Path) -> Gateway:
    port = free_port()
    command = [sys.executable, "-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    environment = {
        **os.environ,
        "REVGRAPH_JWT_SECRET": SECRET,
        "REVGRAPH_DATABASE_URL": url,
        "REVGRAPH_REDIS_URL": redis_url,
        "REVGRAPH_LOG_LEVEL": "warning",
    }
    return Gateway(port, environment, [*command, "--landscape", str(company.landscape)], log)
