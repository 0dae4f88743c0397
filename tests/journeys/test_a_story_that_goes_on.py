"""The company goes on living, and the graph tells it at once: a step's new status, and what the timeline has of it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from graphql import GraphQLSchema

from gateway.app import create_app
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import open_house
from resolvers.access import SCOPES
from sandbox.serve import Company, open_company
from tests.journeys.asking import SECRET, Asker
from tests.journeys.test_truth import every_order

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDER = """query($id: ID!) { order(by: {crmId: $id}) { status holds { kind } bookings { orderNumber }
  shipments { number } lines { quantity } payments { amount { amount } }
  timeline { nodes { kind title } gaps { system } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    """A company of our own: what happens in it is in nobody else's way."""
    async with open_company() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(company: Company, graph: GraphQLSchema) -> AsyncIterator[Asker]:
    settings = Settings.model_validate({"jwt_secret": SECRET, "landscape": company.landscape, "deadline_seconds": 20})
    async with open_house(settings, os.environ, graph) as house:
        app = create_app(settings, lambda: open_house(settings, os.environ))
        app.state.house = house
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as client:
            yield Asker(client, Signer(SECRET, house.landscape.tenant), frozenset(SCOPES))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def born(control: httpx.AsyncClient) -> str:
    """The CRM's key of an order that has just begun, with a quote to accept."""
    for seed in range(20):
        told = await control.post("/story/steps", json={"step": "propose", "seed": seed})
        assert told.status_code == 201, told.text
        if "quote" in {one["concept"].lower() for one in told.json()["written"]}:
            return str(told.json()["crm_key"])
    raise AssertionError("No deal began with a quote.")


STEPS = [
    ("accept", "DRAFT", {"QUOTE_ACCEPTED"}),
    ("activate", "SUBMITTED", {"ORDER_SUBMITTED"}),
    ("book", "BOOKED", {"ORDER_BOOKED"}),
    ("write_back", "BOOKED", set()),
    ("amend", "BOOKED", set()),
    ("hold", "ON_HOLD", {"HOLD_PLACED"}),
    ("release", "BOOKED", set()),
    ("ship", "IN_FULFILLMENT", {"SHIPMENT_POSTED"}),
    ("ship_rest", "FULFILLED", {"SHIPMENT_POSTED"}),
    ("deliver", "FULFILLED", {"SHIPMENT_DELIVERED"}),
    ("invoice", "FULFILLED", {"INVOICE_GENERATED"}),
    ("pay_part", "FULFILLED", {"PAYMENT_APPLIED"}),
    ("pay", "COMPLETED", {"PAYMENT_APPLIED"}),
]


async def test_after_each_step_the_graph_shows_status_and_timeline(
    ask: Asker, control: httpx.AsyncClient, born: str
) -> None:
    before = await order_of(ask, born)
    assert before["status"] == "DRAFT"

    for step, status, news in STEPS:
        told = await control.post("/story/steps", json={"step": step, "order": born})
        assert told.status_code == 201, (step, told.text)
        after = await order_of(ask, born)

        assert after["timeline"]["gaps"] == []
        assert after["status"] == told.json()["expected"] == status, step
        assert new_kinds(before, after) >= news, step
        if step == "amend":
            assert units(after) != units(before)
        before = after
    assert before["holds"] == []
    assert [len(before[name]) for name in ("bookings", "shipments", "payments")] == [1, 2, 2]


async def test_an_order_that_is_given_up_is_cancelled_in_the_graph(ask: Asker, control: httpx.AsyncClient) -> None:
    key = str((await control.post("/story/steps", json={"step": "propose", "seed": 77})).json()["crm_key"])
    for step in ("activate", "book", "write_back", "cancel"):
        assert (await control.post("/story/steps", json={"step": step, "order": key})).status_code == 201

    order = await order_of(ask, key)

    assert order["status"] == "CANCELLED"
    assert "ORDER_CANCELLED" in {node["kind"] for node in order["timeline"]["nodes"]}


async def test_after_a_long_play_every_status_is_what_the_story_says(
    ask: Asker, control: httpx.AsyncClient, company: Company
) -> None:
    first = (await control.get("/story/play")).json()["after"]
    assert (await control.post("/story/play", json={"speed": 50, "steps": 150, "seed": 8})).status_code == 201
    until = time.monotonic() + 90
    while (await control.get("/story/play")).json()["plays"]:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)

    told = (await control.get("/story/happenings", params={"after": first, "limit": 1000})).json()
    nodes = await every_order(ask)

    assert len(nodes) == len(company.opened.chronicle.story.deals)
    expected = {named(one): one["expected"] for one in told}
    shown = {name: node["status"] for node in nodes for name in names(node) if name in expected}
    assert shown == expected


async def order_of(ask: Asker, key: str) -> dict[str, Any]:
    told = await ask(ORDER, id=key)
    assert told.errors == []
    order: dict[str, Any] = told.data["order"]
    return order


def new_kinds(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    known = [(node["kind"], node["title"]) for node in before["timeline"]["nodes"]]
    return {n["kind"] for n in after["timeline"]["nodes"] if (n["kind"], n["title"]) not in known}


def units(order: dict[str, Any]) -> float:
    return sum(float(line["quantity"]) for line in order["lines"])


def named(happening: dict[str, Any]) -> str:
    """The order's key in the CRM; one that the CRM does not have, by its number in an ERP."""
    return str(happening["crm_key"] or "/".join(happening["erp_numbers"][0]))


def names(node: dict[str, Any]) -> set[str]:
    return {node["crmId"] or "", *(f"{one['system']}/{one['key']}" for one in node["references"])}
