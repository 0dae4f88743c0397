"""What the graph tells of every order is what really happened, whatever each system makes of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.serve import Company
from sources.kit.sandbox.story import Booking, Deal
from tests.journeys.asking import Asker, deal_with

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """query($after: Cursor) { orders(first: 23, after: $after) { pageInfo { hasNextPage endCursor } gaps { system }
  nodes { id crmId number orderedAt status customer { name } subtotal { amount } bookings { erp orderNumber }
    references { system key } shipments { number } invoices { number total { amount } paid { amount } open { amount } }
    lines { quantity shippedQuantity invoicedQuantity } payments { amount { amount } } } } }"""


async def every_order(ask: Asker) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    after = None
    for _ in range(120):
        told = await ask(PAGE, after=after)
        assert told.errors == []
        page = told.data["orders"]
        assert page["gaps"] == []
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
    raise AssertionError("The list has no end.")


def told_as(deal: Deal, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """The one node that tells of a deal."""
    if deal.crm_key:
        [node] = [node for node in nodes if node["crmId"] == deal.crm_key]
        return node
    keys = {(booking.instance, booking.number) for booking in deal.bookings}
    [node] = [n for n in nodes if keys & {(r["system"], r["key"]) for r in n["references"]}]
    return node


async def test_paging_shows_every_order_of_the_company_once_newest_first(ask: Asker, company: Company) -> None:
    nodes = await every_order(ask)

    assert len({node["id"] for node in nodes}) == len(nodes)
    assert len(nodes) == len(company.story.deals)
    for deal in company.story.deals:
        told_as(deal, nodes)


async def test_bookings_shipments_invoices_and_payments_are_those_of_the_story(ask: Asker, company: Company) -> None:
    nodes = await every_order(ask)

    for deal in company.story.deals:
        node = told_as(deal, nodes)
        numbers = {(booking.instance, booking.number) for booking in deal.bookings}
        assert {(b["erp"], b["orderNumber"]) for b in node["bookings"]} == numbers, deal.traits
        parcels = {parcel.number for booking in deal.bookings for parcel in booking.parcels}
        assert {shipment["number"] for shipment in node["shipments"]} == parcels, deal.traits
        bills = {n for booking in deal.bookings for n in (*(b.number for b in booking.bills), *booking.shared_bills)}
        assert {invoice["number"] for invoice in node["invoices"]} == bills, deal.traits
        assert (
            _paid(node) == sum((_received(booking) for booking in deal.bookings), Decimal(0))
            or deal.bookings[0].shared_bills
        ), deal.traits


def _paid(node: dict[str, Any]) -> Decimal:
    return sum((Decimal(payment["amount"]["amount"]) for payment in node["payments"]), Decimal(0))


def _received(booking: Booking) -> Decimal:
    return sum((receipt.amount for bill in booking.bills for receipt in bill.receipts), Decimal(0))


async def test_shipped_units_are_those_that_left(ask: Asker, company: Company) -> None:
    nodes = await every_order(ask)

    for deal in company.story.deals:
        node = told_as(deal, nodes)
        gone = Decimal(0)
        for booking in deal.bookings:
            for parcel in booking.parcels:
                sign = -1 if parcel.is_return else 1
                gone += sign * sum(parcel.quantities.values()) if parcel.posted_at else 0
        assert sum(Decimal(line["shippedQuantity"]) for line in node["lines"]) == gone, deal.traits


@pytest.mark.parametrize(
    "trait, status",
    [
        ("draft", "DRAFT"),
        ("not_in_erp", "SUBMITTED"),
        ("booked", "BOOKED"),
        ("credit_hold", "ON_HOLD"),
        ("delivery_hold", "ON_HOLD"),
        ("billing_hold", "ON_HOLD"),
        ("partly_shipped", "IN_FULFILLMENT"),
        ("backorder", "IN_FULFILLMENT"),
        ("shipped", "FULFILLED"),
        ("completed", "COMPLETED"),
        ("cancelled", "CANCELLED"),
        ("cancelled_before_booking", "CANCELLED"),
        ("cancelled_only_in_erp", "CANCELLED"),
    ],
)
async def test_the_status_is_what_the_business_would_say(ask: Asker, company: Company, trait: str, status: str) -> None:
    deal = deal_with(company, trait)

    told = await ask("query($id: ID!) { order(by: {crmId: $id}) { status } }", id=deal.crm_key)

    assert told.errors == []
    assert told.data["order"]["status"] == status, deal.traits


async def test_a_price_that_differs_is_a_conflict_and_the_owners_value_is_served(ask: Asker, company: Company) -> None:
    deal = deal_with(company, "price_conflict")

    told = await ask(
        """query($id: ID!) { order(by: {crmId: $id}) { subtotal { amount } bookings { erp }
           conflicts { field values { system value systemOfRecord } }
           lineage(fields: ["subtotal"]) { value system sourceField systemOfRecord } } }""",
        id=deal.crm_key,
    )

    assert told.errors == []
    order = told.data["order"]
    [conflict] = [c for c in order["conflicts"] if c["field"] == "subtotal"]
    erp = order["bookings"][0]["erp"]
    assert [(v["system"], v["systemOfRecord"]) for v in conflict["values"]] == [("salesforce", False), (erp, True)]
    assert conflict["values"][1]["value"].split()[0] == order["subtotal"]["amount"]
    assert order["lineage"][0]["system"] == erp
    assert order["lineage"][0]["systemOfRecord"] is True


async def test_an_order_booked_twice_shows_both_bookings_as_a_conflict(ask: Asker, company: Company) -> None:
    deal = deal_with(company, "duplicate_booking")

    told = await ask(
        "query($id: ID!) { order(by: {crmId: $id}) { bookings { orderNumber } conflicts { field values { value } } } }",
        id=deal.crm_key,
    )

    assert told.errors == []
    numbers = {booking.number for booking in deal.bookings}
    assert {booking["orderNumber"] for booking in told.data["order"]["bookings"]} == numbers
    [conflict] = [c for c in told.data["order"]["conflicts"] if c["field"] == "bookings"]
    assert {value["value"] for value in conflict["values"]} == numbers


async def test_an_order_that_the_crm_lacks_is_an_order_all_the_same(ask: Asker, company: Company) -> None:
    deal = next(deal for deal in company.story.deals if "missing_in_crm" in deal.traits)
    [booking] = deal.bookings

    told = await ask(
        """query($system: String!, $key: String!) { order(by: {reference: {system: $system, key: $key}}) {
           id crmId number customer { name } references { system } timeline { nodes { kind } gaps { system } } } }""",
        system=booking.instance,
        key=booking.number,
    )

    assert told.errors == []
    order = told.data["order"]
    assert (order["crmId"], order["number"]) == (None, booking.number)
    assert order["customer"]["name"] == company.story.buyers[deal.buyer].name
    assert [reference["system"] for reference in order["references"]] == [booking.instance]
    assert order["timeline"]["gaps"] == []


async def test_a_collective_invoice_names_all_its_orders(ask: Asker, company: Company) -> None:
    deal = next(
        d for d in company.story.deals if "collective_invoice" in d.traits and d.bookings[0].bills and d.crm_key
    )

    told = await ask(
        "query($id: ID!) { order(by: {crmId: $id}) { invoices { number orders { number } } } }", id=deal.crm_key
    )

    assert told.errors == []
    bill = deal.bookings[0].bills[0]
    [invoice] = [invoice for invoice in told.data["order"]["invoices"] if invoice["number"] == bill.number]
    assert {order["number"] for order in invoice["orders"]} == {number for number, _ in bill.quantities}


async def test_the_timeline_is_in_order_without_repetition(ask: Asker, company: Company) -> None:
    for deal in company.story.deals[:40]:
        if not deal.crm_key:
            continue
        told = await ask(
            "query($id: ID!) { order(by: {crmId: $id}) { timeline { nodes { id at kind title } } } }", id=deal.crm_key
        )
        assert told.errors == []
        entries = told.data["order"]["timeline"]["nodes"]
        assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
        assert len({entry["id"] for entry in entries}) == len(entries)
        assert len({(entry["at"], entry["title"]) for entry in entries}) == len(entries), deal.traits
