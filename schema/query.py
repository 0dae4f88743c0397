"""The questions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from resolvers import (
    audit,
    customers,
    health,
    integration_exceptions,
    invoices,
    kpis,
    nodes,
    orders,
    products,
    quotes,
    submissions,
    validation,
)
from resolvers import forecast_fields as forecast
from resolvers.context import Context
from resolvers.forecast_fields import Asks, page
from schema.audit import AuditConnection
from schema.customer import Customer, CustomerConnection
from schema.entities import Entity, entities_asked, entities_most, entities_of
from schema.enums import KpiInterval
from schema.inputs import (
    CustomerBy,
    CustomerFilter,
    InvoiceBy,
    InvoiceFilter,
    OrderBy,
    OrderFilter,
    ProductFilter,
    QuoteBy,
    customer_named,
    given,
    invoice_filter,
    invoice_named,
    order_filter,
    order_named,
    quote_named,
)
from schema.integration_exception import ExceptionConnection
from schema.invoice import Invoice, InvoiceConnection
from schema.kpi import KpiReport
from schema.mutation_inputs import SubmitOrderInput, order_asked
from schema.order import Order, OrderConnection
from schema.order_validation import OrderValidation
from schema.own_filters import (
    AuditFilter,
    ExceptionFilter,
    SubmissionBy,
    SubmissionFilter,
    audit_filter,
    exception_filter,
    submission_filter,
)
from schema.product import Product, ProductConnection
from schema.quote import Quote
from schema.scalars import Cursor
from schema.submission import Submission, SubmissionConnection
from schema.system import System
from schema.values import Node
from sources.ports import CustomerQuery

Roots = Sequence[object]


def _query(first: int, by: CustomerFilter | None) -> CustomerQuery:
    by = by or CustomerFilter()
    return CustomerQuery(
        first=first, search=by.search or None, legal_entity_code=by.legal_entity, updated_since=by.updated_since
    )


async def _node(context: Context, parents: Roots, wanted: Wanted, id: strawberry.ID) -> Roots:
    return await nodes.node(context, parents, wanted, id)


async def _nodes(context: Context, parents: Roots, wanted: Wanted, ids: list[strawberry.ID]) -> Roots:
    return await nodes.nodes(context, parents, wanted, ids)


async def _customer(context: Context, parents: Roots, wanted: Wanted, by: CustomerBy) -> Roots:
    return await customers.customer(context, parents, wanted, customer_named(by))


async def _customers(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: CustomerFilter | None = None,
) -> Roots:
    return await customers.customers(context, parents, wanted, first, after, _query(first, filter))


async def _product(context: Context, parents: Roots, wanted: Wanted, sku: str) -> Roots:
    return await products.product(context, parents, wanted, sku)


async def _products(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: ProductFilter | None = None,
) -> Roots:
    return await products.products(context, parents, wanted, first, after, filter.search if filter else None)


async def _quote(context: Context, parents: Roots, wanted: Wanted, by: QuoteBy) -> Roots:
    return await quotes.quote(context, parents, wanted, quote_named(by))


async def _order(context: Context, parents: Roots, wanted: Wanted, by: OrderBy) -> Roots:
    return await orders.order(context, parents, wanted, order_named(by))


async def _orders(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: OrderFilter | None = None,
) -> Roots:
    return await orders.orders(context, parents, wanted, first, after, order_filter(filter))


async def _invoice(context: Context, parents: Roots, wanted: Wanted, by: InvoiceBy) -> Roots:
    return await invoices.invoice(context, parents, wanted, invoice_named(by))


async def _invoices(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: InvoiceFilter | None = None,
) -> Roots:
    return await invoices.invoices(context, parents, wanted, first, after, invoice_filter(filter))


def _node_asks(context: Context, _: Wanted, __: int, id: strawberry.ID) -> Asks:
    return forecast.records(context, [nodes.parsed(context, id)])


def _nodes_asks(context: Context, _: Wanted, __: int, ids: list[strawberry.ID]) -> Asks:
    return forecast.records(context, [nodes.parsed(context, one) for one in ids[: nodes.MAX_NODES]])


def _nodes_most(_: Context, __: int, ids: list[strawberry.ID]) -> int:
    return len(ids)


def _customer_asks(context: Context, _: Wanted, __: int, by: CustomerBy) -> Asks:
    return forecast.customer(context, customer_named(by))


def _customers_asks(
    context: Context,
    _: Wanted,
    __: int,
    first: int = 20,
    after: Cursor | None = None,
    filter: CustomerFilter | None = None,
) -> Asks:
    return forecast.customers(context, first, after, _query(first, filter))


def _product_asks(context: Context, _: Wanted, __: int, *___: object, **____: object) -> Asks:
    return forecast.product(context)


def _products_asks(
    context: Context,
    _: Wanted,
    __: int,
    first: int = 20,
    after: Cursor | None = None,
    filter: ProductFilter | None = None,
) -> Asks:
    return forecast.products(context, first, after, filter.search if filter else None)


def _quote_asks(context: Context, _: Wanted, __: int, by: QuoteBy) -> Asks:
    return forecast.quote(context, quote_named(by))


def _order_asks(context: Context, _: Wanted, __: int, by: OrderBy) -> Asks:
    return forecast.order(context, order_named(by))


def _orders_asks(
    context: Context,
    _: Wanted,
    __: int,
    first: int = 20,
    after: Cursor | None = None,
    filter: OrderFilter | None = None,
) -> Asks:
    return forecast.orders(context, first, after, order_filter(filter))


def _invoice_asks(context: Context, _: Wanted, __: int, by: InvoiceBy) -> Asks:
    return forecast.invoice(context, invoice_named(by))


def _invoices_asks(
    context: Context,
    _: Wanted,
    __: int,
    first: int = 20,
    after: Cursor | None = None,
    filter: InvoiceFilter | None = None,
) -> Asks:
    return forecast.invoices(context, first, after, invoice_filter(filter))


async def _validate_order(context: Context, parents: Roots, wanted: Wanted, input: SubmitOrderInput) -> Roots:
    return await validation.validate_order(context, parents, wanted, order_asked(input))


async def _submission(context: Context, parents: Roots, wanted: Wanted, by: SubmissionBy) -> Roots:
    return await submissions.submission(context, parents, wanted, given(by.id), given(by.idempotency_key))


async def _submissions(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: SubmissionFilter | None = None,
) -> Roots:
    return await submissions.submissions(context, parents, wanted, first, after, submission_filter(filter))


async def _exceptions(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    first: int = 20,
    after: Cursor | None = None,
    filter: ExceptionFilter | None = None,
) -> Roots:
    return await integration_exceptions.exceptions(context, parents, wanted, first, after, exception_filter(filter))


async def _audit(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    first: int = 50,
    after: Cursor | None = None,
    filter: AuditFilter | None = None,
) -> Roots:
    return await audit.audit(context, parents, wanted, first, after, audit_filter(filter))


async def _kpis(
    context: Context,
    parents: Roots,
    wanted: Wanted,
    since: datetime,
    until: datetime | None = None,
    interval: KpiInterval | None = None,
) -> Roots:
    return await kpis.kpis(context, parents, wanted, since, until, interval)


@strawberry.type
class Query:
    """Everything that can be asked."""

    entities: list[Entity | None] = batch(entities_of, name="_entities", reads=entities_asked, most=entities_most)
    node: Node | None = batch(_node, reads=_node_asks)
    nodes: list[Node | None] = batch(_nodes, reads=_nodes_asks, most=_nodes_most, description="At most 100.")
    customer: Customer | None = batch(_customer, reads=_customer_asks)
    customers: CustomerConnection | None = batch(_customers, reads=_customers_asks, most=page)
    product: Product | None = batch(_product, reads=_product_asks)
    products: ProductConnection | None = batch(_products, reads=_products_asks, most=page)
    quote: Quote | None = batch(_quote, reads=_quote_asks)
    order: Order | None = batch(_order, reads=_order_asks)
    orders: OrderConnection | None = batch(_orders, reads=_orders_asks, most=page)
    invoice: Invoice | None = batch(_invoice, reads=_invoice_asks)
    invoices: InvoiceConnection | None = batch(_invoices, reads=_invoices_asks, most=page)
    validate_order: OrderValidation = batch(
        _validate_order, description="Prices, credit, tax, stock and routing for this input; nothing is written."
    )
    submission: Submission | None = batch(_submission)
    submissions: SubmissionConnection = batch(_submissions, most=page)
    exceptions: ExceptionConnection = batch(_exceptions, most=page)
    audit: AuditConnection = batch(_audit, most=page)
    kpis: KpiReport = batch(_kpis)
    systems: list[System] = batch(
        health.systems,
        reads=forecast.systems,
        description="Every configured system: reachable or not, its breakers, its remaining call budget.",
    )
