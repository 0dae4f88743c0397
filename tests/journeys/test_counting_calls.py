"""Calls to the systems are as few as promised, counted on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from tests.journeys.asking import Asker

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """query($until: Date) { orders(first: 50, filter: {orderedTo: $until}) { gaps { system reason } nodes {
  id number status customer { id name } bookings { orderNumber }
  lines { sku quantity amount { amount } shippedQuantity invoicedQuantity }
  shipments { number status lines { quantity } }
  invoices { number status open { amount } payments { amount { amount } payment { number amount { amount } method } } }
  payments { amount { amount } appliedAt payment { number receivedAt } } } } }"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def company() -> AsyncIterator[Company]:
    """A company in which each ERP has orders of customers that nobody else knows."""
    async with open_company(Tale(seed=1, deals=600, buyers=40)) as opened:
        yield opened


async def test_a_page_of_fifty_orders_with_everything_costs_two_calls_to_the_crm_and_four_to_each_erp(
    ask: Asker, company: Company
) -> None:
    told = await ask(PAGE, until="2026-08-31")

    assert told.errors == []
    page = told.data["orders"]
    assert (len(page["nodes"]), page["gaps"]) == (50, [])
    assert sum(len(node["shipments"]) for node in page["nodes"]) > 20
    assert sum(len(node["payments"]) for node in page["nodes"]) > 3
    assert_few_calls(company)


@pytest.mark.parametrize("erp", ["sap-eu", "erp-us"])
async def test_a_customer_that_only_an_erp_knows_costs_no_call_more(ask: Asker, company: Company, erp: str) -> None:
    deals = [deal for deal in company.story.deals if company.story.buyers[deal.buyer].crm_key is None]
    bookings = [(deal, booking) for deal in deals for booking in deal.bookings if booking.instance == erp]
    assert len(bookings) > 1

    for deal, booking in bookings:
        for box in company.sandboxes.values():
            box.log.clear()
        told = await ask(PAGE, until=booking.booked_at.date().isoformat())

        assert (told.errors, told.data["orders"]["gaps"]) == ([], [])
        [node] = [node for node in told.data["orders"]["nodes"] if node["number"] == booking.number]
        assert node["customer"]["name"] == company.story.buyers[deal.buyer].name
        assert_few_calls(company)


@pytest.mark.parametrize("trait", ["duplicate_booking", "multi_entity", "missing_in_crm"])
async def test_an_order_of_several_bookings_or_of_none_in_the_crm_costs_no_call_more(
    ask: Asker, company: Company, trait: str
) -> None:
    deal = next(deal for deal in company.story.deals if trait in deal.traits)
    numbers = {booking.number for booking in deal.bookings}

    told = await ask(PAGE, until=deal.bookings[0].booked_at.date().isoformat())

    assert (told.errors, told.data["orders"]["gaps"]) == ([], [])
    booked = [{one["orderNumber"] for one in node["bookings"]} for node in told.data["orders"]["nodes"]]
    assert numbers in booked
    assert_few_calls(company)


def assert_few_calls(company: Company) -> None:
    asked = {name: [request.line for request in box.log.asked()] for name, box in company.sandboxes.items()}
    assert len(asked["salesforce"]) <= 2, asked["salesforce"]
    assert len(asked["sap-eu"]) <= 4, asked["sap-eu"]
    assert len(asked["erp-us"]) <= 4, asked["erp-us"]


async def test_one_order_asks_only_for_the_fields_that_are_wanted(ask: Asker, company: Company) -> None:
    key = company.highlights[0]["salesforce"]

    told = await ask("query($id: ID!) { order(by: {crmId: $id}) { number } }", id=key)

    assert told.errors == []
    lines = [request.line for box in company.sandboxes.values() for request in box.log.asked()]
    assert len(lines) == 3
    assert not any(
        word in line for line in lines for word in ("expand", "OrderItems", "DELIVERY_SRV", "BILLING_DOCUMENT_SRV")
    ), lines


async def test_extensions_tell_each_call_when_the_client_asks(ask: Asker, company: Company) -> None:
    key = company.highlights[0]["salesforce"]

    told = await ask("query($id: ID!) { order(by: {crmId: $id}) { shipments { number } } }", id=key)

    sources = told.extensions["sources"]
    counted = sum(len(box.log.asked()) for box in company.sandboxes.values())
    assert len(sources["calls"]) == counted
    assert set(sources["systems"]) == {"salesforce", "sap-eu", "erp-us"}
    assert all(call["milliseconds"] > 0 and call["rows"] >= 0 for call in sources["calls"])


async def test_orders_that_the_crm_lacks_cost_it_no_call_more(ask: Asker, company: Company) -> None:
    deal = next(deal for deal in company.story.deals if "missing_in_crm" in deal.traits)
    day = deal.bookings[0].booked_at.date().isoformat()
    page = f'{{ orders(first: 20, filter: {{orderedTo: "{day}"}}) {{ nodes {{ crmId customer {{ name }} }} }} }}'

    told = await ask(page)

    assert told.errors == []
    assert None in [node["crmId"] for node in told.data["orders"]["nodes"]]
    assert all(node["customer"]["name"] for node in told.data["orders"]["nodes"])
    assert len(company.sandboxes["salesforce"].log.asked()) <= 2


async def test_a_contract_is_read_in_the_call_that_reads_the_quote(ask: Asker, company: Company) -> None:
    ramps = [deal for deal in company.story.deals if deal.offer and any(line.segment for line in deal.lines)]
    key = next(deal.crm_key for deal in ramps if deal.crm_key)

    told = await ask("query($id: ID!) { order(by: {crmId: $id}) { timeline { nodes { kind } } } }", id=key)

    assert told.errors == []
    asked = [request.line for request in company.sandboxes["salesforce"].log.asked()]
    assert len(asked) == 2, asked
