"""The whole way of a bulletin: something happens in an ERP, a worker hears of it, and the CRM tells its screens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio

from canonical.identity import global_id
from canonical.refs import Ref
from sandbox.serve import Company, open_company
from sources.salesforce.sandbox import SalesforceSandbox
from tests.fakes.waiting import until
from tests.journeys.working import worked

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(300),
]

CRM, TOPIC = "salesforce", "Revgraph_Order_Status__e"
OFTEN = "\n[instances.feed]\npoll_seconds = 0.5\n\n[instances.settings]"
BULLETINS = '\n[bulletins]\non = true\ncoalesce_seconds = 0.1\nstatuses = ["BOOKED", "IN_FULFILLMENT", "FULFILLED"]\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    """A company of our own: what happens in it is in nobody else's way."""
    async with open_company() as opened:
        yield opened


async def test_what_happens_to_an_order_is_told_to_the_crms_own_screens(
    company: Company, control: httpx.AsyncClient, url: str, tmp_path: Path
) -> None:
    landscape = company.landscape.with_name("with_bulletins.toml")
    landscape.write_text(company.landscape.read_text().replace("\n[instances.settings]", OFTEN) + BULLETINS)
    key = str((await control.post("/story/steps", json={"step": "propose", "seed": 77})).json()["crm_key"])

    async def happen(*steps: str) -> None:
        for step in steps:
            told = await control.post("/story/steps", json={"step": step, "order": key})
            assert told.status_code == 201, (step, told.text)

    async with worked(company, url, tmp_path, landscape):
        await happen("activate", "book")
        await until(lambda: published(company, key))
        await happen("hold", "release", "ship")
        await until(lambda: len(published(company, key)) > 1)

    booked, *_, last = published(company, key)
    assert (booked["Status__c"], booked["Order_Id__c"]) == ("BOOKED", global_id("Order", Ref(CRM, key)))
    assert (last["Previous_Status__c"], last["Status__c"]) == ("BOOKED", "IN_FULFILLMENT")
    versions = [event["Version__c"] for event in published(company, key)]
    assert versions == sorted(set(versions))
    assert {event["Status__c"] for event in published(company, key)} == {"BOOKED", "IN_FULFILLMENT"}


def published(company: Company, key: str) -> list[dict[str, Any]]:
    """What a page of this order has heard, in order."""
    org = cast("SalesforceSandbox", company.sandboxes[CRM]).org
    kind = org.platform.find(TOPIC)
    assert kind is not None
    events = [kind.decode(event.payload) for event in org.log.behind([f"/event/{TOPIC}"], 0, 1000)]
    return [event for event in events if event["Record_Id__c"] == key]
