"""The adapter against the real ERP: what is asked, what comes back, and how many calls it took."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio

from canonical.customer import CustomerRecord
from canonical.errors import ProblemCategory, Refused
from canonical.invoice import Invoice, InvoiceStatus
from canonical.order import OrderRecord, Stage
from canonical.status import shipped_quantities
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.ports import CustomerQuery, InvoiceQuery, Lookup, OrderQuery, Position, ProductQuery
from sources.tryton.adapter import Tryton, open_source
from sources.tryton.checkup import ACCOUNT, BILLED, ORDER, PAID, SHIPPED
from sources.tryton.sandbox.serve import Reached
from sources.tryton.values import midnight
from tests.sources.tryton.reading import call, instance
from tests.sources.tryton.sandbox.asking import ask
from tests.sources.tryton.writing import tell

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(300)]

WHOLE = BILLED | Wanted.of("number", "total", "credit_memos.number", "credit_memos.total", "credit_memos.open")
NUMBER = Wanted.of("number")


@pytest_asyncio.fixture
async def tryton(erp: Reached) -> AsyncIterator[Tryton]:
    opened = open_source(instance(erp.base_url, erp.application_key))
    assert isinstance(opened, Tryton)
    yield opened
    await opened.close()


async def every_order(tryton: Tryton, wanted: Wanted = NUMBER, first: int = 13) -> list[OrderRecord]:
    found: list[OrderRecord] = []
    after: Position | None = None
    while True:
        page = await tryton.list_orders(call(), OrderQuery(first=first, after=after), wanted)
        found += page.items
        if not page.more:
            return found
        after = Position(found[-1].ordered_at, found[-1].ref.key)


async def every_invoice(tryton: Tryton) -> list[Invoice]:
    found: list[Invoice] = []
    after: Position | None = None
    while True:
        page = await tryton.list_invoices(call(), InvoiceQuery(first=9, after=after), WHOLE)
        found += page.items
        if not page.more:
            return found
        issued = found[-1].issued_on
        assert issued
        after = Position(midnight(issued), found[-1].ref.key)


async def test_the_stream_has_every_order_once_newest_first(tryton: Tryton) -> None:
    found = await every_order(tryton)
    at_once = await tryton.list_orders(call(), OrderQuery(first=400), NUMBER)

    places = [(order.ordered_at, int(order.ref.key)) for order in found]
    assert places == sorted(set(places), reverse=True)
    assert [order.ref for order in found] == [order.ref for order in at_once.items]
    assert len(found) > 90


async def test_a_page_with_everything_costs_four_calls_at_most(tryton: Tryton) -> None:
    listed = await tryton.list_orders(call(), OrderQuery(first=50), NUMBER)
    partners = tuple(key for order in listed.items for key in order.partner_keys)
    asked = call()

    wanted = ORDER | Wanted.of("customer.name", "customer.billing_address")
    page = await tryton.list_orders(asked, OrderQuery(first=50), wanted, Lookup(partner_keys=partners))
    shipments = await tryton.fetch_shipments_of_orders(asked, page.items, SHIPPED)
    invoices = await tryton.fetch_invoices_of_orders(asked, page.items, WHOLE)

    assert len(asked.record.calls) <= 4
    assert [each.operation for each in asked.record.calls][-2:] == ["read sale.sale", "read account.invoice"]
    assert {order.ref for order in page.also} >= {order.ref for order in page.items if order.partner_keys}
    assert shipments
    assert invoices
    for order in page.items:
        assert isinstance(order.customer, CustomerRecord)
        assert (order.customer.ref.key, order.customer.name) == (order.customer_key, order.customer_name)


async def test_orders_are_found_by_key_number_and_reference_and_within_the_view_alone(tryton: Tryton) -> None:
    first, *_, last = [order for order in await every_order(tryton) if order.partner_keys]

    by_key = await tryton.fetch_orders(call(), Lookup(keys=(first.ref.key, "999999", "x")), NUMBER)
    by_number = await tryton.fetch_orders(call(), Lookup(numbers=(str(last.number),)), NUMBER)
    by_reference = await tryton.fetch_orders(call(), Lookup(partner_keys=first.partner_keys), NUMBER)
    ours = await tryton.fetch_orders(call(frozenset({"US01"})), Lookup(keys=(first.ref.key,)), NUMBER)
    foreign = await tryton.fetch_orders(call(frozenset({"DE01"})), Lookup(keys=(first.ref.key,)), NUMBER)

    assert [order.ref for order in by_key] == [first.ref]
    assert [order.ref for order in by_number] == [last.ref]
    assert first.ref in [order.ref for order in by_reference]
    assert [order.ref for order in ours] == [first.ref]
    assert foreign == []
    assert (await tryton.list_orders(call(frozenset()), OrderQuery(first=5), NUMBER)).items == ()


async def test_filters_narrow_the_stream(tryton: Tryton) -> None:
    orders = await every_order(tryton, ORDER, first=200)
    one = orders[20]
    assert isinstance(one.customer_key, str)
    day = one.ordered_at.date()

    held = await tryton.list_orders(call(), OrderQuery(first=200, stages=frozenset({Stage.SUBMITTED})), NUMBER)
    of_customer = await tryton.list_orders(call(), OrderQuery(first=200, customer_keys=(one.customer_key,)), NUMBER)
    of_day = await tryton.list_orders(call(), OrderQuery(first=200, ordered_from=day, ordered_to=day), NUMBER)
    searched = await tryton.list_orders(call(), OrderQuery(first=200, search=one.number), NUMBER)
    wild = await tryton.list_orders(call(), OrderQuery(first=200, search="%_%"), NUMBER)

    assert {o.ref for o in held.items} == {o.ref for o in orders if o.stage is Stage.SUBMITTED}
    assert {o.ref for o in of_customer.items} == {o.ref for o in orders if o.customer_key == one.customer_key}
    assert {o.ref for o in of_day.items} == {o.ref for o in orders if o.ordered_at.date() == day}
    assert one.ref in {o.ref for o in searched.items}
    assert wild.items == ()


async def test_a_credit_hold_is_told_by_every_way_of_asking(tryton: Tryton) -> None:
    held = [order for order in await every_order(tryton, NUMBER, first=200) if order.holds]
    assert held

    keys = tuple(order.ref.key for order in held)
    fetched = await tryton.fetch_orders(call(), Lookup(keys=keys), NUMBER)
    page = await tryton.list_orders(call(), OrderQuery(first=1), NUMBER, Lookup(keys=keys))

    assert {o.ref: o.holds for o in fetched} == {o.ref: o.holds for o in held}
    assert {o.ref: o.holds for o in page.also} == {o.ref: o.holds for o in held}


async def test_partial_shipments_say_what_left_and_what_is_to_come(tryton: Tryton) -> None:
    orders = await every_order(tryton, ORDER, first=200)
    shipments = await tryton.fetch_shipments_of_orders(call(), orders, SHIPPED)

    partly = [held for held in shipments.values() if {each.posted for each in held} == {True, False}]
    returns = [each for held in shipments.values() for each in held if each.is_return]
    assert partly
    assert returns
    gone = shipped_quantities(partly[0])
    assert all(key[1] is not None for key in gone)
    assert sum(gone.values()) > Decimal(0)
    again = await tryton.fetch_shipments(call(), [returns[0].ref.key, partly[0][0].ref.key, "return-x"], SHIPPED)
    assert {key: (each.number, each.lines) for key, each in again.items()} == {
        each.ref.key: (each.number, each.lines) for each in (returns[0], partly[0][0])
    }


async def test_invoices_add_up_whichever_way_they_are_found(tryton: Tryton) -> None:
    listed = await every_invoice(tryton)
    orders = await every_order(tryton, NUMBER, first=200)
    of_orders = await tryton.fetch_invoices_of_orders(call(), orders, WHOLE)
    found = {invoice.ref: invoice for held in of_orders.values() for invoice in held}

    assert len({invoice.ref for invoice in listed}) == len(listed)
    for invoice in listed:
        assert invoice.total
        assert invoice.paid
        assert invoice.open
        same = found[invoice.ref]
        assert (same.total, same.paid, same.open, same.status) == (
            invoice.total,
            invoice.paid,
            invoice.open,
            invoice.status,
        )
        assert same.lines == invoice.lines
        assert {memo.ref for memo in same.credit_memos or ()} == {memo.ref for memo in invoice.credit_memos or ()}
        assert all(line.order in invoice.order_refs and line.order_line_key for line in invoice.lines or ())
    assert {InvoiceStatus.PAID, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.POSTED, InvoiceStatus.CANCELLED} <= {
        invoice.status for invoice in listed
    }
    assert any(len(invoice.order_refs) > 1 for invoice in listed)


async def test_credit_memos_and_payments_are_found_by_their_own_keys(tryton: Tryton) -> None:
    listed = await every_invoice(tryton)
    memos = {memo.ref.key: memo for i in listed for memo in i.credit_memos or ()}
    paid = {a.payment.ref.key: a for i in listed for a in i.payments or () if a.payment}
    assert memos
    assert paid

    again = await tryton.fetch_credit_memos(call(), list(memos), Wanted.of("number", "total", "open"))
    payments = await tryton.fetch_payments(call(), [*paid, "999999"], PAID)

    assert {key: (m.number, m.total, m.invoice_refs, m.order_refs) for key, m in again.items()} == {
        key: (m.number, m.total, m.invoice_refs, m.order_refs) for key, m in memos.items()
    }
    assert set(payments) == set(paid)
    for key, application in paid.items():
        uses = payments[key].applications
        assert (application.invoice_ref, application.amount) in [(use.invoice_ref, use.amount) for use in uses or ()]


async def test_customers_accounts_and_products_are_read(tryton: Tryton) -> None:
    page = await tryton.list_customers(call(), CustomerQuery(first=10), Wanted.of("name"))
    behind = await tryton.list_customers(call(), CustomerQuery(first=10, after_key=page.items[-1].ref.key), Wanted())
    keys = [customer.ref.key for customer in page.items]
    accounts = await tryton.fetch_billing_accounts(call(), keys, ACCOUNT)
    products = await tryton.list_products(call(), ProductQuery(first=7), Wanted.of("name"))
    after = await tryton.list_products(call(), ProductQuery(first=500, after_sku=products.items[-1].sku), Wanted())

    assert not {c.ref for c in page.items} & {c.ref for c in behind.items}
    assert set(accounts) == set(keys)
    assert any(account.credit and account.credit.credit_limit for held in accounts.values() for account in held)
    skus = [product.sku for product in (*products.items, *after.items)]
    assert skus == sorted(set(skus))
    found = await tryton.fetch_products(call(), [*skus, "no such"], Wanted.of("name", "unit", "active", "prices"))
    assert set(found) == set(skus)


async def test_long_lookups_are_split_by_the_length_of_their_url(tryton: Tryton) -> None:
    asked = call()

    found = await tryton.fetch_orders(asked, Lookup(partner_keys=tuple(f"nobody-{n:011d}" for n in range(400))), NUMBER)

    assert found == []
    assert 2 < len(asked.record.calls) <= 8


async def test_a_checkup_tells_a_well_system_and_a_wrong_key(tryton: Tryton, erp: Reached) -> None:
    closed = open_source(instance(erp.base_url, "no-such-key"))

    well = await tryton.check(call(), thorough=True)
    ill = await closed.check(call(), thorough=True)
    with pytest.raises(Refused) as refused:
        await closed.fetch_orders(call(), Lookup(keys=("1",)), NUMBER)  # type: ignore[attr-defined]
    await closed.close()

    assert (well.status, [finding.name for finding in well.findings if not finding.well]) == (SystemHealth.UP, [])
    assert ill.status is SystemHealth.DOWN
    assert ill.findings[0].advice
    assert "key" in ill.findings[0].advice
    assert refused.value.category is ProblemCategory.PERMISSION


async def test_a_field_that_does_not_exist_is_named_by_the_checkup(erp: Reached) -> None:
    misled = open_source(instance(erp.base_url, erp.application_key, reference_field="crm_key"))

    found = await misled.check(call(), thorough=True)
    await misled.close()

    ill = {finding.name: finding.advice or "" for finding in found.findings if not finding.well}
    assert set(ill) == {"fields of sales", "fields of orders to change"}
    assert all(advice.startswith("Tryton failed on 'crm_key' of sale.sale") for advice in ill.values())


async def test_a_user_who_may_not_write_is_told_what_it_may_not(erp: Reached) -> None:
    [party] = ask(erp, "ir.model", ("name",), [["name", "=", "party.party"]])
    nobody = {"model": party["name"], "perm_create": False, "perm_write": True, "perm_read": True}
    barred = tell(erp, "POST", "ir.model.access", nobody)
    opened = open_source(instance(erp.base_url, erp.application_key, amendments=True))

    found = await opened.check(call(), thorough=True)
    await opened.close()
    tell(erp, "DELETE", f"ir.model.access/{barred['id']}")

    [finding] = [finding for finding in found.findings if not finding.well]
    assert finding.name == "rights to book orders and create customers"
    assert finding.advice
    assert "create party.party" in finding.advice
