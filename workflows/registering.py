"""Puts an order that was not born in the CRM there too, before it is booked: so its id stays what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from canonical.intake import CrmOrderRequest, OrderRequest
from canonical.intent import SubmitOrder
from canonical.refs import Ref
from canonical.submission import StepState
from workflows.accounts import ending_of
from workflows.customers import Buyer
from workflows.effects import Effect, EffectKind, EffectState
from workflows.journal import Place
from workflows.preparing import Origin
from workflows.quotation import lines_of
from workflows.round import Round, StoppedError

POSITION: Final = 70


async def register(
    round_: Round, order: SubmitOrder, buyer: Buyer, origin: Origin, legs: Sequence[OrderRequest]
) -> Origin:
    """The origin with the CRM's order; without one where the CRM refuses it, since the ERPs can do without."""
    crm = round_.shop.landscape.crm
    place = Place("registration", POSITION, 0, crm)
    effect = Effect(
        reference=f"crm:{round_.taken.external_reference}",
        submission_id=round_.taken.id,
        kind=EffectKind.REGISTER_ORDER,
        system=crm,
        request=_request(round_, order, buyer, origin, legs),
    )
    await round_.plan(effect)
    done = await round_.effect(place, effect)
    if done.state is EffectState.DONE:
        key = done.read(Ref).key
        await round_.tell(place, StepState.DONE, f"Order {key} in {crm}", done.attempts)
        return replace(origin, order_key=key)
    if done.state is EffectState.REFUSED:
        why = done.problem.message if done.problem else "no reason was given"
        await round_.tell(place, StepState.SKIPPED, f"{crm} does not take the order: {why}", done.attempts)
        return origin
    raise StoppedError(await ending_of(round_, place, done))


def _request(
    round_: Round, order: SubmitOrder, buyer: Buyer, origin: Origin, legs: Sequence[OrderRequest]
) -> CrmOrderRequest:
    only = legs[0].legal_entity_code if len(legs) == 1 else None
    return CrmOrderRequest(
        reference=round_.taken.external_reference,
        customer_key=buyer.crm_key or "",
        currency_code=order.currency_code,
        starts_on=round_.taken.submitted_at.date(),
        lines=lines_of(order),
        quote_key=origin.quote_key,
        opportunity_key=origin.opportunity_key,
        legal_entity_code=only,
        purchase_order_number=order.purchase_order_number,
    )
