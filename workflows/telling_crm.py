"""Tells the CRM what became of its order. What is booked stays booked, whether or not the CRM can be told."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from canonical.errors import Outcome
from canonical.intake import WriteBack
from canonical.refs import Ref
from canonical.submission import StepState, SubmissionState
from sources.intake import OrderWriteBack
from workflows import effects
from workflows.announcing import WRITE_BACK_STEP
from workflows.effects import Effect, EffectKind, EffectState
from workflows.exception_queue import Cause
from workflows.journal import Place
from workflows.round import Ending, Round

POSITION: Final = 90


async def complete(round_: Round, told: WriteBack | None) -> Ending:
    """The end of what took effect; with a problem that blocks nothing where the CRM could not be told of it."""
    if told is None:
        return Ending(state=SubmissionState.COMPLETED)
    cause = await tell(round_, told)
    if cause is None:
        return Ending(state=SubmissionState.COMPLETED)
    return Ending(state=SubmissionState.COMPLETED, problems=(cause.problem,), causes=(cause,))


async def tell(round_: Round, told: WriteBack) -> Cause | None:
    """Tell the CRM; what people have to know where that could not be done. The schedule tries again by itself."""
    crm = round_.shop.landscape.crm
    place = Place(WRITE_BACK_STEP, POSITION, 0, crm)
    if round_.shop.systems.get(crm, OrderWriteBack) is None:
        await round_.tell_of(place, StepState.SKIPPED, f"{crm} is not set up to be told of bookings.")
        return None
    effect = Effect(
        reference=f"told:{round_.taken.external_reference}",
        submission_id=round_.taken.id,
        kind=EffectKind.WRITE_BACK,
        system=crm,
        request=told,
    )
    async with round_.shop.store.transaction() as transaction:
        await effects.plan_again(transaction, effect)
    done = await round_.effect(place, effect)
    if done.state is EffectState.DONE:
        await round_.tell(place, StepState.DONE, f"{crm} was told.", done.attempts)
        return None
    problem = round_.of(done.problem or round_.internal())
    await round_.tell(place, StepState.FAILED, problem.message, done.attempts)
    problem = replace(problem, outcome=Outcome.APPLIED, blocking=False)
    return Cause(place=place.key, problem=problem, subject=("Order", Ref(crm, told.order_key)))


async def tell_failure(round_: Round, crm_order_key: str | None, ending: Ending) -> Ending:
    """The same ending; the CRM was told why nothing was booked, if it could be told."""
    over = ending.state in (SubmissionState.REFUSED, SubmissionState.FAILED)
    if over and crm_order_key and ending.problems:
        reference = round_.taken.external_reference
        why = ending.problems[0].message
        await tell(round_, WriteBack(order_key=crm_order_key, reference=reference, numbers=(), failed=why))
    return ending
