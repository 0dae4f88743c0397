"""What a worker does about events: listens to the systems, looks at what they told of, orders the log, tells others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from redis.asyncio import Redis
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from sources.feeds import BulletinBoard
from sources.landscape import Landscape
from workflows import inbox
from workflows.bulletin_budget import KEPT_DAYS, SPENT
from workflows.bulletin_rows import BULLETINS
from workflows.bulletins import Bulletins
from workflows.delivering import Delivering
from workflows.delivery_log import forget_deliveries
from workflows.feeds import Feeds
from workflows.forgetting import Forgetting
from workflows.intake import MOST, Intake
from workflows.log import drop_old
from workflows.looking import Looking
from workflows.news_rows import listening_since
from workflows.reach import Systems
from workflows.relay import MOST as MOST_MOVED
from workflows.relay import Relay
from workflows.schedule import unless_stopped
from workflows.store import event_tables
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

RELAY_EVERY: Final = 0.1
TAKE_IN_EVERY: Final = 0.3
_CONNECT_WITHIN: Final = 2.0
_ANSWER_WITHIN: Final = 5.0

Look = Callable[[Landscape, Systems], Looking]
Work = Callable[[asyncio.Event], Coroutine[object, object, None]]


@asynccontextmanager
async def open_redis(url: str) -> AsyncIterator[Redis | None]:
    """A Redis until the block ends; nothing is connected before the first word, and it may be away at any time."""
    redis = Redis.from_url(url, socket_connect_timeout=_CONNECT_WITHIN, socket_timeout=_ANSWER_WITHIN)
    try:
        yield redis
    finally:
        await redis.aclose()


@asynccontextmanager
async def no_redis() -> AsyncIterator[Redis | None]:
    """None, until the block ends."""
    yield None


class EventWork:
    """One worker's part in it. Several workers share it: for each thing whoever comes first."""

    def __init__(self, shop: Workshop, me: str, look: Look | None, redis: Redis | None) -> None:
        """Nothing is begun."""
        self._shop = shop
        self._relay = Relay(shop.store, shop.landscape.tenant, redis)
        kept = redis is not None and bool(shop.landscape.cache)
        forget = Forgetting(redis, shop.landscape.tenant) if kept and redis else None
        if shop.landscape.cache and redis is None:
            log.error(
                "Answers are kept ([cache]), and REVGRAPH_REDIS_URL does not say where: what systems tell of is not"
                " forgotten there. Name the gateways' Redis to the worker, too"
            )
        self._intake = Intake(shop, look(shop.landscape, shop.systems), forget) if look else None
        self._feeds = Feeds(shop, me) if look else None
        self._me = me

    async def begin(self) -> None:
        """Listen to systems that are new here from now on, before the first word of them is heard."""
        if self._feeds is not None:
            async with self._shop.store.transaction() as transaction:
                await listening_since(transaction, self._shop.landscape.instances)

    async def leave(self) -> None:
        """Give back what this worker listens and sends to: others go on at once, and not when its hold runs out."""
        try:
            async with self._shop.store.transaction() as transaction:
                for table in (event_tables.feed, event_tables.outbound):
                    given = update(table).where(table.c.holder == self._me)
                    await transaction.execute(given.values(holder=None, held_until=None))
        except (DBAPIError, OSError) as error:
            log.warning("What this worker held was not given back (%s): others wait for it", type(error).__name__)

    def turns(self) -> Sequence[Work]:
        """What goes on until the worker stops."""
        found: list[Work] = [lambda stop: _often(stop, RELAY_EVERY, self._relay.move, MOST_MOVED)]
        if self._intake is not None:
            found.append(lambda stop: _often(stop, TAKE_IN_EVERY, partial(self._take_in, stop), MOST))
        return [*found, *(self._feeds.ways() if self._feeds else ()), *self._outward()]

    def _outward(self) -> Sequence[Work]:
        """What is told to programs outside, and to the CRM's screens."""
        shop, rules = self._shop, self._shop.landscape.events
        found: list[Work] = [Delivering(shop, self._me, receiver).run for receiver in rules.receivers]
        board = shop.systems.get(shop.landscape.crm, BulletinBoard) if rules.bulletins.on else None
        if board is not None:
            found.append(Bulletins(shop, self._me, board).run)
        elif rules.bulletins.on:
            log.error("[bulletins] are on, and %s cannot be told of any", shop.landscape.crm)
        return found

    async def tidy(self) -> None:
        """Drop what is older than the landscape keeps it."""
        rules = self._shop.landscape.events
        bulletins = max(rules.keep_days, KEPT_DAYS)
        kept = {receiver.name: rules.keep_days for receiver in rules.receivers}
        async with self._shop.store.transaction() as transaction:
            await drop_old(transaction, rules.keep_days)
            await inbox.forget_changes(transaction, rules.keep_days)
            await forget_deliveries(transaction, {**kept, BULLETINS: bulletins, SPENT: bulletins}, rules.keep_days)

    async def _take_in(self, stop: asyncio.Event) -> int:
        # A turn waits for systems in one transaction: what it has looked at when it is cancelled is looked at anew.
        return (await unless_stopped(self._intake.turn(), stop) or 0) if self._intake else 0


async def _often(stop: asyncio.Event, seconds: float, work: Callable[[], Awaitable[int]], full: int) -> None:
    """Do the work again and again, at once where it came back full; a turn that failed is told, and the next comes."""
    while not stop.is_set():
        pause = seconds
        try:
            if await work() >= full:
                continue
        except Exception:
            log.exception("A turn of %s failed; the next one comes", getattr(work, "__qualname__", "the events"))
            pause = max(1.0, seconds)
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            continue
