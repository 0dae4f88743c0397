"""Tokens: fetched once for all who wait, kept, renewed when refused, and never told."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.types import Receive, Scope, Send

from canonical.deadline import Deadline
from canonical.errors import Refused, Throttled, Unavailable
from canonical.principal import Principal, View
from sources.kit.auth.authorization import Authorization
from sources.kit.auth.fixed import basic
from sources.kit.auth.oauth import OAuth, client_credentials, jwt_bearer
from sources.kit.call import Call
from sources.kit.http.ask import Ask
from sources.kit.http.client import SystemClient
from sources.kit.sandbox.serving import serve
from sources.landscape import Instance, Limits, Secret

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
ClientOf = Callable[[Authorization], SystemClient]
READ = Ask(path="/orders", operation="read orders", shareable=False)


@dataclass
class Door:
    """Gives out numbered tokens at /token; everything else wants the newest one."""

    url: str = ""
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    token_headers: list[dict[str, str]] = field(default_factory=list)
    calls: int = 0
    lets_in: bool = True
    expires_in: float | None = None
    denial: tuple[int, dict[str, str]] | None = None

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        told: dict[str, object]
        if scope["path"] == "/token":
            status, told = self.token(headers, body)
        else:
            self.calls += 1
            right = headers.get("authorization") == f"Bearer token-{len(self.forms)}" and self.lets_in
            status, told = (200, {}) if right else (401, {"error": "expired"})
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    def token(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, object]]:
        self.forms.append(parse_qs(body.decode()))
        self.token_headers.append(headers)
        if self.denial is not None:
            return self.denial[0], dict(self.denial[1])
        given: dict[str, object] = {"access_token": f"token-{len(self.forms)}", "token_type": "Bearer"}
        return 200, given if self.expires_in is None else {**given, "expires_in": self.expires_in}


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    one = Door()
    async with serve(one.app) as served:
        one.url = served.url
        yield one


@pytest_asyncio.fixture
async def client_of(door: Door) -> AsyncIterator[ClientOf]:
    opened: list[SystemClient] = []

    def open_one(authorization: Authorization) -> SystemClient:
        instance = Instance("northwind", "pretend", "erp", door.url, limits=Limits(attempts=1))
        opened.append(SystemClient(instance, authorization, lambda _: None))
        return opened[-1]

    yield open_one
    for one in opened:
        await one.close()


def asked() -> Call:
    return Call(Principal("anna", "acme", "test", frozenset()), View(), Deadline.after(5), "cid")


def by_secret(
    door: Door,
    scope: str | None = None,
    send_as: Literal["basic", "body"] = "basic",
    clock: Callable[[], float] = time.monotonic,
) -> OAuth:
    secret = Secret("pa:ss word")
    return client_credentials("northwind", f"{door.url}/token", "us", secret, scope=scope, send_as=send_as, clock=clock)


async def test_many_waiting_calls_fetch_one_token(door: Door, client_of: ClientOf) -> None:
    client = client_of(by_secret(door))

    await asyncio.gather(*(client.send(asked(), READ) for _ in range(5)))

    assert (len(door.forms), door.calls) == (1, 5)


async def test_client_credentials_go_form_encoded_in_a_basic_header(door: Door, client_of: ClientOf) -> None:
    await client_of(by_secret(door, scope="api")).send(asked(), READ)

    assert door.forms[0] == {"grant_type": ["client_credentials"], "scope": ["api"]}
    assert door.token_headers[0]["authorization"] == "Basic dXM6cGElM0Fzcyt3b3Jk"


async def test_client_credentials_go_in_the_body_where_asked(door: Door, client_of: ClientOf) -> None:
    await client_of(by_secret(door, send_as="body")).send(asked(), READ)

    assert door.forms[0] == {
        "grant_type": ["client_credentials"],
        "client_id": ["us"],
        "client_secret": ["pa:ss word"],
    }
    assert "authorization" not in door.token_headers[0]


async def test_a_jwt_assertion_is_signed_for_three_minutes(door: Door, client_of: ClientOf) -> None:
    oauth = jwt_bearer(
        "northwind",
        f"{door.url}/token",
        issuer="key",
        subject="anna@acme",
        audience="https://login",
        private_key=Secret(PEM),
        now=lambda: 1_700_000_000.5,
    )

    await client_of(oauth).send(asked(), READ)

    form = door.forms[0]
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(
        form["assertion"][0], KEY.public_key(), ["RS256"], audience="https://login", options={"verify_exp": False}
    )
    assert claims == {"iss": "key", "sub": "anna@acme", "aud": "https://login", "exp": 1_700_000_180}


def test_a_key_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="private key of northwind"):
        jwt_bearer("northwind", "http://x", issuer="a", subject="b", audience="c", private_key=Secret("no key"))


async def test_a_token_refused_once_is_renewed_and_the_call_replayed(door: Door, client_of: ClientOf) -> None:
    client = client_of(by_secret(door))
    await client.send(asked(), READ)
    door.forms.append({})

    answer = await client.send(asked(), READ)

    assert (answer.status, len(door.forms), door.calls) == (200, 3, 3)


async def test_a_door_that_stays_shut_is_a_refusal_after_one_replay(door: Door, client_of: ClientOf) -> None:
    door.lets_in = False

    with pytest.raises(Refused, match="credentials or permissions"):
        await client_of(by_secret(door)).send(asked(), READ)

    assert (len(door.forms), door.calls) == (2, 2)


async def test_a_fixed_credential_that_is_refused_is_not_tried_again(door: Door, client_of: ClientOf) -> None:
    with pytest.raises(Refused):
        await client_of(basic("anna", Secret("pw"))).send(asked(), READ)

    assert door.calls == 1


async def test_a_token_is_renewed_shortly_before_it_runs_out(door: Door, client_of: ClientOf) -> None:
    now = [0.0]
    door.expires_in = 600
    client = client_of(by_secret(door, clock=lambda: now[0]))

    for at in (0.0, 539.0, 541.0):
        now[0] = at
        await client.send(asked(), READ)

    assert len(door.forms) == 2


async def test_a_token_without_an_end_is_kept(door: Door, client_of: ClientOf) -> None:
    now = [0.0]
    client = client_of(by_secret(door, clock=lambda: now[0]))

    for at in (0.0, 1e6):
        now[0] = at
        await client.send(asked(), READ)

    assert len(door.forms) == 1


async def test_a_denied_token_says_why_and_no_secret(
    door: Door, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    door.denial = (400, {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"})

    with pytest.raises(Refused) as caught:
        await client_of(by_secret(door)).send(asked(), READ)

    assert caught.value.detail == "invalid_grant: user hasn't approved this consumer"
    assert "pa:ss word" not in caplog.text


@pytest.mark.parametrize("status, fault", [(429, Throttled), (500, Unavailable), (503, Unavailable)])
async def test_a_door_out_of_order_is_not_a_refusal(
    status: int, fault: type[Exception], door: Door, client_of: ClientOf
) -> None:
    door.denial = (status, {})

    with pytest.raises(fault):
        await client_of(by_secret(door)).send(asked(), READ)
