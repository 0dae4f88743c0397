"""An order that the ERP holds for credit is booked, and everybody sees the hold until the credit desk releases it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.serve import Company, open_company
from tests.journeys.asking import Asker
from tests.journeys.working import change, step, submitted, worked

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(300),
]

ERP = "sap-eu"
ORDER = """query($id: ID!) { order(by: {id: $id}) { status holds { kind reason } bookings { orderNumber }
  timeline { nodes { area kind title } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company() -> AsyncIterator[Company]:
    async with open_company() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(company: Company, url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    """A client of a company that books orders beyond the limit, and leaves the holding to its ERP."""
    holding = company.landscape.with_name("holding.toml")
    holding.write_text(company.landscape.read_text("utf-8") + '\n[orders]\ncredit = "hold"\n', "utf-8")
    async with worked(company, url, tmp_path_factory.mktemp("worker"), holding) as (_, asker):
        yield asker


async def test_an_order_beyond_the_limit_is_booked_on_hold_and_goes_on_once_the_hold_is_released(
    ask: Asker, company: Company
) -> None:
    customer, account = next(
        (one, account)
        for one in company.story.buyers.values()
        for account in one.accounts
        if one.crm_key and account.instance == ERP and account.credit_limit and not account.on_hold
    )
    beyond = {"sku": "AC-30", "quantity": 1000}
    wanted = {"customer": {"crmId": customer.crm_key}, "currencyCode": "EUR", "legalEntity": "DE01", "lines": [beyond]}

    booked = await submitted(ask, wanted)
    [order] = booked["orders"]
    held = (await ask(ORDER, id=order["id"])).data["order"]
    released = "update A_SalesOrder set TotalCreditCheckStatus = 'D' where SalesOrder like '%' || ?"
    change(company, ERP, released, held["bookings"][0]["orderNumber"])
    free = (await ask(ORDER, id=order["id"])).data["order"]

    assert (booked["state"], [one for one in booked["problems"] if one["blocking"]]) == ("COMPLETED", [])
    assert account.credit_limit is not None
    assert "The credit check did not let it pass." in step(booked, "booking")["message"]
    assert (held["status"], [one["kind"] for one in held["holds"]]) == ("ON_HOLD", ["CREDIT"])
    assert ("CREDIT", "HOLD_PLACED") in [(entry["area"], entry["kind"]) for entry in held["timeline"]["nodes"]]
    assert (free["status"], free["holds"]) == ("BOOKED", [])
    assert "HOLD_PLACED" not in [entry["kind"] for entry in free["timeline"]["nodes"]]
