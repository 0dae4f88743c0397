"""What the desk sends: its field names, and only those that we read."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct


class Account(Struct, rename="pascal"):
    """Who buys, as the CRM keeps it."""

    id: str
    name: str
    billing_street: str
    billing_city: str
    billing_postal_code: str
    billing_country: str


class Sale(Struct, rename="pascal"):
    """An order in the CRM."""

    id: str
    order_number: str
    status: str
    ordered_at: datetime
    po_number: str
    erp_number: str
    entity: str
    account: Account


class Sales(Struct):
    """A page of the CRM's orders."""

    rows: list[Sale]
    more: bool


class BookingLine(Struct):
    """A line of an order in the ERP."""

    pos: str
    sku: str
    text: str
    qty: Decimal
    unit: str
    price: Decimal
    net: Decimal


class Booking(Struct):
    """An order in the ERP."""

    key: str
    number: str
    state: str
    hold: str
    entered: datetime
    crm_ref: str
    entity: str
    deliver_on: date
    currency: str
    gross: Decimal
    lines: list[BookingLine]


class Bookings(Struct):
    """A page of the ERP's orders."""

    rows: list[Booking]
    more: bool


class DeliveryLine(Struct):
    """Units of one order line that left."""

    line: str
    sku: str
    qty: Decimal
    unit: str


class Delivery(Struct):
    """Goods that left."""

    key: str
    number: str
    order: str
    entity: str
    state: str
    carrier: str
    tracking: str
    gone_at: datetime
    lines: list[DeliveryLine]


class BillLine(Struct):
    """Units of one order line that were billed."""

    line: str
    qty: Decimal


class Bill(Struct):
    """An invoice."""

    key: str
    number: str
    state: str
    order: str
    entity: str
    issued: date
    due: date
    currency: str
    gross: Decimal
    left: Decimal
    lines: list[BillLine]


class Receipt(Struct):
    """Money that came in for one invoice."""

    key: str
    number: str
    invoice: str
    means: str
    at: datetime
    currency: str
    amount: Decimal
