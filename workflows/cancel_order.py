"""Cancels an order in every system that has it."""

from __future__ import annotations

from typing import Final

from canonical.intake import OrderAcknowledgment, WriteBack
from canonical.intent import CancelOrder
from canonical.submission import StepState, SubmissionState
from workflows import ledger
from workflows.accounts import ending_of
from workflows.effects import Effect, EffectKind, EffectState
from workflows.journal import Place
from workflows.order_parts import Part, Parts, forbidden, read_parts
from workflows.partly import partly_done
from workflows.round import Ending, Round, run_round
from workflows.telling_crm import complete
from workflows.workshop import Workshop
from workflows.writings import Cancellation

ORDER: Final = Place("order", 10, field=("order",))
POSITION: Final = 80


async def cancel_order(shop: Workshop, argument: str) -> None:
    """Run one round of a submission of this kind."""
    await run_round(shop, argument, _cancel)


async def _cancel(round_: Round) -> Ending:
    asked = round_.taken.input
    if not isinstance(asked, CancelOrder):
        raise TypeError(f"{round_.taken.id} is not a cancellation.")
    found = await find_order(round_, asked)
    live = [part for part in found.parts if not part.cancelled]
    done: list[str] = []
    for number, part in enumerate(live, 1):
        ending = await _cancel_part(round_, asked, part, number)
        if ending is not None:
            return partly_done(ending, done, "was cancelled")
        done.append(f"{part.number} in {part.ref.system}")
    if found.crm_key is None:
        return Ending(state=SubmissionState.COMPLETED)
    numbers = tuple(part.number for part in found.parts)
    reference = round_.taken.external_reference
    return await complete(
        round_, WriteBack(order_key=found.crm_key, reference=reference, numbers=numbers, cancelled=True)
    )


async def find_order(round_: Round, asked: CancelOrder) -> Parts:
    """The order's parts; refused where one is in books that whoever submitted may not touch."""
    found = await round_.step(
        ORDER,
        Parts,
        lambda call: read_parts(round_.shop, call, round_.taken, asked.order),
        lambda parts: ", ".join(f"{part.number} in {part.ref.system}" for part in parts.parts) or "It is not booked.",
    )
    against = forbidden(found, round_.taken.rights)
    if against:
        raise round_.refused(ORDER, against)
    await know_order(round_, found)
    return found


async def know_order(round_: Round, found: Parts) -> None:
    """Keep which records the submission is about."""
    entities = sorted({part.legal_entity for part in found.parts if part.legal_entity})
    async with round_.shop.store.transaction() as transaction:
        await ledger.know(
            transaction,
            round_.taken.id,
            orders=[part.ref for part in found.parts],
            legal_entities=entities,
            crm_customer_key=found.crm_customer_key,
        )


async def _cancel_part(round_: Round, asked: CancelOrder, part: Part, number: int) -> Ending | None:
    place = Place("cancellation", POSITION, number, part.ref.system, part.legal_entity)
    effect = Effect(
        reference=f"cancel:{round_.taken.external_reference}:{part.ref.system}:{part.ref.key}",
        submission_id=round_.taken.id,
        kind=EffectKind.CANCEL_ORDER,
        leg=number,
        system=part.ref.system,
        legal_entity=part.legal_entity,
        request=Cancellation(part.ref.key, round_.taken.external_reference, asked.reason),
    )
    await round_.plan(effect)
    done = await round_.effect(place, effect)
    if done.state is not EffectState.DONE:
        return await ending_of(round_, place, done)
    order = done.read(OrderAcknowledgment)
    number_there = order.number or part.number
    await round_.tell(place, StepState.DONE, f"{number_there} is cancelled in {part.ref.system}.", done.attempts)
    return None
