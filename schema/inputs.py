"""What people ask with, and how it becomes canonical."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from canonical.refs import Ref
from resolvers import naming
from schema.enums import InvoiceStatus, OrderStatus


@strawberry.input
class ReferenceInput:
    """A record by its system and that system's own key."""

    system: str
    key: str


@strawberry.input(
    description="A document's number as people quote it; numbers repeat across legal entities, and an ambiguous one is "
    "an error that lists the candidates."
)
class DocumentNumber:
    """A number, and the legal entity where that is needed."""

    value: str
    legal_entity: str | None = None


@strawberry.input(one_of=True)
class CustomerBy:
    """One way of naming a customer."""

    id: strawberry.ID | None = strawberry.UNSET
    crm_id: strawberry.ID | None = strawberry.UNSET
    reference: ReferenceInput | None = strawberry.UNSET


@strawberry.input(one_of=True)
class OrderBy:
    """One way of naming an order."""

    id: strawberry.ID | None = strawberry.UNSET
    crm_id: strawberry.ID | None = strawberry.UNSET
    document: DocumentNumber | None = strawberry.UNSET
    reference: ReferenceInput | None = strawberry.UNSET


@strawberry.input(one_of=True)
class InvoiceBy:
    """One way of naming an invoice."""

    id: strawberry.ID | None = strawberry.UNSET
    document: DocumentNumber | None = strawberry.UNSET
    reference: ReferenceInput | None = strawberry.UNSET


@strawberry.input(one_of=True)
class QuoteBy:
    """One way of naming a quote."""

    id: strawberry.ID | None = strawberry.UNSET
    crm_id: strawberry.ID | None = strawberry.UNSET
    document: DocumentNumber | None = strawberry.UNSET
    reference: ReferenceInput | None = strawberry.UNSET


@strawberry.input
class CustomerFilter:
    """What a list of customers is narrowed to."""

    search: str | None = None
    legal_entity: str | None = None
    updated_since: datetime | None = None


@strawberry.input
class ProductFilter:
    """What a list of products is narrowed to."""

    search: str | None = None


@strawberry.input(
    description="source: the opportunity, quote or account in the CRM that the orders came from. withExceptions: those "
    "about which something is to be looked at, or the others."
)
class OrderFilter:
    """What a list of orders is narrowed to."""

    status: list[OrderStatus] | None = None
    customer: CustomerBy | None = None
    source: ReferenceInput | None = None
    legal_entity: str | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    search: str | None = None
    with_exceptions: bool | None = None


@strawberry.input
class InvoiceFilter:
    """What a list of invoices is narrowed to."""

    status: list[InvoiceStatus] | None = None
    customer: CustomerBy | None = None
    legal_entity: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    overdue: bool | None = None


def given(value: object) -> str | None:
    """The text, None where it was left out."""
    return str(value) if isinstance(value, str) else None


def ref(given: ReferenceInput | None) -> Ref | None:
    """The reference, None where it was left out."""
    return Ref(given.system, given.key) if isinstance(given, ReferenceInput) else None


def _document(given: DocumentNumber | None) -> naming.DocumentNamed | None:
    if not isinstance(given, DocumentNumber):
        return None
    return naming.DocumentNamed(value=given.value, legal_entity=given.legal_entity)


def customer_named(by: CustomerBy) -> naming.CustomerNamed:
    """The same naming in canonical form."""
    return naming.CustomerNamed(id=given(by.id), crm_id=given(by.crm_id), reference=ref(by.reference))


def order_named(by: OrderBy) -> naming.OrderNamed:
    """The same naming in canonical form."""
    return naming.OrderNamed(
        id=given(by.id), crm_id=given(by.crm_id), document=_document(by.document), reference=ref(by.reference)
    )


def quote_named(by: QuoteBy) -> naming.QuoteNamed:
    """The same naming in canonical form."""
    return naming.QuoteNamed(
        id=given(by.id), crm_id=given(by.crm_id), document=_document(by.document), reference=ref(by.reference)
    )


def invoice_named(by: InvoiceBy) -> naming.InvoiceNamed:
    """The same naming in canonical form."""
    return naming.InvoiceNamed(id=given(by.id), document=_document(by.document), reference=ref(by.reference))


def order_filter(given: OrderFilter | None) -> naming.OrderFilterAsked | None:
    """The same filter in canonical form."""
    if given is None:
        return None
    return naming.OrderFilterAsked(
        status=tuple(given.status) if given.status is not None else None,
        customer=customer_named(given.customer) if given.customer else None,
        source=ref(given.source),
        legal_entity=given.legal_entity,
        ordered_from=given.ordered_from,
        ordered_to=given.ordered_to,
        search=given.search,
        with_exceptions=given.with_exceptions,
    )


def invoice_filter(given: InvoiceFilter | None) -> naming.InvoiceFilterAsked | None:
    """The same filter in canonical form."""
    if given is None:
        return None
    return naming.InvoiceFilterAsked(
        status=tuple(given.status) if given.status is not None else None,
        customer=customer_named(given.customer) if given.customer else None,
        legal_entity=given.legal_entity,
        due_from=given.due_from,
        due_to=given.due_to,
        overdue=given.overdue,
    )
