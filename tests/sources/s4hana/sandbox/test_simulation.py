"""Simulated orders: everything is computed as for a booked one, and nothing is kept."""

from __future__ import annotations

import httpx
import pytest

from sources.s4hana.sandbox import S4HanaSandbox
from tests.sources.s4hana.sandbox.test_booking_rules import MASTERS, ORDERS, order

SIMULATION = "API_SALES_ORDER_SIMULATION_SRV/A_SalesOrderSimulation"
ITEM: dict[str, object] = {"Material": "TG11", "RequestedQuantity": "3", "Plant": "1710"}


@pytest.fixture
def known(sandbox: S4HanaSandbox) -> S4HanaSandbox:
    sandbox.load(MASTERS)
    return sandbox


async def test_a_simulation_tells_prices_taxes_dates_and_credit(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    item = {**ITEM, "to_ScheduleLine": [], "to_PricingElement": []}
    body = order(item, to_Pricing={}, to_Credit={}, RequestedDeliveryDate="/Date(1799971200000)/")

    answer = await client.post(SIMULATION, json=body, headers=token)

    told = answer.json()["d"]
    assert answer.status_code == 201
    assert answer.headers["location"].endswith("/A_SalesOrderSimulation('')")
    assert (told["SalesOrder"], told["to_Pricing"]["TotalNetAmount"]) == ("", "492.000")
    assert told["to_Credit"]["TotalCreditCheckStatus"] == "A"
    (row,) = told["to_Item"]["results"]
    assert (row["NetAmount"], row["TaxAmount"], row["RequestedQuantityISOUnit"]) == ("492.000", "39.360", "PCE")
    assert row["Plant"] == "1710"
    assert [line["ConfirmedDeliveryDate"] for line in row["to_ScheduleLine"]["results"]] == ["/Date(1799971200000)/"]
    assert {one["ConditionType"] for one in row["to_PricingElement"]["results"]} == {"PPR0", "TTX1"}
    assert "SLS_LORD/098" in answer.headers["sap-message"]


async def test_what_is_not_asked_for_is_not_told(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    told = (await client.post(SIMULATION, json=order(ITEM), headers=token)).json()["d"]

    assert "__deferred" in told["to_Pricing"]
    assert "__deferred" in told["to_Item"]["results"][0]["to_ScheduleLine"]


async def test_a_simulation_keeps_nothing_and_takes_no_number(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    for _ in range(3):
        await client.post(SIMULATION, json=order(ITEM), headers=token)

    assert (await client.get(f"{ORDERS}/$count")).text == "3"
    assert (await client.get(f"{SIMULATION}/$count")).text == "0"
    booked = await client.post(ORDERS, json=order(), headers=token)
    assert booked.json()["d"]["SalesOrder"] == "4"


@pytest.mark.parametrize(
    "body,why",
    [
        ({}, "SalesOrderType is missing"),
        (order({"Material": "TG99", "RequestedQuantity": "1"}), "Material TG99 is not defined"),
        (order(ITEM, PurchaseOrderByShipToParty="PO-1"), "Property 'PurchaseOrderByShipToParty' is invalid"),
        (order({**ITEM, "UnderlyingPurchaseOrderItem": "1"}), "Property 'UnderlyingPurchaseOrderItem' is invalid"),
        (order({"Material": "BARE", "RequestedQuantity": "1"}), "mandatory condition"),
    ],
)
async def test_a_simulation_refuses_what_a_booking_would_and_what_only_a_booking_knows(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox, body: dict[str, object], why: str
) -> None:
    answer = await client.post(SIMULATION, json=body, headers=token)

    assert answer.status_code == 400
    assert why in answer.json()["error"]["message"]["value"]


async def test_a_simulation_needs_a_token_though_it_writes_nothing(
    client: httpx.AsyncClient, known: S4HanaSandbox
) -> None:
    answer = await client.post(SIMULATION, json=order(ITEM))

    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")


async def test_nothing_else_can_be_done_there(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    answers = [
        await client.patch(f"{SIMULATION}('')", json={}, headers=token),
        await client.post("API_SALES_ORDER_SIMULATION_SRV/A_SalesOrderItemSimulation", json={}, headers=token),
    ]

    assert [one.status_code for one in answers] == [405, 405]
