"""How often the adapter asks the pretend system, counted on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from msgspec import UNSET

from canonical.absence import known
from canonical.errors import Refused
from canonical.order import OrderRecord
from canonical.wanted import Wanted
from sources.ports import Lookup, OrderQuery
from sources.s4hana.mapping_order import SapOrder
from sources.s4hana.sandbox import SystemSettings
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import NAME, Opened, pretend

EVERYTHING = Wanted.of(
    "number", "customer.name", "purchase_order_number", "subtotal", "tax", "total", "holds", "version", "shipments",
    "lines.sku", "lines.description", "lines.quantity", "lines.unit_price", "lines.amount", "lines.tax",
    "lines.starts_on", "lines.ends_on", "lines.segment", "lines.parent_key",
)  # fmt: skip
INVOICE = Wanted.of("status", "due_on", "paid", "open", "payments.payment.amount", "credit_memos.open")
FEW = Wanted.of("number")
ORDERS, BILLS = "API_SALES_ORDER_SRV", "API_BILLING_DOCUMENT_SRV"
DELIVERIES, LEDGER = "API_OUTBOUND_DELIVERY_SRV;v=0002", "API_OPLACCTGDOCITEMCUBE_SRV"


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with pretend() as held:
        yield held


async def page_with_everything(opened: Opened) -> list[OrderRecord]:
    also = Lookup(partner_keys=("8015g0000021stiAAA",), numbers=tuple(list(opened.told)[:40]))
    page = await opened.source.list_orders(call(), OrderQuery(first=50), EVERYTHING, also)
    assert len(page.items) == 50
    await opened.source.fetch_shipments_of_orders(call(), page.items, Wanted.of("shipped_at"))
    await opened.source.fetch_invoices_of_orders(call(), page.items, INVOICE)
    return list(page.items)


async def test_fifty_orders_with_everything_cost_four_calls(opened: Opened) -> None:
    await page_with_everything(opened)
    opened.lines()

    await page_with_everything(opened)

    asked = opened.lines()
    assert len(asked) == 4
    assert asked[0] == f"POST {ORDERS}/$batch"
    assert asked[1] == f"GET {DELIVERIES}/A_OutbDeliveryHeader"
    assert asked[2].split("/")[0].endswith(BILLS)
    assert asked[3].split("/")[0].endswith(LEDGER)


async def test_the_names_of_customers_come_with_their_orders(opened: Opened) -> None:
    page = await opened.source.list_orders(call(), OrderQuery(first=50), EVERYTHING)

    assert len(opened.lines()) == 1
    for order in page.items:
        customer = known(order.customer)
        assert customer is not None
        assert customer.ref.key == order.customer_key
        buyer = opened.story.buyers[opened.told[order.ref.key].deal.buyer]
        assert customer.name == buyer.erp_names.get(NAME, buyer.name)


async def test_a_bill_that_the_document_flow_left_out_is_read_all_the_same(opened: Opened) -> None:
    page = await opened.source.list_orders(call(), OrderQuery(first=50), EVERYTHING)
    whole = await opened.source.fetch_invoices_of_orders(call(), page.items, FEW)
    silent = [msgspec.structs.replace(order, followed=()) for order in page.items]
    opened.lines()

    found = await opened.source.fetch_invoices_of_orders(call(), silent, FEW)

    assert {key: {i.ref for i in held} for key, held in found.items()} == {
        key: {i.ref for i in held} for key, held in whole.items()
    }
    assert len(opened.lines()) == 2


async def test_orders_from_elsewhere_find_their_documents_without_a_flow(opened: Opened) -> None:
    page = await opened.source.list_orders(call(), OrderQuery(first=30), EVERYTHING)
    plain = [
        OrderRecord(**{name: getattr(order, name) for name in OrderRecord.__struct_fields__}) for order in page.items
    ]
    shipments = await opened.source.fetch_shipments_of_orders(call(), page.items, FEW)
    invoices = await opened.source.fetch_invoices_of_orders(call(), page.items, FEW)

    again = await opened.source.fetch_shipments_of_orders(call(), plain, FEW)
    bills = await opened.source.fetch_invoices_of_orders(call(), plain, FEW)

    assert {key: [s.ref for s in held] for key, held in again.items()} == {
        key: [s.ref for s in held] for key, held in shipments.items()
    }
    assert {key: [i.ref for i in held] for key, held in bills.items()} == {
        key: [i.ref for i in held] for key, held in invoices.items()
    }


async def test_the_first_combined_read_fetches_a_token_once(opened: Opened) -> None:
    await page_with_everything(opened)

    assert [line for line in opened.lines() if line.startswith("GET") and line.endswith("/")] == [f"GET {ORDERS}/"]


async def test_a_read_alone_needs_no_token(opened: Opened) -> None:
    await opened.source.list_orders(call(), OrderQuery(first=5), FEW)

    assert opened.lines() == [f"GET {ORDERS}/A_SalesOrder"]


async def test_the_ledger_is_left_alone_when_nothing_of_it_is_wanted(opened: Opened) -> None:
    page = await opened.source.list_orders(call(), OrderQuery(first=50), FEW)
    opened.lines()

    invoices = await opened.source.fetch_invoices_of_orders(
        call(), page.items, Wanted.of("number", "total", "lines.sku")
    )

    assert invoices
    assert not [line for line in opened.lines() if LEDGER in line]


async def test_every_call_is_written_down_with_its_rows(opened: Opened) -> None:
    asked = call()
    await opened.source.list_orders(asked, OrderQuery(first=5), FEW)

    assert [(one.system, one.operation, one.rows, one.outcome) for one in asked.record.calls] == [
        (NAME, "read sales orders", 6, "ok")
    ]


async def test_what_is_asked_beside_a_page_comes_apart_from_it(opened: Opened) -> None:
    everything = await opened.source.list_orders(call(), OrderQuery(first=500), FEW)
    first, last = everything.items[0], everything.items[-1]
    also = Lookup(keys=(last.ref.key,), partner_keys=(first.partner_keys[0],), numbers=("1", "not a number", ""))

    page = await opened.source.list_orders(call(), OrderQuery(first=3), FEW, also)

    assert [record.ref for record in page.items] == [record.ref for record in everything.items[:3]]
    assert page.more
    assert {record.ref for record in page.also} == {first.ref, last.ref}


async def test_an_expired_session_is_renewed_once_and_nobody_notices(opened: Opened) -> None:
    keys = list(opened.told)
    lookup = Lookup(keys=tuple(keys[:100]))
    await opened.source.fetch_orders(call(), lookup, FEW)
    opened.sandbox.system.sessions.forget()
    opened.lines()

    assert len(await opened.source.fetch_orders(call(), lookup, FEW)) == 100
    assert opened.lines() == [f"POST {ORDERS}/$batch", f"GET {ORDERS}/", f"POST {ORDERS}/$batch"]


async def test_an_older_release_is_asked_only_for_what_it_has() -> None:
    async with pretend(system=SystemSettings(release="2020")) as opened:
        page = await opened.source.list_orders(call(), OrderQuery(first=50), EVERYTHING)
        assert opened.lines() == [f"GET {ORDERS}/A_SalesOrder", f"GET {ORDERS}/$metadata", f"GET {ORDERS}/A_SalesOrder"]
        assert len(page.items) == 50
        assert all(isinstance(one, SapOrder) and one.deliveries is None and one.tax is None for one in page.items)
        assert all(order.customer is UNSET and order.customer_key for order in page.items)

        shipments = await opened.source.fetch_shipments_of_orders(call(), page.items, Wanted.of("shipped_at"))
        assert opened.lines() == [f"GET {DELIVERIES}/A_OutbDeliveryItem", f"GET {DELIVERIES}/A_OutbDeliveryHeader"]
        expected = {
            key: {p.number for p in opened.told[key].booking.parcels} for key in (r.ref.key for r in page.items)
        }
        assert {key: {s.ref.key for s in held} for key, held in shipments.items()} == {
            k: v for k, v in expected.items() if v
        }

        await opened.source.list_orders(call(), OrderQuery(first=50), EVERYTHING)
        assert opened.lines() == [f"GET {ORDERS}/A_SalesOrder"]


async def test_pages_that_the_server_cuts_are_followed_to_their_end() -> None:
    async with pretend(system=SystemSettings(page_size=7)) as opened:
        keys = tuple(list(opened.told)[:30])
        records = await opened.source.fetch_orders(call(), Lookup(keys=keys), FEW)

        assert {record.ref.key for record in records} == set(keys)
        assert len(opened.lines()) == 5


async def test_more_pages_than_are_followed_is_a_fault_and_never_a_silent_cut() -> None:
    async with pretend(system=SystemSettings(page_size=2), settings={"most_pages": 3}) as opened:
        with pytest.raises(Refused, match="more sales orders"):
            await opened.source.fetch_orders(call(), Lookup(keys=tuple(list(opened.told)[:30])), FEW)
