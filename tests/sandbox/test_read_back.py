"""The story, read back through the very adapters that a gateway uses: what they say is what really happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from canonical.absence import known
from canonical.deadline import Deadline
from canonical.invoice import Invoice
from canonical.money import Money
from canonical.order import OrderRecord
from canonical.principal import Principal, View
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from sandbox.opening import open_all
from sandbox.serve import SMALL, Company, open_company
from sources.catalog import Sources, open_sources
from sources.kit.call import Call
from sources.kit.sandbox.story import Bill
from sources.kit.sandbox.sums import Booked, billed, booked, credited, priced, still_open
from sources.landscape_file import read_landscape
from sources.ports import InvoiceSource, Lookup, OrderSource, ReceivablesSource, ShipmentSource

T = TypeVar("T")

ORDER = Wanted.of("number", "subtotal", "tax", "currency_code", "lines.sku", "lines.quantity", "lines.starts_on")
INVOICE = Wanted.of("number", "status", "total", "open", "disputed", "due_on", "payments.amount", "credit_memos.total")
ERPS = ("sap-eu", "erp-us")
PAGE = 40


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("read-back")
    for sandbox in open_all(SMALL, state).sandboxes.values():
        sandbox.close()
    return state


@pytest.fixture
async def company(told: Path) -> AsyncIterator[Company]:
    async with open_company(SMALL, told) as company:
        yield company


@pytest.fixture
async def systems(company: Company) -> AsyncIterator[Sources]:
    opened = open_sources(read_landscape(company.landscape, {}))
    yield opened
    await opened.close()


def a_call() -> Call:
    asker = Principal("tester", "brightwell", "tests", frozenset())
    return Call(asker, View(), Deadline.after(30), "read-back")


def pages(keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(keys[start : start + PAGE]) for start in range(0, len(keys), PAGE))


def port(systems: Sources, name: str, kind: Callable[..., T]) -> T:
    found = systems.get(name, kind)
    assert found is not None
    return found


async def orders_of(systems: Sources, name: str, keys: Sequence[str]) -> dict[str, OrderRecord]:
    source = port(systems, name, OrderSource)
    found: dict[str, OrderRecord] = {}
    for page in pages(keys):
        found.update({one.ref.key: one for one in await source.fetch_orders(a_call(), Lookup(keys=page), ORDER)})
    return found


def amount(told: object) -> Decimal | None:
    assert told is None or isinstance(told, Money)
    return told.amount if told else None


async def test_the_crm_tells_its_sales_and_the_erp_numbers_it_was_given(company: Company, systems: Sources) -> None:
    deals = {deal.crm_key: deal for deal in company.story.deals if deal.crm_key}

    records = await orders_of(systems, company.story.crm_instance, list(deals))

    assert records.keys() == deals.keys()
    for key, deal in deals.items():
        written = tuple(b.number for b in deal.bookings if b.known_to_crm) if deal.written_back else ()
        net = sum((priced(line, line.quantity).net for line in deal.lines), Decimal(0))
        told = [(line.sku, line.quantity) for line in known(records[key].lines) or ()]
        assert amount(known(records[key].subtotal)) == net
        assert records[key].partner_keys == written
        assert sorted(told, key=str) == sorted(((line.sku, line.quantity) for line in deal.lines), key=str)


@pytest.mark.parametrize("erp", ERPS)
async def test_an_erp_tells_its_orders(company: Company, systems: Sources, erp: str) -> None:
    orders = booked(company.story, erp)

    records = await orders_of(systems, erp, list(orders))

    assert records.keys() == orders.keys()
    for number, order in orders.items():
        record, booking = records[number], order.booking
        truth = order.sum({line: order.lines[line].quantity for line in booking.lines})
        assert (amount(known(record.subtotal)), amount(known(record.tax))) == (truth.net, truth.tax)
        assert record.partner_keys == (booking.reference,)
        assert sorted(hold.kind.value.lower() for hold in record.holds) == sorted(booking.holds)
        assert record.stage.value == ("CANCELLED" if booking.cancelled_at else "BOOKED")
        starts = [line.starts_on for line in known(record.lines) or ()]
        assert starts == [order.lines[line].starts_on for line in booking.lines]


@pytest.mark.parametrize("erp", ERPS)
async def test_an_erp_tells_what_left_and_what_came_back(company: Company, systems: Sources, erp: str) -> None:
    orders = booked(company.story, erp)
    records = list((await orders_of(systems, erp, list(orders))).values())
    source = port(systems, erp, ShipmentSource)
    found: dict[str, Sequence[Shipment]] = {}

    for start in range(0, len(records), PAGE):
        part = records[start : start + PAGE]
        found.update(await source.fetch_shipments_of_orders(a_call(), part, Wanted.of("number", "shipped_at")))

    for number, order in orders.items():
        told = {(one.number, one.posted, one.is_return, known(one.shipped_at)) for one in found.get(number, ())}
        assert told == {(p.number, p.posted_at is not None, p.is_return, p.posted_at) for p in order.booking.parcels}


@pytest.mark.parametrize("erp", ERPS)
async def test_an_erp_tells_what_was_billed_paid_and_given_back(company: Company, systems: Sources, erp: str) -> None:
    orders = booked(company.story, erp)
    records = list((await orders_of(systems, erp, list(orders))).values())
    source = port(systems, erp, InvoiceSource)
    found: dict[str, Sequence[Invoice]] = {}

    for start in range(0, len(records), PAGE):
        found.update(await source.fetch_invoices_of_orders(a_call(), records[start : start + PAGE], INVOICE))

    for number, order in orders.items():
        invoices = {known(one.number): one for one in found.get(number, ())}
        bills = {bill.number: bill for bill in order.booking.bills}
        assert invoices.keys() == {*bills, *order.booking.shared_bills}
        for bill in bills.values():
            assert_told(invoices[bill.number], bill, order, orders)


def assert_told(invoice: Invoice, bill: Bill, order: Booked, orders: dict[str, Booked]) -> None:
    assert amount(known(invoice.total)) == billed(bill, orders).gross
    assert known(invoice.disputed) is bill.disputed
    given_back = sorted(amount(known(memo.total)) or 0 for memo in known(invoice.credit_memos) or ())
    assert given_back == sorted(credited(note, order).gross for note in bill.credits)
    if not bill.posted:
        assert invoice.status.value == "DRAFT"  # type: ignore[union-attr]
    elif bill.cancelled:
        assert invoice.status.value == "CANCELLED"  # type: ignore[union-attr]
    else:
        assert amount(known(invoice.open)) == still_open(bill, order, orders)
        assert known(invoice.due_on) == bill.due_on
        paid = sorted(amount(one.amount) or 0 for one in known(invoice.payments) or ())
        assert paid == sorted(receipt.amount for receipt in bill.receipts)


@pytest.mark.parametrize("erp", ERPS)
async def test_an_erp_tells_what_each_customer_owes(company: Company, systems: Sources, erp: str) -> None:
    orders = booked(company.story, erp)
    home = next(entity.currency for entity in company.story.entities if entity.instance == erp)
    owed: Counter[str] = Counter()
    for order in orders.values():
        for bill in order.booking.bills:
            if order.deal.currency == home:
                owed[order.booking.customer_number] += int(100 * still_open(bill, order, orders)) if bill.posted else 0
                owed[order.booking.customer_number] -= sum(
                    int(100 * credited(note, order).gross) for note in bill.credits if not note.applied
                )
    foreign = {order.booking.customer_number for order in orders.values() if order.deal.currency != home}
    customers = [number for number in owed if number not in foreign]
    source = port(systems, erp, ReceivablesSource)

    accounts = await source.fetch_billing_accounts(
        a_call(), customers, Wanted.of("open_balance", "credit.credit_limit")
    )

    told = {number: amount(known(accounts[number][0].open_balance)) or Decimal(0) for number in customers}
    assert told == {number: Decimal(owed[number]) / 100 for number in customers}
