"""Events of the small company, a log they are put into, and readers of it that note what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.events import Cursor, Event, EventKind, Happening, Logged, StatusChange
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.submission import SubmissionState
from canonical.timeline import TimelineArea, TimelineKind
from tests.fakes.company import NOW
from tests.fakes.waiting import until
from workflows.hub import Hub
from workflows.listening import CutOffError, Interest
from workflows.log import read_log, standing
from workflows.outbox import put
from workflows.relay import Relay
from workflows.store.opening import Store

ALL = Interest(kinds=frozenset(EventKind))


def happened(key: str, kind: TimelineKind = TimelineKind.ORDER_BOOKED, **facts: Any) -> Event:
    """Something happened to an order."""
    area = facts.pop("area", TimelineArea.ORDER)
    happening = Happening(kind=kind, area=area, title=f"{key} happened", system="erp-eu", entry=key)
    return _event(key, EventKind.HAPPENING, happening=happening, **facts)


def changed(key: str, status: OrderStatus, cause: TimelineKind | None = None, **facts: Any) -> Event:
    """An order's status is another now."""
    previous = facts.pop("previous", None)
    return _event(
        key, EventKind.STATUS_CHANGED, status=StatusChange(status=status, previous=previous, cause=cause), **facts
    )


def submitted(key: str, submission_id: str, state: SubmissionState, **facts: Any) -> Event:
    """A submission stands somewhere else now."""
    return _event(
        key, EventKind.SUBMISSION_UPDATED, order=None, submission_id=submission_id, submission_state=state, **facts
    )


def _event(key: str, kind: EventKind, **facts: Any) -> Event:
    usual: dict[str, Any] = {"tenant": "acme", "at": NOW, "order": Ref("crm", "sale1"), "legal_entities": ("DE01",)}
    return Event(key=key, kind=kind, **{**usual, **facts})


class Counting(Store):
    """A store that counts how often it is asked."""

    asked = 0

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """As any store's."""
        self.asked += 1
        return super().transaction()


@dataclass
class Telling:
    """Puts events into the outbox, and moves them into the log."""

    store: Store
    relay: Relay

    async def put(self, *events: Event) -> None:
        """What happened, in one transaction."""
        async with self.store.transaction() as transaction:
            await put(transaction, *events)

    async def log(self, *events: Event) -> None:
        """What happened, in the log."""
        await self.put(*events)
        while await self.relay.move():
            pass

    async def at(self, position: int) -> Cursor:
        """The cursor behind a position of this log."""
        async with self.store.transaction() as transaction:
            return Cursor((await standing(transaction)).epoch, position)

    async def keys(self) -> Sequence[str]:
        """The keys of the log, in its order."""
        return [logged.event.key for logged in await self.everything()]

    async def everything(self) -> Sequence[Logged]:
        """The log as it stands."""
        async with self.store.transaction() as transaction:
            found = await standing(transaction)
            return await read_log(transaction, found.epoch, 0, found.head, found.head)


@dataclass
class Subscriber:
    """Hears a hub from a cursor, and goes on behind its last cursor whenever it is cut off.

    With a `pace` it waits after each event until that is released.
    """

    hub: Hub
    after: Cursor
    interest: Interest = ALL
    pace: asyncio.Semaphore | None = None
    heard: list[Logged] = field(default_factory=list)
    cuts: list[CutOffError] = field(default_factory=list)
    first: int = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.after.position

    @property
    def keys(self) -> list[str]:
        """The keys of what it heard."""
        return [logged.event.key for logged in self.heard]

    def of(self, everything: Sequence[Logged]) -> list[Logged]:
        """What of everything it is to hear."""
        return [one for one in everything if one.cursor.position > self.first and self.interest.fits(one.event)]

    async def hears(self, many: int) -> None:
        """Come back once it heard so many events."""
        await until(lambda: len(self.heard) >= many)

    def hurry(self) -> None:
        """Wait for nothing any more."""
        held, self.pace = self.pace, None
        if held is not None:
            held.release()

    async def listen(self, *, again: bool = True) -> None:
        """Hear for ever; without `again` until the first time that it is cut off."""
        while True:
            try:
                await self.hub.check(self.after)
                events = self.hub.events(self.interest, self.after)
                async with aclosing(cast("Any", events)):
                    await self._hear(events)
            except CutOffError as cut:
                self.cuts.append(cut)
                self.after = cut.cursor
                if not again:
                    return

    async def _hear(self, events: AsyncIterator[Logged]) -> None:
        async for logged in events:
            self.heard.append(logged)
            if self.pace is not None:
                await self.pace.acquire()


async def attached(hub: Hub, many: int) -> None:
    """Come back once so many subscribers have caught up, and are told of what comes."""
    await until(lambda: hub.listeners == many)


@asynccontextmanager
async def listening(*subscribers: Subscriber, again: bool = True) -> AsyncIterator[list[asyncio.Task[None]]]:
    """They listen until the block ends."""
    tasks = [asyncio.create_task(one.listen(again=again)) for one in subscribers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            assert end is None or isinstance(end, asyncio.CancelledError), repr(end)


async def waits(line: Redis) -> bool:
    """Whether a hub waits for what comes through this Redis."""
    clients: Any = await line.client_list()
    return any(client["cmd"] == "xread" for client in clients)
