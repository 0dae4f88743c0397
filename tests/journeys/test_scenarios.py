"""What happens to orders on their way in, as the people who hand them in and look after them see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.serve import Company, open_company
from sources.kit.sandbox.faults import Fault
from sources.kit.sandbox.story import Buyer, Deal
from tests.journeys.asking import Asker
from tests.journeys.working import (
    AMEND,
    CANCEL,
    RESOLVE,
    RETRY,
    SUBMIT,
    again,
    change,
    looked_at,
    new_key,
    rows,
    settled,
    step,
    submitted,
    when,
)

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(400),
]

CRM, ERP, ERP_US = "salesforce", "sap-eu", "erp-us"
BOOKING = r"POST .*A_SalesOrder(\?|$)"
GOODS = ({"sku": "AC-30", "quantity": 2}, {"sku": "PS-12", "quantity": 2})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    """A company of our own: what is written into it is in nobody else's way."""
    async with open_company() as opened:
        yield opened


@pytest.fixture
def ask(clerk: Asker, company: Company) -> Iterator[Asker]:
    """A client with every right; the systems are well before and after."""
    yield clerk
    for sandbox in company.sandboxes.values():
        sandbox.faults.clear()


def buyer(company: Company, *erps: str) -> Buyer:
    """A customer of the CRM whom just these ERPs know, none of which would hold anything of theirs."""
    return next(
        one
        for one in company.story.buyers.values()
        if one.crm_key
        and {account.instance for account in one.accounts} == set(erps)
        and not any(account.on_hold or (account.credit_limit or 10**9) < 50_000 for account in one.accounts)
    )


def unbooked(company: Company, *, quoted: bool) -> Deal:
    """A deal of the German company that no ERP has yet, of a customer that its books know; with its quote, or not."""
    known = {
        number
        for number, one in company.story.buyers.items()
        if any(account.instance == ERP and not account.on_hold for account in one.accounts)
    }
    return next(
        deal
        for deal in company.story.deals
        if deal.crm_key
        and not deal.bookings
        and {line.entity for line in deal.lines} == {"DE01"}
        and deal.crm_status != "Canceled"
        and deal.buyer in known
        and (deal.offer is not None or not quoted)
    )


def an_order(company: Company, *lines: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """An order of a few things for the German company, by a customer that it knows."""
    usual = {"customer": {"crmId": buyer(company, ERP).crm_key}, "currencyCode": "EUR", "legalEntity": "DE01"}
    return {**usual, "lines": list(lines or GOODS), **facts}


def orders_in(company: Company, system: str, reference: str) -> list[str]:
    """The numbers of all orders in the ERP's own file that carry this reference, or one of a part."""
    asked = "select SalesOrder from A_SalesOrder where PurchaseOrderByCustomer in (?, ? || '-1', ? || '-2')"
    return [number.lstrip("0") for (number,) in rows(company, system, asked, reference, reference, reference)]


async def test_a_quote_becomes_one_booked_order_that_the_crm_knows(ask: Asker, company: Company) -> None:
    deal = unbooked(company, quoted=True)
    assert deal.offer
    source = {"system": CRM, "key": deal.offer.crm_key}
    lines = [{"sku": one.sku, "quantity": str(one.quantity), "unitPrice": str(one.unit_price)} for one in deal.lines]
    customer = {"crmId": company.story.buyers[deal.buyer].crm_key}

    booked = await submitted(ask, an_order(company, *lines, customer=customer, source=source))

    assert (booked["state"], booked["problems"], booked["exceptions"]) == ("COMPLETED", [], [])
    assert [one["name"] for one in booked["steps"]] == [
        "customer", "source", "routing", "account", "quotation", "credit", "tax", "registration", "booking",
        "write-back",
    ]  # fmt: skip
    assert step(booked, "source")["message"] == f"Quote {deal.offer.crm_key}"
    [order] = booked["orders"]
    [number] = orders_in(company, ERP, booked["externalReference"])
    assert (order["status"], order["quote"]["crmId"]) == ("BOOKED", deal.offer.crm_key)
    assert order["bookings"] == [{"erp": ERP, "orderNumber": number, "legalEntity": {"code": "DE01"}}]
    told = 'select Id, ERP_Order_Number__c from "Order" where Gateway_Key__c = ?'
    assert rows(company, CRM, told, booked["externalReference"]) == [(order["crmId"], number)]


async def test_whoever_gives_up_waiting_and_sends_again_and_again_has_one_order(ask: Asker, company: Company) -> None:
    company.sandboxes[ERP].faults.add(Fault(kind="latency", match=BOOKING, seconds=2, times=1))
    wanted, key = an_order(company), new_key()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ask(SUBMIT, input=wanted, key=key), 0.3)
    meanwhile = await asyncio.gather(*[ask(SUBMIT, input=wanted, key=key) for _ in range(5)])
    payloads = [one.data["submitOrder"] for one in meanwhile]
    booked = await settled(ask, payloads[0])
    later = (await ask(SUBMIT, input=wanted, key=key)).data["submitOrder"]

    assert {one["submission"]["id"] for one in [*payloads, later]} == {booked["id"]}
    assert {one["submission"]["state"] for one in payloads} == {"IN_PROGRESS"}
    assert (later["replayed"], later["submission"]["state"]) == (True, "COMPLETED")
    assert len(orders_in(company, ERP, booked["externalReference"])) == 1


async def test_an_acknowledgment_that_fails_is_uncertain_before_people_until_the_order_is_found(
    ask: Asker, company: Company
) -> None:
    faults = company.sandboxes[ERP].faults
    faults.add(Fault(kind="status_after", status=502, match=BOOKING, times=1))
    faults.add(Fault(kind="status", status=503, match=r"GET .*A_SalesOrder"))

    key = new_key()
    unsure = await submitted(ask, wanted := an_order(company), key)
    replayed = (await ask(SUBMIT, input=wanted, key=key)).data["submitOrder"]
    faults.clear()
    booked = await again(ask, unsure, "UNCERTAIN")

    assert unsure["state"] == "UNCERTAIN"
    [problem], [exception] = unsure["problems"], unsure["exceptions"]
    assert (problem["category"], problem["outcome"]) == ("UNCERTAIN_OUTCOME", "UNCERTAIN")
    assert (exception["title"], exception["status"]) == ("It is not known whether it was done", "OPEN")
    assert exception["suggestedAction"].startswith("Nothing yet: it is looked for by itself")
    assert exception["owner"] == "integration team"
    assert exception["dueAt"]
    assert (replayed["replayed"], replayed["submission"]["state"]) == (True, "UNCERTAIN")
    assert (booked["state"], booked["problems"]) == ("COMPLETED", [])
    assert "was found to be booked" in step(booked, "booking")["message"]
    assert [one["status"] for one in booked["exceptions"]] == ["RESOLVED"]
    assert len(orders_in(company, ERP, booked["externalReference"])) == 1


async def test_an_order_whose_tax_cannot_be_told_is_for_the_tax_people_and_goes_through_once_they_maintained_it(
    ask: Asker, company: Company
) -> None:
    change(company, ERP, "update TAX_RATE set SalesOrganization = '9999'")
    try:
        refused = await submitted(ask, an_order(company))
    finally:
        change(company, ERP, "update TAX_RATE set SalesOrganization = '1010'")
    [exception] = refused["exceptions"]
    told = (await ask(RETRY, id=exception["id"], note="rate is maintained")).data["retryException"]
    booked = await again(ask, refused)

    assert refused["state"] == "REFUSED"
    assert {(one["category"], one["owner"], one["outcome"]) for one in refused["problems"]} == {
        ("TAX", "tax", "NOT_APPLIED")
    }
    assert (exception["title"], exception["owner"]) == ("The tax cannot be calculated", "tax")
    assert (exception["suggestedAction"], exception["severity"]) == (
        "Complete addresses and tax numbers, and retry.",
        "HIGH",
    )
    assert (told["problems"], booked["state"]) == ([], "COMPLETED")
    assert step(booked, "tax")["state"] == "DONE"
    assert [(one["actor"], one["action"]) for one in booked["exceptions"][0]["history"]] == [
        ("revgraph", "RAISE_EXCEPTION"), ("demo", "RETRY_EXCEPTION"), ("revgraph", "RESOLVE_EXCEPTION"),
    ]  # fmt: skip


async def test_goods_go_into_the_books_of_the_company_in_the_country_that_is_shipped_to(
    ask: Asker, company: Company
) -> None:
    both = buyer(company, ERP, ERP_US).crm_key
    home = {"street": "Kai 3", "city": "Hamburg", "postalCode": "20457", "country": "DE"}
    abroad = {"street": "1 Main St", "city": "Columbus", "region": "OH", "postalCode": "43004", "country": "US"}
    wanted = {"customer": {"crmId": both}, "currencyCode": "USD", "lines": list(GOODS)}

    here = await submitted(ask, {**wanted, "shipTo": home, "currencyCode": "EUR"})
    there = await submitted(ask, {**wanted, "shipTo": abroad})

    assert (here["state"], there["state"]) == ("COMPLETED", "COMPLETED"), (here["problems"], there["problems"])
    assert step(here, "routing")["message"] == "DE01 in sap-eu"
    assert step(there, "routing")["message"] == "US01 in erp-us"
    assert [one["erp"] for one in here["orders"][0]["bookings"]] == [ERP]
    assert [one["erp"] for one in there["orders"][0]["bookings"]] == [ERP_US]
    assert orders_in(company, ERP, there["externalReference"]) == []


async def test_a_deal_over_two_companies_is_one_order_or_none(ask: Asker, company: Company) -> None:
    both = {"crmId": buyer(company, ERP, ERP_US).crm_key}
    lines = [{**GOODS[0], "legalEntity": "DE01"}, {**GOODS[1], "legalEntity": "US01"}]
    wanted = {"customer": both, "currencyCode": "USD", "lines": lines}

    whole = await submitted(ask, wanted)
    body = '{"error":{"code":"FI/201","message":{"lang":"en","value":"The period is closed"}}}'
    company.sandboxes[ERP_US].faults.add(Fault(kind="status", status=400, body=body, match=BOOKING, times=1))
    none = await submitted(ask, wanted)

    assert (whole["state"], whole["problems"]) == ("COMPLETED", [])
    [order] = whole["orders"]
    assert [(one["legalEntity"]["code"], one["erp"]) for one in order["bookings"]] == [("DE01", ERP), ("US01", ERP_US)]
    assert none["state"] == "FAILED"
    assert [(one["state"], one["legalEntity"]) for one in none["steps"] if one["name"] == "booking"] == [
        ("COMPENSATED", "DE01"),
        ("FAILED", "US01"),
    ]
    reference = none["externalReference"]
    [taken_back] = orders_in(company, ERP, reference)
    rejected = "select OverallSDDocumentRejectionSts from A_SalesOrder where SalesOrder like '%' || ?"
    assert rows(company, ERP, rejected, taken_back) == [("C",)]
    assert orders_in(company, ERP_US, reference) == []
    assert [(one["severity"], one["status"]) for one in none["exceptions"]] == [("HIGH", "OPEN")]


async def test_two_orders_race_to_bring_a_customer_into_an_erp_and_it_is_there_once(
    ask: Asker, company: Company
) -> None:
    newcomer = buyer(company, ERP_US)
    known = "select ERP_Customer_Number__c from Account where Id = ?"
    [(before,)] = rows(company, CRM, known, newcomer.crm_key)
    customers = "select BusinessPartner from A_BusinessPartner"
    there = {number for (number,) in rows(company, ERP, customers)}
    wanted = an_order(company, customer={"crmId": newcomer.crm_key})

    first, second = await asyncio.gather(submitted(ask, wanted), submitted(ask, wanted))

    assert (first["state"], second["state"]) == ("COMPLETED", "COMPLETED"), (first["problems"], second["problems"])
    [created] = {number for (number,) in rows(company, ERP, customers)} - there
    sold_to = "select SoldToParty from A_SalesOrder where PurchaseOrderByCustomer = ?"
    assert {rows(company, ERP, sold_to, one["externalReference"])[0] for one in (first, second)} == {(created,)}
    number = created.lstrip("0")
    told = [one for each in (first, second) for one in each["steps"] if one["name"] == "account-write-back"]
    assert [(one["state"], one["message"]) for one in told] == [("DONE", f"{CRM} knows it as {number} of {ERP}.")]
    [(after,)] = rows(company, CRM, known, newcomer.crm_key)
    assert after.split(";") == [*(before or "").split(";"), number]


async def test_an_order_that_is_cancelled_while_it_is_being_booked_is_booked_and_then_cancelled(
    ask: Asker, company: Company
) -> None:
    deal = unbooked(company, quoted=False)
    company.sandboxes[ERP].faults.add(Fault(kind="latency", match=BOOKING, seconds=4, times=1))
    customer = {"crmId": company.story.buyers[deal.buyer].crm_key}
    wanted = an_order(company, customer=customer, source={"system": CRM, "key": deal.crm_key})

    booking = (await ask(SUBMIT, input=wanted, key=new_key())).data["submitOrder"]
    await when(ask, booking["submission"], lambda found: step(found, "booking")["state"] == "RUNNING")
    cancelling = (await ask(CANCEL, order={"crmId": deal.crm_key}, key=new_key())).data["cancelOrder"]
    gone = await settled(ask, cancelling)
    booked = await looked_at(ask, booking["submission"]["id"])

    assert {one["submission"]["state"] for one in (booking, cancelling)} == {"IN_PROGRESS"}
    assert (booked["state"], gone["state"], gone["problems"]) == ("COMPLETED", "COMPLETED", [])
    [order] = gone["orders"]
    assert (order["crmId"], order["status"]) == (deal.crm_key, "CANCELLED")
    assert len(orders_in(company, ERP, booked["externalReference"])) == 1
    assert {one["status"] for one in gone["exceptions"]} <= {"RESOLVED"}


async def test_input_that_always_fails_is_put_before_people_and_keeps_no_other_order_up(
    ask: Asker, company: Company
) -> None:
    listed = "select ConditionRateValue, ConditionCurrency from PRICE_LIST where Material = 'PS-12'"
    prices = rows(company, ERP, listed)
    change(company, ERP, "update PRICE_LIST set ConditionRateValue = 'poison' where Material = 'PS-12'")
    poison, healthy = an_order(company), an_order(company, GOODS[0])
    try:
        accepted = (await ask(SUBMIT, input=poison, key=(key := new_key()))).data["submitOrder"]["submission"]
        stuck = await when(ask, accepted, lambda found: found["exceptions"])
        others = await asyncio.gather(*[submitted(ask, healthy) for _ in range(3)])
        still = await looked_at(ask, accepted["id"])
    finally:
        for price in prices:
            mended = "update PRICE_LIST set ConditionRateValue = ? where Material = 'PS-12' and ConditionCurrency = ?"
            change(company, ERP, mended, *price)
    [exception] = stuck["exceptions"]
    closed = (await ask(RESOLVE, id=exception["id"], how="CANCELLED", note="not worth it")).data["resolveException"]
    ended = await again(ask, accepted)
    replayed = (await ask(SUBMIT, input=poison, key=key)).data["submitOrder"]

    assert (stuck["state"], still["state"]) == ("IN_PROGRESS", "IN_PROGRESS")
    assert (exception["category"], exception["title"]) == ("SYSTEM_UNAVAILABLE", "A system does not answer")
    assert (exception["owner"], exception["status"]) == ("integration team", "OPEN")
    assert [one["state"] for one in others] == ["COMPLETED"] * 3
    assert closed["problems"] == []
    assert (ended["state"], ended["exceptions"][0]["status"]) == ("FAILED", "RESOLVED")
    assert (replayed["replayed"], replayed["submission"]["id"]) == (True, ended["id"])
    assert orders_in(company, ERP, ended["externalReference"]) == []


async def test_an_amendment_and_what_was_before_it_are_in_audit(ask: Asker, company: Company) -> None:
    booked = await submitted(ask, an_order(company))
    [order] = booked["orders"]
    changes = {"changeLines": [{"id": order["lines"][0]["id"], "quantity": 3}]}
    asked = {"order": {"id": order["id"]}, "input": changes, "version": order["version"], "key": new_key()}

    changed = await settled(ask, (await ask(AMEND, **asked)).data["amendOrder"])
    told = await ask(
        "query($id: String) { audit(filter: {subject: $id}) { nodes { actor action detail after } } }", id=changed["id"]
    )

    assert (changed["state"], changed["orders"][0]["lines"][0]["quantity"]) == ("COMPLETED", "3")
    assert told.errors == []
    assert [one["action"] for one in told.data["audit"]["nodes"]] == ["AMEND_ORDER", "AMEND_ORDER"]
