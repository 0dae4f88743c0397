"""One suite for every adapter and every port it claims, over real HTTP: ports.py's promises hold for all."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time
from functools import partial
from typing import TypeVar

import pytest
import pytest_asyncio
from msgspec import UNSET, Struct

from canonical.absence import known
from canonical.customer import CustomerRecord
from canonical.deadline import Deadline
from canonical.errors import Fault, Unavailable
from canonical.invoice import Invoice
from canonical.order import OrderRecord
from canonical.principal import Principal, View
from canonical.product import ProductRecord
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from sources.catalog import Sources, forecaster
from sources.kit.call import Call
from sources.kit.forecast import Need, Question
from sources.kit.sandbox import faults
from sources.kit.sandbox.contract import Sandbox
from sources.landscape_file import read_landscape
from sources.ports import (
    ContractSource,
    CustomerQuery,
    CustomerSource,
    InvoiceQuery,
    InvoiceSource,
    Lookup,
    OpportunitySource,
    OrderQuery,
    OrderSource,
    PaymentSource,
    Position,
    ProductQuery,
    ProductSource,
    QuoteSource,
    ReceivablesSource,
    ShipmentSource,
    Source,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

P = TypeVar("P", bound=Source)
REAL = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(600)]
PLACES = [
    pytest.param(("pretended", "salesforce"), id="salesforce"),
    pytest.param(("pretended", "sap-eu"), id="sap-eu"),
    pytest.param(("pretended", "erp-us"), id="erp-us"),
    pytest.param(("real", "erp-us"), id="a real erp", marks=REAL),
]
ORDER = Wanted.of(
    "number", "customer_key", "purchase_order_number", "requested_delivery_date", "subtotal", "tax", "total",
    "lines.sku", "lines.quantity", "lines.unit_price", "lines.amount", "lines.description", "created_at", "version",
)  # fmt: skip
SHIPMENT = Wanted.of("number", "carrier", "shipped_at", "delivered_at", "created_at", "planned_on", "tracking_number")
INVOICE = Wanted.of(
    "number", "status", "issued_on", "due_on", "subtotal", "tax", "total", "paid", "open", "customer_key",
    "lines.sku", "lines.quantity", "lines.amount", "payments.amount", "payments.applied_at", "payments.payment.number",
    "credit_memos.number", "credit_memos.total", "disputed",
)  # fmt: skip
OPPORTUNITY = Wanted.of(
    "name", "stage", "amount", "closes_on", "customer_key", "closed", "won", "created_at"
)  # fmt: skip
CONTRACT = Wanted.of(
    "number", "status", "system_status", "customer_key", "starts_on", "ends_on", "term_months", "created_at",
    "activated_at", "amended_at", "updated_at",
)  # fmt: skip
CUSTOMER = Wanted.of("name", "number", "billing_address", "shipping_address", "contacts.email", "parent_key")
HOSTILE = ["' or 1 eq 1", 'x"; drop', "\u0000", "🚀", "a" * 300, "%27", "O'Neil", "*", "\\", ""]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pretended() -> AsyncIterator[Company]:
    async with open_company() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real() -> AsyncIterator[Company]:
    """The company whose second ERP is a real one, that we did not write."""
    async with open_company(Tale("tryton")) as opened:
        yield opened


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


def sandbox_of(company: Company, name: str) -> Sandbox:
    if name not in company.sandboxes:
        pytest.skip(f"{name} is a real system: it misbehaves at no one's word")
    return company.sandboxes[name]


def call(seconds: float = 8, **view: frozenset[str]) -> Call:
    principal = Principal("ann", "brightwell", "tests", frozenset())
    return Call(principal, View(**view), Deadline.after(seconds), "conformance")


def port(sources: Sources, name: str, kept: type[P]) -> P:
    source = sources.get(name, kept)
    if source is None:
        pytest.skip(f"{name} does not keep {kept.__name__}")
    return source


async def all_orders(source: OrderSource, wanted: Wanted, first: int = 17) -> list[OrderRecord]:
    found: list[OrderRecord] = []
    after = None
    for _ in range(100):
        page = await source.list_orders(call(), OrderQuery(first=first, after=after), wanted)
        assert len(page.items) <= first
        found += page.items
        if not page.more:
            return found
        after = Position(page.items[-1].ordered_at, page.items[-1].ref.key)
    raise AssertionError("The stream has no end.")


def told(record: Struct, names: Sequence[str]) -> None:
    untold = [field for field in names if getattr(record, field) is UNSET]
    assert not untold, f"{type(record).__name__} was asked for {untold}, and has neither a value nor None for it."


async def test_a_stream_of_orders_has_each_once_newest_first(sources: Sources, name: str) -> None:
    source = port(sources, name, OrderSource)

    orders = await all_orders(source, Wanted.of("number"))

    places = [(order.ordered_at, order.ref.key) for order in orders]
    assert len(orders) > 40
    assert len(set(places)) == len(places)
    assert [at for at, _ in places] == sorted((at for at, _ in places), reverse=True)
    assert all(order.ref.system == name == order.reference.system for order in orders)
    assert all(order.ordered_at.utcoffset() is not None for order in orders)


async def test_orders_are_found_by_key_number_and_partner_and_unknown_ones_are_absent(
    sources: Sources, name: str
) -> None:
    source = port(sources, name, OrderSource)
    orders = await all_orders(source, Wanted.of("number"), first=200)
    keys = tuple(order.ref.key for order in orders)

    by_key = await source.fetch_orders(call(), Lookup(keys=(*keys, keys[0])), Wanted.of("number"))
    linked = next(order for order in orders if order.partner_keys)
    by_number = await source.fetch_orders(call(), Lookup(numbers=(linked.number or "",)), Wanted.of("number"))
    by_partner = await source.fetch_orders(call(), Lookup(partner_keys=linked.partner_keys), Wanted.of("number"))

    assert sorted(order.ref.key for order in by_key) == sorted(keys)
    assert [order.ref for order in by_number] == [linked.ref]
    assert linked.ref in [order.ref for order in by_partner]
    assert await source.fetch_orders(call(), Lookup(keys=("999999999",), numbers=("nothing",)), Wanted()) == []


async def test_what_was_wanted_is_told_and_what_was_not_is_left_out(sources: Sources, name: str) -> None:
    source = port(sources, name, OrderSource)

    full = (await source.list_orders(call(), OrderQuery(first=5), ORDER)).items
    bare = (await source.list_orders(call(), OrderQuery(first=5), Wanted.of("number"))).items

    for order in full:
        told(order, list(ORDER.names()))
        assert isinstance(order.lines, tuple)
        for line in order.lines:
            told(line, ["sku", "quantity", "unit_price", "amount", "description"])
    assert all(order.lines is UNSET for order in bare)


async def test_records_asked_for_beside_a_page_come_beside_it(sources: Sources, name: str) -> None:
    source = port(sources, name, OrderSource)
    orders = await all_orders(source, Wanted.of("number"), first=200)
    last, first = orders[-1], orders[0]

    page = await source.list_orders(
        call(), OrderQuery(first=3), Wanted.of("number"), Lookup(keys=(last.ref.key, first.ref.key))
    )

    assert [order.ref for order in page.items] == [order.ref for order in orders[:3]]
    assert sorted(order.ref for order in page.also) == sorted([last.ref, first.ref])
    assert page.more is True


async def test_hostile_names_find_nothing_and_break_nothing(sources: Sources, name: str) -> None:
    source = port(sources, name, OrderSource)

    for text in HOSTILE:
        lookup = Lookup(keys=(text,), partner_keys=(text,), numbers=(text,))
        assert list(await source.fetch_orders(call(), lookup, Wanted.of("number"))) == [], text
    found = await source.list_orders(call(), OrderQuery(first=5, search="O'Neil \" % \\"), Wanted.of("number"))
    assert len(found.items) <= 5


async def test_shipments_belong_to_the_orders_they_were_asked_for(sources: Sources, name: str) -> None:
    source = port(sources, name, ShipmentSource)
    orders = await all_orders(port(sources, name, OrderSource), ORDER | Wanted.of("shipments"), first=200)

    by_order = await source.fetch_shipments_of_orders(call(), orders, SHIPMENT)

    assert set(by_order) <= {order.ref.key for order in orders}
    shipments = [(key, shipment) for key, held in by_order.items() for shipment in held]
    assert len(shipments) > 10
    for key, shipment in shipments:
        told(shipment, list(SHIPMENT.names()))
        assert key in {ref.key for ref in shipment.order_refs}
        assert all(line.quantity is not None and line.quantity >= 0 for line in shipment.lines)
    _, one = shipments[0]
    again = await source.fetch_shipments(call(), [one.ref.key, "999999999"], SHIPMENT)
    assert {k: (s.number, s.status, s.lines) for k, s in again.items()} == {
        one.ref.key: (one.number, one.status, one.lines)
    }


async def test_invoices_add_up_and_are_found_again(sources: Sources, name: str) -> None:
    source = port(sources, name, InvoiceSource)
    orders = await all_orders(port(sources, name, OrderSource), ORDER, first=200)

    by_order = await source.fetch_invoices_of_orders(call(), orders, INVOICE)

    invoices = {invoice.ref: invoice for held in by_order.values() for invoice in held}
    assert len(invoices) > 10
    for invoice in invoices.values():
        told(invoice, list(INVOICE.names()))
        assert all(p.invoice_ref == invoice.ref for p in known(invoice.payments) or ())
    one = next(iter(invoices.values()))
    by_key = await source.fetch_invoices(call(), Lookup(keys=(one.ref.key,)), INVOICE)
    by_number = await source.fetch_invoices(call(), Lookup(numbers=(str(one.number),)), INVOICE)
    assert [(i.ref, i.total, i.open) for i in by_key] == [(one.ref, one.total, one.open)]
    assert [i.ref for i in by_number] == [one.ref]


async def test_a_stream_of_invoices_has_each_once_newest_first(sources: Sources, name: str) -> None:
    source = port(sources, name, InvoiceSource)
    found: list[Invoice] = []
    after = None
    for _ in range(60):
        page = await source.list_invoices(call(), InvoiceQuery(first=9, after=after), Wanted.of("issued_on", "number"))
        found += page.items
        if not page.more:
            break
        issued = known(page.items[-1].issued_on)
        assert issued
        after = Position(datetime.combine(issued, time(), UTC), page.items[-1].ref.key)

    assert len(found) > 20
    assert len({invoice.ref for invoice in found}) == len(found)
    days = [known(invoice.issued_on) or date.min for invoice in found]
    assert days == sorted(days, reverse=True)


async def test_payments_are_found_by_their_key_with_what_they_were_used_for(sources: Sources, name: str) -> None:
    source = port(sources, name, PaymentSource)
    orders = await all_orders(port(sources, name, OrderSource), ORDER, first=200)
    invoices = await port(sources, name, InvoiceSource).fetch_invoices_of_orders(call(), orders, INVOICE)
    applied = [a for held in invoices.values() for i in held for a in known(i.payments) or () if a.payment]
    keys = list(dict.fromkeys(a.payment.ref.key for a in applied if a.payment))[:20]

    wanted = Wanted.of("number", "amount", "unapplied", "received_at", "applications.amount")
    payments = await source.fetch_payments(call(), [*keys, "999999999"], wanted)

    assert set(payments) == set(keys)
    for payment in payments.values():
        told(payment, ["number", "amount", "unapplied", "received_at", "applications"])


async def test_customers_are_found_by_key_and_listed_once(sources: Sources, name: str) -> None:
    source = port(sources, name, CustomerSource)
    found: list[CustomerRecord] = []
    after = None
    for _ in range(60):
        page = await source.list_customers(call(), CustomerQuery(first=11, after_key=after), CUSTOMER)
        found += page.items
        if not page.more:
            break
        after = page.items[-1].ref.key

    assert len(found) > 15
    assert len({customer.ref for customer in found}) == len(found)
    for customer in found:
        told(customer, list(CUSTOMER.names()))
    keys = tuple(customer.ref.key for customer in found)
    again = await source.fetch_customers(call(), Lookup(keys=(*keys, "nobody")), Wanted.of("name"))
    assert {customer.ref: customer.name for customer in again} == {customer.ref: customer.name for customer in found}


async def test_what_an_order_tells_of_its_customer_is_what_the_customers_own_record_says(
    sources: Sources, name: str
) -> None:
    wanted = Wanted.of("name", "billing_address", "parent_key")
    orders = await all_orders(
        port(sources, name, OrderSource), Wanted.of(*(f"customer.{field}" for field in wanted.names())), first=200
    )
    keys = tuple({key for order in orders if (key := known(order.customer_key))})

    own = await port(sources, name, CustomerSource).fetch_customers(call(), Lookup(keys=keys), wanted)

    by_ref = {record.ref: record for record in own}
    brought = [(order, customer) for order in orders if (customer := known(order.customer))]
    assert len(brought) > 40
    for order, customer in brought:
        assert order.customer_key == customer.ref.key
        told(customer, list(wanted.names()))
        assert [getattr(customer, field) for field in wanted.names()] == [
            getattr(by_ref[customer.ref], field) for field in wanted.names()
        ]


async def test_products_are_found_by_sku_and_listed_once(sources: Sources, name: str) -> None:
    source = port(sources, name, ProductSource)
    found: list[ProductRecord] = []
    after = None
    for _ in range(60):
        page = await source.list_products(call(), ProductQuery(first=7, after_sku=after), Wanted.of("name", "active"))
        found += page.items
        if not page.more:
            break
        after = page.items[-1].sku

    skus = [product.sku for product in found]
    assert skus == sorted(set(skus))
    assert len(skus) > 20
    by_sku = await source.fetch_products(call(), [*skus, "no such thing"], Wanted.of("name", "unit", "active"))
    assert set(by_sku) == set(skus)
    for product in by_sku.values():
        told(product, ["name", "unit", "active"])


async def test_billing_accounts_are_told_by_legal_entity(sources: Sources, name: str) -> None:
    source = port(sources, name, ReceivablesSource)
    customers = await port(sources, name, CustomerSource).list_customers(call(), CustomerQuery(first=9), Wanted())
    keys = [customer.ref.key for customer in customers.items]

    accounts = await source.fetch_billing_accounts(
        call(),
        [*keys, "nobody"],
        Wanted.of("currency_code", "payment_terms", "credit", "open_balance", "overdue_balance"),
    )

    assert set(accounts) <= set(keys)
    assert accounts
    for held in accounts.values():
        for account in held:
            told(account, ["currency_code", "payment_terms", "credit", "open_balance", "overdue_balance"])


async def test_quotes_are_found_by_key(sources: Sources, name: str, company: Company) -> None:
    source = port(sources, name, QuoteSource)
    offer = next(deal.offer for deal in company.story.deals if deal.offer)

    found = await source.fetch_quotes(
        call(), Lookup(keys=(offer.crm_key,)), Wanted.of("number", "status", "total", "lines.sku", "expires_on")
    )

    assert [quote.number for quote in found] == [offer.number]
    told(found[0], ["number", "status", "total", "lines", "expires_on"])


async def test_opportunities_are_found_by_key_and_unknown_ones_are_absent(sources: Sources, name: str) -> None:
    source = port(sources, name, OpportunitySource)
    orders = await all_orders(port(sources, name, OrderSource), Wanted.of("opportunity_key"), first=200)
    keys = tuple({key for order in orders if (key := known(order.opportunity_key))})

    found = await source.fetch_opportunities(call(), Lookup(keys=(*keys, keys[0], "nobody", *HOSTILE)), OPPORTUNITY)
    bare = await source.fetch_opportunities(call(), Lookup(keys=keys[:1]), Wanted())

    assert sorted(one.ref.key for one in found) == sorted(keys)
    for one in found:
        told(one, list(OPPORTUNITY.names()))
    assert [(one.ref.key, one.name, one.amount) for one in bare] == [(keys[0], UNSET, UNSET)]


async def test_contracts_are_found_by_key_and_number_and_unknown_ones_are_absent(sources: Sources, name: str) -> None:
    source = port(sources, name, ContractSource)
    orders = await all_orders(port(sources, name, OrderSource), Wanted.of("contract_key"), first=200)
    keys = tuple({key for order in orders if (key := known(order.contract_key))})

    found = await source.fetch_contracts(call(), Lookup(keys=(*keys, keys[0], "nobody", *HOSTILE)), CONTRACT)
    one = found[0]
    by_number = await source.fetch_contracts(call(), Lookup(numbers=(str(one.number), "nothing", *HOSTILE)), Wanted())

    assert sorted(contract.ref.key for contract in found) == sorted(keys)
    for contract in found:
        told(contract, list(CONTRACT.names()))
    assert [(contract.ref, contract.status, contract.starts_on) for contract in by_number] == [(one.ref, UNSET, UNSET)]


async def test_a_view_without_any_legal_entity_shows_no_order_of_an_erp(sources: Sources, name: str) -> None:
    source = port(sources, name, OrderSource)
    if name == "salesforce":
        pytest.skip("a CRM order may belong to no legal entity")

    page = await source.list_orders(call(legal_entities=frozenset()), OrderQuery(first=5), Wanted.of("number"))

    assert page.items == ()


@pytest.mark.parametrize("kind", ["status", "throttle", "reset_before", "truncate", "content_type", "timeout"])
async def test_a_system_that_misbehaves_is_a_fault_of_our_tree_that_names_it(
    sources: Sources, name: str, company: Company, kind: str
) -> None:
    source = port(sources, name, OrderSource)
    await source.list_orders(call(), OrderQuery(first=1), Wanted.of("number"))
    sandbox_of(company, name).faults.add(faults.Fault.model_validate({"kind": kind, "seconds": 9}))

    with pytest.raises(Fault) as raised:
        await source.list_orders(call(1.5), OrderQuery(first=1), Wanted.of("number"))

    assert raised.value.system == name
    assert raised.value.retryable
    assert name in raised.value.sentence


async def test_a_checkup_never_raises_and_says_in_words_what_is_wrong(
    sources: Sources, name: str, company: Company
) -> None:
    source = port(sources, name, Source)
    well = await source.check(call(), thorough=True)
    sandbox_of(company, name).faults.add(faults.Fault(kind="reset_before"))

    ill = await source.check(call(1.5), thorough=True)

    assert well.status is SystemHealth.UP, well
    assert well.latency_ms is not None
    assert well.findings
    assert all(finding.well for finding in well.findings), well.findings
    assert ill.status is SystemHealth.DOWN
    assert ill.message


async def test_a_question_without_time_left_is_not_asked(sources: Sources, name: str, company: Company) -> None:
    source = port(sources, name, OrderSource)
    sandbox_of(company, name).log.clear()

    with pytest.raises(Unavailable):
        await source.list_orders(call(0), OrderQuery(first=1), Wanted.of("number"))

    assert sandbox_of(company, name).log.asked() == []


async def test_every_field_that_is_served_has_a_name_in_the_vendors_words(sources: Sources, name: str) -> None:
    source = port(sources, name, OrderSource)

    for field in ("number", "subtotal", "ordered_at"):
        assert source.origin("Order", field)
    assert source.origin("Order", "no such field") is None


async def test_no_question_takes_more_calls_than_its_vendor_foretells(
    sources: Sources, name: str, company: Company
) -> None:
    calls_of = forecaster(read_landscape(company.landscape, os.environ))
    asked = await questions(sources, name)
    beyond: dict[str, object] = {}

    for need, ask in asked:
        await ask(call())  # signs in, and fetches tokens, where that takes calls of its own
        counted = call()
        await ask(counted)
        foretold = calls_of(name, [need])
        took = len(counted.record.calls)
        beyond |= {} if 0 < took <= foretold.calls else {need.question.value: (took, foretold)}

    assert beyond == {}
    assert len(asked) > 4


async def questions(sources: Sources, name: str) -> list[tuple[Need, Callable[[Call], Awaitable[object]]]]:
    """One question of each kind that the system takes, of a page of its own records."""
    source = sources.by_name[name]
    found: list[tuple[Need, Callable[[Call], Awaitable[object]]]] = []
    orders: Sequence[OrderRecord] = ()
    keys: tuple[str, ...] = ()
    wanted = ORDER | Wanted.of("shipments", "invoices")
    if isinstance(source, OrderSource):
        page = OrderQuery(first=50)
        orders = (await source.list_orders(call(), page, wanted)).items
        keys = tuple(order.ref.key for order in orders)
        named = Lookup(keys=keys)
        found.append((_need("list_orders", wanted), partial(source.list_orders, query=page, wanted=wanted)))
        found.append((_need("fetch_orders", wanted, keys), partial(source.fetch_orders, lookup=named, wanted=wanted)))
    if isinstance(source, ShipmentSource):
        of = partial(source.fetch_shipments_of_orders, orders=orders, wanted=SHIPMENT)
        found.append((_need("fetch_shipments_of_orders", SHIPMENT, keys), of))
    if isinstance(source, InvoiceSource):
        billed = partial(source.fetch_invoices_of_orders, orders=orders, wanted=INVOICE)
        found.append((_need("fetch_invoices_of_orders", INVOICE, keys), billed))
        bills = partial(source.list_invoices, query=InvoiceQuery(first=50), wanted=INVOICE)
        found.append((_need("list_invoices", INVOICE), bills))
    if isinstance(source, CustomerSource):
        people = CustomerQuery(first=50)
        listed = (await source.list_customers(call(), people, CUSTOMER)).items
        known_as = tuple(customer.ref.key for customer in listed)
        these = Lookup(keys=known_as)
        found.append((_need("list_customers", CUSTOMER), partial(source.list_customers, query=people, wanted=CUSTOMER)))
        by_key = partial(source.fetch_customers, lookup=these, wanted=CUSTOMER)
        found.append((_need("fetch_customers", CUSTOMER, known_as), by_key))
        if isinstance(source, ReceivablesSource):
            owed = Wanted.of("open_balance", "credit.available")
            accounts = partial(source.fetch_billing_accounts, customer_keys=known_as, wanted=owed)
            found.append((_need("fetch_billing_accounts", owed, known_as), accounts))
    if isinstance(source, ProductSource):
        sold = partial(source.list_products, query=ProductQuery(first=20), wanted=Wanted.of("name"))
        found.append((_need("list_products", Wanted.of("name")), sold))
    return found


def _need(question: str, wanted: Wanted, keys: Sequence[str] = ()) -> Need:
    return Need(question=Question(question), wanted=wanted, keys=len(keys))
