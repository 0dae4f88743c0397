"""Who gets a token, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sources.kit.sandbox.serving import serve
from sources.salesforce.sandbox import SalesforceSandbox
from tests.sources.salesforce.sandbox.conftest import BASE, bearer_form

TOKEN = "/services/oauth2/token"


@pytest_asyncio.fixture
async def client(sandbox: SalesforceSandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(sandbox.app) as served, httpx.AsyncClient(base_url=served.url, trust_env=False) as one:
        yield one


def ahead(minutes: float) -> int:
    return int((datetime.now(UTC) + timedelta(minutes=minutes)).timestamp())


async def test_an_assertion_buys_a_token(client: httpx.AsyncClient, sandbox: SalesforceSandbox) -> None:
    answer = await client.post(TOKEN, data=bearer_form(sandbox))

    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["access_token", "scope", "instance_url", "id", "token_type"]
    assert body["access_token"].startswith("00DRg0000000001!")
    assert body["instance_url"] == str(client.base_url).rstrip("/")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "changed, error, description",
    [
        ({"aud": "https://acme.my.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"iss": "somebody"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@acme.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"exp": lambda: ahead(-1)}, "invalid_grant", "expired authorization code"),
        ({"exp": lambda: ahead(7)}, "invalid_grant", "expired authorization code"),
    ],
)
async def test_a_wrong_claim_buys_nothing(
    client: httpx.AsyncClient, sandbox: SalesforceSandbox, changed: dict[str, object], error: str, description: str
) -> None:
    claims = {name: value() if callable(value) else value for name, value in changed.items()}

    answer = await client.post(TOKEN, data=bearer_form(sandbox, **claims))

    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": description})


async def test_anothers_signature_buys_nothing(client: httpx.AsyncClient, sandbox: SalesforceSandbox) -> None:
    form = bearer_form(sandbox)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    sandbox.private_key = stranger.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    forged = await client.post(TOKEN, data=bearer_form(sandbox))
    torn = await client.post(TOKEN, data={**form, "assertion": form["assertion"][:-4]})

    for answer in (forged, torn):
        assert answer.json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


async def test_client_credentials_buy_a_token_at_the_orgs_own_host(
    client: httpx.AsyncClient, sandbox: SalesforceSandbox
) -> None:
    known = sandbox.settings()
    login = (known["client_id"], known["client_secret"])
    form = {"grant_type": "client_credentials"}

    basic = await client.post(TOKEN, data=form, auth=login)
    in_body = await client.post(TOKEN, data=form | {"client_id": login[0], "client_secret": login[1]})
    wrong = await client.post(TOKEN, data=form, auth=(login[0], "guess"))
    elsewhere = await client.post(TOKEN, data=form, auth=login, headers={"host": "login.salesforce.com"})

    assert (basic.status_code, in_body.status_code) == (200, 200)
    assert {"signature", "issued_at", "api_instance_url"} < set(basic.json())
    assert wrong.json() == {"error": "invalid_client", "error_description": "invalid client credentials"}
    assert elsewhere.json()["error_description"] == "request not supported on this domain"


async def test_other_grants_are_not_supported(client: httpx.AsyncClient) -> None:
    answer = await client.post(TOKEN, data={"grant_type": "password"})

    assert answer.json() == {"error": "unsupported_grant_type", "error_description": "grant type not supported"}


async def test_without_a_session_nothing_is_answered(client: httpx.AsyncClient) -> None:
    answer = await client.get(BASE + "/limits", headers={"authorization": "Bearer bogus"})

    assert (answer.status_code, answer.json()) == (
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    )


async def test_the_versions_are_public(client: httpx.AsyncClient) -> None:
    versions = (await client.get("/services/data")).json()

    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}


async def test_a_token_tells_whose_it_is(client: httpx.AsyncClient, sandbox: SalesforceSandbox) -> None:
    granted = (await client.post(TOKEN, data=bearer_form(sandbox))).json()
    client.headers["authorization"] = f"Bearer {granted['access_token']}"

    identity = (await client.get(granted["id"])).json()
    info = (await client.get("/services/oauth2/userinfo")).json()

    assert (identity["organization_id"], info["user_id"]) == ("00DRg0000000001MAA", "005Rg0000000001IAA")
    assert info["preferred_username"] == "integration@revgraph.example"


async def test_a_session_ends_two_hours_after_its_last_use() -> None:
    now = [datetime(2026, 11, 23, tzinfo=UTC)]
    sandbox = SalesforceSandbox("crm", None, clock=lambda: now[0])
    form = bearer_form(sandbox, exp=int(now[0].timestamp()) + 60)
    async with serve(sandbox.app) as served, httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        token = (await client.post(TOKEN, data=form)).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        statuses = []
        for hours in (1.9, 1.9, 2.1):
            now[0] += timedelta(hours=hours)
            statuses.append((await client.get(BASE + "/limits")).status_code)

    sandbox.close()
    assert statuses == [200, 200, 401]
