"""The sandbox as others hold it: an org, its address book entry, its faults and its log."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Final

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.types import ASGIApp

from sources.kit.sandbox.contract import Posting
from sources.kit.sandbox.faults import Faults
from sources.kit.sandbox.log import RequestLog
from sources.kit.sandbox.middleware import Manners, misbehaving
from sources.kit.sandbox.story import Story
from sources.salesforce.sandbox.app import JSON, build_app
from sources.salesforce.sandbox.beside import Beside
from sources.salesforce.sandbox.bus import KEEPALIVE, PubSub
from sources.salesforce.sandbox.cpq import package_objects
from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.loading import Rows, load
from sources.salesforce.sandbox.model import Field, with_extras
from sources.salesforce.sandbox.moves import SalesforceMoves
from sources.salesforce.sandbox.oauth import ConnectedApp, Tokens
from sources.salesforce.sandbox.objects import standard_objects
from sources.salesforce.sandbox.org import ORG_ID, USER_ID, USERNAME, open_org
from sources.salesforce.sandbox.outbound import OutboundMessage, Outbox
from sources.salesforce.sandbox.store import Clock, utc_now
from sources.salesforce.sandbox.tell import tell
from sources.salesforce.sandbox.write import delete, insert, update

CLIENT_ID: Final = "3MVG9revgraphSandboxConsumerKey"
CLIENT_SECRET: Final = "sandbox-consumer-secret"  # noqa: S105 - of a pretend org
ALLOWANCE: Final = 1_000_000
KEY_BITS: Final = 2048


class SalesforceSandbox:
    """One pretend org. `extras` are an org's own fields by object; without `state` it lives in memory.

    With `events` (a directory) it serves its event bus too, on a port of its own, as long as its app is served;
    `keepalive` is the longest silence there.
    """

    kind = "salesforce"

    def __init__(
        self,
        name: str,
        state: Path | None,
        *,
        extras: Mapping[str, Sequence[Field]] | None = None,
        allowance: int = ALLOWANCE,
        clock: Clock = utc_now,
        events: Path | None = None,
        keepalive: float = KEEPALIVE,
    ) -> None:
        model = with_extras([*standard_objects(), *package_objects()], extras or {})
        self._key, private = _key_pair(state, name)
        self.private_key = private
        path = state / f"{_file_name(name)}.sqlite" if state else None
        self.org = open_org(name, model, path, allowance, clock)
        self.refusals = self.org.refusals
        self.tokens = Tokens(ConnectedApp(CLIENT_ID, CLIENT_SECRET, _public(private), USERNAME), clock)
        self.webhook_secret = secrets.token_urlsafe(24)
        self.faults = Faults()
        self.log = RequestLog()
        self.bus = PubSub(self.org, self.tokens, self.faults, self.log, keepalive)
        self.outbox = Outbox(self.org, self.faults)
        self.beside = Beside(self.bus, self.outbox, events, _file_name(name)) if events else None
        manners = Manners(error_body, self.tokens.expire)
        app = build_app(self.org, self.tokens, self._lifespan)
        self.app: ASGIApp = misbehaving(app, self.faults, self.log, manners)

    def settings(self) -> dict[str, str]:
        """Client id and secret, user name, and the path of the private key; the audience is the login host's.

        `webhook_secret` is what the addresses of its outbound messages may carry (`?secret=`), for who takes them.

        While it is served with its event bus: where that answers, and the path of the authority to trust there.
        """
        known = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "username": USERNAME}
        known |= {"audience": "https://login.salesforce.com", "organization_id": ORG_ID}
        known["webhook_secret"] = self.webhook_secret
        known |= self.beside.settings() if self.beside else {}
        return known | ({"private_key_file": str(self._key)} if self._key else {})

    def load(self, rows: Rows) -> None:
        """Insert rows by object, ids and times as given; see `loading.load`."""
        with self.org.capture.quiet():
            load(self.org.store, rows, USER_ID)

    def make(self, sobject: str, values: Mapping[str, object]) -> str:
        """Make a row as the org's people do; its id. Checked, derived, and told of on the event bus.

        This and the two below are how a story goes on. ApiError where the org does not take it.
        """
        return insert(self.org, self.org.type(sobject), values)

    def change(self, sobject: str, identity: str, values: Mapping[str, object]) -> None:
        """Change a row likewise."""
        update(self.org, self.org.type(sobject), identity, values)

    def remove(self, sobject: str, identity: str) -> None:
        """Put a row into the recycle bin likewise."""
        delete(self.org, self.org.type(sobject), identity)

    def send_outbound(self, message: OutboundMessage) -> None:
        """Send each record of an object that is saved from now on to an address, while the event bus is served."""
        self.outbox.messages.append(message)

    def send_to(self, url: str | None, secret: str | None = None) -> None:
        """Send outbound messages of what our adapter reads there from now on, while the event bus is served."""
        self.outbox.send_to(url, secret or self.webhook_secret)

    @property
    def posting(self) -> Posting:
        """Where those go, and how that went."""
        return self.outbox.posting

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

    @asynccontextmanager
    async def _lifespan(self, _app: object) -> AsyncIterator[None]:
        async with self.beside.running() if self.beside else nullcontext():
            yield


def open_sandbox(name: str, state: Path) -> SalesforceSandbox:
    """The org of that name with its event bus, as its file under `state` left it."""
    state.mkdir(parents=True, exist_ok=True)
    return SalesforceSandbox(name, state, events=state)


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
