"""One process's ear on the event log: a single reader, however many subscribers.

Events come through Redis, where there is one, and are counted: whatever is missing is read from the log, and so is
everything while Redis is away. A subscriber reads the log from its cursor until it has caught up, and is told from
there on; between the two it neither misses nor repeats anything, since nothing is awaited between looking and
attaching.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.events import NOWHERE, Cursor, Event, Logged
from workflows.event_stream import from_wire, stream_of
from workflows.hearing import A_TURN, Hearing
from workflows.listening import CutOffError, Interest, Listener, lanes_of
from workflows.log import Standing, read_log, standing
from workflows.store.faults import AWAY, NOT_MIGRATED, is_of_another_version
from workflows.store.opening import Store

log = logging.getLogger(__name__)

QUEUE: Final = 256
"""Events that may wait for one subscriber."""
RECENT: Final = 5_000
"""Events that are kept at hand, so that those who come back soon do not all ask the database."""
PATIENCE: Final = 30.0
"""Seconds that a subscriber waits for a store that is away, until it is told to come again."""
PAGE: Final = 500
READERS: Final = 4
"""Subscribers that read the log at the same time; the others wait their turn."""
AWAY_SECONDS: Final = 0.5
"""For so long nobody asks a store that did not answer the last one."""
SAID_EVERY: Final = 60.0
"""Seconds until it is said once more that the log cannot be read."""
STEP_SECONDS: Final = 10.0
"""For what one subscriber asks the store."""
_AWAY = (DBAPIError, PoolTimeoutError, OSError)
_UNREAD: Final = Standing(NOWHERE.epoch, 0, 0)
"""Where a process stands that could not read the log yet: no log has this epoch."""


class Hub:
    """The ear of one process. `look_every`: seconds after which the log is looked at though nobody woke us."""

    def __init__(
        self,
        store: Store,
        tenant: str,
        redis: Redis | None = None,
        *,
        look_every: float = 1.0,
        queue: int = QUEUE,
        patience: float = PATIENCE,
    ) -> None:
        """Nothing is read yet."""
        self._store, self._tenant, self._redis, self._queue = store, tenant, redis, queue
        self._patience = patience
        # Without Redis nobody wakes us, so that we look more often ourselves.
        self._look_every = look_every if redis else min(look_every, 0.2)
        self._standing = _UNREAD
        self._recent: deque[Logged] = deque(maxlen=RECENT)
        self._lanes: dict[object, set[Listener]] = {}
        self._attached: set[Listener] = set()
        self._turns = asyncio.Semaphore(READERS)
        self._looks = asyncio.Lock()
        self._away_until = self._said_until = 0.0
        self.leaving = False

    @property
    def cursor(self) -> Cursor:
        """Behind everything that this process has heard of."""
        return self._standing.cursor

    @property
    def listeners(self) -> int:
        """How many subscribers are told of what comes."""
        return len(self._attached)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen until the block ends. A database that is away is waited for."""
        try:
            await self._look()
        except _AWAY as error:
            self._say_away(error)
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self.leave()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def leave(self) -> None:
        """Send every subscriber away, with the cursor to go on from elsewhere."""
        self.leaving = True
        self._send_away()

    def _send_away(self) -> None:
        for listener in self._attached:
            listener.leave(self.cursor)

    async def place(self) -> Cursor:
        """Where to listen from now on; the log is read first where it was not yet.

        May raise what a store that is away raises.
        """
        if self._standing is _UNREAD:
            async with self._asking() as transaction:
                await standing(transaction)
            if self._standing is _UNREAD:
                await self._look()
        return self.cursor

    async def check(self, cursor: Cursor) -> None:
        """Pass where everything behind the cursor can be told; Mistake CURSOR_EXPIRED or CURSOR_UNKNOWN.

        May raise what a store that is away raises.
        """
        now = self._standing
        if now is not _UNREAD and cursor.epoch == now.epoch and now.floor <= cursor.position <= now.head:
            return
        async with self._asking() as transaction:
            (await standing(transaction)).check(cursor)
        await self._look()

    def events(self, interest: Interest, after: Cursor | None) -> Hearing:
        """Events behind the cursor, or from now on, as a Hearing tells them."""
        return Hearing(self, interest, after, self._queue, self._patience)

    def tells(self, event: Event) -> bool:
        """Whether the event is of this hub's tenant, and one that this version can read."""
        return event.tenant == self._tenant

    def has_more(self, at: Cursor) -> bool:
        """Whether to read on; CutOffError where the log began anew meanwhile, or we leave with something unread."""
        if at.epoch != self._standing.epoch:
            raise CutOffError(at, leaving=True)
        more = at.position < self._standing.head
        if more and self.leaving:
            raise CutOffError(at, leaving=True)
        return more

    async def behind(self, after: Cursor) -> tuple[Sequence[Logged], Cursor]:
        """A page of what is behind a cursor, from what is at hand or from the log; and where it ends.

        CutOffError where the log began anew; may raise what a store that is away raises.
        """
        if after.epoch != self._standing.epoch:
            raise CutOffError(after, leaving=True)
        head, recent = self._standing.head, self._recent
        if recent and recent[0].cursor.position <= after.position + 1:
            start = after.position + 1 - recent[0].cursor.position
            page = [recent[place] for place in range(start, min(start + PAGE, len(recent)))]
        else:
            async with self._asking() as transaction:
                page = list(await read_log(transaction, after.epoch, after.position, head, PAGE))
                # What was dropped before we read is missing from the page, and the floor says so by now.
                (await standing(transaction)).check(after)
        return page, page[-1].cursor if page else Cursor(after.epoch, head)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncConnection]:
        """The store, for a subscriber whose turn it is; waiting for the turn takes nothing from its seconds.

        A store that was away a moment ago is not asked by everybody: OSError at once.
        """
        async with self._turns:
            if monotonic() < self._away_until:
                raise OSError("the store was away a moment ago")
            try:
                async with asyncio.timeout(STEP_SECONDS), self._store.transaction() as transaction:
                    yield transaction
            except _AWAY:
                self._away_until = monotonic() + AWAY_SECONDS
                raise

    def attach(self, listener: Listener) -> None:
        """Offer it what comes from now on."""
        if self.leaving:
            listener.leave(self.cursor)
        listener.attached = True
        self._attached.add(listener)
        for lane in listener.interest.lanes():
            self._lanes.setdefault(lane, set()).add(listener)

    def detach(self, listener: Listener) -> None:
        """Offer it nothing more; no matter whether it was attached."""
        listener.attached = False
        self._attached.discard(listener)
        for lane in listener.interest.lanes():
            held = self._lanes.get(lane)
            if held is not None:
                held.discard(listener)
                if not held:
                    del self._lanes[lane]

    async def _follow(self) -> None:
        """Hear what is new, by Redis or by looking, whichever works, until we leave.

        A cancellation that meets a command just as it is sent is swallowed by Redis's client on Python 3.11 (wait_for).
        """
        seen: bytes | None = None
        while not self.leaving:
            try:
                seen = await self._wait(seen)
            except (RedisError, OSError) as error:
                log.warning("Redis is away (%s): events are read from the log", type(error).__name__)
                seen = None
                await asyncio.sleep(min(self._look_every, 0.2))
                await self._look_once()
            except Exception:
                log.exception("The reader of events stumbled, and goes on")
                await asyncio.sleep(self._look_every)

    async def _wait(self, seen: bytes | None) -> bytes | None:
        """Wait for what is new and tell it; the place in the stream to go on from, None: at its end."""
        if self._redis is None:
            await asyncio.sleep(self._look_every)
            await self._look_once()
            return None
        stream = stream_of(self._tenant)
        if seen is None:
            newest: Any = await self._redis.xrevrange(stream, count=1)
            seen = newest[0][0] if newest else b"0-0"
            await self._look_once()
        block = max(1, int(self._look_every * 1000))
        place: bytes = seen or b"0-0"
        answer: Any = await self._redis.xread({stream: place}, count=PAGE, block=block)
        if not answer:
            await self._look_once()
            return place
        [(_, entries)] = answer
        for number, (_, entry) in enumerate(entries, 1):
            await self._hear(entry)
            await _let_others(number)
        return bytes(entries[-1][0])

    async def _hear(self, entry: Any) -> None:
        try:
            logged = from_wire(entry)
        except ValueError:
            log.warning("The stream of events holds something that is no event; it is passed over")
            return
        now = self._standing
        if logged.cursor.epoch == now.epoch and logged.cursor.position == now.head + 1:
            self._tell(logged)
        elif logged.cursor.epoch != now.epoch or logged.cursor.position > now.head:
            await self._look_once()

    async def _look_once(self) -> None:
        try:
            await self._look()
        except _AWAY as error:
            self._say_away(error)

    def _say_away(self, error: Exception) -> None:
        """Once in a while: it is looked at several times a second."""
        if monotonic() >= self._said_until:
            self._said_until = monotonic() + SAID_EVERY
            why = NOT_MIGRATED if is_of_another_version(error) else AWAY
            log.warning("The event log cannot be read (%s). %s", type(error).__name__, why)

    async def _look(self) -> None:
        """Read what the log has more than we heard of; one at a time, though several may want to."""
        async with self._looks, asyncio.timeout(STEP_SECONDS), self._store.transaction() as transaction:
            found = await standing(transaction)
            if found.epoch != self._standing.epoch or found.floor > self._standing.head:
                await self._begin(transaction, found)
                return
            self._standing = Standing(found.epoch, self._standing.head, found.floor)
            while self._standing.head < found.head:
                page = await read_log(transaction, found.epoch, self._standing.head, found.head, PAGE)
                if not page:
                    # All of it was dropped since we looked how far the log goes.
                    await self._begin(transaction, await standing(transaction))
                    return
                for number, logged in enumerate(page, 1):
                    self._tell(logged)
                    await _let_others(number)

    async def _begin(self, transaction: AsyncConnection, found: Standing) -> None:
        """Another epoch, or one that was dropped up to beyond us: whoever listens is sent to read anew.

        The newest events are read once, for all who were sent here by a process that ended and will ask for them.
        """
        if self._standing is not _UNREAD:
            log.warning("The event log cannot be followed on from where we were; subscribers are sent to read anew")
        after = max(found.floor, found.head - RECENT)
        recent = await read_log(transaction, found.epoch, after, found.head, RECENT)
        self._send_away()
        self._standing = found
        self._recent.clear()
        for logged in recent:
            self._remember(logged)

    def _remember(self, logged: Logged) -> None:
        """Keep it at hand. What is there has no gaps: it is found by counting."""
        if self._recent and self._recent[-1].cursor.position + 1 != logged.cursor.position:
            self._recent.clear()
        self._recent.append(logged)

    def _tell(self, logged: Logged) -> None:
        if logged.cursor.position <= self._standing.head:
            return  # it came through Redis while the log was being read
        self._standing = Standing(self._standing.epoch, logged.cursor.position, self._standing.floor)
        self._remember(logged)
        if not self.tells(logged.event):
            return
        for lane in lanes_of(logged.event):
            for listener in self._lanes.get(lane, ()):
                listener.offer(logged)


async def _let_others(number: int) -> None:
    """After so many events let those who were told of them take them: their queues are bounded."""
    if number % A_TURN == 0:
        await asyncio.sleep(0)
