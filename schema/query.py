"""The questions."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from canonical.wanted import Wanted
from engine.seam import batch
from resolvers import customers, health, invoices, nodes, orders, products, quotes
from resolvers.context import Context
from schema.customer import Customer, CustomerConnection
from schema.entities import Entity, entities_of
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
    by = filter or CustomerFilter()
    query = CustomerQuery(
        first=first, search=by.search or None, legal_entity_code=by.legal_entity, updated_since=by.updated_since
    )
    return await customers.customers(context, parents, wanted, first, after, query)


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


@strawberry.type
class Query:
    """Everything that can be asked."""

    entities: list[Entity | None] = batch(entities_of, name="_entities")
    node: Node | None = batch(_node)
    nodes: list[Node | None] = batch(_nodes, description="At most 100.")
    customer: Customer | None = batch(_customer)
    customers: CustomerConnection | None = batch(_customers)
    product: Product | None = batch(_product)
    products: ProductConnection | None = batch(_products)
    quote: Quote | None = batch(_quote)
    order: Order | None = batch(_order)
    orders: OrderConnection | None = batch(_orders)
    invoice: Invoice | None = batch(_invoice)
    invoices: InvoiceConnection | None = batch(_invoices)
    systems: list[System] = batch(
        health.systems,
        description="Every configured system: reachable or not, its breakers, its remaining call budget.",
    )
