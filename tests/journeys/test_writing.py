"""The whole way of an order in: gateway, database, a worker of its own, and pretend systems over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.serve import Company, open_company
from sources.kit.sandbox.faults import Fault
from tests.journeys.asking import Asker
from tests.journeys.working import AMEND, CANCEL, RETRY, SUBMIT, again, new_key, settled

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(300),
]

BUYERS = """
{ customers(first: 40) { nodes { crmId billingAccounts { legalEntity { code } credit { onHold } } } } }
"""
ERP, BOOKS = "sap-eu", "DE01"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    """A company of our own: what is written into it is in nobody else's way."""
    async with open_company() as opened:
        yield opened


@pytest.fixture(scope="module")
def ask(clerk: Asker) -> Asker:
    return clerk


async def buyer(ask: Asker) -> str:
    """A customer whom the books know, and whose credit is not blocked there."""
    told = await ask(BUYERS)
    for customer in told.data["customers"]["nodes"]:
        for account in customer["billingAccounts"] or ():
            if account["legalEntity"]["code"] == BOOKS and not (account["credit"] or {}).get("onHold"):
                return str(customer["crmId"])
    raise AssertionError("nobody can buy")


async def an_order(ask: Asker, *skus: str) -> dict[str, Any]:
    lines = [{"sku": sku, "quantity": 2} for sku in skus or ("AC-30", "PS-12")]
    return {"customer": {"crmId": await buyer(ask)}, "currencyCode": "EUR", "legalEntity": BOOKS, "lines": lines}


async def test_an_order_is_booked_changed_and_cancelled_and_each_is_done_once(ask: Asker) -> None:
    wanted, key = await an_order(ask), new_key()

    booked = await settled(ask, (await ask(SUBMIT, input=wanted, key=key)).data["submitOrder"])
    again = (await ask(SUBMIT, input=wanted, key=key)).data["submitOrder"]
    [order] = booked["orders"]
    changes = {"changeLines": [{"id": order["lines"][0]["id"], "quantity": 3}]}
    asked = {"order": {"id": order["id"]}, "input": changes, "version": order["version"], "key": new_key()}
    changed = await settled(ask, (await ask(AMEND, **asked)).data["amendOrder"])
    by_number = {"document": {"value": order["number"], "legalEntity": BOOKS}}
    gone = await settled(ask, (await ask(CANCEL, order=by_number, key=new_key())).data["cancelOrder"])

    assert (booked["state"], booked["problems"]) == ("COMPLETED", [])
    assert (again["replayed"], again["submission"]["id"]) == (True, booked["id"])
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [("AC-30", "2"), ("PS-12", "2")]
    assert order["status"] == "BOOKED"
    assert changed["orders"][0]["lines"][0]["quantity"] == "3"
    assert gone["orders"][0]["id"] == order["id"]
    assert gone["orders"][0]["status"] == "CANCELLED"


async def test_a_reply_that_is_lost_after_the_booking_is_found_and_nothing_is_booked_twice(
    ask: Asker, company: Company
) -> None:
    company.sandboxes[ERP].faults.add(Fault(kind="reset_after", match=r"POST .*A_SalesOrder(\?|$)", times=1))

    booked = await settled(ask, (await ask(SUBMIT, input=await an_order(ask), key=new_key())).data["submitOrder"])

    assert company.sandboxes[ERP].faults.hits["reset_after"] == 1
    assert (booked["state"], len(booked["orders"])) == ("COMPLETED", 1)
    [step] = [step for step in booked["steps"] if step["name"] == "booking"]
    assert "was found to be booked" in step["message"]


async def test_an_article_that_nobody_sells_is_corrected_and_booked_under_the_same_key(ask: Asker) -> None:
    refused = await settled(
        ask, (await ask(SUBMIT, input=await an_order(ask, "AC-30", "NO-SUCH"), key=new_key())).data["submitOrder"]
    )
    [exception] = [one for one in refused["exceptions"] if one["correctable"]]
    correction = {"field": ["input", "lines", "1", "sku"], "value": "PS-12"}

    retried = (await ask(RETRY, id=exception["id"], corrections=[correction])).data["retryException"]
    booked = await again(ask, refused)

    assert refused["state"] == "REFUSED"
    assert correction["field"] in [problem["field"] for problem in refused["problems"]]
    assert exception["correctable"] == [{"field": correction["field"]}]
    assert (retried["problems"], booked["id"], booked["state"]) == ([], refused["id"], "COMPLETED")


async def test_twenty_impatient_people_with_one_key_get_one_order(ask: Asker) -> None:
    wanted, key = await an_order(ask), new_key()

    answers = await asyncio.gather(*[ask(SUBMIT, input=wanted, key=key) for _ in range(20)])
    payloads = [answer.data["submitOrder"] for answer in answers]
    booked = await settled(ask, payloads[0])

    assert {payload["submission"]["id"] for payload in payloads} == {booked["id"]}
    assert sum(not payload["replayed"] for payload in payloads) == 1
    assert (booked["state"], len(booked["orders"])) == ("COMPLETED", 1)
