"""Orders and customers written into the real ERP, and what it makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from canonical.customer import Address
from canonical.errors import ProblemCategory, Refused
from canonical.intake import Amendment, LineRequest, OrderAcknowledgment, Refusal
from canonical.money import Money, money
from canonical.order import OrderRecord, Stage
from canonical.wanted import Wanted
from sources.ports import Lookup, OrderQuery
from sources.tryton.adapter import Tryton, open_source
from sources.tryton.sandbox.serve import Reached
from tests.sources.tryton.reading import call, instance
from tests.sources.tryton.sandbox.asking import ask
from tests.sources.tryton.writing import (
    ACTUATORS,
    ANALYSIS,
    CUSTOMER,
    VALVES,
    amendment,
    amount,
    change,
    enter,
    line,
    newcomer,
    order,
    quantities,
    reference,
    sales,
    ship,
    tell,
)

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton-writes"), pytest.mark.timeout(300)]

NAMES = ("sku", "quantity", "partner_key", "parent_key", "starts_on", "ends_on", "segment", "unit_price")
WHOLE = Wanted.of("number", "total", "tax", "ship_to", "purchase_order_number", *(f"lines.{name}" for name in NAMES))
LATER = datetime.now(UTC).date() + timedelta(days=60)


@pytest_asyncio.fixture
async def tryton(erp: Reached) -> AsyncIterator[Tryton]:
    opened = open_source(instance(erp.base_url, erp.application_key, amendments=True, price_lists=True))
    assert isinstance(opened, Tryton)
    yield opened
    await opened.close()


async def read(tryton: Tryton, booked: OrderAcknowledgment) -> OrderRecord:
    [record] = await tryton.fetch_orders(call(), Lookup(keys=(booked.order.key,)), WHOLE)
    return record


async def test_an_order_is_booked_in_eight_requests_however_many_lines_it_has(tryton: Tryton) -> None:
    asked = call()

    booked = await tryton.book_order(asked, order(*(line(VALVES, 1, unit_price=Decimal(1)) for _ in range(20))))

    assert len(booked.line_keys) == 20
    assert [each.operation for each in asked.record.calls] == [
        *("read sale.sale", "read party.party", "read currency.currency", "read product.product"),
        *("create sale.sale", "quote sale.sale", "confirm sale.sale", "read sale.sale"),
    ]


async def test_quoting_reads_alone_and_leaves_nothing(tryton: Tryton, erp: Reached) -> None:
    asked, request = call(), order(line(VALVES, 3), line("NO-SUCH", 1))

    quoted = await tryton.quote_order(asked, request)

    assert {each.operation.split()[0] for each in asked.record.calls} == {"read", "ask"}
    assert len(asked.record.calls) == 4
    assert sales(erp, request.reference) == []
    assert quoted.lines[0].amount == money("1347.00", "USD")
    unknown = Refusal("There is no product NO-SUCH.", ProblemCategory.PRODUCT)
    assert (quoted.lines[1].refusal, quoted.subtotal, quoted.total) == (unknown, None, None)
    assert (quoted.lines[0].available_on, quoted.lines[1].available_on) == (datetime.now(UTC).date(), None)


async def test_more_than_is_in_stock_has_no_day(tryton: Tryton) -> None:
    quoted = await tryton.quote_order(call(), order(line(VALVES, 2_000_000)))

    assert quoted.lines[0].available_on is None


async def test_a_price_list_and_a_tax_rule_make_the_order_what_the_quotation_said(tryton: Tryton, erp: Reached) -> None:
    request = order(line(VALVES, 3), line(VALVES, 12), line(ANALYSIS, 1, discount_percent=Decimal(10)))

    with special_terms(erp):
        quoted = await tryton.quote_order(call(), request)
        booked = await tryton.book_order(call(), request)
    record = await read(tryton, booked)

    prices = [each.unit_price for each in quoted.lines]
    assert prices == [money("404.10", "USD"), money("359.20", "USD"), Money(Decimal("476.685"), "USD")]
    assert quoted.tax == money("149.99", "USD")
    assert (record.total, record.tax) == (quoted.total, quoted.tax)
    assert quoted.lines[2].amount == money("476.68", "USD")
    [sale] = sales(erp, request.reference)
    rates = {each["taxes"][0]["rate"]["decimal"] for each in sale["lines"]}
    assert rates == {"0.025"}


@contextmanager
def special_terms(erp: Reached) -> Iterator[None]:
    """The customer has a price list with a break at ten, and a rule that replaces the usual tax; for a while."""
    [party] = ask(erp, "party.party", ("code",), [["code", "=", CUSTOMER]])
    [product] = ask(erp, "product.product", ("template.account_category.code",), [["code", "=", VALVES]])
    category = f"product.category/{product['template']['account_category']['id']}"
    [usual] = ask(erp, "account.tax", ("rate",), [["name", "=", "Sales tax 8%"]])
    less = {"name": "Resale", "description": "Resale", "rate": amount("0.025")}
    [resale] = tell(erp, "POST", f"account.tax/{usual['id']}/copy", {"default": less})
    replaced = [["create", [{"origin_tax": usual["id"], "tax": resale}]]]
    breaks = [["create", [{"quantity": 10.0, "formula": "unit_price * 0.8"}, {"formula": "unit_price * 0.9"}]]]
    rule = tell(erp, "POST", "account.tax.rule", {"name": "Resale", "kind": "sale", "company": 1, "lines": replaced})
    prices = {"name": "Partners", "company": 1, "price": "list_price", "lines": breaks}
    listed = tell(erp, "POST", "product.price_list", prices)
    tell(erp, "PUT", category, {"customer_taxes": [["add", [usual["id"]]]]})
    terms = {"sale_price_list": listed["id"], "customer_tax_rule": rule["id"]}
    tell(erp, "PUT", f"party.party/{party['id']}", terms)
    yield
    tell(erp, "PUT", f"party.party/{party['id']}", dict.fromkeys(terms))
    tell(erp, "PUT", category, {"customer_taxes": [["remove", [usual["id"]]]]})


async def test_an_order_that_was_sent_in_part_is_changed_as_far_as_goods_are_still_here(
    tryton: Tryton, erp: Reached
) -> None:
    booked = await tryton.book_order(call(), request := order(line(unit_price=Decimal(9)), line(ACTUATORS, 2)))
    valves, actuators = booked.line_keys
    ship(erp, request.reference, 1)

    more = await tryton.amend_order(call(), amendment(booked, change=(change(valves, 3), change(actuators, 5))))
    with pytest.raises(Refused) as fewer:
        await tryton.amend_order(call(), amendment(booked, change=(change(actuators, 1),), remove=(valves,)))
    with pytest.raises(Refused) as cancelled:
        await tryton.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")

    [sale] = sales(erp, request.reference)
    assert quantities(sale) == [3.0, 5.0]
    planned = [each for each in sale["shipments"] if each["state"] == "waiting"]
    assert sorted(move["quantity"] for each in planned for move in each["outgoing_moves"]) == [2.0, 5.0]
    assert more.state == "Processing"
    assert fewer.value.category is ProblemCategory.CONFLICT
    assert fewer.value.sentence == f"1 {VALVES} are set aside or gone already: fewer cannot be ordered any more."
    assert cancelled.value.category is ProblemCategory.CONFLICT
    [sent] = [each["number"] for each in sale["shipments"] if each["state"] == "done"]
    assert cancelled.value.sentence == f"1 {VALVES} are set aside or gone with shipment {sent}."


async def test_what_tryton_does_not_do_to_an_order_in_process_is_refused_in_words(tryton: Tryton, erp: Reached) -> None:
    booked = await tryton.book_order(call(), request := order())
    before = sales(erp, request.reference)

    with pytest.raises(Refused, match="No line is added") as added:
        await tryton.amend_order(call(), amendment(booked, add=(line(),), change=(change(booked.line_keys[0], 9),)))
    with pytest.raises(Refused, match="change the planned date of its shipments"):
        await tryton.amend_order(call(), amendment(booked, requested_delivery_date=LATER))
    with pytest.raises(Refused, match="cancel it instead"):
        await tryton.amend_order(call(), amendment(booked, remove=booked.line_keys))
    with pytest.raises(Refused, match="has no line 999999"):
        await tryton.amend_order(call(), amendment(booked, change=(change("999999", 1),)))

    assert added.value.category is ProblemCategory.SYSTEM_REFUSED
    assert sales(erp, request.reference) == before


async def test_without_the_module_an_order_in_process_is_neither_changed_nor_cancelled(erp: Reached) -> None:
    plain = open_source(instance(erp.base_url, erp.application_key))
    assert isinstance(plain, Tryton)
    booked = await plain.book_order(call(), order())

    with pytest.raises(Refused, match="sale_amendment"):
        await plain.amend_order(call(), amendment(booked, change=(change(booked.line_keys[0], 5),)))
    with pytest.raises(Refused, match="sale_amendment"):
        await plain.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")
    noted = await plain.amend_order(call(), amendment(booked, purchase_order_number="PO 7"))
    found = await read(plain, noted)
    await plain.close()

    assert found.purchase_order_number == "PO 7"


async def test_dates_of_a_line_and_the_customers_number_change_beside_the_quantity(tryton: Tryton) -> None:
    booked = await tryton.book_order(call(), order(line(ANALYSIS, 1, unit_price=Decimal(5), segment=1)))
    [key] = booked.line_keys
    asked = amendment(
        booked,
        change=(change(key, 2, starts_on=date(2027, 2, 1), unit_price=Decimal("4.5")),),
        purchase_order_number="PO 8",
    )

    now = await tryton.amend_order(call(), asked)
    again = await tryton.amend_order(call(), asked)
    record = await read(tryton, now)

    assert again == now
    assert record.purchase_order_number == "PO 8"
    assert isinstance(record.lines, tuple)
    [told] = record.lines
    assert (told.quantity, told.unit_price, told.starts_on, told.segment) == (
        Decimal(2),
        money("4.50", "USD"),
        date(2027, 2, 1),
        1,
    )


async def test_a_change_that_was_decided_on_another_version_is_a_conflict(tryton: Tryton, erp: Reached) -> None:
    booked = await tryton.book_order(call(), order())
    tell(erp, "PUT", f"sale.sale/{booked.order.key}", {"comment": "a clerk was here"})
    late = amendment(booked, change=(change(booked.line_keys[0], 9),), expected_version=booked.version)

    with pytest.raises(Refused) as refused:
        await tryton.amend_order(call(), late)

    assert refused.value.category is ProblemCategory.CONFLICT


async def test_a_cancelled_order_is_told_as_cancelled_by_every_way_of_asking(tryton: Tryton, erp: Reached) -> None:
    booked = await tryton.book_order(call(), request := order())
    standing = await tryton.book_order(call(), order())

    cancelled = await tryton.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")

    gone = await tryton.list_orders(call(), OrderQuery(first=300, stages=frozenset({Stage.CANCELLED})), WHOLE)
    live = await tryton.list_orders(call(), OrderQuery(first=300, stages=frozenset({Stage.BOOKED})), WHOLE)
    [found] = (await tryton.find_orders(call(), [request.reference]))[request.reference]
    assert cancelled.cancelled
    assert found.cancelled
    assert (await read(tryton, booked)).stage is Stage.CANCELLED
    assert booked.order in {each.ref for each in gone.items}
    assert {each.stage for each in gone.items} == {Stage.CANCELLED}
    assert booked.order not in {each.ref for each in live.items}
    assert standing.order in {each.ref for each in live.items}
    [why] = ask(erp, "sale.amendment", ("description",), [["sale", "=", int(booked.order.key)]])
    assert why["description"].endswith(": The customer withdrew.")


async def test_an_order_beyond_the_credit_limit_is_refused_and_leaves_nothing(tryton: Tryton, erp: Reached) -> None:
    request = order(line(VALVES, 1, unit_price=Decimal(60_000)))

    quoted = await tryton.quote_order(call(), request)
    with pytest.raises(Refused) as refused:
        await tryton.book_order(call(), request)

    [beyond] = quoted.refusals
    assert beyond.sentence.startswith("It would exceed the customer's credit limit by ")
    assert beyond.category is ProblemCategory.CREDIT
    assert refused.value.category is ProblemCategory.CREDIT
    assert sales(erp, request.reference) == []


async def test_what_cannot_be_booked_is_refused_before_anything_is_written(tryton: Tryton, erp: Reached) -> None:
    wrong: list[tuple[ProblemCategory, LineRequest]] = [
        (ProblemCategory.PRODUCT, line("NO-SUCH")),
        (ProblemCategory.INVALID_INPUT, LineRequest(sku=VALVES, quantity=Decimal("1.5"))),
        (ProblemCategory.PRICING, line(unit_price=Decimal("1.23456"))),
    ]

    for category, asked in wrong:
        with pytest.raises(Refused) as refused:
            await tryton.book_order(call(), request := order(asked))
        assert refused.value.category is category
        assert sales(erp, request.reference) == []
    with pytest.raises(Refused) as unknown:
        await tryton.book_order(call(), order(currency_code="XXX"))
    assert unknown.value.category is ProblemCategory.INVALID_INPUT
    with pytest.raises(Refused) as elsewhere:
        await tryton.book_order(call(frozenset({"DE01"})), order())
    assert elsewhere.value.category is ProblemCategory.ROUTING


async def test_a_delivery_date_before_the_order_is_refused_and_leaves_nothing(tryton: Tryton, erp: Reached) -> None:
    request = order(requested_delivery_date=date(2020, 1, 1))

    with pytest.raises(Refused) as refused:
        await tryton.book_order(call(), request)

    assert refused.value.category is ProblemCategory.INVALID_INPUT
    assert sales(erp, request.reference) == []


async def test_goods_go_to_an_address_that_the_customer_has_or_gets_once(tryton: Tryton, erp: Reached) -> None:
    dock = Address("2 Dock Rd", "Columbus", "43004", "OH", "US")
    lieu = Address("Industriestraße 138", "LEIPZIG", "04109", None, "DE")

    first = await tryton.book_order(call(), order(ship_to=dock))
    second = await tryton.book_order(call(), order(ship_to=dock, bill_to=dock))
    own = await tryton.book_order(call(), order(ship_to=lieu))

    assert (await read(tryton, first)).ship_to == dock
    assert (await read(tryton, second)).ship_to == dock
    assert len(ask(erp, "party.address", ("street",), [["street_unstructured", "=", "2 Dock Rd"]])) == 1
    assert len(ask(erp, "party.address", ("street",), [["party.code", "=", CUSTOMER]])) == 3
    assert (await read(tryton, own)).ship_to == Address("Industriestraße 138", "Leipzig", "04109", "SN", "DE")
    with pytest.raises(Refused, match="no country 'ZZ'"):
        await tryton.book_order(call(), order(ship_to=Address("1 Far St", "Far", None, None, "ZZ")))


async def test_a_quotation_of_ours_that_a_clerk_confirmed_is_an_order(tryton: Tryton, erp: Reached) -> None:
    made = enter(erp, request := order())
    tell(erp, "POST", f"sale.sale/{made}/quote", {})

    before = await tryton.find_orders(call(), [request.reference])
    tell(erp, "POST", f"sale.sale/{made}/confirm", {})
    found = await tryton.find_orders(call(), [request.reference])
    booked = await tryton.book_order(call(), request)

    assert before == {}
    assert [each.order.key for each in found[request.reference]] == [str(made)]
    assert booked.order.key == str(made)


async def test_two_orders_under_one_reference_are_both_told_the_older_first(tryton: Tryton, erp: Reached) -> None:
    request = order()
    made = [enter(erp, request) for _ in range(2)]
    for each in reversed(made):
        tell(erp, "POST", f"sale.sale/{each}/quote", {})
        tell(erp, "POST", f"sale.sale/{each}/confirm", {})

    found = await tryton.find_orders(call(), [request.reference])

    assert [each.order.key for each in found[request.reference]] == [str(each) for each in made]


async def test_orders_are_found_within_the_view_alone(tryton: Tryton) -> None:
    await tryton.book_order(call(), request := order())

    assert set(await tryton.find_orders(call(frozenset({"US01"})), [request.reference])) == {request.reference}
    assert await tryton.find_orders(call(frozenset({"DE01"})), [request.reference]) == {}
    assert await tryton.find_orders(call(frozenset()), [request.reference]) == {}


async def test_a_draft_is_changed_line_by_line_in_one_step(tryton: Tryton, erp: Reached) -> None:
    made = enter(erp, request := order())
    [held] = sales(erp, request.reference)
    first, second = (str(each["id"]) for each in held["lines"])
    asked, told = (
        call(),
        Amendment(
            reference=reference("AMD"),
            order_key=str(made),
            legal_entity_code="US01",
            change=(change(first, 11),),
            remove=(second,),
            add=(line(ACTUATORS, 2, starts_on=date(2027, 1, 1)),),
            requested_delivery_date=LATER,
        ),
    )

    now = await tryton.amend_order(asked, told)
    again = await tryton.amend_order(call(), told)

    [sale] = sales(erp, request.reference)
    assert (sale["state"], quantities(sale)) == ("draft", [11.0, 2.0])
    assert again == now
    writes = [each.operation for each in asked.record.calls if not each.operation.startswith("read")]
    assert writes == ["write sale.sale"]


async def test_a_customer_gets_the_payment_term_that_is_configured_or_is_not_created(erp: Reached) -> None:
    name = ask(erp, "account.invoice.payment_term", ("name",))[0]["name"]
    known = open_source(instance(erp.base_url, erp.application_key, customer_payment_term=name))
    unknown = open_source(instance(erp.base_url, erp.application_key, customer_payment_term="Never"))
    assert isinstance(known, Tryton)
    assert isinstance(unknown, Tryton)

    created = await known.create_customer(call(), newcomer())
    with pytest.raises(Refused, match="no payment term 'Never'"):
        await unknown.create_customer(call(), newcomer())
    await known.close()
    await unknown.close()

    [party] = ask(erp, "party.party", ("customer_payment_term.name",), [["code", "=", created.customer.key]])
    assert party["customer_payment_term"]["name"] == name


async def test_a_customer_carries_its_numbers_and_is_found_by_the_crms_key(tryton: Tryton, erp: Reached) -> None:
    request = newcomer()

    created = await tryton.create_customer(call(), request)
    found = await tryton.fetch_customers(call(), Lookup(partner_keys=(request.crm_key or "",)), Wanted.of("contacts"))

    [party] = ask(erp, "party.party", ("tax_identifier.type", "tax_identifier.code"), [["code", "=", created.number]])
    assert (party["tax_identifier"]["type"], party["tax_identifier"]["code"]) == ("us_ein", "12-3456789")
    assert [(each.ref, each.partner_keys) for each in found] == [(created.customer, (request.crm_key,))]
    assert isinstance(found[0].contacts, tuple)
    assert found[0].contacts[0].email == "ap@nova.example"


async def test_a_customer_with_a_wrong_tax_number_is_refused_and_not_there(tryton: Tryton) -> None:
    request = newcomer(tax_number="12-34")

    with pytest.raises(Refused) as refused:
        await tryton.create_customer(call(), request)

    assert refused.value.category is ProblemCategory.CUSTOMER_MASTER
    assert await tryton.find_created_customers(call(), [request.reference]) == {}


async def test_customers_that_are_created_at_the_same_time_under_one_reference_are_one(tryton: Tryton) -> None:
    request = newcomer()

    made = await asyncio.gather(*(tryton.create_customer(call(), request) for _ in range(4)))

    assert len({each.customer for each in made}) == 1


async def test_a_numbered_customer_is_found_by_its_identifiers(erp: Reached) -> None:
    numbered = open_source(instance(erp.base_url, erp.application_key, customer_codes="numbered"))
    assert isinstance(numbered, Tryton)

    created = await numbered.create_customer(call(), request := newcomer())
    found = await numbered.find_created_customers(call(), [request.reference, request.crm_key or ""])
    await numbered.close()

    assert created.customer.key.isdigit()
    assert {name: [each.customer for each in held] for name, held in found.items()} == {
        request.reference: [created.customer],
        request.crm_key: [created.customer],
    }


async def test_the_groups_of_a_seller_are_all_the_rights_it_takes(erp: Reached) -> None:
    groups = {each["name"]: each["id"] for each in ask(erp, "res.group", ("name",))}
    held = [["add", [groups["Sales"], groups["Sale Amendment"]]]]
    seller = {"name": "Seller", "login": "seller", "groups": held, "companies": [["add", [1]]], "company": 1}
    user = tell(erp, "POST", "res.user", {**seller, "company_filter": "all"})
    tell(erp, "POST", "res.user.application", {"user": user["id"], "application": "rest", "key": "a-sellers-key"})
    opened = open_source(instance(erp.base_url, "a-sellers-key", amendments=True, price_lists=True))
    assert isinstance(opened, Tryton)

    quoted = await opened.quote_order(call(), order())
    booked = await opened.book_order(call(), order())
    amended = await opened.amend_order(call(), amendment(booked, change=(change(booked.line_keys[0], 5),)))
    cancelled = await opened.cancel_order(call(), booked.order.key, reference("CAN"), "The customer withdrew.")
    created = await opened.create_customer(call(), newcomer())
    await opened.close()

    assert quoted.refusals == ()
    assert (booked.warnings, amended.order, cancelled.cancelled) == ((), booked.order, True)
    assert created.number
