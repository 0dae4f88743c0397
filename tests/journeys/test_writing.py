"""The whole way of an order in: gateway, database, a worker of its own, and pretend systems over real HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.app import create_app
from gateway.outliving import works
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import House, open_house
from resolvers.access import SCOPES
from sandbox.serve import Company, open_company
from sources.intake import OrderIntake
from sources.kit.sandbox.faults import Fault
from tests.fakes.postgres import Databases
from tests.house.tree import ROOT
from tests.journeys.asking import Asker
from tests.journeys.conftest import SECRET

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("workers"),
    pytest.mark.timeout(300),
]

SUBMISSION = """
  id state externalReference problems { code category field outcome }
  steps { name state message } orders { id number status version lines { id sku quantity } }
  exceptions { id category correctable { field } }
"""
SUBMIT = f"""
mutation($input: SubmitOrderInput!, $key: String!) {{
  submitOrder(input: $input, idempotencyKey: $key) {{
    replayed problems {{ code field }} submission {{ {SUBMISSION} }}
  }}
}}
"""
AMEND = f"""
mutation($order: OrderBy!, $input: AmendOrderInput!, $version: String, $key: String!) {{
  amendOrder(order: $order, input: $input, expectedVersion: $version, idempotencyKey: $key) {{
    problems {{ code field }} submission {{ {SUBMISSION} }}
  }}
}}
"""
CANCEL = f"""
mutation($order: OrderBy!, $key: String!) {{
  cancelOrder(order: $order, reason: "ordered twice", idempotencyKey: $key) {{
    problems {{ code field }} submission {{ {SUBMISSION} }}
  }}
}}
"""
RETRY = """
mutation($id: ID!, $corrections: [CorrectionInput!]) {
  retryException(id: $id, corrections: $corrections) { problems { code } integrationException { status } }
}
"""
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
def url(databases: Databases) -> Iterator[str]:
    with databases.one() as given:
        yield given


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(company: Company, url: str) -> AsyncIterator[House]:
    chosen = {"jwt_secret": SECRET, "landscape": company.landscape, "database_url": url, "deadline_seconds": 20}
    async with open_house(Settings.model_validate(chosen), os.environ) as opened:
        if opened.sources.get(ERP, OrderIntake) is None:
            pytest.skip(f"{ERP} takes no orders through Revgraph yet.")
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker(house: House, url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    """A real worker, as `revgraph worker` starts it; ended by its id."""
    log: Path = tmp_path_factory.mktemp("worker") / "worker.log"
    with log.open("wb") as out:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.cli", "worker", "--landscape", str(house.settings.landscape),
            cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
            env={**os.environ, "REVGRAPH_DATABASE_URL": url},
        )  # fmt: skip
    try:
        while not await asyncio.to_thread(works, url):
            assert running.returncode is None, f"see {log}"
            await asyncio.sleep(0.05)
        yield
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(house: House, worker: None) -> AsyncIterator[Asker]:
    app = create_app(house.settings, lambda: open_house(house.settings, os.environ))
    app.state.house = house
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as client:
        yield Asker(client, Signer(SECRET, house.landscape.tenant), frozenset(SCOPES))


_keys = count(1)


def new_key() -> str:
    return f"key-of-the-journey-{next(_keys):04}"


async def buyer(ask: Asker) -> str:
    """A customer whom the books know, and whose credit is not blocked there."""
    told = await ask(BUYERS)
    for customer in told.data["customers"]["nodes"]:
        for account in customer["billingAccounts"] or ():
            if account["legalEntity"]["code"] == BOOKS and not (account["credit"] or {}).get("onHold"):
                return str(customer["crmId"])
    raise AssertionError("nobody can buy")


async def settled(ask: Asker, payload: Any) -> Any:
    """The submission once nothing goes on with it."""
    assert payload["submission"], payload["problems"]
    found = payload["submission"]
    while found["state"] == "IN_PROGRESS":
        await asyncio.sleep(0.05)
        told = await ask(f"query($id: ID!) {{ submission(by: {{id: $id}}) {{ {SUBMISSION} }} }}", id=found["id"])
        found = told.data["submission"]
    return found


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
    booked = await settled(ask, {"submission": {**refused, "state": "IN_PROGRESS"}})

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
