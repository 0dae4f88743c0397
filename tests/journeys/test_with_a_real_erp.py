"""The whole way with a real ERP that we did not write in the place of the second company's."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio
from graphql import parse, validate

from gateway.app import create_app
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import open_house, the_schema
from resolvers.access import SCOPES
from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from sources.kit.sandbox.story import Deal
from tests.journeys.asking import SECRET, Asker, words_of
from tests.journeys.chance import Chance
from tests.journeys.test_counting_calls import PAGE

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.tryton,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.timeout(600),
]

ORDER = """query($id: ID!) { order(by: {crmId: $id}) { id number status fulfillmentStatus paymentStatus
  bookings { erp orderNumber legalEntity { code } } subtotal { amount currencyCode }
  lines { sku quantity shippedQuantity invoicedQuantity } shipments { number status lines { quantity } }
  invoices { number status total { amount } paid { amount } open { amount } payments { amount { amount } } }
  timeline { nodes { kind title system } gaps { system } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    async with open_company(Tale("tryton")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(company: Company) -> AsyncIterator[Asker]:
    settings = Settings.model_validate({"jwt_secret": SECRET, "landscape": company.landscape, "deadline_seconds": 20})
    async with open_house(settings, os.environ) as house:
        app = create_app(settings, lambda: open_house(settings, os.environ))
        app.state.house = house
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as client:
            yield Asker(client, Signer(SECRET, house.landscape.tenant), frozenset(SCOPES))


def american(company: Company) -> list[Deal]:
    """The deals that the real ERP alone has booked, and the CRM knows."""
    return [d for d in company.story.deals if d.crm_key and {b.instance for b in d.bookings} == {"erp-us"}]


async def test_the_real_erp_tells_each_order_as_it_happened(ask: Asker, company: Company) -> None:
    deals = american(company)
    assert len(deals) > 60

    for deal in deals[::5]:
        told = await ask(ORDER, id=deal.crm_key)

        assert told.errors == [], deal.traits
        order = told.data["order"]
        [booking] = deal.bookings if len(deal.bookings) == 1 else deal.bookings[:1]
        assert booking.number in {b["orderNumber"] for b in order["bookings"]}
        posted = {parcel.number for parcel in booking.parcels if parcel.posted_at}
        assert posted <= {shipment["number"] for shipment in order["shipments"]}, deal.traits
        bills = {bill.number for bill in booking.bills if bill.posted}
        assert bills <= {invoice["number"] for invoice in order["invoices"]}, deal.traits
        received = sum((receipt.amount for bill in booking.bills for receipt in bill.receipts), Decimal(0))
        paid = sum((Decimal(p["amount"]["amount"]) for i in order["invoices"] for p in i["payments"]), Decimal(0))
        assert paid == received or booking.shared_bills or len(deal.bookings) > 1, deal.traits
        assert order["timeline"]["gaps"] == []


async def test_pages_over_three_systems_show_the_real_erps_orders_once(ask: Asker, company: Company) -> None:
    seen: list[str] = []
    after = None
    for _ in range(40):
        told = await ask(
            """query($after: Cursor) { orders(first: 40, after: $after, filter: {legalEntity: "US01"}) {
               gaps { system } pageInfo { hasNextPage endCursor } nodes { crmId bookings { erp orderNumber } } } }""",
            after=after,
        )
        assert told.errors == []
        page = told.data["orders"]
        assert page["gaps"] == []
        seen += [b["orderNumber"] for node in page["nodes"] for b in node["bookings"] if b["erp"] == "erp-us"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    told_of = {b.number for deal in company.story.deals for b in deal.bookings if b.instance == "erp-us"}
    assert len(seen) == len(set(seen))
    assert told_of <= set(seen)


async def test_a_customer_that_only_the_real_erp_knows_costs_it_no_call_more(ask: Asker, company: Company) -> None:
    strangers = {number for number, buyer in company.story.buyers.items() if buyer.crm_key is None}
    bookings = [b for d in company.story.deals if d.buyer in strangers for b in d.bookings if b.instance == "erp-us"]
    assert bookings
    await ask(PAGE)  # signs in where that takes a call

    for booking in bookings:
        told = await ask(PAGE, until=booking.booked_at.date().isoformat())

        assert (told.errors, told.data["orders"]["gaps"]) == ([], [])
        [node] = [node for node in told.data["orders"]["nodes"] if node["number"] == booking.number]
        names = {a.number: b.name for b in company.story.buyers.values() for a in b.accounts if a.instance == "erp-us"}
        assert node["customer"]["name"] == names[booking.customer_number]
        calls = Counter(call["system"] for call in told.extensions["sources"]["calls"])
        assert (calls["salesforce"] <= 2, calls["sap-eu"] <= 4, calls["erp-us"] <= 4) == (True, True, True), calls


async def test_what_a_customer_owes_comes_from_both_books(ask: Asker, company: Company) -> None:
    buyer = next(b for b in company.story.buyers.values() if {a.instance for a in b.accounts} == {"sap-eu", "erp-us"})

    told = await ask(
        """query($id: ID!) { customer(by: {crmId: $id}) { name billingAccounts { legalEntity { code } currencyCode
           openBalance { amount currencyCode } credit { creditLimit { amount } } reference { system key } } } }""",
        id=buyer.crm_key,
    )

    assert told.errors == []
    accounts = {a["legalEntity"]["code"]: a for a in told.data["customer"]["billingAccounts"]}
    assert set(accounts) == {"DE01", "US01"}
    assert accounts["US01"]["openBalance"]["currencyCode"] == "USD"
    assert accounts["US01"]["reference"]["system"] == "erp-us"


async def test_a_page_takes_just_the_calls_of_the_real_erp_that_its_plan_says(ask: Asker, company: Company) -> None:
    await ask(PAGE)  # signs in, and fetches tokens, where that takes calls of its own

    told = await ask.planning()(PAGE)

    assert told.errors == []
    wire = Counter(call["system"] for call in told.extensions["sources"]["calls"] if call["outcome"] != "shared")
    plan = {one["system"]: one["calls"] for one in told.extensions["plan"]["systems"]}
    assert (wire["erp-us"], plan["erp-us"]) == (4, 4)
    assert (wire["salesforce"], plan["salesforce"]) == (2, 2)
    assert wire["sap-eu"] <= plan["sap-eu"]


async def test_operations_made_by_chance_keep_to_their_plans_over_the_real_erp_too(
    ask: Asker, company: Company
) -> None:
    graph, planned = the_schema(), ask.planning()
    words, chance = await words_of(ask, company), Chance(graph, seed=4)
    made = (chance.operation(words) for _ in range(25))

    beyond: list[object] = []
    for text in (text for text in made if not validate(graph, parse(text))):
        told = await planned(text)
        wire = Counter(call["system"] for call in told.extensions["sources"]["calls"] if call["outcome"] != "shared")
        most = {one["system"]: one["atMost"] for one in told.extensions["plan"]["systems"]}
        beyond += [(text, name, wire[name], most) for name in wire if wire[name] > most.get(name, 0)]

    assert beyond == []
