"""Takes in what systems told of: looks at each order that a change is about, and tells what is new of it.

A change is only a reason to look. What is told is the difference between what the order is now and what was told of it
before: so what is learnt twice, late, or out of order is told once, and a status goes back only where it really did.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.changes import Unreadable
from canonical.errors import Fault
from canonical.events import Event
from canonical.refs import Ref
from workflows import exception_queue, inbox
from workflows.inbox import Waiting
from workflows.looking import Looking, Seen
from workflows.news import Told, news_of
from workflows.outbox import put
from workflows.store import event_tables
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

MOST: Final = 100
"""Changes of one turn: their orders are read together."""
LONGEST_WAIT: Final = 300.0
_ONE_AT_A_TIME: Final = text("select pg_try_advisory_xact_lock(79)")
_table = event_tables.order_told

Forget = Callable[[Sequence[Waiting], Sequence[Ref]], Awaitable[None]]
"""Tells whoever keeps answers what changed, and which orders that is about."""


@dataclass(frozen=True)
class Intake:
    """One worker's. Whichever worker comes first does a turn; the others find nothing to do meanwhile."""

    shop: Workshop
    looking: Looking
    forget: Forget | None = None
    seconds: float = 20.0
    """What a turn's questions to the systems may take together."""

    async def turn(self) -> int:
        """Look at what waits, up to MOST changes; how many there were."""
        async with self.shop.store.transaction() as transaction:
            if not (await transaction.execute(_ONE_AT_A_TIME)).scalar_one():
                return 0
            waiting = await inbox.take_waiting(transaction, MOST)
            if not waiting:
                return 0
            named = await self._named(waiting)
            refs = list(dict.fromkeys(ref for refs in named.values() for ref in refs if isinstance(ref, Ref)))
            if self.forget is not None:
                await self.forget(waiting, refs)
            seen = await self._seen(refs)
            await self._tell(transaction, seen, _changed(waiting, named, seen))
            await self._settle(transaction, waiting, named, seen)
        return len(waiting)

    async def _named(self, waiting: Sequence[Waiting]) -> Mapping[int, Sequence[Ref | Fault]]:
        """The orders that each change is about, by its number; a Fault where that could not be found out."""
        named: dict[int, Sequence[Ref | Fault]] = {}
        for system in {one.system for one in waiting}:
            mine = [one for one in waiting if one.system == system]
            call = self.shop.call(f"intake:{system}", self.seconds)
            told = await self.looking.orders_of(call, system, [one.change for one in mine])
            for one, refs in zip(mine, told, strict=True):
                named[one.id] = [refs] if isinstance(refs, Fault) else refs
        return named

    async def _seen(self, refs: Sequence[Ref]) -> Mapping[Ref, Seen | Fault]:
        return await self.looking.look(self.shop.call("intake", self.seconds), refs) if refs else {}

    async def _tell(
        self, transaction: AsyncConnection, seen: Mapping[Ref, Seen | Fault], changed: Mapping[Ref, datetime]
    ) -> None:
        orders = {one.order: one for one in seen.values() if isinstance(one, Seen)}
        held = await self._held(transaction, list(orders))
        began = await _began(transaction)
        events: list[Event] = []
        for ref, order in orders.items():
            since = min(began, changed[ref])
            told, fresh = news_of(self.shop.landscape.tenant, order, held.get(ref), since, datetime.now(UTC))
            events += fresh
            if told is not None:
                await self._keep(transaction, ref, told)
        await put(transaction, *sorted(events, key=lambda event: event.at))

    async def _held(self, transaction: AsyncConnection, refs: Sequence[Ref]) -> dict[Ref, Told]:
        mine = (_table.c.tenant == self.shop.landscape.tenant, _table.c.key.in_([ref.key for ref in refs]))
        rows = await transaction.execute(select(_table).where(*mine))
        return {Ref(row.system, row.key): Told.of(row.status, row.happenings, row.version) for row in rows}

    async def _keep(self, transaction: AsyncConnection, ref: Ref, told: Told) -> None:
        status = told.status.value if told.status else None
        values = {"status": status, "happenings": told.happenings, "version": told.version}
        row = {"tenant": self.shop.landscape.tenant, "system": ref.system, "key": ref.key, **values}
        stated = insert(_table).values(row)
        renewed = {**values, "told_at": func.clock_timestamp()}
        await transaction.execute(
            stated.on_conflict_do_update(index_elements=["tenant", "system", "key"], set_=renewed)
        )

    async def _settle(
        self,
        transaction: AsyncConnection,
        waiting: Sequence[Waiting],
        named: Mapping[int, Sequence[Ref | Fault]],
        seen: Mapping[Ref, Seen | Fault],
    ) -> None:
        """What could be looked at is done with; the rest is looked at later, and given up in the end."""
        silent = {one.id for one in waiting if any(_is_silent(ref, seen) for ref in named[one.id])}
        await inbox.done_with(transaction, [one.id for one in waiting if one.id not in silent])
        for one in waiting:
            if one.id in silent:
                await self._later(transaction, one)

    async def _later(self, transaction: AsyncConnection, one: Waiting) -> None:
        rules = self.shop.landscape.rules
        if datetime.now(UTC) - one.received_at < timedelta(hours=rules.orders.give_up_hours):
            await inbox.look_later(transaction, [one.id], min(LONGEST_WAIT, 2.0 ** min(one.attempts, 10)))
            return
        await inbox.done_with(transaction, [one.id])
        what = f"{one.change.concept.value} {one.change.key}"
        sentence = f"{one.system} told that {what} was changed, and could not be asked about it since."
        given_up = Unreadable(event_id=one.change.event_id, sentence=sentence, payload=what)
        await exception_queue.raise_unreadable(transaction, self.shop.landscape.tenant, rules, one.system, given_up)


def _is_silent(ref: Ref | Fault, seen: Mapping[Ref, Seen | Fault]) -> bool:
    if isinstance(ref, Fault):
        return True
    order = seen.get(ref)
    return isinstance(order, Fault) or (order is not None and bool(order.silent))


def _changed(
    waiting: Sequence[Waiting], named: Mapping[int, Sequence[Ref | Fault]], seen: Mapping[Ref, Seen | Fault]
) -> Mapping[Ref, datetime]:
    """Since when each order may be another, by the changes that are about it."""
    changed: dict[Ref, datetime] = {}
    for one in waiting:
        for ref in named[one.id]:
            order = seen.get(ref) if isinstance(ref, Ref) else None
            if isinstance(order, Seen):
                at = one.change.changed_at - timedelta(minutes=1)
                changed[order.order] = min(at, changed.get(order.order, at))
    return changed


async def _began(transaction: AsyncConnection) -> datetime:
    """Since when we listen: what happened before is no news, though we hear of its order for the first time."""
    began: datetime | None = (await transaction.execute(select(func.min(event_tables.feed.c.began_at)))).scalar_one()
    return began or datetime.max.replace(tzinfo=UTC)
