"""What happens to orders on their way into a real ERP that we did not write, as people see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from sources.kit.sandbox.story import Buyer, Deal
from sources.tryton.sandbox.access import APPLICATION_KEY, COMPANY, DATABASE
from sources.tryton.sandbox.serve import Reached
from tests.journeys.asking import Asker
from tests.journeys.working import AMEND, RETRY, again, new_key, settled, step, submitted
from tests.sources.tryton.sandbox.asking import ask as ask_tryton
from tests.sources.tryton.writing import amount, sales, ship, tell

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.tryton,
    pytest.mark.xdist_group("tryton"),
    pytest.mark.timeout(600),
]

CRM, ERP = "salesforce", "erp-us"
ORDER = """query($id: ID!) { order(by: {id: $id}) { id version status fulfillmentStatus
  lines { sku quantity shippedQuantity } shipments { number status lines { sku quantity } }
  bookings { erp orderNumber } exceptions { category status } timeline { nodes { kind title system } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    async with open_company(Tale("tryton")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ask(clerk: Asker) -> Asker:
    return clerk


@pytest.fixture
def erp(company: Company) -> Reached:
    """Tryton itself, as its clerks reach it."""
    base = company.urls[ERP]
    return Reached(base, int(base.rpartition(":")[2]), DATABASE, APPLICATION_KEY, COMPANY)


def unbooked(company: Company) -> tuple[Deal, Buyer]:
    """An order of the CRM that nobody has booked yet, of a customer whom the real ERP knows."""
    for deal in company.story.deals:
        one = company.story.buyers[deal.buyer]
        mine = {line.entity for line in deal.lines} == {"US01"} and deal.crm_key and not deal.bookings
        if mine and deal.crm_status == "Activated" and any(account.instance == ERP for account in one.accounts):
            return deal, one
    raise AssertionError("everything is booked")


async def seen(ask: Asker, submission: Any) -> Any:
    """The submission's one order as the graph tells it."""
    [order] = submission["orders"]
    told = await ask(ORDER, id=order["id"])
    assert told.errors == []
    return told.data["order"]


def limit(erp: Reached, number: str, most: str) -> None:
    """The credit desk sets a customer's limit in Tryton; our own user is of that desk for just as long."""
    [party] = ask_tryton(erp, "party.party", ("code",), [["code", "=", number]])
    [desk] = ask_tryton(erp, "res.group", ("name",), [["name", "=", "Account Credit Limit"]])
    [ours] = ask_tryton(erp, "res.user", ("login",), [["login", "=", "revgraph"]])
    tell(erp, "PUT", f"res.user/{ours['id']}", {"groups": [["add", [desk["id"]]]]})
    tell(erp, "PUT", f"party.party/{party['id']}", {"credit_limit_amount": amount(most)})
    tell(erp, "PUT", f"res.user/{ours['id']}", {"groups": [["remove", [desk["id"]]]]})


async def test_an_order_beyond_the_credit_limit_waits_for_the_credit_desk_and_goes_through_once_it_raised_the_limit(
    ask: Asker, company: Company, erp: Reached
) -> None:
    deal, customer = unbooked(company)
    [account] = [one.number for one in customer.accounts if one.instance == ERP]
    limit(erp, account, "100")
    wanted = {
        "customer": {"crmId": customer.crm_key},
        "source": {"system": CRM, "key": deal.crm_key},
        "currencyCode": "USD",
        "legalEntity": "US01",
        "lines": [{"sku": "AC-30", "quantity": 3}],
    }

    refused = await submitted(ask, wanted)
    waiting = await seen(ask, refused)
    limit(erp, account, "5000000")
    [exception] = refused["exceptions"]
    told = (await ask(RETRY, id=exception["id"], note="limit raised")).data["retryException"]
    booked = await again(ask, refused)
    order = await seen(ask, booked)

    assert refused["state"] == "REFUSED"
    assert {(one["category"], one["outcome"], one["system"]) for one in refused["problems"]} == {
        ("CREDIT", "NOT_APPLIED", ERP)
    }
    assert (exception["title"], exception["owner"]) == ("The credit limit does not allow it", "credit desk")
    assert exception["suggestedAction"].startswith("Raise or release the credit in the ERP")
    assert (waiting["status"], waiting["bookings"]) == ("SUBMITTED", [])
    assert waiting["exceptions"] == [{"category": "CREDIT", "status": "OPEN"}]
    assert (told["problems"], booked["state"], booked["id"]) == ([], "COMPLETED", refused["id"])
    assert step(booked, "credit")["state"] == "DONE"
    assert order["exceptions"] == [{"category": "CREDIT", "status": "RESOLVED"}]
    assert order["status"] == "BOOKED"
    assert "ORDER_BOOKED" in [entry["kind"] for entry in order["timeline"]["nodes"]]
    assert len(sales(erp, booked["externalReference"])) == 1


async def test_an_order_that_was_amended_is_sent_in_part_and_then_not_cut_below_what_was_sent(
    ask: Asker, company: Company, erp: Reached
) -> None:
    _, customer = unbooked(company)
    [account] = [one.number for one in customer.accounts if one.instance == ERP]
    limit(erp, account, "5000000")
    lines = [{"sku": "AC-30", "quantity": 4}, {"sku": "AC-75", "quantity": 1}]
    wanted = {"customer": {"crmId": customer.crm_key}, "currencyCode": "USD", "legalEntity": "US01", "lines": lines}

    booked = await submitted(ask, wanted)
    valves = booked["orders"][0]["lines"][0]["id"]
    more = await amended(ask, booked["orders"][0], {"changeLines": [{"id": valves, "quantity": 6}]})
    ship(erp, booked["externalReference"], 2)
    sent = await seen(ask, more)
    fewer = await amended(ask, sent, {"changeLines": [{"id": valves, "quantity": 1}]})
    after = await seen(ask, fewer)

    assert (booked["state"], more["state"]) == ("COMPLETED", "COMPLETED"), (booked["problems"], more["problems"])
    assert (sent["status"], sent["fulfillmentStatus"]) == ("IN_FULFILLMENT", "PARTIALLY_SHIPPED")
    assert [(one["sku"], one["quantity"], one["shippedQuantity"]) for one in sent["lines"]] == [
        ("AC-30", "6", "2"),
        ("AC-75", "1", "0"),
    ]
    gone = [each for each in sent["shipments"] if each["status"] != "PLANNED"]
    assert [one["quantity"] for each in gone for one in each["lines"]] == ["2"]
    assert "SHIPMENT_POSTED" in [entry["kind"] for entry in sent["timeline"]["nodes"]]
    assert fewer["state"] == "REFUSED"
    assert [(one["category"], one["outcome"]) for one in fewer["problems"]] == [("CONFLICT", "NOT_APPLIED")]
    [exception] = fewer["exceptions"]
    assert "fewer cannot be ordered any more" in exception["explanation"]
    assert [one["quantity"] for one in after["lines"]] == ["6", "1"]


async def amended(ask: Asker, order: Any, changes: dict[str, Any]) -> Any:
    """The order with these changes, decided on what it was when it was read."""
    asked = {"order": {"id": order["id"]}, "input": changes, "version": order["version"], "key": new_key()}
    return await settled(ask, (await ask(AMEND, **asked)).data["amendOrder"])
