"""One id per request, from the door to the last system and back, and the request's line in the log."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from time import monotonic
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Correlation-Id"
_FITS = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_TRACE = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_log = logging.getLogger("revgraph.request")


def current() -> str | None:
    """The id of the request that is being answered, None outside of one."""
    return _current.get()


def begin(correlation_id: str) -> None:
    """Let everything that this task and those it starts write to the log carry this id."""
    _current.set(correlation_id)


def accepted(given: bytes | None) -> str:
    """The caller's own id where it is 1 to 128 plain letters, digits and . _ : -, otherwise a fresh one."""
    return given.decode() if given is not None and _FITS.fullmatch(given) else uuid4().hex


def traceparent(given: bytes | None) -> str | None:
    """The caller's W3C trace context where it is well formed."""
    return given.decode() if given is not None and _TRACE.fullmatch(given) else None


class Correlation:
    """Middleware: puts the id into `scope["state"]` and the answer, and writes one line when the answer is out."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        correlation_id = accepted(headers.get(HEADER.lower().encode()))
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        scope["state"]["traceparent"] = traceparent(headers.get(b"traceparent"))
        status = 500
        began = monotonic()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _protect(MutableHeaders(scope=message), correlation_id)
            await send(message)

        token = _current.set(correlation_id)
        try:
            await self._app(scope, receive, answer)
        finally:
            took = round((monotonic() - began) * 1000, 1)
            said = {"method": scope["method"], "path": scope["path"], "status": status, "milliseconds": took}
            _log.info("request", extra={"fields": said})
            _current.reset(token)


def _protect(headers: MutableHeaders, correlation_id: str) -> None:
    headers[HEADER] = correlation_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-store")
