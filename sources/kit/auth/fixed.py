"""Credentials that never change: a bearer token, a user and password, a header of the vendor's own."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

from sources.kit.auth.authorization import Authorization, Send
from sources.kit.call import Call
from sources.landscape import Secret


class FixedHeaders(Authorization):
    """The same headers for every call; a refusal is final."""

    def __init__(self, identity: str, headers: Mapping[str, str]) -> None:
        self._identity = identity
        self._headers = dict(headers)

    @property
    def identity(self) -> str:
        """Whose rights these are."""
        return self._identity

    async def headers(self, call: Call, send: Send) -> Mapping[str, str]:  # noqa: ARG002 - the Protocol's
        """The headers it was built with."""
        return self._headers

    async def renew(self, stale: Mapping[str, str]) -> bool:  # noqa: ARG002 - the Protocol's
        """Nothing newer is to be had."""
        return False


def no_authorization() -> FixedHeaders:
    """For a system that asks for none."""
    return FixedHeaders("nobody", {})


def bearer(token: Secret) -> FixedHeaders:
    """A bearer token from the landscape."""
    return FixedHeaders(f"bearer {_mark(token.reveal())}", {"Authorization": f"Bearer {token.reveal()}"})


def basic(user: str, password: Secret) -> FixedHeaders:
    """A user and password (RFC 7617, UTF-8)."""
    pair = b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return FixedHeaders(f"basic {user} {_mark(password.reveal())}", {"Authorization": f"Basic {pair}"})


def _mark(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()[:12]
