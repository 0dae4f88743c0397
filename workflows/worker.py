"""The worker: runs what was submitted, over the systems of the landscape, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NoReturn

import psycopg

from sources.catalog import CannotOpenError, Sources, open_sources
from sources.landscape import Landscape
from workflows.durable import SHAPE
from workflows.durable.engine import Engine, Queue, queues_of, recover
from workflows.durable.enqueueing import busy
from workflows.event_work import EventWork, Look, no_redis, open_redis
from workflows.log import renew_epoch
from workflows.reconcile import reconcile
from workflows.registry import registered
from workflows.schedule import every
from workflows.store.migrating import NotMigratedError, require_migrated
from workflows.store.opening import Store, StoreUrlError, plain_url
from workflows.takeover import Life, Timings, new_executor
from workflows.upkeep import look_after, tidy
from workflows.workshop import Pace, Workshop

log = logging.getLogger(__name__)

CONNECTED_WITHIN: Final = 60.0
"""Seconds that a piece of work waits for a connection of its worker's to be free."""
FAILED: Final = 71
"""The code of a worker that could not start, or broke."""


@dataclass(frozen=True)
class WorkerSettings:
    """How one worker works. `at_once`: submissions in its hands; `finish_within`: seconds that they get at its end.

    `polling` is how often it looks into its queues, `connections` how many it holds for itself and for the engine each.
    `look`: makes the eye for changes that systems tell of; without one none are listened to. `redis_url`: where those
    who wait for events are woken; without it they look themselves.
    """

    url: str
    version: str = SHAPE
    at_once: int = 100
    polling: float = 0.2
    connections: int = 8
    finish_within: int = 20
    upkeep_every: float = 60.0
    timings: Timings = field(default_factory=Timings)
    pace: Pace = field(default_factory=Pace)
    open: Callable[[Landscape], Sources] = open_sources
    look: Look | None = None
    redis_url: str | None = None


def run(settings: WorkerSettings, landscape: Landscape, ready: Callable[[], None]) -> NoReturn:
    """Work until told to stop, and end the process: with code 0, or with another one after saying what went wrong.

    The process does not outlive its work for a moment: a thread of a pool that waits for a database that is gone would
    keep it, and others would take it for living.
    """

    async def guarded() -> NoReturn:
        code = 0
        try:
            await work_until_told(settings, landscape, ready)
        except (NotMigratedError, StoreUrlError, CannotOpenError) as error:
            code = _say(str(error))
        except psycopg.OperationalError as error:
            code = _say(f"The database cannot be reached: {error}")
        except BaseException:  # noqa: BLE001 - whatever it is, the process must not stay
            code = _say(traceback.format_exc())
        sys.stdout.flush()
        os._exit(code)

    asyncio.run(guarded())
    raise AssertionError("the process has ended")


def _say(words: str) -> int:
    sys.stderr.write(f"{words.rstrip()}\n")
    sys.stderr.flush()
    return FAILED


async def work_until_told(settings: WorkerSettings, landscape: Landscape, ready: Callable[[], None]) -> None:
    """Work until SIGTERM or SIGINT; `ready` is called once it takes work. Raises what kept it from starting.

    The process has to end when this does: see `run`.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop.set)
    require_migrated(settings.url)
    redis = open_redis(settings.redis_url) if settings.redis_url else no_redis()
    async with redis as line, _living(settings, landscape) as (shop, engine):
        events = EventWork(shop, engine.executor, settings.look, line)
        await events.begin()
        ready()
        async with asyncio.TaskGroup() as turns:
            for work in events.turns():
                turns.create_task(work(stop))
            turns.create_task(_leave(stop, engine))
            turns.create_task(every(settings.pace.resume_after / 2, partial(reconcile, shop), stop))
            turns.create_task(every(settings.upkeep_every, partial(look_after, shop), stop))
            turns.create_task(every(settings.upkeep_every * 60, partial(_tidy, shop, events), stop))
        await events.leave()


async def _leave(stop: asyncio.Event, engine: Engine) -> None:
    """Take no submission from the moment on at which it is told to stop, whatever the other turns are still at."""
    await stop.wait()
    engine.take_nothing_new()
    log.info("This worker takes nothing new, and finishes what it has")


async def _tidy(shop: Workshop, events: EventWork) -> None:
    await tidy(shop)
    await events.tidy()


@asynccontextmanager
async def _living(settings: WorkerSettings, landscape: Landscape) -> AsyncIterator[tuple[Workshop, Engine]]:
    """The open workshop of a worker that others can see living; at the end, whatever it still has is anybody's."""
    url, executor = plain_url(settings.url), new_executor()
    # Nobody waits for a worker's answer, and a takeover begins a hundred things at once: they queue for connections.
    store = Store(settings.url, settings.connections, executor, patience=CONNECTED_WITHIN)
    sources = settings.open(landscape)
    life = Life(url, executor, settings.version, recover, settings.timings)
    engine = Engine(url, executor, settings.version, settings.connections)
    shop = Workshop(sources, landscape, store, engine, settings.pace)
    async with store.transaction() as transaction:
        # Before anything is taken up: of what a restored store has forgotten, no attempt is the first one.
        await renew_epoch(transaction)
    for name, run in registered(shop).items():
        engine.workflow(name, run)
    await engine.launch(_queues(landscape, settings.at_once), settings.polling)
    life.start()
    log.info("Worker %s works at version %s", executor, settings.version)
    try:
        yield shop, engine
    finally:
        # What is still running then is not stopped and not waited for: it ends with the process, as if that had been
        # killed, and goes on elsewhere. Hence nothing that it uses is closed under its hands.
        async with store.transaction() as transaction:
            patience = settings.finish_within if await busy(transaction, executor) else 0
        await _close(engine, patience)
        life.end()


def _queues(landscape: Landscape, at_once: int) -> list[Queue]:
    writes = {
        name: (one.writes.concurrency, one.writes.per_minute)
        for name, one in landscape.instances.items()
        if one.role in ("crm", "erp")
    }
    return queues_of(writes, at_once)


async def _close(engine: Engine, seconds: int) -> None:
    """Take nothing new, and let what runs come to its end, but no longer than this."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def close() -> None:
        try:
            engine.close(seconds)
        finally:
            loop.call_soon_threadsafe(closed.set)

    # In a thread of its own: the loop's own threads are the engine's, and end with it.
    threading.Thread(target=close, name="closing").start()
    await closed.wait()
