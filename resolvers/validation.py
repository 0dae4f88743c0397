"""What would come of an order if it were submitted: asked of the systems, written nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as with_view

from msgspec.structs import replace

from canonical.intent import SubmitOrder
from canonical.order_validation import OrderValidation
from canonical.principal import View
from canonical.problem import Problem
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.context import Context
from resolvers.intents import order_wanted
from resolvers.judging import customer_seen
from resolvers.naming_intents import OrderAsked
from resolvers.problems import RejectedError
from workflows.appraisal import Asking, appraise, validation
from workflows.ledger import Rights
from workflows.validating import MOST_LINES, against


async def validate_order(
    context: Context, parents: Sequence[object], _: Wanted, asked: OrderAsked
) -> Sequence[OrderValidation]:
    """Prices, credit, tax, stock and routing of an order as the systems tell them just now."""
    require(context.principal, "orders:write")
    try:
        found = await _judged(context, order_wanted(context, asked))
    except RejectedError as rejected:
        found = OrderValidation(valid=False, problems=rejected.problems)
    return [_told(context, found)] * len(parents)


async def _judged(context: Context, order: SubmitOrder) -> OrderValidation:
    wrong = against(order, context.landscape, context.principal)
    if len(order.lines) > MOST_LINES:
        return OrderValidation(valid=False, problems=tuple(wrong))
    if not wrong and context.principal.accounts is not None and order.customer.system != context.landscape.crm:
        wrong = list((await customer_seen(context, order.customer)).problems)
    return validation(order, wrong) if wrong else await _appraised(context, order)


async def _appraised(context: Context, order: SubmitOrder) -> OrderValidation:
    allowed = context.principal.legal_entities
    rights = Rights(legal_entities=None if allowed is None else tuple(sorted(allowed)))
    # As the workflow asks, with every right: whoever asks was judged just before, and the routing keeps to its rights.
    call = with_view(context.call, view=View())
    return await appraise(Asking(context.systems, context.landscape), call, order, rights)


def _told(context: Context, found: OrderValidation) -> OrderValidation:
    """The same, its problems under the correlation id of whoever asks."""

    def mine(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        return tuple(replace(problem, correlation_id=context.call.correlation_id) for problem in problems)

    lines = tuple(replace(line, problems=mine(line.problems)) for line in found.lines)
    return replace(found, problems=mine(found.problems), lines=lines)
