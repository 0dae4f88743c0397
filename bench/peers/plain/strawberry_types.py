"""The part of the graph that the two queries read, declared and resolved the plain way."""

from __future__ import annotations

import asyncio
from datetime import date
from enum import Enum
from typing import NewType

import strawberry
from strawberry.types import Info
from strawberry.types.scalar import ScalarDefinition

from bench.peers.plain import answers, mapping, wire
from bench.peers.plain.strawberry_loads import Loads

Asked = Info[Loads, None]
Number = NewType("Number", str)
Day = NewType("Day", str)
Instant = NewType("Instant", str)


def _text(name: str) -> ScalarDefinition:
    """A scalar whose values are texts already."""
    return ScalarDefinition(
        name=name,
        description=None,
        specified_by_url=None,
        serialize=str,
        parse_value=str,
        parse_literal=None,
        origin=None,
    )


SCALARS: dict[object, ScalarDefinition] = {
    Number: _text("Decimal"),
    Day: _text("Date"),
    Instant: _text("DateTime"),
}


@strawberry.enum
class OrderStatus(Enum):
    """One lifecycle over all systems."""

    ON_HOLD = "ON_HOLD"
    BOOKED = "BOOKED"
    IN_FULFILLMENT = "IN_FULFILLMENT"
    FULFILLED = "FULFILLED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class ShipmentStatus(Enum):
    """Where a shipment stands."""

    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"


@strawberry.enum
class InvoiceStatus(Enum):
    """Where an invoice stands."""

    POSTED = "POSTED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"


@strawberry.type
class Money:
    """An amount."""

    amount: Number
    currency_code: str


@strawberry.type
class Address:
    """Where a customer is."""

    city: str | None
    country: str | None


@strawberry.type
class Customer:
    """Who buys."""

    id: strawberry.ID
    name: str | None
    billing_address: Address | None


@strawberry.type
class OrderLine:
    """A line of an order."""

    sku: str | None
    description: str | None
    quantity: Number | None
    unit: str | None
    unit_price: Money | None
    amount: Money | None


@strawberry.type
class ShipmentLine:
    """A line of a shipment."""

    sku: str | None
    quantity: Number | None


@strawberry.type
class Shipment:
    """What left."""

    number: str | None
    status: ShipmentStatus | None
    carrier: str | None
    tracking_number: str | None
    shipped_at: Instant | None
    lines: list[ShipmentLine] | None


@strawberry.type
class Payment:
    """Money that came in."""

    number: str | None
    method: str | None


@strawberry.type
class PaymentApplication:
    """What of it was used for an invoice."""

    amount: Money | None
    applied_at: Instant | None
    payment: Payment | None


@strawberry.type
class Invoice:
    """What was billed."""

    key: strawberry.Private[str]
    number: str | None
    status: InvoiceStatus | None
    due_on: Day | None
    total: Money | None
    open: Money | None

    @strawberry.field
    async def payments(self, info: Asked) -> list[PaymentApplication] | None:
        """What was paid of it."""
        return [_application(row) for row in await info.context.receipts.load(self.key)]


@strawberry.type
class Order:
    """An order."""

    row: strawberry.Private[wire.Booking]
    id: strawberry.ID
    number: str | None
    ordered_at: Instant | None
    requested_delivery_date: Day | None
    purchase_order_number: str | None
    customer: Customer | None
    total: Money | None
    lines: list[OrderLine] | None

    @strawberry.field
    async def status(self, info: Asked) -> OrderStatus | None:
        """The one lifecycle."""
        load, key = info.context, self.row.key
        deliveries, bills = await asyncio.gather(load.deliveries.load(key), load.bills.load(key))
        return OrderStatus(mapping.status(self.row, deliveries, bills))

    @strawberry.field
    async def shipments(self, info: Asked) -> list[Shipment] | None:
        """What left."""
        return [_shipment(row) for row in await info.context.deliveries.load(self.row.key)]

    @strawberry.field
    async def invoices(self, info: Asked) -> list[Invoice] | None:
        """What was billed."""
        return [_invoice(row) for row in await info.context.bills.load(self.row.key)]


@strawberry.type
class OrderConnection:
    """A page."""

    nodes: list[Order]


@strawberry.input
class OrderFilter:
    """What a page is narrowed to."""

    ordered_to: Day | None = None


@strawberry.input(one_of=True)
class OrderBy:
    """How an order is named."""

    id: strawberry.ID | None = strawberry.UNSET


@strawberry.type
class Query:
    """The two questions."""

    @strawberry.field
    async def orders(self, info: Asked, first: int = 20, filter: OrderFilter | None = None) -> OrderConnection | None:
        """A page, newest first."""
        desk, until = info.context.desk, str(filter.ordered_to if filter and filter.ordered_to else date.max)
        _, listed = await asyncio.gather(desk.open_sales(until, first + 1), desk.listed_bookings(until, first + 1))
        booked = listed[:first]
        sales = {row.id: row for row in await desk.sales(row.crm_ref for row in booked)}
        return OrderConnection(nodes=[_order(sales[row.crm_ref], row) for row in booked])

    @strawberry.field
    async def order(self, info: Asked, by: OrderBy) -> Order | None:
        """One order by its id."""
        key, desk = mapping.key_of(by.id or ""), info.context.desk
        sales, booked = await asyncio.gather(desk.sales([key]), desk.bookings_of_sales([key]))
        return _order(sales[0], booked[0]) if sales and booked else None


def _money(held: answers.Money) -> Money:
    return Money(amount=Number(held.amount), currency_code=held.currency_code)


def _order(sale: wire.Sale, row: wire.Booking) -> Order:
    who = mapping.customer(sale.account)
    place = Address(city=who.billing_address.city, country=who.billing_address.country)
    return Order(
        row=row,
        id=strawberry.ID(mapping.global_id("Order", sale.id)),
        number=row.number,
        ordered_at=Instant(mapping.instant(sale.ordered_at)),
        requested_delivery_date=Day(row.deliver_on),
        purchase_order_number=sale.po_number,
        customer=Customer(id=strawberry.ID(who.id), name=who.name, billing_address=place),
        total=_money(mapping.money(row.gross, row.currency)),
        lines=[_line(line) for line in mapping.lines(row)],
    )


def _line(line: answers.Line) -> OrderLine:
    return OrderLine(
        sku=line.sku,
        description=line.description,
        quantity=Number(line.quantity),
        unit=line.unit,
        unit_price=_money(line.unit_price),
        amount=_money(line.amount),
    )


def _shipment(row: wire.Delivery) -> Shipment:
    held = mapping.shipment(row)
    return Shipment(
        number=held.number,
        status=ShipmentStatus(held.status),
        carrier=held.carrier,
        tracking_number=held.tracking_number,
        shipped_at=Instant(held.shipped_at),
        lines=[ShipmentLine(sku=line.sku, quantity=Number(line.quantity)) for line in held.lines],
    )


def _invoice(row: wire.Bill) -> Invoice:
    return Invoice(
        key=row.key,
        number=row.number,
        status=InvoiceStatus(mapping.billed(row)),
        due_on=Day(row.due),
        total=_money(mapping.money(row.gross, row.currency)),
        open=_money(mapping.money(row.left, row.currency)),
    )


def _application(row: wire.Receipt) -> PaymentApplication:
    held = mapping.application(row)
    payment = Payment(number=held.payment.number, method=held.payment.method)
    return PaymentApplication(amount=_money(held.amount), applied_at=Instant(held.applied_at), payment=payment)
