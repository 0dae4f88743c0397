"""What is settled on a schedule: uncertain effects by looking, never by sending; waiting submissions by beginning anew.

One worker at a time does it, whichever comes first; missing a turn costs nothing but time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import Fault, Mistake
from canonical.submission import SubmissionState
from sources.intake import OrderIntake
from workflows import effects
from workflows.announcing import TELLING, Telling
from workflows.binding import begin_round
from workflows.durable import Started, queue_of
from workflows.durable.enqueueing import BULK, enqueue
from workflows.effects import Effect, EffectKind, EffectState
from workflows.performing import FoundTwiceError
from workflows.round import CARRY_OUT
from workflows.store import tables
from workflows.workshop import Workshop
from workflows.writings import one_of, writing_of

log = logging.getLogger(__name__)

_ONE_AT_A_TIME: Final = 0x52564E
MOST: Final = 200
"""How many of a kind one turn takes up."""
TELL_FOR_DAYS: Final = 7
"""So long the CRM is told again by itself; after that a person has to retry."""
_NOT_TOLD: Final = (EffectState.PLANNED.value, EffectState.UNCERTAIN.value)
"""To tell again is to look: what may have been told is told once more."""
_table = tables.submission


async def reconcile(shop: Workshop) -> bool:
    """One turn; False where another worker is at it."""
    async with shop.store.transaction() as held:
        mine = await held.execute(text("select pg_try_advisory_xact_lock(:name)"), {"name": _ONE_AT_A_TIME})
        if not mine.scalar_one():
            return False
        await _look_for_uncertain(shop)
        await _tell_again(shop)
        await _resume(shop)
    return True


async def _look_for_uncertain(shop: Workshop) -> None:
    """Ask each system once for everything that may have been booked in it; the rest one by one."""
    asked = (
        select(tables.effect.c.reference, _table.c.tenant, _table.c.correlation_id)
        .join(_table, _table.c.id == tables.effect.c.submission_id)
        .where(tables.effect.c.state == EffectState.UNCERTAIN.value, _table.c.resume_at < func.clock_timestamp())
    )
    async with shop.store.transaction() as transaction:
        rows = {row.reference: row for row in await transaction.execute(asked.limit(MOST))}
        held = await effects.fetch_effects(transaction, list(rows))
        final = await effects.settled(transaction, list(rows), shop.lease)
    tellings = [Telling(effect, rows[name].tenant, rows[name].correlation_id) for name, effect in held.items()]
    orders = [one for one in tellings if one.effect.kind is EffectKind.BOOK_ORDER]
    for system in sorted({one.effect.system for one in orders}):
        await _look_for_orders(shop, system, [one for one in orders if one.effect.system == system], final)
    for one in tellings:
        if one.effect.kind is not EffectKind.BOOK_ORDER:
            await _look_for_one(shop, one, final)


async def _look_for_orders(shop: Workshop, system: str, tellings: Sequence[Telling], final: set[str]) -> None:
    references = [one.effect.reference for one in tellings]
    try:
        erp = shop.system(system, OrderIntake, "look for orders")
        found = await erp.find_orders(shop.call(references[0], shop.pace.ask), references)
    except (Fault, Mistake) as fault:
        log.warning("%s cannot be asked for %d orders: %s", system, len(references), fault)
        return await _later(shop, [one.effect for one in tellings])
    for one in tellings:
        try:
            order = one_of(system, one.effect.reference, found.get(one.effect.reference, ()))
        except FoundTwiceError:
            await _later(shop, [one.effect])
        else:
            await _settle(shop, one, order, sure=one.effect.reference in final)
    return None


async def _look_for_one(shop: Workshop, telling: Telling, final: set[str]) -> None:
    effect = telling.effect
    try:
        found = await writing_of(shop, effect).look(shop.call(telling.correlation_id, shop.pace.ask))
    except (Fault, Mistake, FoundTwiceError) as fault:
        log.warning("%s cannot be asked for %s: %s", effect.system, effect.reference, fault)
        return await _later(shop, [effect])
    return await _settle(shop, telling, found, sure=effect.reference in final)


async def _settle(shop: Workshop, telling: Telling, found: Struct | None, *, sure: bool) -> None:
    """Found: it was done. Not found when nothing can take effect any more: it was not. Else: look again later.

    Either way the submission's workflow goes on from there; what was not done is sent by it, under a claim of its own.
    """
    effect = telling.effect
    if found is None and not sure:
        return await _later(shop, [effect])
    async with shop.store.transaction() as transaction:
        if found is None:
            await effects.mark(transaction, effect.reference, EffectState.PLANNED)
        elif await effects.record(transaction, effect.reference, found):
            await telling.done(transaction, found, found=True)
        await begin_round(transaction, effect.submission_id or "")
    return None


async def _later(shop: Workshop, unsure: Sequence[Effect]) -> None:
    ids = [effect.submission_id for effect in unsure]
    async with shop.store.transaction() as transaction:
        await _postpone(transaction, shop.pace.resume_after, ids)


async def _postpone(transaction: AsyncConnection, seconds: float, ids: Sequence[str | None]) -> None:
    later = func.clock_timestamp() + text(f"interval '{float(seconds)} seconds'")
    waiting = update(_table).where(_table.c.id.in_(ids), _table.c.resume_at.is_not(None))
    await transaction.execute(waiting.values(resume_at=later))


async def _resume(shop: Workshop) -> None:
    """Begin a new round of what waited for a system, and of what nothing is uncertain of any more."""
    unsure = (
        select(tables.effect.c.reference)
        .where(tables.effect.c.submission_id == _table.c.id, tables.effect.c.state == EffectState.UNCERTAIN.value)
        .exists()
    )
    due = select(_table.c.id).where(_table.c.resume_at < func.clock_timestamp(), ~unsure)
    states = (SubmissionState.IN_PROGRESS.value, SubmissionState.UNCERTAIN.value)
    async with shop.store.transaction() as transaction:
        ids = [row.id for row in await transaction.execute(due.where(_table.c.state.in_(states)).limit(MOST))]
    for one in ids:
        async with shop.store.transaction() as transaction:
            await begin_round(transaction, one)


async def _tell_again(shop: Workshop) -> None:
    """Tell the CRM again what it could not be told of submissions that are settled, in its turn in the CRM's queue."""
    told, waited = tables.effect, timedelta(seconds=shop.pace.resume_after)
    asked = (
        select(told.c.reference, told.c.system, told.c.attempt)
        .join(_table, _table.c.id == told.c.submission_id)
        .where(told.c.kind.in_([kind.value for kind in TELLING]), told.c.state.in_(_NOT_TOLD))
        .where(
            told.c.attempt > 0, told.c.not_before < func.clock_timestamp() - waited, _table.c.settled_at.is_not(None)
        )
        .where(_table.c.submitted_at > func.clock_timestamp() - timedelta(days=TELL_FOR_DAYS))
    )
    async with shop.store.transaction() as transaction:
        for row in (await transaction.execute(asked.limit(MOST))).all():
            # The attempt is a part of the id: until it has been made, beginning it again is nothing.
            started = Started(CARRY_OUT, f"{row.reference}:{row.attempt}", row.reference)
            await enqueue(transaction, queue_of(row.system), started, BULK)
