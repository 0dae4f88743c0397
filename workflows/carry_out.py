"""The workflow that carries one effect out, in its turn in the queue of its system."""

from __future__ import annotations

from sqlalchemy import select

from canonical.errors import Mistake
from canonical.problem import of_mistake
from workflows import effects
from workflows.announcing import Telling
from workflows.effects import EffectState
from workflows.performing import Performance, Performed
from workflows.store import tables
from workflows.workshop import Workshop
from workflows.writings import writing_of


async def carry_out(shop: Workshop, reference: str) -> Performed:
    """Carry the effect of this reference out, and say what came of it."""
    return await shop.durable.step("carry out", Performed, lambda: _perform(shop, reference))


async def _perform(shop: Workshop, reference: str) -> Performed:
    asked = select(tables.submission.c.tenant, tables.submission.c.correlation_id)
    async with shop.store.transaction() as transaction:
        effect = (await effects.fetch_effects(transaction, [reference]))[reference]
        mine = asked.where(tables.submission.c.id == effect.submission_id)
        row = (await transaction.execute(mine)).first()
    telling = Telling(effect, row.tenant if row else shop.landscape.tenant, row.correlation_id if row else reference)
    try:
        writing = writing_of(shop, effect)
    except Mistake as mistake:
        return Performed(state=EffectState.REFUSED, problem=of_mistake(mistake, telling.correlation_id))
    return await Performance(shop, telling, writing).run()
