"""Takes back what was booked of a deal that cannot be booked whole: in reverse, each cancellation done once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from canonical.errors import Outcome
from canonical.intake import OrderAcknowledgment
from canonical.integration_exception import Severity
from canonical.problem import Problem
from canonical.submission import StepState
from workflows import effects
from workflows.effects import Effect, EffectKind, EffectState
from workflows.exception_queue import Cause
from workflows.journal import Place
from workflows.round import Round
from workflows.writings import Cancellation

POSITION: Final = 85


async def take_back(round_: Round, booked: Sequence[tuple[Effect, OrderAcknowledgment]], why: str) -> list[Cause]:
    """Cancel the bookings, the last first; what could not be taken back, for people."""
    left: list[Cause] = []
    for effect, order in reversed(booked):
        place = Place("compensation", POSITION, effect.leg, effect.system, effect.legal_entity)
        problem = await _cancel(round_, place, effect, order, why)
        if problem is not None:
            subject = ("Order", order.order)
            left.append(Cause(place=place.key, problem=problem, subject=subject, severity=Severity.CRITICAL))
    return left


async def _cancel(round_: Round, place: Place, booked: Effect, order: OrderAcknowledgment, why: str) -> Problem | None:
    asked = Cancellation(order.order.key, round_.taken.external_reference, why)
    undoing = Effect(
        reference=f"undo:{booked.reference}",
        submission_id=round_.taken.id,
        kind=EffectKind.CANCEL_ORDER,
        leg=booked.leg,
        system=booked.system,
        legal_entity=booked.legal_entity,
        request=asked,
    )
    await round_.plan(undoing)
    done = await round_.effect(place, undoing)
    number = order.number or order.order.key
    if done.state is EffectState.DONE:
        async with round_.shop.store.transaction() as transaction:
            await effects.take_back(transaction, booked.reference)
        await round_.tell(place, StepState.DONE, f"{number} was cancelled in {booked.system}.", done.attempts)
        await round_.tell(
            Place("booking", POSITION - 5, booked.leg), StepState.COMPENSATED, f"{number} was booked, and cancelled."
        )
        return None
    told = round_.of(done.problem or round_.internal())
    await round_.tell(place, StepState.FAILED, told.message, done.attempts)
    return Problem(
        code="NOT_TAKEN_BACK",
        category=told.category,
        message=f"{number} is booked in {booked.system} and could not be cancelled: {told.message}",
        outcome=Outcome.APPLIED,
        system=booked.system,
        correlation_id=told.correlation_id,
        detail=told.detail,
    )
