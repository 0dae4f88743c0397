"""What a system is asked to book, change and create, and what it answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from canonical.customer import Address, Credit
from canonical.errors import ProblemCategory
from canonical.money import Money
from canonical.refs import Ref, SystemReference


class LineRequest(Struct, frozen=True, kw_only=True):
    """One line to be booked.

    `source_key` is the line's key in the CRM, `parent` the place (from 0) of the bundle's line that it is part of.
    Without `unit_price` the ERP's own price holds. `discount_percent` is off the unit price, 0 to 100. A ramp is
    several lines of one sku with segments and days.
    """

    sku: str
    quantity: Decimal
    source_key: str | None = None
    parent: int | None = None
    unit_price: Decimal | None = None
    discount_percent: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    segment: int | None = None
    requested_delivery_date: date | None = None


class OrderRequest(Struct, frozen=True, kw_only=True):
    """One order for the books of one legal entity.

    `reference` is ours: unique, at most 35 plain characters, and carried by the ERP as its external reference, so that
    the order is found again whatever happened to the answer. `customer_key` is the customer's in that ERP.
    """

    reference: str
    legal_entity_code: str
    customer_key: str
    currency_code: str
    lines: tuple[LineRequest, ...]
    crm_order_key: str | None = None
    purchase_order_number: str | None = None
    requested_delivery_date: date | None = None
    ship_to: Address | None = None
    bill_to: Address | None = None


class OrderAcknowledgment(Struct, frozen=True, kw_only=True):
    """An order that stands in an ERP's books. `line_keys` are its lines' keys there, in the order of the request."""

    order: Ref
    reference: SystemReference
    number: str | None
    state: str
    line_keys: tuple[str, ...] = ()
    version: str | None = None
    cancelled: bool = False
    warnings: tuple[str, ...] = ()


class Refusal(Struct, frozen=True):
    """Why an ERP would not take an order, or a line of it.

    `field` is the value of the order or of the line that it is about, as `OrderRequest` and `LineRequest` name it.
    """

    sentence: str
    category: ProblemCategory = ProblemCategory.SYSTEM_REFUSED
    field: str | None = None


class LineQuotation(Struct, frozen=True, kw_only=True):
    """What an ERP would make of one line; None where it does not say. `refusal`: why it would not take it."""

    sku: str
    quantity: Decimal
    unit_price: Money | None = None
    amount: Money | None = None
    tax: Money | None = None
    unit: str | None = None
    available_on: date | None = None
    refusal: Refusal | None = None


class OrderQuotation(Struct, frozen=True, kw_only=True):
    """What an ERP would make of an order, line by line in the request's order; nothing was written."""

    lines: tuple[LineQuotation, ...]
    subtotal: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    credit: Credit | None = None
    refusals: tuple[Refusal, ...] = ()


class LineChange(Struct, frozen=True, kw_only=True):
    """New values for a line that is booked, by its key in the ERP; None leaves a value as it is."""

    key: str
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    requested_delivery_date: date | None = None


class Amendment(Struct, frozen=True, kw_only=True):
    """Changes to one booked order, all or none.

    `reference` is the amendment's own, unique: where an ERP can carry it, a lost answer is found again by it.
    `expected_version` is the version that the change was decided on, None to change whatever stands there.
    """

    reference: str
    order_key: str
    legal_entity_code: str
    add: tuple[LineRequest, ...] = ()
    change: tuple[LineChange, ...] = ()
    remove: tuple[str, ...] = ()
    requested_delivery_date: date | None = None
    purchase_order_number: str | None = None
    expected_version: str | None = None


class CustomerRequest(Struct, frozen=True, kw_only=True):
    """A customer to be created in the books of one legal entity, carrying our reference and the CRM's key."""

    reference: str
    legal_entity_code: str
    name: str
    currency_code: str
    billing_address: Address
    crm_key: str | None = None
    shipping_address: Address | None = None
    email: str | None = None
    tax_number: str | None = None


class CustomerAcknowledgment(Struct, frozen=True, kw_only=True):
    """A customer that stands in an ERP's books."""

    customer: Ref
    reference: SystemReference
    number: str | None


class WriteBack(Struct, frozen=True, kw_only=True):
    """What a CRM's order is told of its booking: the ERPs' numbers, and that it is booked, cancelled or failed.

    `line_keys`: pairs of the CRM line's key and the ERP line's. `failed`: why nothing was booked, in words.
    """

    order_key: str
    reference: str
    numbers: tuple[str, ...]
    line_keys: tuple[tuple[str, str], ...] = ()
    cancelled: bool = False
    failed: str | None = None


class CrmOrderRequest(Struct, frozen=True, kw_only=True):
    """An order to stand in the CRM too, because it was born elsewhere; keys are the CRM's own."""

    reference: str
    customer_key: str
    currency_code: str
    starts_on: date
    lines: tuple[LineRequest, ...]
    quote_key: str | None = None
    opportunity_key: str | None = None
    legal_entity_code: str | None = None
    purchase_order_number: str | None = None
