from __future__ import annotations

import httpx
import pytest

from sources.kit.sandbox.faults import Fault
from sources.s4hana.sandbox import S4HanaSandbox

ORDERS = "API_SALES_ORDER_SRV/A_SalesOrder"


async def test_a_short_dump_speaks_json_and_the_dispatcher_html(
    client: httpx.AsyncClient, sandbox: S4HanaSandbox
) -> None:
    sandbox.faults.add(Fault(kind="status", status=500, times=1))
    dump = await client.get(ORDERS)
    sandbox.faults.add(Fault(kind="status", status=503, times=1))
    restart = await client.get(ORDERS)

    assert (dump.status_code, dump.json()["error"]["message"]["value"]) == (500, "An exception was raised")
    assert (restart.status_code, restart.headers["content-type"]) == (503, "text/html; charset=utf-8")


async def test_throttling_says_when_to_come_back(client: httpx.AsyncClient, sandbox: S4HanaSandbox) -> None:
    sandbox.faults.add(Fault(kind="throttle", seconds=7, times=1))

    answer = await client.get(ORDERS)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_an_order_is_booked_though_its_answer_is_lost(
    client: httpx.AsyncClient, token: dict[str, str], sandbox: S4HanaSandbox
) -> None:
    sandbox.faults.add(Fault(kind="reset_after", match="POST", times=1))
    body = {
        "SalesOrderType": "OR",
        "SalesOrganization": "1710",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "17100001",
        "PurchaseOrderByCustomer": "LOST",
    }

    with pytest.raises(httpx.TransportError):
        await client.post(ORDERS, json=body, headers=token)

    found = await client.get(ORDERS, params={"$filter": "PurchaseOrderByCustomer eq 'LOST'"})
    assert [row["SalesOrder"] for row in found.json()["d"]["results"]] == ["4"]


async def test_rows_can_be_dropped_doubled_and_shuffled(client: httpx.AsyncClient, sandbox: S4HanaSandbox) -> None:
    answers = {}
    for kind in ("drop_rows", "duplicate_rows", "shuffle_rows"):
        sandbox.faults.add(Fault(kind=kind, times=1))
        rows = (await client.get(ORDERS)).json()["d"]["results"]
        answers[kind] = [row["SalesOrder"] for row in rows]

    assert answers["drop_rows"] == ["2"]
    assert answers["duplicate_rows"] == ["1", "1", "2", "2", "3", "3"]
    assert sorted(answers["shuffle_rows"]) == ["1", "2", "3"]
    assert answers["shuffle_rows"] != ["1", "2", "3"]


async def test_ended_sessions_ask_for_a_new_token(
    client: httpx.AsyncClient, token: dict[str, str], sandbox: S4HanaSandbox
) -> None:
    sandbox.faults.add(Fault(kind="expire_token", times=1))

    answer = await client.post(ORDERS, json={}, headers=token)

    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")


async def test_the_log_counts_requests_without_their_secrets(client: httpx.AsyncClient, sandbox: S4HanaSandbox) -> None:
    await client.get(f"{ORDERS}/$count")

    asked = sandbox.log.asked("count")[0]
    assert (asked.method, asked.status) == ("GET", 200)
    assert asked.headers["authorization"] == "[redacted]"
