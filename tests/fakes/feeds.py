"""Systems that tell of changes, and an eye that sees what a test says: fakes of the ports that listening needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

from canonical.changes import Change, Changes, Concept, Unreadable
from canonical.errors import Fault
from canonical.refs import Ref
from sources.feeds import ChangePolling, ChangeStream, PositionLostError
from sources.kit.call import Call
from tests.fakes.company import NOW
from tests.fakes.systems import Books, FakeSystem
from workflows.looking import Seen


def change(key: str, event_id: str | None = None, concept: Concept = Concept.ORDER, minutes: float = 0) -> Change:
    """A record is another since so many minutes after noon."""
    at = NOW + timedelta(minutes=minutes)
    return Change(event_id=event_id or f"{concept.value}/{key}/{minutes}", concept=concept, key=key, changed_at=at)


class Polled(FakeSystem, ChangePolling):
    """Tells what is in `journal` in steps of two; a position is how much of it was told."""

    def __init__(self, name: str, journal: list[Change | Unreadable] | None = None) -> None:
        super().__init__(name, Books())
        self.journal: list[Change | Unreadable] = journal if journal is not None else []
        self.polled: list[str] = []
        self.overlap = 0
        self.trouble: str | None = None
        self.fault: Fault | None = None
        self.gone: str | None = None

    def position_at(self, at: datetime) -> str:
        """Behind everything that was changed up to then."""
        return str(sum(1 for one in self.journal if isinstance(one, Change) and one.changed_at <= at))

    async def poll_changes(self, call: Call, position: str) -> Changes:
        """The next step, and again the last of the step before."""
        self.polled.append(position)
        if self.fault is not None:
            raise self.fault
        if position == self.gone:
            raise PositionLostError(position)
        start = int(position)
        return heard(self.journal[max(0, start - self.overlap) : start + 2], min(start + 2, len(self.journal)), self)


class Streamed(FakeSystem, ChangeStream):
    """Tells what is in `journal` one by one, for as long as it is not `broken`. What is behind `lost` is not kept."""

    def __init__(self, name: str, journal: list[Change | Unreadable] | None = None) -> None:
        super().__init__(name, Books())
        self.journal: list[Change | Unreadable] = journal if journal is not None else []
        self.opened: list[str | None] = []
        self.open = 0
        self.lost: str | None = None
        self.broken: Fault | None = None
        self._turn = asyncio.Condition()

    async def say(self, *changes: Change | Unreadable) -> None:
        """Tell this to whoever listens."""
        self.journal += changes
        await self._wake()

    async def break_off(self, fault: Fault | None) -> None:
        """Break every connection with this fault; None: let them be opened again."""
        self.broken = fault
        await self._wake()

    async def stream_changes(self, position: str | None) -> AsyncIterator[Changes]:
        """As promised."""
        self.opened.append(position)
        if position is not None and position == self.lost:
            raise PositionLostError(position)
        self.open += 1
        at = len(self.journal) if position is None else int(position)
        try:
            while True:
                if self.broken is not None:
                    raise self.broken
                if at < len(self.journal):
                    at += 1
                    yield heard(self.journal[at - 1 : at], at, None)
                    continue
                async with self._turn:
                    await self._turn.wait()
        finally:
            self.open -= 1

    async def _wake(self) -> None:
        async with self._turn:
            self._turn.notify_all()


class Both(Polled, Streamed):
    """Tells of the same journal in both ways."""

    def __init__(self, name: str) -> None:
        Streamed.__init__(self, name)
        Polled.__init__(self, name, self.journal)


def heard(told: Sequence[Change | Unreadable], position: int, polled: Polled | None) -> Changes:
    """What was told, as a feed brings it."""
    return Changes(
        changes=tuple(one for one in told if isinstance(one, Change)),
        unreadable=tuple(one for one in told if isinstance(one, Unreadable)),
        position=str(position),
        more=polled is not None and position < len(polled.journal),
        trouble=polled.trouble if polled is not None else None,
    )


class Eye:
    """Sees the orders that it was shown. `about`: the orders of a record; an order's own key names itself.

    `poison`: orders at which a look fails for a reason of which nobody thought.
    """

    def __init__(self) -> None:
        self.orders: dict[Ref, Seen | Fault] = {}
        self.about: dict[str, tuple[Ref, ...] | Fault] = {}
        self.looks: list[Sequence[Ref]] = []
        self.through = asyncio.Event()
        self.through.set()
        self.poison: dict[Ref, Exception] = {}

    async def orders_of(self, call: Call, system: str, changes: Sequence[Change]) -> Sequence[tuple[Ref, ...] | Fault]:
        """As promised."""
        return [self.about.get(one.key, (Ref("crm", one.key),) if one.key else ()) for one in changes]

    async def look(self, call: Call, orders: Sequence[Ref]) -> Mapping[Ref, Seen | Fault]:
        """As promised, once that is let through."""
        self.looks.append(tuple(orders))
        await self.through.wait()
        for ref in orders:
            if ref in self.poison:
                raise self.poison[ref]
        return {ref: self.orders[ref] for ref in orders if ref in self.orders}
