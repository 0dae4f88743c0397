"""A small shop to ask: canonical values, resolvers that note each call, and the schema over them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from aiodataloader import DataLoader

from canonical.wanted import Wanted
from engine.seam import batch, derived
from engine.wants import Tree


@dataclass(frozen=True)
class Call:
    """One call of a resolver."""

    name: str
    parents: int
    wanted: Wanted
    arguments: dict[str, object]


@dataclass
class Desk:
    """The context of one operation."""

    orders: int = 3
    broken: dict[str, Exception] = field(default_factory=dict)
    short: str = ""
    calls: list[Call] = field(default_factory=list)
    learned: list[Mapping[str, Wanted]] = field(default_factory=list)
    loaders: dict[Hashable, DataLoader[Any, Any]] = field(default_factory=dict)
    kept: list[object] = field(default_factory=list)

    def wanted(self, tree: Tree) -> Wanted:
        return Wanted.from_tree(tree)

    def learn(self, wants: Mapping[str, Wanted]) -> None:
        self.learned.append(wants)

    def note(self, name: str, parents: Sequence[object], wanted: Wanted, **arguments: object) -> None:
        self.calls.append(Call(name, len(parents), wanted, arguments))
        if name in self.broken:
            raise self.broken[name]

    def called(self) -> list[tuple[str, int]]:
        return [(call.name, call.parents) for call in self.calls]

    def wanted_by(self, name: str) -> list[Wanted]:
        return [call.wanted for call in self.calls if call.name == name]


@dataclass(frozen=True)
class MoneyValue:
    amount: str
    currency: str


@dataclass(frozen=True)
class CustomerValue:
    key: str
    name: str


@dataclass(frozen=True)
class OrderValue:
    key: str
    number: str
    customer_key: str
    total: MoneyValue


@dataclass(frozen=True)
class InvoiceValue:
    key: str
    amount: str
    due: str


@dataclass(frozen=True)
class PaymentValue:
    key: str
    amount: str


@dataclass(frozen=True)
class PageValue:
    edges: list[EdgeValue]
    more: bool


@dataclass(frozen=True)
class EdgeValue:
    node: object
    cursor: str


def order_of(key: str) -> OrderValue:
    return OrderValue(key, f"N{key}", f"c{key}", MoneyValue("10.00", "EUR"))


async def orders(context: Desk, parents: Sequence[None], wanted: Wanted, first: int = 50) -> Sequence[PageValue]:
    context.note("orders", parents, wanted, first=first)
    found = [EdgeValue(order_of(str(number)), f"@{number}") for number in range(min(first, context.orders))]
    return [PageValue(found, more=False)] * len(parents)


async def order(context: Desk, parents: Sequence[None], wanted: Wanted, key: str) -> Sequence[OrderValue | None]:
    context.note("order", parents, wanted, key=key)
    return [order_of(key) if key != "none" else None]


async def customer_of(
    context: Desk, parents: Sequence[OrderValue], wanted: Wanted
) -> Sequence[CustomerValue | Exception]:
    context.note("customer", parents, wanted)
    if context.short == "customer":
        return []
    return [
        LookupError(f"no customer for {parent.customer_key}")
        if parent.customer_key == "c1"
        else CustomerValue(parent.customer_key, "Ada")
        for parent in parents
    ]


async def orders_of(context: Desk, parents: Sequence[CustomerValue], wanted: Wanted) -> Sequence[list[OrderValue]]:
    context.note("ordersOf", parents, wanted)
    return [[order_of(parent.key)] for parent in parents]


async def invoices_of(
    context: Desk, parents: Sequence[OrderValue], wanted: Wanted, above: str | None = None
) -> Sequence[list[InvoiceValue]]:
    context.note("invoices", parents, wanted, above=above)
    return [[InvoiceValue(f"{parent.key}-{part}", "5.00", "2026-01-01") for part in range(2)] for parent in parents]


async def payments_of(context: Desk, parents: Sequence[InvoiceValue], wanted: Wanted) -> Sequence[list[PaymentValue]]:
    context.note("payments", parents, wanted)
    return [[PaymentValue(f"{parent.key}-p", "5.00")] for parent in parents]


async def events_of(context: Desk, parents: Sequence[OrderValue], wanted: Wanted) -> Sequence[list[object]]:
    context.note("events", parents, wanted)
    return [
        [InvoiceValue(f"{parent.key}-i", "5.00", "2026-01-01"), PaymentValue(f"{parent.key}-p", "5.00")]
        for parent in parents
    ]


def node_id(value: OrderValue | CustomerValue | InvoiceValue | PaymentValue) -> str:
    return f"id:{value.key}"


def spoken_total(value: OrderValue) -> str:
    return f"{value.total.amount} {value.total.currency}"


def has_more(page: PageValue) -> bool:
    return page.more


NodeT = TypeVar("NodeT")


@strawberry.interface
class Node:
    id: strawberry.ID = derived(node_id, needs=["key"], description="Global.")


@strawberry.type
class Edge(Generic[NodeT]):
    node: NodeT
    cursor: str


@strawberry.type
class Connection(Generic[NodeT]):
    edges: list[Edge[NodeT]]
    has_more: bool = derived(has_more, needs=["more"])


@strawberry.type
class Money:
    amount: str
    currency: str


@strawberry.type
class Customer(Node):
    name: str
    orders: list[Annotated[Order, strawberry.lazy("tests.engine.shop")]] = batch(orders_of, needs=["key"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, CustomerValue)


@strawberry.type
class Payment(Node):
    amount: str

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, PaymentValue)


@strawberry.type
class Invoice(Node):
    amount: str
    due: str
    payments: list[Payment] | None = batch(payments_of, needs=["key"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, InvoiceValue)


Event = Annotated[Invoice | Payment, strawberry.union("Event")]


@strawberry.input
class InvoiceFilter:
    above: str | None = None


async def filtered(
    context: Desk, parents: Sequence[OrderValue], wanted: Wanted, matching: InvoiceFilter | None = None
) -> Sequence[list[InvoiceValue]]:
    return await invoices_of(context, parents, wanted, matching.above if matching else None)


@strawberry.type
class Order(Node):
    number: str
    total: Money
    spoken_total: str = derived(spoken_total, needs=["total.amount", "total.currency"])
    customer: Customer | None = batch(customer_of, needs=["customer_key"])
    invoices: list[Invoice] | None = batch(filtered, needs=["key"])
    events: list[Event] | None = batch(events_of, needs=["key"])

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, OrderValue)


@batch
async def _nodes(context: Desk, parents: Sequence[None], wanted: Wanted) -> Sequence[list[object]]:
    context.note("nodes", parents, wanted)
    return [[order_of("1"), CustomerValue("c1", "Ada"), InvoiceValue("i1", "5.00", "2026-01-01")]]


@strawberry.type
class OrderConnection(Connection[Order]):
    """A connection with a name of its own."""


@strawberry.type
class Query:
    orders: OrderConnection | None = batch(orders)
    order: Order | None = batch(order)
    nodes: list[Node] | None = _nodes


@strawberry.type
class Mutation:
    touch: Order | None = batch(order)


schema = strawberry.Schema(Query, Mutation, types=[Customer, Invoice, Payment])
