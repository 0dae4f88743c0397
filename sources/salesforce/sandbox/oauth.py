"""Tokens for the JWT bearer and client credentials flows, checked as the platform checks them."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import jwt

from sources.salesforce.sandbox.call import Reply
from sources.salesforce.sandbox.org import ORG_ID, USER_ID
from sources.salesforce.sandbox.store import Clock

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES: Final = ("https://login.salesforce.com", "https://test.salesforce.com")
LONGEST_ASSERTION: Final = timedelta(minutes=5, seconds=30)
SESSION: Final = timedelta(hours=2)
MOST_TOKENS: Final = 1_000


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """The client the org knows: its key and secret, the public key of its assertions, the user it runs as."""

    client_id: str
    client_secret: str
    public_key: str
    username: str


class _Refused(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.reply = Reply(400, {"error": error, "error_description": description}, {"Cache-Control": "no-store"})


class Tokens:
    """The access tokens given out; each lasts `SESSION` after its last use."""

    def __init__(self, app: ConnectedApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._live: OrderedDict[str, datetime] = OrderedDict()

    def grant(self, form: Mapping[str, str], authorization: str, host: str, base: str) -> Reply:
        """Answer a token request; `host` is the one asked, `base` the address to answer with."""
        try:
            grant = form.get("grant_type")
            if grant == JWT_BEARER:
                self._check_assertion(form.get("assertion", ""))
                return Reply(200, self._given(base), {"Cache-Control": "no-store"})
            if grant == "client_credentials":
                self._check_credentials(form, authorization, host)
                return Reply(200, self._given(base) | self._signed(base), {"Cache-Control": "no-store"})
        except _Refused as refused:
            return refused.reply
        return _Refused("unsupported_grant_type", "grant type not supported").reply

    def valid(self, token: str) -> bool:
        """Whether the token lives; using it keeps it alive."""
        used = self._live.get(token)
        now = self._clock()
        if used is None or now - used > SESSION:
            return False
        self._live[token] = now
        return True

    def expire(self) -> None:
        """End every session."""
        self._live.clear()

    def _check_assertion(self, assertion: str) -> None:
        try:
            claims = jwt.decode(
                assertion,
                self._app.public_key,
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False},
            )
        except jwt.PyJWTError as wrong:
            raise _Refused("invalid_grant", "invalid assertion") from wrong
        if claims.get("iss") != self._app.client_id:
            raise _Refused("invalid_client_id", "client identifier invalid")
        if str(claims.get("aud", "")).rstrip("/") not in AUDIENCES:
            raise _Refused("invalid_grant", "audience is invalid")
        self._check_expiry(claims.get("exp"))
        if claims.get("sub") != self._app.username:
            raise _Refused("invalid_grant", "user hasn't approved this consumer")

    def _check_expiry(self, exp: object) -> None:
        # simple-salesforce sends the number as text, and the platform takes it.
        if not isinstance(exp, int | float | str) or not str(exp).removeprefix("-").replace(".", "", 1).isdigit():
            raise _Refused("invalid_grant", "invalid assertion")
        left = timedelta(seconds=float(exp) - self._clock().timestamp())
        if not timedelta() < left <= LONGEST_ASSERTION:
            raise _Refused("invalid_grant", "expired authorization code")

    def _check_credentials(self, form: Mapping[str, str], authorization: str, host: str) -> None:
        if host.startswith(("login.", "test.")):
            raise _Refused("invalid_grant", "request not supported on this domain")
        client, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        if client != self._app.client_id:
            raise _Refused("invalid_client_id", "client identifier invalid")
        if not secrets.compare_digest(secret.encode(), self._app.client_secret.encode()):
            raise _Refused("invalid_client", "invalid client credentials")

    def _given(self, base: str) -> dict[str, object]:
        token = f"{ORG_ID[:15]}!{secrets.token_urlsafe(64)}"
        self._live[token] = self._clock()
        if len(self._live) > MOST_TOKENS:
            self._live.popitem(last=False)
        return {
            "access_token": token,
            "scope": "api id",
            "instance_url": base,
            "id": f"{base}/id/{ORG_ID}/{USER_ID}",
            "token_type": "Bearer",
        }

    def _signed(self, base: str) -> dict[str, object]:
        issued = str(int(self._clock().timestamp() * 1000))
        signature = base64.b64encode(secrets.token_bytes(32)).decode()
        return {"signature": signature, "issued_at": issued, "api_instance_url": base}


def identity(base: str, username: str) -> dict[str, object]:
    """The answer of the identity and userinfo endpoints."""
    return {
        "sub": f"{base}/id/{ORG_ID}/{USER_ID}",
        "id": f"{base}/id/{ORG_ID}/{USER_ID}",
        "user_id": USER_ID,
        "organization_id": ORG_ID,
        "preferred_username": username,
        "username": username,
        "name": "Integration",
        "email": username,
        "urls": {"rest": f"{base}/services/data/v{{version}}/"},
        "active": True,
        "user_type": "STANDARD",
    }


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client, secret
