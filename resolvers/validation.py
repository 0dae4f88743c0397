"""What would come of an order if it were submitted: asked of the systems, written nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as with_view

from canonical.intent import SubmitOrder
from canonical.order_validation import OrderValidation
from canonical.principal import View
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.context import Context
from resolvers.intents import order_wanted
from resolvers.judging import customer_seen
from resolvers.naming_intents import OrderAsked
from resolvers.problems import RejectedError
from resolvers.validated_orders import validation_of
from workflows.reach import Reach
from workflows.rehearsal import Rehearsal, rehearse
from workflows.validating import MOST_LINES


async def validate_order(
    context: Context, parents: Sequence[object], _: Wanted, asked: OrderAsked
) -> Sequence[OrderValidation]:
    """Prices, credit, tax, stock and routing of an order as the systems tell them just now."""
    require(context.principal, "orders:write")
    try:
        order = order_wanted(context, asked)
        rehearsal = await _rehearsed(context, order)
    except RejectedError as rejected:
        found = OrderValidation(valid=False, problems=rejected.problems)
    else:
        # More lines than an order may have are wrong as a whole, and are not listed.
        whole = len(order.lines) <= MOST_LINES
        found = validation_of(order, rehearsal) if whole else OrderValidation(valid=False, problems=rehearsal.problems)
    return [found] * len(parents)


async def _rehearsed(context: Context, order: SubmitOrder) -> Rehearsal:
    if context.principal.accounts is not None and order.customer.system != context.landscape.crm:
        verdict = await customer_seen(context, order.customer)
        if verdict.problems:
            return Rehearsal(problems=verdict.problems)
    # As the workflow asks, with every right: whoever asks is judged before, and the routing keeps to its rights.
    call = with_view(context.call, view=View())
    return await rehearse(Reach(context.systems, context.landscape), call, order, context.principal)
