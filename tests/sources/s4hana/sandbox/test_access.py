from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sources.kit.sandbox.serving import serve
from sources.s4hana.sandbox import S4HanaSandbox, SystemSettings, open_sandbox
from sources.s4hana.sandbox.query.clause import Clause

ORDERS = "/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder"
RIGHT, WRONG = ("REVGRAPH", "Welcome-1"), ("REVGRAPH", "guess")


async def test_three_wrong_passwords_lock_the_user_until_someone_unlocks_it(sandbox: S4HanaSandbox) -> None:
    async with serve(sandbox.app) as served, httpx.AsyncClient(base_url=served.url) as client:
        before = [(await client.get(ORDERS, auth=auth)).status_code for auth in (WRONG, RIGHT, WRONG, WRONG, WRONG)]
        locked = await client.get(ORDERS, auth=RIGHT)
        sandbox.system.logon.unlock()
        after = await client.get(ORDERS, auth=RIGHT)

    assert before == [401, 200, 401, 401, 401]
    assert locked.status_code == 401
    assert locked.headers["www-authenticate"].startswith("Basic realm=")
    assert after.status_code == 200


async def test_client_credentials_give_a_bearer_token_that_can_expire(sandbox: S4HanaSandbox) -> None:
    grant = {"grant_type": "client_credentials"}
    async with serve(sandbox.app) as served, httpx.AsyncClient(base_url=served.url) as client:
        token_path = "/sap/bc/sec/oauth2/token"
        refused = await client.post(token_path, data=grant, auth=("REVGRAPH_OAUTH", "guess"))
        granted = await client.post(token_path, data=grant, auth=("REVGRAPH_OAUTH", "Welcome-2"))
        bearer = {"authorization": f"Bearer {granted.json()['access_token']}"}
        good = await client.get(ORDERS, headers=bearer)
        sandbox.system.logon.forget_tokens()
        expired = await client.get(ORDERS, headers=bearer)

    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert granted.json()["expires_in"] == 43200
    assert (good.status_code, expired.status_code) == (200, 401)


async def test_a_system_without_oauth_has_no_token_endpoint() -> None:
    sandbox = S4HanaSandbox(None, SystemSettings(auth=frozenset({"basic"})))
    async with serve(sandbox.app) as served, httpx.AsyncClient(base_url=served.url) as client:
        answer = await client.post("/sap/bc/sec/oauth2/token", data={"grant_type": "client_credentials"})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "named,configured,status",
    [("100", "100", 200), ("200", "100", 401), (None, "100", 200), ("200", None, 200)],
)
async def test_the_client_named_must_be_the_systems_own_where_it_has_one(
    named: str | None, configured: str | None, status: int
) -> None:
    sandbox = S4HanaSandbox(None, SystemSettings(client=configured))
    async with serve(sandbox.app) as served, httpx.AsyncClient(base_url=served.url, auth=RIGHT) as client:
        by_header = await client.get(ORDERS, headers={"sap-client": named} if named else {})
        by_query = await client.get(ORDERS, params={"sap-client": named} if named else {})

    assert (by_header.status_code, by_query.status_code) == (status, status)


async def test_a_token_is_worth_nothing_without_the_cookies_it_came_with(sandbox: S4HanaSandbox) -> None:
    path = ORDERS.replace("A_SalesOrder", "$batch")
    async with serve(sandbox.app) as served:
        one = httpx.AsyncClient(base_url=served.url, auth=RIGHT)
        other = httpx.AsyncClient(base_url=served.url, auth=RIGHT)
        async with one, other:
            first = (await one.get(ORDERS, headers={"X-CSRF-Token": "Fetch"})).headers["x-csrf-token"]
            again = (await one.get(ORDERS, headers={"X-CSRF-Token": "fetch"})).headers["x-csrf-token"]
            second = (await other.head(ORDERS, headers={"X-CSRF-Token": "Fetch"})).headers["x-csrf-token"]
            crossed = await one.post(path, headers={"x-csrf-token": second})
            own = await one.post(path, headers={"x-csrf-token": first})
            sandbox.system.sessions.forget()
            ended = await one.post(path, headers={"x-csrf-token": first})

    assert first == again
    assert (crossed.status_code, crossed.headers["x-csrf-token"]) == (403, "Required")
    assert crossed.text == "CSRF token validation failed"
    assert own.status_code == 400
    assert ended.status_code == 403


async def test_rows_survive_in_the_systems_file(tmp_path: Path) -> None:
    first = open_sandbox("emea", tmp_path)
    first.load({"A_SalesOrder": [{"SalesOrder": "7"}]})
    first.close()

    second = open_sandbox("emea", tmp_path)
    async with serve(second.app) as served, httpx.AsyncClient(base_url=served.url, auth=RIGHT) as client:
        answer = await client.get(f"{ORDERS}/$count")

    assert answer.text == "1"
    assert second.kind == "s4hana"
    assert second.settings() == {
        "user": "REVGRAPH",
        "password": "Welcome-1",
        "oauth_client": "REVGRAPH_OAUTH",
        "oauth_secret": "Welcome-2",
        "webhook_token": "Welcome-to-the-webhook-3",
        "client": "100",
    }


@pytest.mark.parametrize(
    "rows,why",
    [
        ({"A_Nothing": []}, "no entity set A_Nothing"),
        ({"A_SalesOrder": [{"Nothing": "1"}]}, "no property Nothing in A_SalesOrder"),
        ({"A_SalesOrder": [{"SalesOrder": "12345678901"}]}, "SalesOrder takes at most 10 characters"),
        ({"A_SalesOrder": [{"SalesOrder": "1", "TotalNetAmount": 1.5}]}, "TotalNetAmount takes a decimal"),
        ({"A_SalesOrder": [{"SalesOrder": "1", "TotalNetAmount": "1.2345"}]}, "at most 3 decimals"),
    ],
)
def test_rows_that_do_not_fit_the_model_are_refused_and_nothing_is_kept(
    rows: dict[str, list[dict[str, object]]], why: str
) -> None:
    sandbox = S4HanaSandbox()

    with pytest.raises(ValueError, match=why):
        sandbox.load({"A_SalesOrderItem": [{"SalesOrder": "1", "SalesOrderItem": "10"}], **rows})

    entity = sandbox.system.store.sets["A_SalesOrderItem"]
    assert sandbox.system.store.select(entity, ["SalesOrder"], Clause()) == []
