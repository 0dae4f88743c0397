"""The whole way of a webhook: a step in the story, a system posts it to the gateway's door, and a subscriber hears."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio

from canonical.identity import global_id
from canonical.refs import Ref
from gateway.app import create_app
from gateway.playing import Control, let_deliver
from gateway.wiring import House, open_house
from sandbox.serve import Company, open_company
from sources.kit.sandbox.serving import serve
from tests.fakes.waiting import until
from tests.gateway.events import Events
from tests.journeys.asking import Asker
from tests.journeys.working import worked

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(300),
]

DEAF = "\n[instances.feed]\npoll_seconds = 3600\nstream = false\n\n[instances.settings]"
"""Systems are asked once at the start, and then not for an hour; nothing is listened to."""
SUBSCRIPTION = "subscription { revenueEvents { kind system orderId } }"
STEPS = {"activate": "ORDER_SUBMITTED", "book": "ORDER_BOOKED", "ship": "SHIPMENT_POSTED"}
"""What the CRM's door tells, then what an ERP's does."""
ASKED = "select system, way, heard_at from feed where way <> 'webhook' order by system, way"


Heard = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def at_the_door(house: House) -> AsyncIterator[str]:
    """The address at which a gateway answers systems and subscribers."""
    async with serve(create_app(house.settings, lambda: open_house(house.settings, os.environ))) as served:
        yield served.url


@asynccontextmanager
async def events(gateway: str, asker: Asker) -> AsyncIterator[Heard]:
    """A subscription that has begun; it waits for an event of a kind, and gives the order that it is of."""
    token = asker.signer.sign(asker.scopes)
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=60) as client,
        client.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=headers) as answer,
    ):
        told = Events(answer).told()

        async def heard(kind: str) -> str:
            async for one in told:
                event = one["data"]["revenueEvents"]
                if event["kind"] == kind:
                    return str(event["orderId"])
            raise AssertionError(f"no {kind} was told")

        yield heard


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    """A company of our own: what happens in it is in nobody else's way."""
    async with open_company() as opened:
        yield opened


async def test_what_happens_in_a_system_is_posted_to_the_gateway_and_told_to_subscribers(
    company: Company, control: httpx.AsyncClient, url: str, tmp_path: Path
) -> None:
    landscape = company.landscape.with_name("deaf.toml")
    landscape.write_text(company.landscape.read_text().replace("\n[instances.settings]", DEAF))
    key = str((await control.post("/story/steps", json={"step": "propose", "seed": 77})).json()["crm_key"])

    async with worked(company, url, tmp_path, landscape) as (house, asker), at_the_door(house) as gateway:
        await until(lambda: len(asked(url)) == 3 and all(heard_at for _, _, heard_at in asked(url)))
        before = asked(url)
        told = await asyncio.to_thread(let_deliver, Control(company.control), gateway)
        async with events(gateway, asker) as heard:
            for step, kind in STEPS.items():
                assert (await control.post("/story/steps", json={"step": step, "order": key})).status_code == 201
                assert await heard(kind) == global_id("Order", Ref("salesforce", key))
        after = asked(url)
        posted = (await control.get("/webhooks")).json()

    assert told == ["erp-us", "salesforce", "sap-eu"]
    assert before == after
    assert all(one["lost"] == 0 for one in posted.values())
    assert posted["salesforce"]["sent"] > 0
    assert posted["sap-eu"]["sent"] + posted["erp-us"]["sent"] > 0


def asked(url: str) -> list[tuple[Any, ...]]:
    """When each system was asked, or told of itself on a connection of ours, for the last time."""
    with psycopg.connect(url) as session:
        return session.execute(ASKED).fetchall()
