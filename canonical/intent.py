"""What somebody wants done, as it was asked for: the input of a submission, free of the graph's spelling.

Keys are of the system that a Ref names. Two inputs that mean the same are equal after `workflows/idempotency.py` has
normalised them, however they were written.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from canonical.customer import Address
from canonical.refs import Ref


class LineAsked(Struct, frozen=True, kw_only=True):
    """One line of an order. `source` is the line it comes from elsewhere, `parent_source` the bundle's that it is in.

    A ramp is several lines of one sku with segments and days. Without `legal_entity` the routing decides.
    """

    sku: str
    quantity: Decimal
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None
    source: Ref | None = None
    parent_source: Ref | None = None
    legal_entity: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    segment: int | None = None
    requested_delivery_date: date | None = None


class SubmitOrder(Struct, frozen=True, kw_only=True, tag="SUBMIT_ORDER"):
    """An order to be booked. `source` is the order, quote or opportunity in the CRM that it comes from."""

    customer: Ref
    currency_code: str
    lines: tuple[LineAsked, ...]
    source: Ref | None = None
    legal_entity: str | None = None
    purchase_order_number: str | None = None
    requested_delivery_date: date | None = None
    ship_to: Address | None = None
    bill_to: Address | None = None


class LineChangeAsked(Struct, frozen=True, kw_only=True):
    """New values for a line: `order` is the record it belongs to and `key` its key there; None leaves a value."""

    order: Ref
    key: str
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    requested_delivery_date: date | None = None


class LineAt(Struct, frozen=True):
    """A line by the record it belongs to and its key there."""

    order: Ref
    key: str


class AmendOrder(Struct, frozen=True, kw_only=True, tag="AMEND_ORDER"):
    """Changes to an order that is booked. `order` is its anchor; `expected_version` the one it was decided on."""

    order: Ref
    add: tuple[LineAsked, ...] = ()
    change: tuple[LineChangeAsked, ...] = ()
    remove: tuple[LineAt, ...] = ()
    requested_delivery_date: date | None = None
    purchase_order_number: str | None = None
    expected_version: str | None = None


class CancelOrder(Struct, frozen=True, kw_only=True, tag="CANCEL_ORDER"):
    """An order to be cancelled in every system that has it."""

    order: Ref
    reason: str


class CreateCustomer(Struct, frozen=True, kw_only=True, tag="CREATE_CUSTOMER"):
    """A customer to be created in the books of one legal entity; `source` is its record in the CRM."""

    name: str
    legal_entity: str
    currency_code: str
    billing_address: Address
    source: Ref | None = None
    email: str | None = None
    tax_number: str | None = None


Intent = SubmitOrder | AmendOrder | CancelOrder | CreateCustomer
"""Whatever can be submitted; stored with its tag."""
