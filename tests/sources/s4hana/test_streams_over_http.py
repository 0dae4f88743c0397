"""Streams and filters of orders and invoices, and the rights that narrow them, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from canonical.absence import known
from canonical.invoice import InvoiceStatus
from canonical.order import OrderRecord, Stage
from canonical.wanted import Wanted
from sources.ports import InvoiceQuery, Lookup, OrderQuery, Position
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import Opened, pretend

EVERYTHING = Wanted.of(
    "number", "customer_key", "purchase_order_number", "subtotal", "tax", "total", "holds", "version", "shipments",
    "lines.sku", "lines.description", "lines.quantity", "lines.unit_price", "lines.amount", "lines.tax",
    "lines.starts_on", "lines.ends_on", "lines.segment", "lines.parent_key",
)  # fmt: skip
INVOICE = Wanted.of("status", "due_on", "paid", "open", "payments.payment.amount", "credit_memos.open")
FEW = Wanted.of("number")


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with pretend() as held:
        yield held


async def test_the_stream_brings_every_order_once_newest_first(opened: Opened) -> None:
    read: list[OrderRecord] = []
    after: Position | None = None
    more = True
    while more:
        page = await opened.source.list_orders(call(), OrderQuery(first=17, after=after), FEW)
        read += page.items
        more, after = page.more, Position(page.items[-1].ordered_at, page.items[-1].ref.key)

    keys = [(record.ordered_at, record.ref.key) for record in read]
    assert keys == sorted(keys, reverse=True)
    assert sorted(record.ref.key for record in read) == sorted(opened.told)


async def test_a_position_within_a_day_lies_before_all_orders_of_that_day(opened: Opened) -> None:
    (newest,) = (await opened.source.list_orders(call(), OrderQuery(first=1), FEW)).items
    noon = Position(newest.ordered_at + timedelta(hours=12), "0")

    page = await opened.source.list_orders(call(), OrderQuery(first=1, after=noon), FEW)

    assert [record.ref for record in page.items] == [newest.ref]


async def test_filters_are_asked_of_the_system(opened: Opened) -> None:
    async def found(query: OrderQuery) -> list[OrderRecord]:
        return list((await opened.source.list_orders(call(), query, EVERYTHING)).items)

    everything = await found(OrderQuery(first=500))
    one = everything[7]
    day = one.ordered_at.date()

    cancelled = await found(OrderQuery(first=500, stages=frozenset({Stage.CANCELLED})))
    assert {r.ref for r in cancelled} == {r.ref for r in everything if r.stage is Stage.CANCELLED}
    assert await found(OrderQuery(first=5, stages=frozenset({Stage.DRAFT}))) == []
    customer = known(one.customer_key)
    assert customer is not None
    assert {r.customer_key for r in await found(OrderQuery(first=500, customer_keys=(customer,)))} == {customer}
    assert await found(OrderQuery(first=5, customer_keys=())) == []
    same_day = await found(OrderQuery(first=500, ordered_from=day, ordered_to=day))
    assert {r.ref for r in same_day} == {r.ref for r in everything if r.ordered_at.date() == day}
    assert [r.ref for r in await found(OrderQuery(first=5, search=one.ref.key))] == [one.ref]
    assert one.ref in [r.ref for r in await found(OrderQuery(first=5, search=one.partner_keys[0][3:]))]
    assert await found(OrderQuery(first=5, search="O'Neil and nobody")) == []


async def test_rights_to_no_entity_of_this_system_cost_no_call(opened: Opened) -> None:
    stranger = call(entities=frozenset({"US01"}))
    keys = tuple(list(opened.told)[:3])

    assert await opened.source.fetch_orders(stranger, Lookup(keys=keys), FEW) == []
    assert (await opened.source.list_orders(stranger, OrderQuery(first=5), FEW, Lookup(keys=keys))).items == ()
    assert (await opened.source.list_invoices(stranger, InvoiceQuery(first=5), FEW)).items == ()
    assert await opened.source.fetch_invoices(stranger, Lookup(keys=("90010001",)), FEW) == []
    assert await opened.source.fetch_shipments(stranger, ["80010001"], FEW) == {}
    assert await opened.source.fetch_customers(stranger, Lookup(keys=("10100001",)), FEW) == []
    assert await opened.source.fetch_billing_accounts(stranger, ["10100001"], FEW) == {}
    assert await opened.source.fetch_payments(stranger, ["1010-2026-1400010001"], FEW) == {}
    assert (await opened.source.list_orders(call(), OrderQuery(first=5, legal_entity_code="US01"), FEW)).items == ()
    assert opened.lines() == []


async def test_rights_to_its_entity_narrow_what_is_asked(opened: Opened) -> None:
    mine = call(entities=frozenset({"DE01"}))
    key = next(iter(opened.told))
    (order,) = await opened.source.fetch_orders(mine, Lookup(keys=(key,)), FEW)

    assert order.legal_entity_code == "DE01"
    assert "SalesOrganization%20eq%20'1010'" in opened.sandbox.log.asked("A_SalesOrder")[0].query


async def test_invoices_stream_newest_first_without_credit_memos(opened: Opened) -> None:
    read: list[tuple[str, str]] = []
    after: Position | None = None
    more = True
    while more:
        page = await opened.source.list_invoices(call(), InvoiceQuery(first=9, after=after), Wanted.of("issued_on"))
        read += [(str(invoice.issued_on), invoice.ref.key) for invoice in page.items]
        more = page.more
        last = page.items[-1]
        stamp = (await opened.source.fetch_orders(call(), Lookup(keys=(last.order_refs[0].key,)), FEW))[0].ordered_at
        day = known(last.issued_on)
        assert day is not None
        after = Position(stamp.replace(year=day.year, month=day.month, day=day.day), last.ref.key)

    assert read == sorted(read, reverse=True)
    told = [bill.number for order in opened.told.values() for bill in order.booking.bills]
    assert sorted(key for _, key in read) == sorted(told)


async def test_documents_are_fetched_by_their_own_keys(opened: Opened) -> None:
    order = next(o for o in opened.told.values() if any(b.credits for b in o.booking.bills) and o.booking.parcels)
    bill = next(b for b in order.booking.bills if b.credits)
    parcel, note = order.booking.parcels[0], bill.credits[0]
    invoices = await opened.source.fetch_invoices(call(), Lookup(numbers=(f"00{bill.number}",)), INVOICE)
    shipments = await opened.source.fetch_shipments(call(), [parcel.number, "99999999"], FEW)
    memos = await opened.source.fetch_credit_memos(call(), [note.number, bill.number], Wanted.of("open", "total"))

    assert [invoice.ref.key for invoice in invoices] == [bill.number]
    assert invoices[0].status is not InvoiceStatus.DRAFT
    assert list(shipments) == [parcel.number]
    assert list(memos) == [note.number]
    assert [ref.key for ref in memos[note.number].invoice_refs] == [bill.number]
