"""The graph of a world: every kind of type, nullable and sure at every place, and every way to reach a field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry.federation import Schema
from strawberry.federation import type as federated
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from canonical.wanted import Wanted
from engine.loading import learn
from engine.seam import batch, derived
from tests.engine.world import resolvers as r
from tests.engine.world import values as v
from tests.engine.world.chance import Absent
from tests.engine.world.desk import Desk
from tests.engine.world.inputs import InvoiceFilter, OrderBy, OrderFilter


@strawberry.interface
class Node:
    id: strawberry.ID = derived(r.node_id, needs=["key"])


@strawberry.type
class Money:
    """A type that looks at no class: whatever stands in its place is read as money."""

    amount: Decimal
    currency: v.Currency | None
    spoken: str | None = derived(r.spoken, needs=["amount", "currency"])


@strawberry.interface
class Priced:
    price: Money | None
    related: Node | None = batch(r.related_to, needs=["key"])


@strawberry.type
class Place:
    """A composite attribute, with calls and a place below it."""

    city: str
    country: str | None
    zone: Place | None
    people: list[Annotated[Customer, strawberry.lazy("tests.engine.world.schema")]] | None = batch(
        r.people_of, needs=["key"]
    )
    owner: Annotated[Customer, strawberry.lazy("tests.engine.world.schema")] = batch(r.owners_of, needs=["key"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, v.Place)


@federated(keys=["sku"])
class Product(Node):
    sku: strawberry.ID
    name: str | None

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, v.Product)

    @classmethod
    def resolve_reference(cls, info: Info[Desk, None], sku: strawberry.ID) -> object:
        learn(info._raw_info)
        return info.context.book.product(sku)


@strawberry.type
class Line:
    key: strawberry.ID
    sku: str
    quantity: int | None
    price: Money
    stock: int | None = batch(r.stock_of, needs=["key"])
    product: Product = batch(r.products_of, needs=["key"])
    order: Annotated[Order, strawberry.lazy("tests.engine.world.schema")] | None = batch(r.orders_back, needs=["key"])


@federated(keys=["id"])
class Customer(Node):
    name: str
    email: str | None
    place: Place
    shops: list[Place] | None
    orders: list[Annotated[Order, strawberry.lazy("tests.engine.world.schema")]] | None = batch(
        r.orders_of, needs=["key"]
    )
    favourite: Node | None = batch(r.related_to, needs=["key"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, v.Customer)


Party = Annotated[Customer | Place, strawberry.union("Party")]


@strawberry.type
class Payment(Node):
    method: str
    amount: float
    paid_at: datetime | None
    payer: Party | None = batch(r.payers_of, needs=["key"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, v.Payment)


@strawberry.type
class Invoice(Node, Priced):
    number: str
    due: date | None
    rows: list[Line | None]
    payments: list[Payment] = batch(r.payments_of, needs=["key"])
    order: Annotated[Order, strawberry.lazy("tests.engine.world.schema")] = batch(r.orders_back, needs=["key"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, v.Invoice)


Event = Annotated[Payment | Invoice, strawberry.union("Event")]


@batch
async def _filtered(
    desk: Desk, parents: Sequence[v.Order], wanted: Wanted, first: int = 2, filter: InvoiceFilter | None = None
) -> Sequence[Any]:
    by = filter or InvoiceFilter()
    return await r.invoices_of(desk, parents, wanted, first, by.status, by.at_least)


@federated(keys=["id"])
class Order(Node, Priced):
    number: str
    status: v.Status
    axis: v.Status | None
    urgent: bool
    weight: float
    count: int
    total: Decimal
    ordered_at: datetime | None
    due: date
    source: str
    note: str | None
    sure_price: Money
    prices: list[Money] | None
    tags: list[str | None]
    codes: list[str] | None
    steps: list[v.Status] | None
    matrix: list[list[int] | None] | None
    grid: list[list[Money | None]]
    cube: list[list[list[Money]]]
    lines: list[Line]
    spare_lines: list[Line | None] | None
    place: Place
    stops: list[list[Place] | None] | None
    twice: list[Money | None] | None = derived(r.twice, needs=["price", "sure_price"])
    moved: Place | None = derived(r.moved, needs=["place"])
    stops_once: list[Place] | None = derived(r.stops_once, needs=["place"])
    customer: Customer = batch(r.customers_of, needs=["key"])
    maybe_customer: Customer | None = batch(r.maybe_customers_of, needs=["key"])
    invoices: list[Invoice] | None = _filtered
    some_invoices: list[Invoice | None] = batch(r.invoices_of, needs=["key"])
    events: list[Event | None] | None = batch(r.events_of, needs=["key"])
    sure_events: list[Event] = batch(r.events_of, needs=["key"])
    payer: Party = batch(r.payers_of, needs=["key"])
    neighbours: list[Priced] | None = batch(r.priced_near, needs=["key"])
    blocks: list[list[Line]] | None = batch(r.blocks_of, needs=["key"])
    some_blocks: list[list[Line | None] | None] | None = batch(r.blocks_of, needs=["key"])
    labels: list[str] | None = batch(r.labels_of, needs=["key", "place.city"])
    converted: Decimal | None = batch(r.converted, needs=["sure_price.amount", "sure_price.currency"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, v.Order)


@strawberry.type
class Edge:
    cursor: str
    node: Order


@strawberry.type
class Page:
    edges: list[Edge]
    more: bool


async def _order(desk: Desk, parents: Sequence[None], wanted: Wanted, by: OrderBy) -> Sequence[Any]:
    return await r.order(desk, parents, wanted, by)


async def _orders(
    desk: Desk, parents: Sequence[None], wanted: Wanted, first: int = 3, matching: OrderFilter | None = None
) -> Sequence[Any]:
    return await r.orders(desk, parents, wanted, first, matching)


async def _nodes(desk: Desk, parents: Sequence[None], wanted: Wanted, ids: list[strawberry.ID]) -> Sequence[Any]:
    return await r.nodes(desk, parents, wanted, list(map(str, ids)))


async def _node(desk: Desk, parents: Sequence[None], wanted: Wanted, id: strawberry.ID) -> Sequence[Any]:
    return await r.node(desk, parents, wanted, id)


async def _echo(desk: Desk, parents: Sequence[None], wanted: Wanted, said: OrderFilter) -> Sequence[Any]:
    return await r.echo(desk, parents, wanted, said)


@strawberry.type
class Query:
    order: Order | None = batch(_order)
    sure: Order = batch(r.sure_order)
    orders: list[Order] = batch(_orders)
    maybe_orders: list[Order | None] | None = batch(_orders)
    page: Page | None = batch(r.page)
    nodes: list[Node | None] = batch(_nodes)
    sure_nodes: list[Node] | None = batch(_nodes)
    node: Node | None = batch(_node)
    echo: str | None = batch(_echo)
    count: int | None = batch(r.count)
    greeting: str = derived(r.greeting)
    nowhere: str | None


@strawberry.type
class Counter:
    count: int
    order: Order | None = batch(r.orders_back, needs=["key"])


@strawberry.type
class Mutation:
    add: Counter | None = batch(r.add)
    surely_add: Counter = batch(r.add)
    touch: Order | None = batch(_order)
    greeting: str = derived(r.greeting)


def served(parent: object, name: str) -> object:
    """A parent's attribute, None where it is absent."""
    value = getattr(parent, name)
    return None if value is Absent.ABSENT else value


def world_schema() -> Schema:
    """A new schema of the same declarations."""
    return Schema(
        Query,
        Mutation,
        types=[Order, Customer, Invoice, Payment, Product],
        config=StrawberryConfig(default_resolver=served),
        federation_version="2.9",
    )
