"""Payments: money that came in, and what it was used for."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.refs import Ref, SystemReference


class PaymentStatus(Enum):
    """Where a payment stands."""

    PENDING = "PENDING"
    AUTHORIZED = "AUTHORIZED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    CANCELLED = "CANCELLED"


class Payment(Struct, frozen=True, kw_only=True, weakref=True):
    """Money received; `unapplied` is what no invoice used yet. `customer_key` is in the same system. Times are UTC."""

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    legal_entity_code: str | None = None
    number: Told[str] = UNSET
    method: Told[str] = UNSET
    status: Told[PaymentStatus] = UNSET
    customer_key: Told[str] = UNSET
    amount: Told[Money] = UNSET
    unapplied: Told[Money] = UNSET
    received_at: Told[datetime] = UNSET
    applications: Told[tuple[PaymentApplication, ...]] = UNSET


class PaymentApplication(Struct, frozen=True, kw_only=True, weakref=True):
    """The part of one payment that was used for one invoice.

    `payment` holds what was asked of the payment; it is None where money came in that nobody names (write-offs).
    """

    invoice_ref: Ref
    amount: Money | None
    applied_at: datetime | None
    payment: Payment | None = None
