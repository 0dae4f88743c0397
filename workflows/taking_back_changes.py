"""Takes a change of an order back by its opposite, where a later part of the same change is refused.

The opposite is written down before anything is changed. What has none is told as it is: lines that were added or
removed (they would not be the same lines again), prices (the ERP's own would stay as one that was given by hand), and
what was empty before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from canonical.absence import known
from canonical.errors import Outcome
from canonical.intake import Amendment, LineChange, OrderAcknowledgment
from canonical.order import OrderLine, OrderRecord
from canonical.problem import Problem
from canonical.submission import StepState, SubmissionState
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import Lookup, OrderSource
from workflows import effects
from workflows.effects import Effect, EffectKind, EffectState
from workflows.journal import Place
from workflows.order_parts import Part
from workflows.partly import partly_done
from workflows.round import Ending, Round

POSITION: Final = 85
BEFORE: Final = Wanted.of(
    "lines.quantity", "lines.starts_on", "lines.ends_on", "requested_delivery_date", "purchase_order_number"
)
_OF_LINES: Final = ("quantity", "starts_on", "ends_on")
_NEVER: Final = ("unit_price", "requested_delivery_date")
_OF_ORDER: Final = ("requested_delivery_date", "purchase_order_number")

Done = tuple[Effect, OrderAcknowledgment]
"""A change that was made, and what its ERP said."""


async def opposites(round_: Round, call: Call, wanted: Sequence[tuple[Part, Amendment]]) -> list[Amendment | None]:
    """For each change what makes the order as it is now; None where nothing does."""
    return [await _opposite_of(round_, call, part.ref.system, change) for part, change in wanted]


async def _opposite_of(round_: Round, call: Call, system: str, change: Amendment) -> Amendment | None:
    source = round_.shop.systems.get(system, OrderSource)
    found = await source.fetch_orders(call, Lookup(keys=(change.order_key,)), BEFORE) if source else ()
    return opposite(change, found[0]) if len(found) == 1 else None


def opposite(change: Amendment, before: OrderRecord) -> Amendment | None:
    """What takes the change back, from the order as it was before; None where it cannot be taken back."""
    if change.add or change.remove:
        return None
    lines = {line.key: line for line in known(before.lines) or ()}
    changes = [_line(one, lines.get(one.key)) for one in change.change]
    values = {name: known(getattr(before, name)) for name in _OF_ORDER if getattr(change, name) is not None}
    if None in changes or None in values.values():
        return None
    back = tuple(one for one in changes if one is not None)
    nothing = dict.fromkeys(_OF_ORDER)
    return replace(change, **{**nothing, **values}, change=back, expected_version=None)


def _line(change: LineChange, before: OrderLine | None) -> LineChange | None:
    asked = [name for name in _OF_LINES if getattr(change, name) is not None]
    values = {name: known(getattr(before, name)) for name in asked} if before else {}
    final = any(getattr(change, name) is not None for name in _NEVER)
    return None if before is None or final or None in values.values() else LineChange(key=change.key, **values)


def undo_reference(reference: str) -> str:
    """The reference under which a change is taken back."""
    return f"{reference}U"


def undoing(change: Effect, back: Amendment) -> Effect:
    """The effect that takes a change back, to be written down beside it."""
    reference = undo_reference(change.reference)
    request = replace(back, reference=reference)
    return replace(change, reference=reference, kind=EffectKind.UNDO_AMENDMENT, request=request)


async def take_changes_back(round_: Round, ending: Ending, done: Sequence[Done]) -> Ending:
    """The ending of a change that was not made whole: the parts that were are taken back, the last first."""
    if not done or ending.resume_in is not None:
        return ending
    held = {effect.reference: effect for effect in await round_.held(EffectKind.UNDO_AMENDMENT)}
    left = []
    for change, order in reversed(done):
        back = held.get(undo_reference(change.reference))
        if back is None or await _take_back(round_, change, order, back) is not None:
            left.append(f"{order.number or order.order.key} in {change.system}")
    if left:
        return partly_done(ending, list(reversed(left)), "was changed")
    problem = replace(ending.problems[0], outcome=Outcome.NOT_APPLIED)
    causes = tuple(replace(cause, problem=problem) for cause in ending.causes)
    return Ending(state=SubmissionState.FAILED, problems=(problem, *ending.problems[1:]), causes=causes)


async def _take_back(round_: Round, change: Effect, order: OrderAcknowledgment, back: Effect) -> Problem | None:
    """None where it was taken back. What somebody has made of the order since stays: then it is not."""
    place = Place("compensation", POSITION, change.leg, change.system, change.legal_entity)
    request = replace(back.read_request(Amendment), expected_version=order.version)
    planned = replace(back, request=request)
    await round_.plan(planned)
    done = await round_.effect(place, planned)
    number = order.number or order.order.key
    if done.state is not EffectState.DONE:
        told = round_.of(done.problem or round_.internal())
        await round_.tell(place, StepState.FAILED, told.message, done.attempts)
        return told
    async with round_.shop.store.transaction() as transaction:
        await effects.take_back(transaction, change.reference)
    await round_.tell(place, StepState.DONE, f"{number} is in {change.system} as it was before.", done.attempts)
    changed = Place("amendment", POSITION - 5, change.leg)
    await round_.tell(changed, StepState.COMPENSATED, f"{number} was changed, and changed back.")
    return None
