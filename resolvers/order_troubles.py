"""Which orders have an exception that nobody has resolved yet."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.integration_exception import ExceptionStatus
from canonical.joined import Order
from resolvers.at_desk import desk_of, told
from resolvers.context import Context
from resolvers.submissions import refs_of


async def are_troubled(context: Context, orders: Sequence[Order]) -> list[bool]:
    """One answer an order, from one question to the desk; raises its Fault where the store is away."""
    if not orders:
        return []
    records = [refs_of(order) for order in orders]
    held = await told(context, desk_of(context).exceptions.of_records(context.principal, records))
    return [any(one.status is not ExceptionStatus.RESOLVED for one in many) for many in held]
