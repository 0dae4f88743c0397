"""The orders that came from quotes: the CRM is asked once for all of the quotes."""

from __future__ import annotations

from canonical.errors import Fault, Mistake
from canonical.joined import Order
from resolvers.connections import MAX_PAGE
from resolvers.context import Context
from resolvers.order_bookmark import Bookmark
from resolvers.order_narrowing import OrderFilterBy
from resolvers.order_streams import join_rows, read_round

ROUNDS = 5


async def orders_sold_from(context: Context, quotes: tuple[str, ...]) -> list[Order] | Fault | Mistake:
    """Every order that came from these quotes, newest first; the Fault of a silent CRM.

    An order whose ERP is silent is told as far as the CRM knows it. A Mistake where they are more than a thousand.
    """
    by, crm = OrderFilterBy(quote_keys=quotes), context.landscape.crm
    mark = Bookmark(None, crm, context.landscape.erps)
    found: dict[object, Order] = {}
    for _ in range(ROUNDS):
        turn = await read_round(context, MAX_PAGE, mark, by)
        if crm in turn.harvest.faults:
            return turn.harvest.faults[crm]
        orders, _silent = await join_rows(context, turn, turn.rows)
        for row in turn.rows:
            mark.pass_by(row.stream, row.record)
            if (order := orders.get(row.record.ref)) is not None:
                found.setdefault(order.ref, order)
        if not turn.more:
            return list(found.values())
    return Mistake("LIST_TOO_LONG", f"More than {ROUNDS * MAX_PAGE} orders came from these quotes; ask for fewer.")
