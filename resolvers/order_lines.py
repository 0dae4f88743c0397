"""The order lines that lines of shipments and invoices are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from canonical.absence import known
from canonical.errors import Fault
from canonical.joined import Order
from canonical.order import OrderLine
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.context import Context
from resolvers.order_reading import load_orders, served_orders


class OfLine(Protocol):
    """A line that names the order line it is about."""

    @property
    def order(self) -> Ref | None:
        """The ERP's order."""

    @property
    def order_line_key(self) -> str | None:
        """The line's key in it."""


async def of_parents(context: Context, parents: Sequence[OfLine], _: Wanted) -> Sequence[OrderLine | Exception | None]:
    """The order line of each; None where it names none."""
    require(context.principal, "orders:read")
    served = served_orders(context)
    refs = list(dict.fromkeys(parent.order for parent in parents if parent.order and parent.order not in served))
    loaded = dict(zip(refs, await load_orders(context, refs), strict=True))
    orders = {**loaded, **served}
    return [_line(parent, orders.get(parent.order) if parent.order else None) for parent in parents]


def _line(parent: OfLine, order: Order | Fault | None) -> OrderLine | Fault | None:
    if not isinstance(order, Order):
        return order
    record = next((record for record in order.booked if record.ref == parent.order), None)
    lines = known(record.lines) or () if record else ()
    return next((line for line in lines if line.key == parent.order_line_key), None)
