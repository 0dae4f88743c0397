"""Books the legs of a deal one after the other: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from canonical.errors import Outcome, ProblemCategory
from canonical.intake import OrderAcknowledgment, OrderRequest, WriteBack
from canonical.problem import Problem
from canonical.submission import StepState, SubmissionState
from workflows.accounts import ending_of
from workflows.compensation import take_back
from workflows.effects import Effect, EffectState
from workflows.journal import Place
from workflows.performing import Performed
from workflows.round import Ending, Round
from workflows.telling_crm import complete, tell_failure

POSITION: Final = 80

Booked = tuple[Effect, OrderAcknowledgment]
"""A booking and its acknowledgment."""


def to_book(held: Sequence[Effect]) -> list[Effect]:
    """The bookings of a plan that stands, by leg, without those that were taken back."""
    return sorted((e for e in held if e.state is not EffectState.CANCELLED), key=lambda effect: effect.leg)


async def book_all(round_: Round, planned: Sequence[Effect]) -> Ending:
    """Book every leg, or take back those that were booked where one is refused for good; and tell the CRM."""
    booked: list[Booked] = []
    for effect in planned:
        place = Place("booking", POSITION, effect.leg, effect.system, effect.legal_entity)
        done = await round_.effect(place, effect)
        order = done.read(OrderAcknowledgment) if done.state is EffectState.DONE else None
        if order is not None and not order.cancelled:
            await round_.tell(place, StepState.DONE, _say(order, effect, done), done.attempts)
            booked.append((effect, order))
            continue
        if order is not None:
            done = Performed(state=EffectState.REFUSED, problem=_cancelled_elsewhere(effect, order))
        ending = await _stop(round_, place, done, booked)
        return await tell_failure(round_, effect.read_request(OrderRequest).crm_order_key, ending)
    return await complete(round_, _told(round_, booked))


def _say(order: OrderAcknowledgment, effect: Effect, done: Performed) -> str:
    number = order.number or order.order.key
    how = "found to be booked" if done.found else "booked"
    warnings = f" {effect.system} says: {' '.join(order.warnings)}" if order.warnings else ""
    return f"Order {number} was {how} in {effect.system}.{warnings}"


async def _stop(round_: Round, place: Place, done: Performed, booked: list[Booked]) -> Ending:
    ending = await ending_of(round_, place, done)
    if ending.resume_in is not None or not booked:
        return ending
    left = await take_back(round_, booked, f"The part of {place.legal_entity} could not be booked.")
    outcome = Outcome.APPLIED if left else Outcome.NOT_APPLIED
    problems = (replace(ending.problems[0], outcome=outcome), *(cause.problem for cause in left))
    return Ending(state=SubmissionState.FAILED, problems=problems, causes=(*ending.causes, *left))


def _cancelled_elsewhere(effect: Effect, order: OrderAcknowledgment) -> Problem:
    number = order.number or order.order.key
    return Problem(
        code="CANCELLED_IN_SYSTEM",
        category=ProblemCategory.CONFLICT,
        message=f"Order {number} was booked in {effect.system}, and cancelled there by somebody else.",
        system=effect.system,
    )


def _told(round_: Round, booked: Sequence[Booked]) -> WriteBack | None:
    """What the CRM's order is told: numbers, and which of its lines is which; None where the CRM has no order."""
    requests = [effect.read_request(OrderRequest) for effect, _ in booked]
    crm_order_key = next((request.crm_order_key for request in requests if request.crm_order_key), None)
    if crm_order_key is None:
        return None
    lines: list[tuple[str, str]] = []
    for request, (_, order) in zip(requests, booked, strict=True):
        keys = zip(request.lines, order.line_keys, strict=False)
        lines += [(line.source_key, key) for line, key in keys if line.source_key]
    return WriteBack(
        order_key=crm_order_key,
        reference=round_.taken.external_reference,
        numbers=tuple(order.number or order.order.key for _, order in booked),
        line_keys=tuple(lines),
    )
