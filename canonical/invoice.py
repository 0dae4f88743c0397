"""Invoices and credit memos: what was billed, what is open, and what was given back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.money import Money
from canonical.payment import PaymentApplication
from canonical.refs import Ref, SystemReference


class InvoiceStatus(Enum):
    """Where an invoice stands."""

    DRAFT = "DRAFT"
    POSTED = "POSTED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    WRITTEN_OFF = "WRITTEN_OFF"
    CANCELLED = "CANCELLED"


class InvoiceLine(Struct, frozen=True, kw_only=True, weakref=True):
    """One billed line; `order` and `order_line_key` name the order line in the same ERP."""

    ref: Ref
    order: Ref | None = None
    order_line_key: str | None = None
    sku: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    amount: Money | None = None
    tax: Money | None = None


class CreditMemo(Struct, frozen=True, kw_only=True, weakref=True):
    """Money given back; `invoice_refs` are the invoices it credits, `lines` what it credits of them."""

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    legal_entity_code: str | None = None
    invoice_refs: tuple[Ref, ...] = ()
    order_refs: tuple[Ref, ...] = ()
    lines: tuple[InvoiceLine, ...] = ()
    number: Told[str] = UNSET
    total: Told[Money] = UNSET
    open: Told[Money] = UNSET
    issued_on: Told[date] = UNSET
    created_at: Told[datetime] = UNSET
    reason: Told[str] = UNSET


class Invoice(Struct, frozen=True, kw_only=True, weakref=True):
    """One invoice of one legal entity. `order_refs` are the ERP orders it bills: a collective invoice has several.

    `subtotal` is net, `total` gross, `paid` and `open` add up to it less credits. `customer_key` is the payer in the
    same system. `payments` are the applications of payments to this invoice, oldest first. Times are UTC.
    """

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    legal_entity_code: str | None = None
    order_refs: tuple[Ref, ...] = ()
    number: Told[str] = UNSET
    status: Told[InvoiceStatus] = UNSET
    disputed: Told[bool] = UNSET
    customer_key: Told[str] = UNSET
    issued_on: Told[date] = UNSET
    created_at: Told[datetime] = UNSET
    due_on: Told[date] = UNSET
    subtotal: Told[Money] = UNSET
    tax: Told[Money] = UNSET
    total: Told[Money] = UNSET
    paid: Told[Money] = UNSET
    open: Told[Money] = UNSET
    lines: Told[tuple[InvoiceLine, ...]] = UNSET
    payments: Told[tuple[PaymentApplication, ...]] = UNSET
    credit_memos: Told[tuple[CreditMemo, ...]] = UNSET
