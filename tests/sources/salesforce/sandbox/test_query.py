"""Queries over HTTP: pages, limits, allowance, and each fault that spoils an answer."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import httpx
import pytest

from sources.kit.sandbox.faults import Fault
from sources.salesforce.sandbox import SalesforceSandbox
from tests.sources.salesforce.sandbox.conftest import BASE, ENTRY, Caller

SOQL = "SELECT Name FROM Account ORDER BY Name"


def fill(sandbox: SalesforceSandbox, rows: int) -> None:
    sandbox.load({"Account": [{"Name": f"A{number:04d}"} for number in range(rows)]})


async def test_a_result_comes_in_pages_of_a_frozen_list(caller: Caller, sandbox: SalesforceSandbox) -> None:
    fill(sandbox, 450)

    first = await caller.query(SOQL, sforce_query_options="batchSize=200")
    await caller("POST", "/sobjects/Account", {"Name": "A0000 later"})
    second = (
        await caller.client.get(first["nextRecordsUrl"], headers={"sforce-query-options": "batchSize=200"})
    ).json()
    last = (await caller.client.get(second["nextRecordsUrl"])).json()
    beyond = await caller.client.get(second["nextRecordsUrl"].replace("-400", "-900"))

    assert list(first) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"].startswith(f"{BASE}/query/0r8")
    assert first["nextRecordsUrl"].endswith("-200")
    assert list(last) == ["totalSize", "done", "records"]
    assert (last["totalSize"], last["done"], len(last["records"])) == (450, True, 50)
    assert last["records"][-1]["Name"] == "A0449"
    assert beyond.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


async def test_query_all_finds_the_recycle_bin(caller: Caller) -> None:
    identity = (await caller("POST", "/sobjects/Account", {"Name": "Acme"})).json()["id"]
    await caller("DELETE", f"/sobjects/Account/{identity}")

    live = await caller.query("SELECT Id FROM Account")
    every = await caller.query("SELECT Id, IsDeleted FROM Account", "/queryAll")

    assert (live["totalSize"], every["records"][0]["IsDeleted"]) == (0, True)


async def test_columns_can_be_asked_for_instead_of_rows(caller: Caller) -> None:
    answer = await caller("GET", "/query?columns=true&q=SELECT+Id,+Name,+Parent.Name+FROM+Account")

    body = answer.json()
    assert (body["entityName"], body["keyPrefix"], body["idSelected"]) == ("Account", "001", True)
    assert [column["columnName"] for column in body["columnMetadata"]] == ["Id", "Name", "Parent"]
    assert body["columnMetadata"][2]["joinColumns"][0]["columnName"] == "Name"


async def test_each_answer_tells_what_is_left_of_the_allowance(caller: Caller, sandbox: SalesforceSandbox) -> None:
    first = await caller("GET", "/limits")
    second = await caller("GET", "/query?q=SELECT+Nope+FROM+Account")
    sandbox.org.usage.used = sandbox.org.usage.allowance
    spent = await caller("GET", "/limits")

    assert first.headers["sforce-limit-info"] == "api-usage=1/1000000"
    assert first.json()["DailyApiRequests"] == {"Max": 1_000_000, "Remaining": 999_999}
    assert second.headers["sforce-limit-info"] == "api-usage=2/1000000"
    assert (spent.status_code, spent.json()) == (
        403,
        [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
    )


async def test_rows_are_counted(caller: Caller, sandbox: SalesforceSandbox) -> None:
    fill(sandbox, 3)

    answer = await caller("GET", "/limits/recordCount?sObjects=Account,Contact")

    assert answer.json() == {"sObjects": [{"count": 3, "name": "Account"}]}


async def test_long_addresses_and_heads_are_refused(caller: Caller) -> None:
    listed = ",".join(["'001000000000001AAA'"] * 900)

    by_address = await caller("GET", f"/query?q=SELECT+Id+FROM+Account+WHERE+Id+IN+({listed})")
    by_head = await caller("GET", "/limits", x_padding="x" * 16_400)
    in_body = await caller(
        "POST",
        "/composite",
        {
            "compositeRequest": [
                {
                    "method": "GET",
                    "url": f"{BASE}/query?q=SELECT Id FROM Account WHERE Id IN ({listed})",
                    "referenceId": "long",
                }
            ]
        },
    )

    assert (by_address.status_code, by_head.status_code) == (414, 431)
    assert in_body.json()["compositeResponse"][0]["httpStatusCode"] == 200


async def test_row_faults_spoil_a_page(caller: Caller, sandbox: SalesforceSandbox) -> None:
    fill(sandbox, 4)

    async def spoilt(kind: str) -> list[str]:
        sandbox.faults.add(Fault.model_validate({"kind": kind, "match": "/query", "times": 1}))
        return [row["Name"] for row in (await caller.query(SOQL))["records"]]

    assert await spoilt("drop_rows") == ["A0001", "A0003"]
    assert await spoilt("duplicate_rows") == [name for name in ("A0000", "A0001", "A0002", "A0003") for _ in "ab"]
    shuffled = await spoilt("shuffle_rows")
    assert sorted(shuffled) == ["A0000", "A0001", "A0002", "A0003"]
    assert shuffled != sorted(shuffled)


async def test_an_order_committed_before_the_line_broke_is_there_afterwards(
    caller: Caller, sandbox: SalesforceSandbox
) -> None:
    sandbox.faults.add(Fault(kind="reset_after", match="^PATCH", times=1))

    with pytest.raises(httpx.ReadError):
        await caller("PATCH", "/sobjects/Account/Gateway_Key__c/K", {"Name": "Acme"})
    again = await caller("PATCH", "/sobjects/Account/Gateway_Key__c/K", {"Name": "Acme"})

    assert (again.status_code, again.json()["created"]) == (200, False)
    assert (await caller.query("SELECT COUNT() FROM Account"))["totalSize"] == 1


async def test_failures_come_in_the_platforms_words(caller: Caller, sandbox: SalesforceSandbox) -> None:
    sandbox.faults.add(Fault(kind="status", status=503, times=1))
    sandbox.faults.add(Fault(kind="throttle", seconds=7, times=2, match="/limits"))

    down = await caller("GET", "/sobjects")
    slow = await caller("GET", "/limits")

    assert (down.status_code, down.json()[0]["errorCode"]) == (503, "SERVER_UNAVAILABLE")
    assert (slow.status_code, slow.headers["retry-after"]) == (429, "7")


async def test_a_page_of_fifty_orders_is_answered_in_milliseconds(caller: Caller, sandbox: SalesforceSandbox) -> None:
    accounts = [{"Id": f"001B{number:011d}", "Name": f"A{number}"} for number in range(200)]
    orders = [
        {
            "Id": f"801B{number:011d}",
            "AccountId": accounts[number % 200]["Id"],
            "Status": "Draft",
            "EffectiveDate": datetime(2026, 1, 1, tzinfo=UTC),
        }
        for number in range(2_000)
    ]
    items: list[dict[str, object]] = [
        {"OrderId": orders[number % 2_000]["Id"], "PricebookEntryId": ENTRY, "Quantity": 1, "UnitPrice": 2}
        for number in range(6_000)
    ]
    started = time.perf_counter()
    sandbox.load({"Account": accounts, "Order": orders, "OrderItem": items})
    loaded = time.perf_counter() - started
    listed = ",".join(f"'{order['Id']}'" for order in orders[:50])
    soql = f"SELECT Id, Account.Name, (SELECT Id, Product2.Name FROM OrderItems) FROM Order WHERE Id IN ({listed})"

    answer = await caller.query(soql)
    times = []
    for _ in range(10):
        started = time.perf_counter()
        await caller.query(soql)
        times.append(time.perf_counter() - started)

    assert len(answer["records"]) == 50
    assert answer["records"][0]["OrderItems"]["totalSize"] == 3
    # Generous: a shared machine is slow at times; alone it is 0.7 s and 5 ms.
    assert loaded < 4
    assert min(times) < 0.05
