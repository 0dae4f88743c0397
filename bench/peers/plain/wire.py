"""What the desk sends, as text: whoever only hands values on need not make numbers and days of them."""

from __future__ import annotations

from msgspec import Struct


class Account(Struct, rename="pascal"):
    """Who buys."""

    id: str
    name: str
    billing_city: str
    billing_country: str


class Sale(Struct, rename="pascal"):
    """An order in the CRM."""

    id: str
    ordered_at: str
    po_number: str
    account: Account


class Sales(Struct):
    """A page of the CRM's orders."""

    rows: list[Sale]


class BookingLine(Struct):
    """A line of an order in the ERP."""

    pos: str
    sku: str
    text: str
    qty: str
    unit: str
    price: str
    net: str


class Booking(Struct):
    """An order in the ERP."""

    key: str
    number: str
    state: str
    hold: str
    crm_ref: str
    deliver_on: str
    currency: str
    gross: str
    lines: list[BookingLine]


class Bookings(Struct):
    """A page of the ERP's orders."""

    rows: list[Booking]


class DeliveryLine(Struct):
    """Units that left."""

    line: str
    sku: str
    qty: str


class Delivery(Struct):
    """Goods that left."""

    number: str
    order: str
    state: str
    carrier: str
    tracking: str
    gone_at: str
    lines: list[DeliveryLine]


class BillLine(Struct):
    """Units that were billed."""

    line: str
    qty: str


class Bill(Struct):
    """An invoice."""

    key: str
    number: str
    state: str
    order: str
    due: str
    currency: str
    gross: str
    left: str
    lines: list[BillLine]


class Receipt(Struct):
    """Money that came in for one invoice."""

    number: str
    invoice: str
    means: str
    at: str
    currency: str
    amount: str
