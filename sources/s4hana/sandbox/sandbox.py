"""A pretend S/4HANA system as an ASGI app, with its faults and its request log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sources.kit.sandbox.contract import Posting
from sources.kit.sandbox.emitting import Address, Emitter
from sources.kit.sandbox.faults import Faults
from sources.kit.sandbox.log import RequestLog
from sources.kit.sandbox.middleware import Manners, misbehaving
from sources.kit.sandbox.story import Story
from sources.s4hana.sandbox.access import Logon
from sources.s4hana.sandbox.csrf import Sessions
from sources.s4hana.sandbox.dispatch import System
from sources.s4hana.sandbox.errors import breakdown, page
from sources.s4hana.sandbox.events import messages, prove
from sources.s4hana.sandbox.exchange import Ask, Reply
from sources.s4hana.sandbox.happening import happen
from sources.s4hana.sandbox.journal import Touched
from sources.s4hana.sandbox.model import SERVICES
from sources.s4hana.sandbox.model.books import BOOKS
from sources.s4hana.sandbox.model.custom import with_custom_fields
from sources.s4hana.sandbox.moves import S4HanaMoves
from sources.s4hana.sandbox.permissions import Permissions
from sources.s4hana.sandbox.settings import COMPANY, SystemSettings
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.tell import tell


class S4HanaSandbox:
    """One pretend system, over one database file (or memory, where `path` is None)."""

    kind = "s4hana"

    def __init__(self, path: Path | None = None, settings: SystemSettings | None = None) -> None:
        settings = settings or SystemSettings()
        services = SERVICES if settings.release == "2026" else tuple(one.older() for one in SERVICES)
        services = with_custom_fields([one for one in services if one.sets], settings.custom_fields)
        store = Store((*services, BOOKS), path)
        self.system = System(settings, store, Logon(settings), Sessions(settings), services)
        self.faults = Faults()
        self.emitter = Emitter(self.faults, prove)
        self.log = RequestLog()
        self.app: ASGIApp = misbehaving(self._respond, self.faults, self.log, self._manners())

    def settings(self) -> dict[str, str]:
        """What a landscape instance needs beside the address."""
        chosen = self.system.settings
        shown = {
            "user": chosen.user,
            "password": chosen.password,
            "oauth_client": chosen.oauth_client,
            "oauth_secret": chosen.oauth_secret,
            "webhook_token": chosen.webhook_token,
        }
        return shown if chosen.client is None else {**shown, "client": chosen.client}

    def load(self, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Insert rows by entity set and property name; see `Store.load`."""
        self.system.store.load(rows)

    def happen(self, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Save rows as people in the system would: change times move, and events go out; see `happening.happen`."""
        happen(self.system.store, rows, self.system.now())

    def send_to(self, url: str | None, secret: str | None = None) -> None:
        """Post business events there from now on, whoever changes a document in whatever way; None: nowhere."""
        self.emitter.send_to(Address(url, secret or self.system.settings.webhook_token) if url else None)
        self.system.store.journal.listener = self._emit if url else None

    @property
    def posting(self) -> Posting:
        """Where business events go, and how that went."""
        counts, address = self.emitter.counts, self.emitter.address
        return Posting(address.url if address else None, counts["sent"], counts["lost"])

    def tell(self, story: Story, instance: str) -> None:
        """Replace everything by what the story says of this instance, as far as this release has places for it."""
        journal = self.system.store.journal
        listening, journal.listener = journal.listener, None
        self.clear()
        self.load(self.system.store.fitting(tell(story, instance)))
        journal.listener = listening

    def moves(self, instance: str) -> S4HanaMoves:
        """How this instance's part of the story goes on."""
        return S4HanaMoves(self.system.store, instance)

    def clear(self) -> None:
        """Forget every row, session and lock; faults, log and the address of events stay."""
        self.system.store.clear()
        self.system.sessions.forget()
        self.system.locks.clear()

    def restrict(self, permissions: Permissions) -> None:
        """Narrow (or widen) what the user may see from now on."""
        self.system.permissions = permissions

    def lock_order(self, number: str, by: str) -> None:
        """Another user has this order open: changes to it are refused until `unlock_order`."""
        self.system.locks[number] = by

    def unlock_order(self, number: str) -> None:
        """The other user has closed the order."""
        self.system.locks.pop(number, None)

    def close(self) -> None:
        """Let go of the database file, and send nothing more."""
        self.emitter.close()
        self.system.store.close()

    def _emit(self, touched: Sequence[Touched]) -> None:
        self.emitter.emit(messages(self.system.store, self.system.settings.client, touched, self.system.now))

    def _manners(self) -> Manners:
        return Manners(
            error_body=lambda status: breakdown(status, datetime.now(UTC)),
            expire_tokens=self._expire_tokens,
            login_page=page(401),
        )

    def _expire_tokens(self) -> None:
        self.system.logon.forget_tokens()
        self.system.sessions.forget()

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        reply = self.system.answer(_ask(request, await request.body()))
        await _response(reply, head=request.method == "HEAD")(scope, receive, send)


def open_sandbox(name: str, state: Path, settings: SystemSettings = COMPANY) -> S4HanaSandbox:
    """The system of that name, as its file below `state` left it, or empty."""
    state.mkdir(parents=True, exist_ok=True)
    return S4HanaSandbox(state / f"{name}.sqlite3", settings)


def _ask(request: Request, body: bytes) -> Ask:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    headers = {name.lower(): value for name, value in request.headers.items()}
    method = request.method
    if method == "POST" and headers.get("x-http-method", "").upper() in {"MERGE", "PATCH", "PUT", "DELETE"}:
        method = headers["x-http-method"].upper()
    origin = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
    query: bytes = request.scope["query_string"]
    return Ask(method, raw.decode("latin-1"), query.decode("latin-1"), headers, body, origin)


def _response(reply: Reply, *, head: bool) -> Response:
    response = Response(b"" if head else reply.body, reply.status, media_type=None)
    response.raw_headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in reply.headers]
    if reply.body:
        response.raw_headers.append((b"content-type", reply.content_type.encode()))
    if reply.status not in {204, 304}:
        response.raw_headers.append((b"content-length", str(len(reply.body)).encode()))
    return response
