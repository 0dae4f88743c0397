"""The answers of a world: plain functions of many parents, or of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from canonical.wanted import Wanted
from tests.engine.world import values as v
from tests.engine.world.desk import Desk

Answers = Sequence[Any]


async def customers_of(desk: Desk, parents: Sequence[v.Order], wanted: Wanted) -> Answers:
    return await desk.answer("customer", parents, wanted, lambda key: desk.book.customer(desk.book.near("buyer", key)))


async def maybe_customers_of(desk: Desk, parents: Sequence[v.Order], wanted: Wanted) -> Answers:
    def make(key: str) -> Any:
        return desk.book.customer(key) if desk.book.roll(2, "maybe", key) else None

    return await desk.answer("maybeCustomer", parents, wanted, make)


async def invoices_of(
    desk: Desk,
    parents: Sequence[v.Order],
    wanted: Wanted,
    first: int = 2,
    status: v.Status | None = None,
    at_least: Decimal | None = None,
) -> Answers:
    def make(key: str) -> Any:
        return desk.book.some(desk.book.invoice, max(0, min(first, 3)), "invoices", key, status, at_least)

    return await desk.answer("invoices", parents, wanted, make, first=first, status=status, at_least=at_least)


async def events_of(desk: Desk, parents: Sequence[v.Order], wanted: Wanted) -> Answers:
    def event(key: str) -> Any:
        return desk.book.invoice(key) if desk.book.roll(2, "event", key) else desk.book.payment(key)

    return await desk.answer("events", parents, wanted, lambda key: desk.book.some(event, 3, "events", key))


async def payers_of(desk: Desk, parents: Sequence[Any], wanted: Wanted) -> Answers:
    def make(key: str) -> Any:
        return desk.book.place(key) if desk.book.roll(3, "payer", key) else desk.book.customer(key)

    return await desk.answer("payer", parents, wanted, make)


def _any(desk: Desk, *words: object) -> Any:
    makers = (desk.book.order, desk.book.customer, desk.book.invoice, desk.book.payment, desk.book.product)
    return makers[desk.book.roll(len(makers), "any", *words)](desk.book.near("any", *words))


async def related_to(desk: Desk, parents: Sequence[Any], wanted: Wanted) -> Answers:
    return await desk.answer("related", parents, wanted, lambda key: _any(desk, "related", key))


async def priced_near(desk: Desk, parents: Sequence[Any], wanted: Wanted) -> Answers:
    def priced(key: str) -> Any:
        return desk.book.order(key) if desk.book.roll(2, "priced", key) else desk.book.invoice(key)

    return await desk.answer("priced", parents, wanted, lambda key: desk.book.some(priced, 2, "priced", key))


async def blocks_of(desk: Desk, parents: Sequence[v.Order], wanted: Wanted) -> Answers:
    def make(key: str) -> Any:
        return desk.book.some(lambda part: desk.book.some(desk.book.line, 2, key, "block", part), 2, key, "blocks")

    return await desk.answer("blocks", parents, wanted, make)


async def labels_of(desk: Desk, parents: Sequence[v.Order], wanted: Wanted) -> Answers:
    return await desk.answer("labels", parents, wanted, lambda key: desk.book.some(str, 2, key, "labels"))


async def converted(
    desk: Desk,
    parents: Sequence[v.Order],
    wanted: Wanted,
    currency: v.Currency = v.Currency.EUR,
    at: datetime | None = None,
    rates: list[Decimal | None] | None = None,
) -> Answers:
    return await desk.answer(
        "converted", parents, wanted, lambda _: Decimal("1.25"), currency=currency, at=at, rates=rates
    )


async def stock_of(desk: Desk, parents: Sequence[v.Line], wanted: Wanted) -> Answers:
    return await desk.answer("stock", parents, wanted, lambda key: desk.book.roll(50, "stock", key))


async def products_of(desk: Desk, parents: Sequence[v.Line], wanted: Wanted) -> Answers:
    return await desk.answer("product", parents, wanted, desk.book.product)


async def orders_back(desk: Desk, parents: Sequence[Any], wanted: Wanted) -> Answers:
    return await desk.answer("order", parents, wanted, lambda key: desk.book.order(desk.book.near("back", key)))


async def people_of(desk: Desk, parents: Sequence[v.Place], wanted: Wanted) -> Answers:
    return await desk.answer(
        "people", parents, wanted, lambda key: desk.book.some(desk.book.customer, 2, "people", key)
    )


async def owners_of(desk: Desk, parents: Sequence[v.Place], wanted: Wanted) -> Answers:
    return await desk.answer("owner", parents, wanted, lambda key: desk.book.customer(desk.book.near("owner", key)))


async def orders_of(desk: Desk, parents: Sequence[v.Customer], wanted: Wanted, first: int = 2) -> Answers:
    def make(key: str) -> Any:
        return desk.book.some(desk.book.order, max(0, min(first, 3)), "orders", key)

    return await desk.answer("ordersOf", parents, wanted, make, first=first)


async def payments_of(desk: Desk, parents: Sequence[v.Invoice], wanted: Wanted) -> Answers:
    return await desk.answer(
        "payments", parents, wanted, lambda key: desk.book.some(desk.book.payment, 2, "payments", key)
    )


async def order(desk: Desk, parents: Sequence[None], wanted: Wanted, by: object = None) -> Answers:
    return await desk.answer("oneOrder", parents, wanted, lambda _: desk.book.order(desk.book.near("one", by)), by=by)


async def sure_order(desk: Desk, parents: Sequence[None], wanted: Wanted, first: int = 1) -> Answers:
    return await desk.answer("sure", parents, wanted, lambda _: desk.book.order(str(first)), first=first)


async def orders(
    desk: Desk,
    parents: Sequence[None],
    wanted: Wanted,
    first: int = 3,
    matching: object = None,
) -> Answers:
    def make(_: str) -> Any:
        return desk.book.some(desk.book.order, max(0, min(first, 4)), "list", first)

    return await desk.answer("orders", parents, wanted, make, first=first, matching=matching)


async def page(desk: Desk, parents: Sequence[None], wanted: Wanted, first: int = 3) -> Answers:
    return await desk.answer("page", parents, wanted, lambda key: desk.book.page(key, first), first=first)


async def nodes(desk: Desk, parents: Sequence[None], wanted: Wanted, ids: list[str]) -> Answers:
    def make(_: str) -> Any:
        return desk.book.listed([_any(desk, "node", each) for each in ids[:4]], "nodes", *ids)

    return await desk.answer("nodes", parents, wanted, make, ids=ids)


async def node(desk: Desk, parents: Sequence[None], wanted: Wanted, id: str) -> Answers:
    return await desk.answer("node", parents, wanted, lambda _: _any(desk, "node", id), id=id)


async def echo(desk: Desk, parents: Sequence[None], wanted: Wanted, said: object = None) -> Answers:
    return await desk.answer("echo", parents, wanted, lambda _: repr(said), said=said)


async def count(
    desk: Desk,
    parents: Sequence[None],
    wanted: Wanted,
    of: list[v.Status],
    weights: list[list[float] | None] | None = None,
) -> Answers:
    return await desk.answer("count", parents, wanted, lambda _: len(of), of=of, weights=weights)


async def add(desk: Desk, parents: Sequence[None], wanted: Wanted, amount: int = 1) -> Answers:
    """A change that the next one builds on: side by side, one of two would be lost."""
    before = desk.count
    await desk.answer("add", parents, wanted, lambda _: None, amount=amount)
    desk.count = before + amount
    counter = v.Counter(str(desk.count), desk.count)
    return [desk.book.spoilt(counter, "add", amount, before)]


def node_id(value: Any) -> str:
    return f"id:{value.key}"


def spoken(value: v.Money) -> str:
    return f"{value.amount} {value.currency.name}"


def twice(value: v.Order) -> list[v.Money | None]:
    return [value.price, value.sure_price]


def moved(value: v.Order) -> v.Place:
    """A parent that nobody else keeps, made anew each time it is read."""
    return replace(value.place, city="Bonn")


def stops_once(value: v.Order) -> Iterator[v.Place]:
    """Places that can be gone through once."""
    return (stop for stop in (value.place, value.place))


def greeting(_root: None) -> str:
    return "hello"
