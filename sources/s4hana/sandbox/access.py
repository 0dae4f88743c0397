"""Logon: client, Basic with its lock after three wrong passwords, and bearer tokens."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

import orjson

from sources.s4hana.sandbox.errors import HTML, page
from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.settings import SystemSettings

WRONG_BEFORE_LOCK: Final = 3
MOST_TOKENS: Final = 1000


class Logon:
    """Knows one communication user and one OAuth client. A locked user stays locked until `unlock`."""

    def __init__(self, settings: SystemSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._wrong = 0
        self._tokens: dict[str, float] = {}

    @property
    def locked(self) -> bool:
        """Whether the user is locked: even the right password is refused then."""
        return self._wrong >= WRONG_BEFORE_LOCK

    def unlock(self) -> None:
        """What an administrator does."""
        self._wrong = 0

    def forget_tokens(self) -> None:
        """Every bearer token given out so far is worthless."""
        self._tokens.clear()

    def refuse(self, ask: Ask) -> Reply | None:
        """The 401 that this request deserves, or None when it may pass."""
        scheme, _, credentials = ask.header("authorization").partition(" ")
        allowed = self._client_fits(ask) and (
            ("basic" in self._settings.auth and scheme.lower() == "basic" and self._password_fits(credentials))
            or ("oauth" in self._settings.auth and scheme.lower() == "bearer" and self._token_fits(credentials))
        )
        return None if allowed else _logon_failed(self._settings.client)

    def token(self, ask: Ask) -> Reply:
        """The token endpoint: client credentials, by Basic or in the form."""
        form = {name: values[0] for name, values in parse_qs(ask.body.decode("latin-1")).items()}
        client, secret = _basic(ask.header("authorization").partition(" ")[2]) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        if "oauth" not in self._settings.auth or ask.method != "POST":
            return Reply(404, page(404), HTML)
        if not _same(client, self._settings.oauth_client) or not _same(secret, self._settings.oauth_secret):
            return _oauth_error(401, "invalid_client")
        if form.get("grant_type") != "client_credentials":
            return _oauth_error(400, "unsupported_grant_type")
        return self._granted()

    def _granted(self) -> Reply:
        while len(self._tokens) >= MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self._clock() + self._settings.token_seconds
        granted = {"access_token": token, "token_type": "Bearer", "expires_in": self._settings.token_seconds}
        return Reply(200, orjson.dumps(granted)).having(("cache-control", "no-store"))

    def _client_fits(self, ask: Ask) -> bool:
        """A client named in the query wins over the header; no client named means the system's default."""
        if self._settings.client is None:
            return True
        named = parse_qs(ask.query).get("sap-client", [ask.header("sap-client") or self._settings.client])
        return named[0] == self._settings.client

    def _password_fits(self, credentials: str) -> bool:
        user, password = _basic(credentials) or ("", "")
        if not _same(user.upper(), self._settings.user.upper()) or self.locked:
            return False
        if not _same(password, self._settings.password):
            self._wrong += 1
            return False
        self._wrong = 0
        return True

    def _token_fits(self, token: str) -> bool:
        return self._tokens.get(token, 0.0) > self._clock()


def _basic(credentials: str) -> tuple[str, str] | None:
    try:
        user, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _logon_failed(client: str | None) -> Reply:
    realm = f"SAP NetWeaver Application Server [S4H/{client or '000'}]"
    return Reply(401, page(401), HTML).having(("www-authenticate", f'Basic realm="{realm}"'))


def _oauth_error(status: int, error: str) -> Reply:
    return Reply(status, orjson.dumps({"error": error, "error_description": error.replace("_", " ")}))
