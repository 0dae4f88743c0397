"""The questions."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from resolvers import customers, health, invoices, nodes, orders, products, quotes
from resolvers import forecast_fields as forecast
from resolvers.context import Context
from resolvers.forecast_fields import Asks, page
from schema.customer import Customer, CustomerConnection
from schema.entities import Entity, entities_asked, entities_most, entities_of
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
    invoice_filter,
    invoice_named,
    order_filter,
    order_named,
    quote_named,
)
from schema.invoice import Invoice, InvoiceConnection
from schema.order import Order, OrderConnection
from schema.product import Product, ProductConnection
from schema.quote import Quote
from schema.scalars import Cursor
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
    systems: list[System] = batch(
        health.systems,
        reads=forecast.systems,
        description="Every configured system: reachable or not, its breakers, its remaining call budget.",
    )
