"""The sandbox as others hold it: an org, its address book entry, its faults and its log."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.types import ASGIApp

from sources.kit.sandbox.faults import Faults
from sources.kit.sandbox.log import RequestLog
from sources.kit.sandbox.middleware import Manners, misbehaving
from sources.kit.sandbox.story import Story
from sources.salesforce.sandbox.app import JSON, build_app
from sources.salesforce.sandbox.cpq import package_objects
from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.loading import Rows, load
from sources.salesforce.sandbox.model import Field, with_extras
from sources.salesforce.sandbox.moves import SalesforceMoves
from sources.salesforce.sandbox.oauth import ConnectedApp, Tokens
from sources.salesforce.sandbox.objects import standard_objects
from sources.salesforce.sandbox.org import USER_ID, USERNAME, open_org
from sources.salesforce.sandbox.store import Clock, utc_now
from sources.salesforce.sandbox.tell import tell

CLIENT_ID: Final = "3MVG9revgraphSandboxConsumerKey"
CLIENT_SECRET: Final = "sandbox-consumer-secret"  # noqa: S105 - of a pretend org
ALLOWANCE: Final = 1_000_000
KEY_BITS: Final = 2048


class SalesforceSandbox:
    """One pretend org. `extras` are an org's own fields by object; without `state` it lives in memory."""

    kind = "salesforce"

    def __init__(
        self,
        name: str,
        state: Path | None,
        *,
        extras: Mapping[str, Sequence[Field]] | None = None,
        allowance: int = ALLOWANCE,
        clock: Clock = utc_now,
    ) -> None:
        model = with_extras([*standard_objects(), *package_objects()], extras or {})
        self._key, private = _key_pair(state, name)
        self.private_key = private
        path = state / f"{_file_name(name)}.sqlite" if state else None
        self.org = open_org(name, model, path, allowance, clock)
        self.refusals = self.org.refusals
        self.tokens = Tokens(ConnectedApp(CLIENT_ID, CLIENT_SECRET, _public(private), USERNAME), clock)
        self.faults = Faults()
        self.log = RequestLog()
        manners = Manners(error_body, self.tokens.expire)
        self.app: ASGIApp = misbehaving(build_app(self.org, self.tokens), self.faults, self.log, manners)

    def settings(self) -> dict[str, str]:
        """Client id and secret, user name, and the path of the private key; the audience is the login host's."""
        known = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "username": USERNAME}
        known["audience"] = "https://login.salesforce.com"
        return known | ({"private_key_file": str(self._key)} if self._key else {})

    def load(self, rows: Rows) -> None:
        """Insert rows by object, ids and times as given; see `loading.load`."""
        load(self.org.store, rows, USER_ID)

    def tell(self, story: Story, instance: str) -> None:
        """Replace everything by what the story says of this instance."""
        self.org.reset()
        self.load(tell(story, instance))

    def moves(self, instance: str) -> SalesforceMoves:
        """How this instance's part of the story goes on."""
        return SalesforceMoves(self.org, instance)

    def close(self) -> None:
        """Close the org's file."""
        self.org.store.close()


def open_sandbox(name: str, state: Path) -> SalesforceSandbox:
    """The org of that name, as its file under `state` left it."""
    state.mkdir(parents=True, exist_ok=True)
    return SalesforceSandbox(name, state)


def error_body(status: int) -> tuple[str, bytes]:
    """How the platform words a failure of its own."""
    worded = {
        429: ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
        403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        401: ("INVALID_SESSION_ID", "Session expired or invalid"),
        503: ("SERVER_UNAVAILABLE", "Server is unavailable: too many requests or maintenance"),
        400: ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"),
    }
    unexpected = (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support",
    )
    code, message = worded.get(status, unexpected)
    return JSON, orjson.dumps(ApiError(status, code, message).body())


def _key_pair(state: Path | None, name: str) -> tuple[Path | None, bytes]:
    """The connected app's private key: its file, kept for the next start, and its PEM text."""
    if state is None:
        return None, _passing_key()
    path = state / f"{_file_name(name)}.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_new_key())
    return path, path.read_bytes()


def _new_key() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


# Orgs in memory share one key while the program runs: making one costs a tenth of a second.
_passing_key = cache(_new_key)


def _public(private: bytes) -> str:
    key = serialization.load_pem_private_key(private, password=None)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def _file_name(name: str) -> str:
    return "salesforce-" + re.sub(r"[^A-Za-z0-9_-]", "_", name)
