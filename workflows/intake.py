"""Takes in what systems told of: looks at each order that a change is about, and tells what is new of it.

A change is only a reason to look. What is told is the difference between what the order is now and what was told of it
before: so what is learnt twice, late, or out of order is told once, and a status goes back only where it really did.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.changes import LONGEST_PAYLOAD, Concept, Unreadable
from canonical.errors import Fault
from canonical.events import Event
from canonical.refs import Ref
from workflows import exception_queue, inbox
from workflows.inbox import Waiting
from workflows.looking import Looking, Seen
from workflows.news import NEVER, Reason, news_of, told_before
from workflows.news_rows import keep_told, listening_since, told_of
from workflows.outbox import put
from workflows.workshop import Workshop

log = logging.getLogger(__name__)

MOST: Final = 100
"""Changes of one turn: their orders are read together."""
LONGEST_WAIT: Final = 300.0
LEEWAY: Final = timedelta(minutes=1)
"""So long before its system tells of a change the change itself may have been."""
_ONE_AT_A_TIME: Final = text("select pg_try_advisory_xact_lock(79)")

LOOKS: Final = 4
"""A turn's time, in looks that take all of theirs: it holds a transaction, and other workers wait for it."""

Forget = Callable[[Sequence[Waiting], Sequence[Ref]], Awaitable[None]]
"""Tells whoever keeps answers what changed, and which orders that is about."""


class _Room:
    """How many changes a turn takes: half of them after one that did not come to its end, and slowly more again."""

    most = MOST

    def adapt(self, *, in_time: bool) -> None:
        """After a turn."""
        self.most = min(MOST, 2 * self.most) if in_time else max(1, self.most // 2)


@dataclass(frozen=True)
class Intake:
    """One worker's. Whichever worker comes first does a turn; the others find nothing to do meanwhile."""

    shop: Workshop
    looking: Looking
    forget: Forget | None = None
    seconds: float = 20.0
    """What one look's questions to the systems may take together; a turn ends after LOOKS times as long."""
    room: _Room = field(default_factory=_Room, compare=False)

    async def turn(self) -> int:
        """Look at what waits, up to MOST changes; how many there were."""
        until = monotonic() + LOOKS * self.seconds
        async with self.shop.store.transaction() as transaction:
            if not (await transaction.execute(_ONE_AT_A_TIME)).scalar_one():
                return 0
            ids = await inbox.take_due(transaction, self.room.most)
            if ids:
                await self._take_in(transaction, ids, until)
        self.room.adapt(in_time=monotonic() < until)
        return len(ids)

    async def _take_in(self, transaction: AsyncConnection, ids: Sequence[int], until: float) -> None:
        """Look at these changes together; where that fails, at each half of them, down to the one that is the cause.

        What the time does not reach stays due.

        A system that does not answer is no failure, but a Fault. What fails is a record, or a message, of which nobody
        thought: it waits like what a silent system tells of, and keeps nothing else waiting.
        """
        if monotonic() >= until:
            return
        try:
            async with transaction.begin_nested():
                await self._look_at(transaction, await inbox.read_changes(transaction, ids))
        except Exception as error:
            if transaction.invalidated:
                raise  # the store is gone, which no change is the cause of
            if len(ids) == 1:
                await self._later(transaction, ids[0], f"but taking that in fails ({type(error).__name__}).")
                log.exception("Change %s of the inbox cannot be taken in, and is put off", ids[0])
                return
            for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
                await self._take_in(transaction, half, until)

    async def _look_at(self, transaction: AsyncConnection, waiting: Sequence[Waiting]) -> None:
        told = await self._named(waiting)
        waiting = [one for one in waiting if not await self._parted(transaction, one, told[one.id])]
        named = {one.id: told[one.id] for one in waiting}
        refs = list(dict.fromkeys(ref for refs in named.values() for ref in refs if isinstance(ref, Ref)))
        if self.forget is not None:
            await self.forget(waiting, refs)
        seen = await self._seen(refs)
        began = await listening_since(transaction, self.shop.landscape.instances)
        await self._tell(transaction, seen, _reasons(waiting, named, seen, began))
        await self._settle(transaction, waiting, named, seen)

    async def _parted(self, transaction: AsyncConnection, one: Waiting, orders: Sequence[Ref | Fault]) -> bool:
        """Let a change of more orders than a turn looks at be a change of each of them; whether it was such a one."""
        refs = [ref for ref in orders if isinstance(ref, Ref) and ref.system == one.system]
        if len(refs) <= MOST or len(refs) < len(orders):
            return False
        each = [
            replace(one.change, event_id=f"{one.change.event_id}/{ref.key}", concept=Concept.ORDER, key=ref.key)
            for ref in refs
        ]
        await inbox.store_changes(transaction, one.system, each)
        await inbox.done_with(transaction, [one.id])
        return True

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
        self, transaction: AsyncConnection, seen: Mapping[Ref, Seen | Fault], reasons: Mapping[Ref, Reason]
    ) -> None:
        tenant = self.shop.landscape.tenant
        orders = {one.order: one for one in seen.values() if isinstance(one, Seen)}
        held = await told_of(transaction, tenant, [name for one in orders.values() for name in (one.order, *one.names)])
        events: list[Event] = []
        for ref, order in orders.items():
            told, fresh = news_of(tenant, order, told_before(order, held), reasons[ref], datetime.now(UTC))
            events += fresh
            if told is not None:
                await keep_told(transaction, tenant, ref, told, [name for name in order.names if name in held])
        await put(transaction, *sorted(events, key=lambda event: event.at))

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
        for number in sorted(silent):
            await self._later(transaction, number, "and could not be asked about it since.")

    async def _later(self, transaction: AsyncConnection, number: int, why: str) -> None:
        """Look at a change again after a while; one that waited for too long is put before people, as it came."""
        rules, kept = self.shop.landscape.rules, await inbox.read_as_it_came(transaction, number)
        if datetime.now(UTC) - kept.received_at < timedelta(hours=rules.orders.give_up_hours):
            await inbox.look_later(transaction, [number], min(LONGEST_WAIT, 2.0 ** min(kept.attempts, 10)))
            return
        await inbox.done_with(transaction, [number])
        sentence = f"{kept.system} told that {kept.what} was changed, {why}"
        given_up = Unreadable(event_id=kept.event_id, sentence=sentence, payload=kept.payload[:LONGEST_PAYLOAD])
        await exception_queue.raise_unreadable(transaction, self.shop.landscape.tenant, rules, kept.system, given_up)


def _is_silent(ref: Ref | Fault, seen: Mapping[Ref, Seen | Fault]) -> bool:
    if isinstance(ref, Fault):
        return True
    order = seen.get(ref)
    return isinstance(order, Fault) or (order is not None and bool(order.silent))


def _reasons(
    waiting: Sequence[Waiting],
    named: Mapping[int, Sequence[Ref | Fault]],
    seen: Mapping[Ref, Seen | Fault],
    began: Mapping[str, datetime],
) -> Mapping[Ref, Reason]:
    """Why each order was looked at, by the changes that are about it."""
    reasons: dict[Ref, Reason] = {}
    for one in waiting:
        at = one.change.changed_at
        mine = Reason(began, at - LEEWAY, at >= began.get(one.system, NEVER))
        for ref in named[one.id]:
            order = seen.get(ref) if isinstance(ref, Ref) else None
            if isinstance(order, Seen):
                other = reasons.get(order.order, mine)
                sooner, lately = min(mine.changed_at, other.changed_at), mine.lately or other.lately
                reasons[order.order] = Reason(began, sooner, lately)
    return reasons
