"""How people name a record: by our id, the CRM's id, a document's number, or any system's own key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from msgspec import Struct

from canonical.errors import Mistake, ProblemCategory
from canonical.invoice import InvoiceStatus
from canonical.order import OrderStatus
from canonical.refs import Ref

T = TypeVar("T")


class DocumentNamed(Struct, frozen=True, kw_only=True):
    """A document's number as people quote it, and the legal entity where the number alone is not enough."""

    value: str
    legal_entity: str | None = None


class CustomerNamed(Struct, frozen=True, kw_only=True):
    """One way of naming a customer; exactly one is set."""

    id: str | None = None
    crm_id: str | None = None
    reference: Ref | None = None


class OrderNamed(Struct, frozen=True, kw_only=True):
    """One way of naming an order; exactly one is set."""

    id: str | None = None
    crm_id: str | None = None
    document: DocumentNamed | None = None
    reference: Ref | None = None


class InvoiceNamed(Struct, frozen=True, kw_only=True):
    """One way of naming an invoice; exactly one is set."""

    id: str | None = None
    document: DocumentNamed | None = None
    reference: Ref | None = None


class QuoteNamed(Struct, frozen=True, kw_only=True):
    """One way of naming a quote; exactly one is set."""

    id: str | None = None
    crm_id: str | None = None
    document: DocumentNamed | None = None
    reference: Ref | None = None


class OrderFilterAsked(Struct, frozen=True, kw_only=True):
    """What a list of orders is to be narrowed to, as it was asked."""

    status: tuple[OrderStatus, ...] | None = None
    customer: CustomerNamed | None = None
    source: Ref | None = None
    legal_entity: str | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    search: str | None = None
    with_exceptions: bool | None = None


class InvoiceFilterAsked(Struct, frozen=True, kw_only=True):
    """What a list of invoices is to be narrowed to, as it was asked."""

    status: tuple[InvoiceStatus, ...] | None = None
    customer: CustomerNamed | None = None
    legal_entity: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    overdue: bool | None = None


def only_one(found: Sequence[T], number: str, candidates: Sequence[str]) -> T | None:
    """The one that was found, None for none; several are a Mistake with code AMBIGUOUS_NUMBER that lists them."""
    if len(found) > 1:
        listed = "; ".join(dict.fromkeys(candidates))
        raise Mistake(
            "AMBIGUOUS_NUMBER",
            f"{len(found)} documents have the number {number[:40]!r}: {listed}. Name the legal entity, or use an id.",
            ProblemCategory.CONFLICT,
        )
    return found[0] if found else None
