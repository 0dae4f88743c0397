"""Invoices, credit memos and payments, and their pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.federation import type as federated

from canonical import invoice as words
from canonical.payment import Payment as PaymentRecord
from canonical.wanted import Wanted
from engine.seam import batch, derived
from resolvers import documents, identities, invoices, legal_entities, order_lines
from resolvers import forecast_fields as forecast
from resolvers import lineage as origins
from resolvers.context import Context
from schema.customer import Customer
from schema.enums import InvoiceStatus, PaymentStatus
from schema.legal_entity import LegalEntity
from schema.lineage import FieldLineage
from schema.scalars import Cursor
from schema.values import Money, Node, PageInfo, SourceGap, SystemReference

if TYPE_CHECKING:
    from schema.order import Order, OrderLine


async def _lineage_of(
    context: Context, parents: Sequence[words.Invoice], wanted: Wanted, fields: list[str] | None = None
) -> Sequence[object]:
    return await origins.of_invoices(context, parents, wanted, fields)


@strawberry.type
class InvoiceLine:
    """One billed line."""

    id: strawberry.ID = derived(identities.invoice_line_id, needs=["ref"])
    sku: str | None
    description: str | None
    quantity: Decimal | None
    amount: Money | None
    tax: Money | None
    order_line: Annotated[OrderLine, strawberry.lazy("schema.order")] | None = batch(
        order_lines.of_parents, needs=["order", "order_line_key"], reads=forecast.orders_of_documents
    )


@strawberry.type
class PaymentApplication:
    """The part of a payment that was used for one invoice."""

    payment: Payment | None
    invoice: Invoice | None = batch(
        documents.invoices_of_applications, needs=["invoice_ref"], reads=forecast.invoices_of_payments
    )
    amount: Money | None
    applied_at: datetime | None


@federated(keys=["id"])
class CreditMemo(Node):
    """Money given back."""

    id: strawberry.ID = derived(identities.credit_memo_id, needs=["ref"])
    number: str | None
    total: Money | None
    open: Money | None
    issued_on: date | None
    reason: str | None
    invoices: list[Invoice] | None = batch(
        documents.invoices_of_memos, needs=["invoice_refs"], reads=forecast.invoices_of_payments
    )
    references: list[SystemReference] = derived(identities.own_reference, needs=["reference"])

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, words.CreditMemo)


@federated(keys=["id"])
class Payment(Node):
    """Money received."""

    id: strawberry.ID = derived(identities.payment_id, needs=["ref"])
    number: str | None
    method: str | None
    status: PaymentStatus | None
    customer: Customer | None = batch(
        documents.customers_of, needs=["customer_key"], reads=forecast.customers_of_documents
    )
    amount: Money | None
    unapplied: Money | None
    received_at: datetime | None
    applications: list[PaymentApplication] | None = batch(
        documents.applications_of, needs=["applications"], reads=forecast.applications_of_payments
    )
    references: list[SystemReference] = derived(identities.own_reference, needs=["reference"])

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, PaymentRecord)


@federated(keys=["id"])
class Invoice(Node):
    """One invoice of one legal entity."""

    id: strawberry.ID = derived(identities.invoice_id, needs=["ref"])
    number: str | None
    status: InvoiceStatus | None
    disputed: bool | None
    orders: list[Annotated[Order, strawberry.lazy("schema.order")]] | None = batch(
        documents.orders_of,
        needs=["order_refs"],
        reads=forecast.orders_of_documents,
        description="A collective invoice has several.",
    )
    customer: Customer | None = batch(
        documents.customers_of, needs=["customer_key"], reads=forecast.customers_of_documents
    )
    legal_entity: LegalEntity | None = batch(legal_entities.of_parents, needs=["legal_entity_code"])
    issued_on: date | None
    due_on: date | None
    overdue_days: int | None = batch(invoices.overdue_days_of, needs=["due_on", "open", "status"])
    subtotal: Money | None
    tax: Money | None
    total: Money | None
    paid: Money | None
    open: Money | None
    lines: list[InvoiceLine] | None
    payments: list[PaymentApplication] | None
    credit_memos: list[CreditMemo] | None
    references: list[SystemReference] = derived(identities.own_reference, needs=["reference"])
    lineage: list[FieldLineage] = batch(_lineage_of, needs=origins.INVOICE_FIELDS)

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, words.Invoice)


@strawberry.type
class InvoiceEdge:
    """An invoice in a page."""

    cursor: Cursor
    node: Invoice


@strawberry.type
class InvoiceConnection:
    """A page of invoices."""

    edges: list[InvoiceEdge]
    nodes: list[Invoice]
    page_info: PageInfo
    gaps: list[SourceGap]
