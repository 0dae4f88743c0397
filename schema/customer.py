"""Customers, what they owe where, and their pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.federation import type as federated

from canonical import joined
from canonical.wanted import Wanted
from engine.seam import batch, derived
from resolvers import customers, identities, legal_entities
from resolvers import forecast_fields as forecast
from resolvers import lineage as origins
from resolvers.connections import Connection
from resolvers.context import Context
from resolvers.forecast_fields import Asks
from schema.inputs import InvoiceFilter, OrderFilter, invoice_filter, order_filter
from schema.legal_entity import LegalEntity
from schema.lineage import FieldConflict, FieldLineage
from schema.scalars import Cursor
from schema.values import Address, Money, Node, PageInfo, SourceGap, SystemReference

if TYPE_CHECKING:
    from schema.invoice import InvoiceConnection
    from schema.order import OrderConnection


async def _children(
    context: Context, parents: Sequence[joined.Customer], wanted: Wanted, first: int = 20, after: Cursor | None = None
) -> Sequence[Connection[joined.Customer] | Exception | None]:
    return await customers.children_of(context, parents, wanted, first, after)


async def _orders_of(
    context: Context,
    parents: Sequence[joined.Customer],
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: OrderFilter | None = None,
) -> Sequence[object]:
    return await customers.orders_of(context, parents, wanted, first, after, order_filter(filter))


async def _invoices_of(
    context: Context,
    parents: Sequence[joined.Customer],
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: InvoiceFilter | None = None,
) -> Sequence[object]:
    return await customers.invoices_of(context, parents, wanted, first, after, invoice_filter(filter))


async def _lineage_of(
    context: Context, parents: Sequence[joined.Customer], wanted: Wanted, fields: list[str] | None = None
) -> Sequence[object]:
    return await origins.of_customers(context, parents, wanted, fields)


def _children_asks(context: Context, _: Wanted, parents: int, first: int = 20, after: Cursor | None = None) -> Asks:
    return forecast.children_of_customers(context, parents, first, after)


def _orders_asks(
    context: Context,
    _: Wanted,
    parents: int,
    first: int = 20,
    after: Cursor | None = None,
    filter: OrderFilter | None = None,
) -> Asks:
    return forecast.orders_of_customers(context, parents, first, after, order_filter(filter))


def _invoices_asks(
    context: Context,
    _: Wanted,
    parents: int,
    first: int = 20,
    after: Cursor | None = None,
    filter: InvoiceFilter | None = None,
) -> Asks:
    return forecast.invoices_of_customers(context, parents, first, after, invoice_filter(filter))


@strawberry.type
class Contact:
    """A person at the customer."""

    id: strawberry.ID = derived(identities.contact_id, needs=["ref"])
    name: str | None
    email: str | None
    phone: str | None
    role: str | None


@strawberry.type
class Credit:
    """A credit limit and what is used of it."""

    credit_limit: Money | None
    exposure: Money | None
    available: Money | None
    on_hold: bool | None
    checked_at: datetime


@strawberry.type
class BillingAccount:
    """A customer in the books of one legal entity."""

    legal_entity: LegalEntity = batch(legal_entities.of_parents, needs=["legal_entity_code"])
    currency_code: str | None
    payment_terms: str | None
    credit: Credit | None
    open_balance: Money | None
    overdue_balance: Money | None
    reference: SystemReference


@federated(keys=["id", "crmId"])
class Customer(Node):
    """One customer over all systems."""

    id: strawberry.ID = derived(identities.customer_id, needs=["ref"])
    crm_id: strawberry.ID | None
    name: str | None
    references: list[SystemReference]
    parent: Customer | None = batch(customers.parents_of, needs=["parent_key"], reads=forecast.parents_of_customers)
    children: CustomerConnection | None = batch(_children, reads=_children_asks, most=forecast.page)
    contacts: list[Contact] | None
    billing_address: Address | None
    shipping_address: Address | None
    billing_accounts: list[BillingAccount] | None = batch(
        customers.billing_accounts_of,
        needs=["billing_accounts"],
        reads=forecast.billing_accounts,
        description="Receivables live per legal entity, in the ERP that keeps its books.",
    )
    orders: Annotated[OrderConnection, strawberry.lazy("schema.order")] | None = batch(
        _orders_of, reads=_orders_asks, most=forecast.scanned
    )
    invoices: Annotated[InvoiceConnection, strawberry.lazy("schema.invoice")] | None = batch(
        _invoices_of, reads=_invoices_asks, most=forecast.scanned
    )
    lineage: list[FieldLineage] = batch(_lineage_of, needs=["every_record"])
    conflicts: list[FieldConflict] | None = batch(
        origins.conflicts_of_customers,
        needs=["every_record"],
        description="Where systems disagree: reads every system that holds the field.",
    )

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, joined.Customer)


@strawberry.type
class CustomerEdge:
    """A customer in a page."""

    cursor: Cursor
    node: Customer


@strawberry.type
class CustomerConnection:
    """A page of customers."""

    edges: list[CustomerEdge]
    nodes: list[Customer]
    page_info: PageInfo
    gaps: list[SourceGap]
