"""Orders: as one system tells them, and the words for where one stands."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.customer import Address, CustomerRecord
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.refs import Ref, SystemReference


class OrderStatus(Enum):
    """One lifecycle over all systems; the first that holds wins, from CANCELLED up to DRAFT (canonical/status.py)."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    ON_HOLD = "ON_HOLD"
    BOOKED = "BOOKED"
    IN_FULFILLMENT = "IN_FULFILLMENT"
    FULFILLED = "FULFILLED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class FulfillmentStatus(Enum):
    """How much of what can be shipped has gone."""

    NOT_STARTED = "NOT_STARTED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    PARTIALLY_RETURNED = "PARTIALLY_RETURNED"
    RETURNED = "RETURNED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class InvoicingStatus(Enum):
    """How much has been billed."""

    NOT_INVOICED = "NOT_INVOICED"
    PARTIALLY_INVOICED = "PARTIALLY_INVOICED"
    INVOICED = "INVOICED"
    CREDITED = "CREDITED"


class OrderPaymentStatus(Enum):
    """How much of what was billed has been paid."""

    NOT_DUE = "NOT_DUE"
    OPEN = "OPEN"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    OVERDUE = "OVERDUE"
    REFUNDED = "REFUNDED"


class HoldKind(Enum):
    """What keeps an order from going on."""

    CREDIT = "CREDIT"
    BILLING = "BILLING"
    DELIVERY = "DELIVERY"
    PRICING = "PRICING"
    TAX = "TAX"
    APPROVAL = "APPROVAL"
    OTHER = "OTHER"


class Stage(Enum):
    """How far one system's own record of an order has come, before anything is shipped."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    BOOKED = "BOOKED"
    CANCELLED = "CANCELLED"


class Hold(Struct, frozen=True, kw_only=True):
    """Something that blocks an order in one system; `since` is UTC, `owner` whoever can release it."""

    kind: HoldKind
    system: str
    reason: str | None = None
    since: datetime | None = None
    owner: str | None = None


class SystemStatus(Struct, frozen=True):
    """A system's own word for where its record stands, and since when (UTC) where it says."""

    system: str
    status: str
    at: datetime | None = None


class OrderLine(Struct, frozen=True, kw_only=True, weakref=True):
    """One line of one system's order.

    `order` is the record it belongs to and `key` the line's own key in it. `partner_key` is the reference it carries to
    the same line elsewhere. `shippable` is False for what is never delivered (services), `cancelled` when rejected.
    """

    order: Ref
    key: str
    number: Told[str] = UNSET
    partner_key: Told[str] = UNSET
    sku: Told[str] = UNSET
    description: Told[str] = UNSET
    quantity: Told[Decimal] = UNSET
    unit: Told[str] = UNSET
    unit_price: Told[Money] = UNSET
    amount: Told[Money] = UNSET
    tax: Told[Money] = UNSET
    legal_entity_code: str | None = None
    starts_on: Told[date] = UNSET
    ends_on: Told[date] = UNSET
    segment: Told[int] = UNSET
    parent_key: Told[str] = UNSET
    shippable: bool = True
    cancelled: bool = False


class OrderRecord(Struct, frozen=True, kw_only=True, weakref=True):
    """One system's telling of an order: in a CRM the sale, in an ERP the booking of one legal entity.

    `partner_keys`: the references it carries to the same order elsewhere, as the record holds them: an ERP record the
    CRM key or the free text people typed, a CRM record the ERP numbers written back. `customer_key` is the customer's
    key in the same system; `customer` is its record where `wanted.customer` asked for it and the same call could bring
    it (UNSET otherwise). `subtotal` is net, `total` gross. `ordered_at` is what this system lists orders by, newest
    first. Status facts (`stage`, `status`, `holds`) are always told.
    """

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    stage: Stage
    status: SystemStatus
    ordered_at: datetime
    number: str | None = None
    partner_keys: tuple[str, ...] = ()
    holds: tuple[Hold, ...] = ()
    customer_key: Told[str] = UNSET
    customer_name: Told[str] = UNSET
    customer: Told[CustomerRecord] = UNSET
    ship_to: Told[Address] = UNSET
    quote_key: Told[str] = UNSET
    opportunity_key: Told[str] = UNSET
    contract_key: Told[str] = UNSET
    legal_entity_code: str | None = None
    currency_code: Told[str] = UNSET
    purchase_order_number: Told[str] = UNSET
    requested_delivery_date: Told[date] = UNSET
    subtotal: Told[Money] = UNSET
    tax: Told[Money] = UNSET
    total: Told[Money] = UNSET
    lines: Told[tuple[OrderLine, ...]] = UNSET
    created_at: Told[datetime] = UNSET
    submitted_at: Told[datetime] = UNSET
    booked_at: Told[datetime] = UNSET
    cancelled_at: Told[datetime] = UNSET
    amended_at: Told[datetime] = UNSET
    version: Told[str] = UNSET
