"""What the hand-written peer answers: the graph's types of the two queries as structs, in the graph's own spelling."""

from __future__ import annotations

from msgspec import Struct


class Money(Struct, rename="camel"):
    """An amount."""

    amount: str
    currency_code: str


class Amount(Struct):
    """An amount of which the currency is not asked."""

    amount: str


class Address(Struct):
    """Where a customer is."""

    city: str
    country: str


class Customer(Struct, rename="camel"):
    """Who buys."""

    id: str
    name: str
    billing_address: Address


class Line(Struct, rename="camel"):
    """A line of an order."""

    sku: str
    description: str
    quantity: str
    unit: str
    unit_price: Money
    amount: Money


class ShipmentLine(Struct):
    """A line of a shipment."""

    sku: str
    quantity: str


class Shipment(Struct, rename="camel"):
    """What left."""

    number: str
    status: str
    carrier: str
    tracking_number: str
    shipped_at: str
    lines: list[ShipmentLine]


class Payment(Struct):
    """Money that came in."""

    number: str
    method: str


class Application(Struct, rename="camel"):
    """What of it was used here."""

    amount: Money
    applied_at: str
    payment: Payment


class Invoice(Struct, rename="camel"):
    """What was billed."""

    number: str
    status: str
    due_on: str
    total: Money
    open: Amount
    payments: list[Application]


class Order(Struct, rename="camel"):
    """An order of the page."""

    id: str
    number: str
    status: str
    ordered_at: str
    requested_delivery_date: str
    purchase_order_number: str
    customer: Customer
    total: Money
    lines: list[Line]
    shipments: list[Shipment]
    invoices: list[Invoice]


class Brief(Struct):
    """The single order."""

    id: str
    number: str
    total: Money
