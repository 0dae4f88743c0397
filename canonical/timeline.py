"""What happened to an order, from quote to cash."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from canonical.money import Money
from canonical.refs import Ref, SystemReference


class TimelineArea(Enum):
    """The part of the business something happened in, in the order of the process."""

    QUOTE = "QUOTE"
    ORDER = "ORDER"
    CREDIT = "CREDIT"
    TAX = "TAX"
    FULFILLMENT = "FULFILLMENT"
    INVOICE = "INVOICE"
    PAYMENT = "PAYMENT"
    CONTRACT = "CONTRACT"
    EXCEPTION = "EXCEPTION"


class TimelineKind(Enum):
    """What happened; the members stand in the order of the process, which breaks ties of time."""

    QUOTE_CREATED = "QUOTE_CREATED"
    QUOTE_APPROVED = "QUOTE_APPROVED"
    QUOTE_ACCEPTED = "QUOTE_ACCEPTED"
    SIGNATURE_COMPLETED = "SIGNATURE_COMPLETED"
    ORDER_CREATED = "ORDER_CREATED"
    ORDER_SUBMITTED = "ORDER_SUBMITTED"
    CREDIT_CHECKED = "CREDIT_CHECKED"
    HOLD_PLACED = "HOLD_PLACED"
    HOLD_RELEASED = "HOLD_RELEASED"
    TAX_CALCULATED = "TAX_CALCULATED"
    ORDER_BOOKED = "ORDER_BOOKED"
    ORDER_AMENDED = "ORDER_AMENDED"
    ORDER_CANCELLED = "ORDER_CANCELLED"
    SHIPMENT_PLANNED = "SHIPMENT_PLANNED"
    SHIPMENT_POSTED = "SHIPMENT_POSTED"
    SHIPMENT_MILESTONE = "SHIPMENT_MILESTONE"
    SHIPMENT_DELIVERED = "SHIPMENT_DELIVERED"
    INVOICE_GENERATED = "INVOICE_GENERATED"
    INVOICE_OVERDUE = "INVOICE_OVERDUE"
    PAYMENT_RECEIVED = "PAYMENT_RECEIVED"
    PAYMENT_APPLIED = "PAYMENT_APPLIED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    CREDIT_MEMO_ISSUED = "CREDIT_MEMO_ISSUED"
    CONTRACT_AMENDED = "CONTRACT_AMENDED"
    EXCEPTION_RAISED = "EXCEPTION_RAISED"
    EXCEPTION_RESOLVED = "EXCEPTION_RESOLVED"


class TimelineEntry(Struct, frozen=True, kw_only=True, weakref=True):
    """One happening. `key` is the same for the same happening, whichever way it was learnt; `at` is UTC.

    `subject` names the concept ('Order', 'Shipment', ...) and the record it is about; `legal_entity` is the code of
    the books that it stands in, None for what belongs to the whole order.
    """

    key: str
    at: datetime
    area: TimelineArea
    kind: TimelineKind
    title: str
    system: str
    detail: str | None = None
    amount: Money | None = None
    reference: SystemReference | None = None
    subject: tuple[str, Ref] | None = None
    legal_entity: str | None = None
