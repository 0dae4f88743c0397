"""The adapter against the pretend system over real HTTP: how often it asks, how it pages, and how it bears trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from canonical.absence import known
from canonical.errors import ContractBroken, Fault, Refused, Throttled, Unavailable
from canonical.invoice import InvoiceStatus
from canonical.order import OrderRecord, Stage
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.sandbox.faults import Fault as Trouble
from sources.landscape import Secret
from sources.ports import CustomerQuery, InvoiceQuery, Lookup, OrderQuery, Position, ProductQuery
from sources.s4hana.adapter import open_source
from sources.s4hana.mapping_order import SapOrder
from sources.s4hana.sandbox import SystemSettings
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import NAME, Opened, pretend

EVERYTHING = Wanted.of(
    "number", "customer_key", "purchase_order_number", "subtotal", "tax", "total", "holds", "version",
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


async def test_a_bill_that_the_document_flow_left_out_is_read_all_the_same(opened: Opened) -> None:
    page = await opened.source.list_orders(call(), OrderQuery(first=50), FEW)
    whole = await opened.source.fetch_invoices_of_orders(call(), page.items, FEW)
    silent = [msgspec.structs.replace(order, followed=()) for order in page.items]
    opened.lines()

    found = await opened.source.fetch_invoices_of_orders(call(), silent, FEW)

    assert {key: {i.ref for i in held} for key, held in found.items()} == {
        key: {i.ref for i in held} for key, held in whole.items()
    }
    assert len(opened.lines()) == 2


async def test_orders_from_elsewhere_find_their_documents_without_a_flow(opened: Opened) -> None:
    page = await opened.source.list_orders(call(), OrderQuery(first=30), FEW)
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


@pytest.mark.parametrize(
    "trouble,kind",
    [
        (Trouble(kind="status", status=500), Unavailable),
        (Trouble(kind="status", status=503), Unavailable),
        (Trouble(kind="throttle", seconds=3), Throttled),
        (Trouble(kind="reset_before"), Unavailable),
        (Trouble(kind="reset_after"), Unavailable),
        (Trouble(kind="truncate"), (Unavailable, ContractBroken)),
        (Trouble(kind="content_type"), (Unavailable, ContractBroken)),
    ],
    ids=lambda value: value.kind if isinstance(value, Trouble) else "",
)
@pytest.mark.parametrize("many", [False, True], ids=["one read", "combined reads"])
async def test_trouble_on_the_way_is_a_fault_of_our_tree(
    opened: Opened, trouble: Trouble, kind: type[Fault] | tuple[type[Fault], ...], many: bool
) -> None:
    keys = tuple(list(opened.told)[: 100 if many else 1])
    await opened.source.fetch_orders(call(), Lookup(keys=keys), FEW)
    opened.sandbox.faults.add(trouble)

    with pytest.raises(kind) as raised:
        await opened.source.fetch_orders(call(), Lookup(keys=keys), FEW)

    assert isinstance(raised.value, Fault)
    assert raised.value.system == NAME
    assert "Welcome" not in str(raised.value.detail)


async def test_too_slow_an_answer_ends_with_the_deadline(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="latency", seconds=5))

    with pytest.raises(Unavailable, match="in time"):
        await opened.source.list_orders(call(seconds=0.2), OrderQuery(first=5), FEW)


async def test_rows_in_another_order_or_twice_are_matched_by_key(opened: Opened) -> None:
    keys = tuple(list(opened.told)[:40])
    plain = await opened.source.fetch_orders(call(), Lookup(keys=keys), EVERYTHING)
    for kind in ("shuffle_rows", "duplicate_rows"):
        opened.sandbox.faults.add(Trouble(kind=kind, times=1))
        spoilt = await opened.source.fetch_orders(call(), Lookup(keys=keys), EVERYTHING)
        assert {record.ref: record.lines for record in spoilt} == {record.ref: record.lines for record in plain}


async def test_a_wrong_password_is_tried_once_since_three_lock_the_user(opened: Opened) -> None:
    wrong = {"username": Secret("REVGRAPH"), "password": Secret("wrong")}
    source = open_source(replace(opened.instance, credentials=wrong))
    try:
        checkup = await source.check(call())
    finally:
        await source.close()

    assert (checkup.status, checkup.latency_ms is not None) == (SystemHealth.DOWN, True)
    assert "locked" in str(checkup.message)
    assert len(opened.lines()) == 1


async def test_oauth_works_too() -> None:
    async with pretend(settings={"auth": "oauth"}) as opened:
        assert (await opened.source.list_orders(call(), OrderQuery(first=3), FEW)).more


async def test_a_checkup_names_what_is_well_and_how_fast(opened: Opened) -> None:
    quick, thorough = await opened.source.check(call()), await opened.source.check(call(), thorough=True)

    assert (quick.status, quick.findings) == (SystemHealth.UP, ())
    assert quick.latency_ms is not None
    assert thorough.status is SystemHealth.UP
    assert [finding.name for finding in thorough.findings if finding.well and finding.advice is None] == [
        "service for sales orders",
        "service for outbound deliveries",
        "service for billing documents",
        "service for receivables",
        "service for customers",
        "service for products",
        "service for credit accounts",
    ]


async def test_a_checkup_says_what_to_switch_on_service_by_service(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=403, match=r"BUSINESS_PARTNER/\$metadata"))
    opened.sandbox.faults.add(Trouble(kind="status", status=404, match=r"BILLING_DOCUMENT_SRV/\$metadata"))
    checkup = await opened.source.check(call(), thorough=True)

    ill = {finding.name: str(finding.advice) for finding in checkup.findings if not finding.well}
    assert checkup.status is SystemHealth.DEGRADED
    assert set(ill) == {"service for customers", "service for billing documents"}
    assert "SAP_COM_0008" in ill["service for customers"]
    assert "API_BILLING_DOCUMENT_SRV" in ill["service for billing documents"]


async def test_a_checkup_of_a_dead_system_is_an_answer_and_no_fault(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="reset_before"))
    checkup = await opened.source.check(call(), thorough=True)

    assert (checkup.status, checkup.latency_ms) == (SystemHealth.DOWN, None)


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


async def test_customers_are_found_by_number_and_by_their_crm_key(opened: Opened) -> None:
    buyer = next(b for b in opened.story.buyers.values() if b.crm_key and any(a.instance == NAME for a in b.accounts))
    number = next(account.number for account in buyer.accounts if account.instance == NAME)
    wanted = Wanted.of("name", "billing_address")
    by_number = await opened.source.fetch_customers(call(), Lookup(keys=(number,)), wanted)
    by_key = await opened.source.fetch_customers(call(), Lookup(partner_keys=(str(buyer.crm_key),)), wanted)

    assert by_number[0].ref == by_key[0].ref
    assert by_number[0].name == buyer.erp_names.get(NAME, buyer.name)
    address = known(by_number[0].billing_address)
    assert address is not None
    assert (address.city, address.postal_code) == (buyer.billing.city, buyer.billing.postal_code)


async def test_customers_stream_by_number_and_have_no_children_here(opened: Opened) -> None:
    first = await opened.source.list_customers(call(), CustomerQuery(first=10), FEW)
    second = await opened.source.list_customers(call(), CustomerQuery(first=10, after_key=first.items[-1].ref.key), FEW)
    keys = [customer.ref.key for customer in (*first.items, *second.items)]

    assert keys == sorted(set(keys))
    assert (len(keys), first.more) == (20, True)
    assert (await opened.source.list_customers(call(), CustomerQuery(first=5, parent_key="1"), FEW)).items == ()
    named = str(first.items[3].name)
    found = await opened.source.list_customers(call(), CustomerQuery(first=50, search=named[2:9]), FEW)
    assert first.items[3].ref in [customer.ref for customer in found.items]


async def test_billing_accounts_say_what_is_owed_and_the_limit(opened: Opened) -> None:
    buyer, account = next(
        (b, a) for b in opened.story.buyers.values() for a in b.accounts if a.instance == NAME and a.credit_limit
    )
    wanted = Wanted.of("currency_code", "payment_terms", "credit", "open_balance", "overdue_balance")
    (told,) = (await opened.source.fetch_billing_accounts(call(), [account.number], wanted))[account.number]
    credit, owed = known(told.credit), known(told.open_balance)

    assert buyer.name
    assert (told.legal_entity_code, told.currency_code) == ("DE01", "EUR")
    assert credit is not None
    assert credit.credit_limit is not None
    assert (credit.credit_limit.amount, credit.exposure, credit.on_hold) == (
        account.credit_limit,
        None,
        account.on_hold,
    )
    assert owed is not None
    assert len(opened.lines()) == 3


async def test_without_the_credit_service_accounts_are_told_without_credit(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=404, match="CRDTMBUSINESSPARTNER"))
    number = next(a.number for b in opened.story.buyers.values() for a in b.accounts if a.instance == NAME)
    (told,) = (await opened.source.fetch_billing_accounts(call(), [number], Wanted.of("credit")))[number]

    assert told.credit is None


async def test_products_are_found_by_sku_by_name_and_as_a_stream(opened: Opened) -> None:
    article = next(iter(opened.story.articles.values()))
    fetched = await opened.source.fetch_products(call(), [article.sku, "NO-SUCH"], Wanted.of("name"))
    searched = await opened.source.list_products(
        call(), ProductQuery(first=50, search=article.name[:12]), Wanted.of("name")
    )
    first = await opened.source.list_products(call(), ProductQuery(first=4), FEW)
    second = await opened.source.list_products(call(), ProductQuery(first=4, after_sku=first.items[-1].sku), FEW)

    assert {sku: product.name for sku, product in fetched.items()} == {article.sku: article.name[:40]}
    assert article.sku in [product.sku for product in searched.items]
    skus = [product.sku for product in (*first.items, *second.items)]
    assert skus == sorted(set(skus))
