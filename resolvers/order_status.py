"""An order's status and its three axes, from the facts of whoever owns them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeVar

from canonical import status
from canonical.errors import Fault
from canonical.invoice import Invoice
from canonical.joined import Order
from canonical.order import FulfillmentStatus, InvoicingStatus, OrderLine, OrderPaymentStatus, OrderStatus, Stage
from canonical.refs import Ref
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from resolvers.asking import both
from resolvers.context import Context
from resolvers.delivery_and_billing import invoices_of_orders, shipments_of_orders
from resolvers.order_reading import served_orders

T = TypeVar("T")
V = TypeVar("V")
STATUS_FACTS = Wanted.of("fulfillment_facts", "invoicing_facts", "payment_facts")
"""What the one lifecycle is computed from."""


async def fulfillment_status_of(
    context: Context, orders: Sequence[Order], _: Wanted
) -> Sequence[FulfillmentStatus | Exception]:
    """How much has gone; a Fault where the shipments could not be read."""
    shipments = await shipments_of_orders(context, orders)
    return [_axis(held, partial(_fulfillment, order)) for order, held in zip(orders, shipments, strict=True)]


async def invoicing_status_of(
    context: Context, orders: Sequence[Order], _: Wanted
) -> Sequence[InvoicingStatus | Exception]:
    """How much has been billed; a Fault where the invoices could not be read."""
    invoices = await invoices_of_orders(context, orders)
    return [
        _axis(held, partial(status.invoicing_status, order.booked))
        for order, held in zip(orders, invoices, strict=True)
    ]


async def payment_status_of(
    context: Context, orders: Sequence[Order], _: Wanted
) -> Sequence[OrderPaymentStatus | Exception]:
    """How much has been paid; a Fault where the invoices could not be read."""
    today = context.clock().date()
    return [
        _axis(held, lambda i: status.payment_status(i, today)) for held in await invoices_of_orders(context, orders)
    ]


async def status_of(context: Context, orders: Sequence[Order], _: Wanted) -> Sequence[OrderStatus | Exception]:
    """The one lifecycle over all systems; a Fault where an owner of one of its facts could not be asked."""
    return await statuses_of(context, orders)


async def statuses_of(context: Context, orders: Sequence[Order]) -> list[OrderStatus | Exception]:
    """The status of each order; systems are only asked about orders whose status hangs on what was shipped and paid."""
    open_orders = [order for order in orders if _goes_on(order)]
    shipments, invoices = await both(
        shipments_of_orders(context, open_orders), invoices_of_orders(context, open_orders)
    )
    sent = dict(zip(map(id, open_orders), shipments, strict=True))
    billed = dict(zip(map(id, open_orders), invoices, strict=True))
    return [
        _status(context, order, sent[id(order)], billed[id(order)]) if id(order) in sent else _resting(context, order)
        for order in orders
    ]


def _goes_on(order: Order) -> bool:
    """Whether it is booked and nothing holds it: only then shipments and payments decide."""
    standing = [record for record in order.booked if record.stage is not Stage.CANCELLED]
    return any(r.stage is Stage.BOOKED for r in standing) and not any(record.holds for record in standing)


def _resting(context: Context, order: Order) -> OrderStatus | Exception:
    """The status of an order that nothing shipped, billed or paid can change."""
    nothing = (FulfillmentStatus.NOT_STARTED, InvoicingStatus.NOT_INVOICED, OrderPaymentStatus.NOT_DUE)
    return _silent(context, order) or status.order_status(order.crm, order.booked, *nothing)


def _status(
    context: Context, order: Order, shipments: tuple[Shipment, ...] | Fault, invoices: tuple[Invoice, ...] | Fault
) -> OrderStatus | Exception:
    silent = _silent(context, order)
    if silent is not None:
        return silent
    if isinstance(shipments, Fault):
        return shipments
    if isinstance(invoices, Fault):
        return invoices
    return status.order_status(
        order.crm,
        order.booked,
        _fulfillment(order, shipments),
        status.invoicing_status(order.booked, invoices),
        status.payment_status(invoices, context.clock().date()),
    )


def _silent(context: Context, order: Order) -> Fault | None:
    """Why a part of the order that its status hangs on is not known."""
    for name, fault in order.faults.items():
        if name != context.landscape.crm or not order.booked:
            return fault
    return None


def _fulfillment(order: Order, shipments: Sequence[Shipment]) -> FulfillmentStatus:
    records = order.booked or ((order.crm,) if order.crm else ())
    return status.fulfillment_status(records, shipments)


def _axis(held: Sequence[T] | Fault, compute: Callable[[Sequence[T]], V]) -> V | Fault:
    return held if isinstance(held, Fault) else compute(held)


async def shipped_quantities_of(
    context: Context, lines: Sequence[OrderLine], _: Wanted
) -> Sequence[Decimal | Exception]:
    """Units of each line that left, less those that came back; zero while nothing is booked."""
    orders = _orders_of(context, lines)
    shipments = await shipments_of_orders(context, orders)
    return _quantities(lines, orders, shipments, status.shipped_quantities)


async def invoiced_quantities_of(
    context: Context, lines: Sequence[OrderLine], _: Wanted
) -> Sequence[Decimal | Exception]:
    """Units of each line that were billed; zero while nothing is booked."""
    orders = _orders_of(context, lines)
    invoices = await invoices_of_orders(context, orders)
    return _quantities(lines, orders, invoices, status.invoiced_quantities)


def _orders_of(context: Context, lines: Sequence[OrderLine]) -> list[Order]:
    served = served_orders(context)
    return list({order.ref: order for line in lines if (order := served.get(line.order))}.values())


def _quantities(
    lines: Sequence[OrderLine],
    orders: Sequence[Order],
    documents: Sequence[Sequence[T] | Fault],
    count: Callable[[Sequence[T]], dict[status.LineKey, Decimal]],
) -> list[Decimal | Exception]:
    done: dict[status.LineKey, Decimal] = {}
    silent: dict[Ref, Fault] = {}
    for order, held in zip(orders, documents, strict=True):
        if isinstance(held, Fault):
            silent.update({record.ref: held for record in order.records()})
        else:
            done.update(count(held))
    return [silent.get(line.order) or done.get((line.order, line.key), Decimal(0)) for line in lines]
