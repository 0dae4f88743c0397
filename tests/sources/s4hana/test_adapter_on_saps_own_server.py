"""The adapter's questions are answered by SAP's own OData V2 server, which knows the older published metadata."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import UNSET

from canonical.absence import known
from canonical.changes import Change, Concept
from canonical.money import Money
from canonical.wanted import Wanted
from sources.landscape import SettingValue
from sources.ports import CustomerQuery, Lookup, OrderQuery, Position
from sources.s4hana.adapter import S4Hana
from tests.sources.s4hana.opened import adapter, call

pytestmark = [pytest.mark.contracts, pytest.mark.xdist_group("cap"), pytest.mark.timeout(600)]

ORDER = Wanted.of(
    "shipments",
    "subtotal",
    "customer.name",
    "requested_delivery_date",
    "lines.sku",
    "lines.quantity",
    "lines.parent_key",
)


@pytest.fixture
async def source(cap_url: str) -> AsyncIterator[S4Hana]:
    async with adapter(cap_url.removesuffix("/sap/opu/odata/sap")) as opened:
        yield opened


async def test_orders_stream_newest_first_over_pages_that_the_server_cuts(source: S4Hana) -> None:
    asked = call()
    first = await source.list_orders(asked, OrderQuery(first=10), ORDER)
    last = first.items[-1]
    rest = await source.list_orders(call(), OrderQuery(first=10, after=Position(last.ordered_at, last.ref.key)), ORDER)

    assert [order.ref.key for order in first.items] == [str(1012 - n) for n in range(10)]
    assert [order.ref.key for order in rest.items] == ["1002", "1001"]
    assert (first.more, rest.more) == (True, False)
    assert len(asked.record.calls) == 4  # refused once, metadata, and two pages of eight


async def test_an_order_and_its_items_are_told_in_our_words(source: S4Hana) -> None:
    (order,) = await source.fetch_orders(call(), Lookup(keys=("1003",)), ORDER)

    assert order.ordered_at == datetime(2026, 1, 3, tzinfo=UTC)
    assert order.subtotal == Money(Decimal("300.50"), "USD")
    assert (order.customer_key, order.partner_keys, order.legal_entity_code) == ("17100003", ("801-3",), "DE01")
    assert order.customer is UNSET  # an older release: its orders have no addresses
    assert [(line.key, line.sku, line.quantity, line.parent_key) for line in known(order.lines) or ()] == [
        ("10", "TG310", Decimal(3), None),
        ("20", "TG320", Decimal(3), "10"),
    ]


async def test_references_with_quotes_are_found_in_a_combined_read_with_token(source: S4Hana) -> None:
    also = Lookup(partner_keys=("O'Neil 5", "801-7"), numbers=("0000001009",))
    page = await source.list_orders(call(), OrderQuery(first=2), ORDER, also)

    assert [order.ref.key for order in page.items] == ["1012", "1011"]
    assert sorted(order.ref.key for order in page.also) == ["1005", "1007", "1009"]


async def test_every_filter_of_the_stream_is_understood(source: S4Hana) -> None:
    stamp = datetime(2026, 1, 4, tzinfo=UTC).date()
    query = OrderQuery(
        first=20,
        ordered_from=stamp,
        ordered_to=stamp,
        legal_entity_code="US01",
        customer_keys=("17100000",),
        search="801",
    )

    assert [order.ref.key for order in (await source.list_orders(call(), query, ORDER)).items] == ["1004"]


async def test_invoices_of_orders_come_with_their_whole_document(source: S4Hana) -> None:
    orders = await source.fetch_orders(call(), Lookup(keys=("1001", "1002")), ORDER)
    asked = call()
    await source.fetch_invoices_of_orders(asked, orders, Wanted.of("number", "total"))

    assert [(one.operation, one.rows, one.outcome) for one in asked.record.calls] == [
        ("read billing documents", 2, "ok")
    ]


async def test_customers_are_found_and_streamed(source: S4Hana) -> None:
    wanted = Wanted.of("name", "billing_address")
    found = await source.fetch_customers(call(), Lookup(keys=("17100001",)), wanted)
    page = await source.list_customers(call(), CustomerQuery(first=2), wanted)

    assert [(customer.ref.key, customer.name) for customer in found] == [("17100001", "Customer 1")]
    assert [customer.ref.key for customer in page.items] == ["17100001", "17100002"]


async def test_what_was_changed_is_asked_for_in_words_that_saps_server_understands(cap_url: str) -> None:
    chosen: dict[str, SettingValue] = {"polled": ["orders", "bills", "customers"], "page_size": 3}
    async with adapter(cap_url.removesuffix("/sap/opu/odata/sap"), settings=chosen) as source:
        position = source.position_at(datetime(2026, 2, 7, 12, tzinfo=UTC))
        found, more = list[Change](), True
        while more:
            step = await source.poll_changes(call(), position)
            found, position, more = [*found, *step.changes], step.position or "", step.more
        again = await source.poll_changes(call(), position)

    orders = [change for change in found if change.concept is Concept.ORDER]
    bills = [change for change in found if change.concept is Concept.INVOICE]
    assert [change.key for change in orders] == [str(1000 + n) for n in range(8, 13)]
    assert orders[0].changed_at == datetime(2026, 2, 8, 10, 15, tzinfo=UTC)
    assert bills == []  # the rows of that server have no category: they are none of our documents
    assert again.changes == ()
