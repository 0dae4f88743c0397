"""What people want done, with customers, orders and lines as people name them; elsewhere as `canonical/intent.py`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from canonical.customer import Address
from canonical.intent import LineAsked
from canonical.refs import Ref
from resolvers.naming import CustomerNamed


class OrderAsked(Struct, frozen=True, kw_only=True):
    """An order to be booked."""

    customer: CustomerNamed
    currency_code: str
    lines: tuple[LineAsked, ...]
    source: Ref | None = None
    legal_entity: str | None = None
    purchase_order_number: str | None = None
    requested_delivery_date: date | None = None
    ship_to: Address | None = None
    bill_to: Address | None = None


class LineChangeNamed(Struct, frozen=True, kw_only=True):
    """New values for the line of this id."""

    id: str
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    requested_delivery_date: date | None = None


class AmendmentAsked(Struct, frozen=True, kw_only=True):
    """Changes to an order; `remove` are ids of lines."""

    add: tuple[LineAsked, ...] = ()
    change: tuple[LineChangeNamed, ...] = ()
    remove: tuple[str, ...] = ()
    requested_delivery_date: date | None = None
    purchase_order_number: str | None = None
    expected_version: str | None = None
