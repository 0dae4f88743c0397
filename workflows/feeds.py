"""Listens to the systems, each by every way that it has: one worker at a time for each way.

What a system says is stored together with the position to resume behind, in one transaction: whoever takes over from a
dead worker misses nothing, and what it hears twice is known.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Row, Update, func, null, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.changes import Change, Changes, Concept, Unreadable
from canonical.errors import Fault
from sources.feeds import ChangePolling, ChangeStream, PositionLostError
from sources.landscape import Landscape
from workflows import exception_queue, inbox
from workflows.patience import Patience
from workflows.schedule import unless_stopped
from workflows.store import event_tables
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

POLL: Final = "poll"
STREAM: Final = "stream"
WEBHOOK: Final = "webhook"
HELD_FOR: Final = 15.0
"""Seconds after which a way that nobody renewed is anybody's."""
RENEW_EVERY: Final = 5.0
LOOK_EVERY: Final = 1.0
LONGEST_TROUBLE: Final = 500
OVERLAP: Final = timedelta(minutes=10)
"""So far behind what was heard last a stream that lost its place is caught up by asking."""
_table = event_tables.feed
_CLAIM: Final = text(
    "update feed set holder = :me, held_until = clock_timestamp() + make_interval(secs => :seconds)"
    " where system = :system and way = :way and (holder = :me or holder is null or held_until < clock_timestamp())"
    " returning position, due_at <= clock_timestamp() as due, heard_at, began_at"
)


@dataclass(frozen=True)
class Feeds:
    """One worker's ears. `patience`: how often each way failed in a row, by system and way."""

    shop: Workshop
    me: str
    held_for: float = HELD_FOR
    look_every: float = LOOK_EVERY
    chance: Callable[[], float] = random.random
    patience: dict[tuple[str, str], Patience] = field(default_factory=dict, compare=False)

    def ways(self) -> list[Callable[[asyncio.Event], Coroutine[object, object, None]]]:
        """One endless listening for each system and way; each ends when it is told to stop."""
        found: list[Callable[[asyncio.Event], Coroutine[object, object, None]]] = []
        for name, instance in self.shop.landscape.instances.items():
            poller = self.shop.systems.get(name, ChangePolling)
            if poller is not None:
                found.append(_Polling(self, name, poller, instance.feed.poll_seconds).run)
            streamer = self.shop.systems.get(name, ChangeStream)
            if streamer is not None and instance.feed.stream:
                found.append(_Streaming(self, name, streamer, poller).run)
        return found

    async def begin(self, system: str, way: str, position: str | None) -> None:
        """Write down that we listen in this way from now on, unless we do already."""
        row = {"system": system, "way": way, "position": position}
        async with self.shop.store.transaction() as transaction:
            await transaction.execute(insert(_table).values(row).on_conflict_do_nothing())

    async def claim(self, system: str, way: str) -> Row[Any] | None:
        """Become, or stay, the one who listens; where it stands, None where somebody else does."""
        given = {"me": self.me, "seconds": self.held_for, "system": system, "way": way}
        async with self.shop.store.transaction() as transaction:
            return (await transaction.execute(_CLAIM, given)).first()

    async def store(self, system: str, way: str, heard: Changes, read: str | None, *, next_in: float = 0.0) -> bool:
        """Keep what was heard, and the position behind it, together; whether the position was moved.

        It is not where it is another by now than the one that was `read` (a stream that lost its place moves the poll's
        back while a look is under way), or where somebody else listens: then go on from where it stands. What was heard
        is kept all the same, and known when it is told again.
        """
        async with self.shop.store.transaction() as transaction:
            await keep(transaction, self.shop.landscape, system, heard)
            moved = _mine(system, way, self.me).where(_table.c.position.is_not_distinct_from(read))
            since = func.coalesce(_table.c.trouble_since, func.clock_timestamp()) if heard.trouble else null()
            values: dict[str, object] = {
                "due_at": func.clock_timestamp() + timedelta(seconds=next_in),
                "trouble": heard.trouble[:LONGEST_TROUBLE] if heard.trouble else null(),
                "trouble_since": since,
            }
            if not heard.more:
                # Only who has come to the end has heard of everything until now: catching up goes by that.
                values["heard_at"] = func.clock_timestamp()
            if heard.position is not None:
                values["position"] = heard.position
            stored = (await transaction.execute(moved.values(**values).returning(_table.c.system))).first() is not None
        if stored:
            self.patience_with(system, way).well()
        return stored

    async def stumble(self, system: str, way: str, sentence: str, next_in: float) -> None:
        """Say what keeps us from hearing; the position stays."""
        async with self.shop.store.transaction() as transaction:
            since = func.coalesce(_table.c.trouble_since, func.clock_timestamp())
            due = func.clock_timestamp() + timedelta(seconds=next_in)
            told = {"trouble": sentence[:LONGEST_TROUBLE], "trouble_since": since, "due_at": due}
            await transaction.execute(_mine(system, way, self.me).values(**told))

    def patience_with(self, system: str, way: str) -> Patience:
        """How long this way is left alone when it fails."""
        return self.patience.setdefault((system, way), Patience(self.look_every, self.chance))

    async def ask_from(self, system: str, poller: ChangePolling, at: datetime) -> None:
        """Let the next look at a system begin as far back as this instant, at once.

        One that was not asked since then is behind it anyway, and is not moved on.
        """
        async with self.shop.store.transaction() as transaction:
            mine = update(_table).where(_table.c.system == system, _table.c.way == POLL)
            await transaction.execute(mine.values(due_at=func.clock_timestamp()))
            back = {"position": poller.position_at(at), "heard_at": at}
            await transaction.execute(mine.where(_table.c.heard_at > at).values(**back))


def _mine(system: str, way: str, me: str) -> Update:
    """A change of the row of a way, for as long as I am the one who listens."""
    return update(_table).where(_table.c.system == system, _table.c.way == way, _table.c.holder == me)


async def keep(transaction: AsyncConnection, landscape: Landscape, system: str, heard: Changes) -> None:
    """Store changes, and put before people what cannot be read, each message once."""
    await inbox.store_changes(transaction, system, heard.changes)
    for one in heard.unreadable:
        if await inbox.store_changes(transaction, system, [_marker(one)]):
            await exception_queue.raise_unreadable(transaction, landscape.tenant, landscape.rules, system, one)


def _marker(one: Unreadable) -> Change:
    """What remembers a message that means nothing: of a concept of which nothing is told."""
    return Change(event_id=one.event_id, concept=Concept.PRODUCT, key="", changed_at=datetime.now(UTC))


@dataclass(frozen=True)
class _Polling:
    """Asks one system again and again what was changed."""

    feeds: Feeds
    system: str
    poller: ChangePolling
    every: float

    async def run(self, stop: asyncio.Event) -> None:
        await _again(stop, self.feeds, self.system, POLL, self._begin, self._turn)

    async def _begin(self) -> None:
        await self.feeds.begin(self.system, POLL, self.poller.position_at(datetime.now(UTC)))

    async def _turn(self, held: Row[Any], stop: asyncio.Event) -> float:
        if not held.due:
            return min(self.every, self.feeds.look_every)
        # However far there is to catch up: what was stored is behind the position, and others go on from there.
        while not stop.is_set():
            heard = await unless_stopped(self._ask(held), stop)
            if heard is None:
                break
            if heard.trouble is not None:
                log.warning("%s is not heard of everything: %s", self.system, heard.trouble)
            next_in = 0.0 if heard.more else self.every
            stored = await self.feeds.store(self.system, POLL, heard, held.position, next_in=next_in)
            if stored and not heard.more:
                return min(self.every, self.feeds.look_every)
            again = await self.feeds.claim(self.system, POLL)
            if again is None:
                break
            held = again
        return self.feeds.look_every

    async def _ask(self, held: Row[Any]) -> Changes:
        """What was changed since; where the system forgot our place, where to ask from instead."""
        shop = self.feeds.shop
        try:
            return await self.poller.poll_changes(shop.call(f"feed:{self.system}", shop.pace.ask), held.position)
        except PositionLostError:
            log.warning("%s does not know our place any more: what was changed is asked for from before", self.system)
            since = (held.heard_at or held.began_at) - OVERLAP
            return Changes(position=self.poller.position_at(since), more=True)


@dataclass(frozen=True)
class _Streaming:
    """Keeps one connection to a system open on which it tells of changes."""

    feeds: Feeds
    system: str
    streamer: ChangeStream
    poller: ChangePolling | None

    async def run(self, stop: asyncio.Event) -> None:
        await _again(stop, self.feeds, self.system, STREAM, self._begin, self._turn)

    async def _begin(self) -> None:
        await self.feeds.begin(self.system, STREAM, None)

    async def _turn(self, held: Row[Any], stop: asyncio.Event) -> float:
        if not held.due:
            return self.feeds.look_every
        renewing = asyncio.create_task(self._renew(stop))
        listening = asyncio.create_task(self._listen(held.position))
        try:
            await asyncio.wait((renewing, listening), return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        except PositionLostError:
            await self._catch_up()
        finally:
            for task in (renewing, listening):
                task.cancel()
            await asyncio.gather(renewing, listening, return_exceptions=True)
        return self.feeds.look_every

    async def _listen(self, position: str | None) -> None:
        stream = self.streamer.stream_changes(position)
        async with aclosing(cast("Any", stream)):
            async for heard in stream:
                if not await self.feeds.store(self.system, STREAM, heard, position):
                    return
                position = position if heard.position is None else heard.position

    async def _renew(self, stop: asyncio.Event) -> None:
        """Stay the one who listens; end where somebody else is, or it is time to stop."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), min(RENEW_EVERY, self.feeds.held_for / 3))
            except TimeoutError:
                if await self.feeds.claim(self.system, STREAM) is None:
                    return

    async def _catch_up(self) -> None:
        """The system forgot our place: ask it what was changed since we heard of it last, and listen from now on."""
        held = await self.feeds.claim(self.system, STREAM)
        if held is None:
            return
        since = (held.heard_at or held.began_at) - OVERLAP
        log.warning("%s does not keep events of before any more: what was changed is asked for instead", self.system)
        if self.poller is not None:
            await self.feeds.ask_from(self.system, self.poller, since)
        async with self.feeds.shop.store.transaction() as transaction:
            await transaction.execute(_mine(self.system, STREAM, self.feeds.me).values(position=null()))


async def _again(
    stop: asyncio.Event,
    feeds: Feeds,
    system: str,
    way: str,
    begin: Callable[[], Awaitable[None]],
    turn: Callable[[Row[Any], asyncio.Event], Awaitable[float]],
) -> None:
    """Take turns until told to stop: whatever goes wrong is told, and waited for a little longer each time.

    A turn of a stream hardly ever ends in anything but an error: it went well all the same if it heard something.
    """
    patience, begun = feeds.patience_with(system, way), False
    while not stop.is_set():
        pause = feeds.look_every
        try:
            if not begun:
                await begin()
                begun = True
            held = await feeds.claim(system, way)
            pause = await turn(held, stop) if held is not None else feeds.look_every
            patience.well()
        except Exception as error:  # noqa: BLE001 - a feed never ends, and never takes another one with it
            pause = patience.after(error)
            await _tell(feeds, system, way, error, pause)
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            continue


async def _tell(feeds: Feeds, system: str, way: str, error: Exception, pause: float) -> None:
    if isinstance(error, Fault):
        sentence = error.sentence
        log.warning("%s is not heard by %s: %s", system, way, sentence)
    else:
        sentence = f"{type(error).__name__}"
        log.error("The %s of %s failed by our own fault", way, system, exc_info=error)
    try:
        await feeds.stumble(system, way, sentence, pause)
    except Exception:
        log.exception("The trouble of %s could not be written down", system)
