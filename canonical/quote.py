"""Quotes: what was offered, as the system that made the offer tells it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.refs import Ref, SystemReference


class QuoteStatus(Enum):
    """Where an offer stands."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    PRESENTED = "PRESENTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    ORDERED = "ORDERED"


class SignatureState(Enum):
    """Where an electronic signature stands."""

    CREATED = "CREATED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"


class Signature(Struct, frozen=True, kw_only=True):
    """An electronic signature of a quote; times are UTC."""

    reference: SystemReference
    state: SignatureState | None = None
    sent_at: datetime | None = None
    completed_at: datetime | None = None
    signers: tuple[str, ...] | None = None


class QuoteLine(Struct, frozen=True, kw_only=True):
    """One line of an offer; ramps are several lines of one product with segment numbers and dates."""

    ref: Ref
    sku: Told[str] = UNSET
    description: Told[str] = UNSET
    quantity: Told[Decimal] = UNSET
    unit_price: Told[Money] = UNSET
    amount: Told[Money] = UNSET
    starts_on: Told[date] = UNSET
    ends_on: Told[date] = UNSET
    segment: Told[int] = UNSET
    parent_key: Told[str] = UNSET


class QuoteRecord(Struct, frozen=True, kw_only=True, weakref=True):
    """An offer; `customer_key` is the customer's key in the same system. Times are UTC."""

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    number: Told[str] = UNSET
    status: Told[QuoteStatus] = UNSET
    customer_key: Told[str] = UNSET
    opportunity_key: Told[str] = UNSET
    total: Told[Money] = UNSET
    expires_on: Told[date] = UNSET
    lines: Told[tuple[QuoteLine, ...]] = UNSET
    created_at: Told[datetime] = UNSET
    approved_at: Told[datetime] = UNSET
    accepted_at: Told[datetime] = UNSET
