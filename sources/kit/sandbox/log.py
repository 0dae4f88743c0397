"""What a sandbox was asked: a bounded record, so that a test can count calls on the wire."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_REQUESTS: Final = 20_000
KEPT_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-modified-since",
        "if-unmodified-since",
        "sforce-call-options",
        "sforce-query-options",
        "traceparent",
        "user-agent",
        "x-correlation-id",
        "x-csrf-token",
        "x-request-id",
    }
)
SECRET_HEADERS: Final = frozenset({"authorization", "x-csrf-token"})


@dataclass(frozen=True)
class Asked:
    """One request as received; `status` is None where no answer left (a reset), `ms` the time until its end."""

    method: str
    path: str
    query: str
    status: int | None
    ms: float
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The request as faults match it: "METHOD path?query"."""
        return f"{self.method} {self.path}?{self.query}" if self.query else f"{self.method} {self.path}"


class RequestLog:
    """The last `limit` requests, oldest first; `total` counts all since the last clear."""

    def __init__(self, limit: int = MOST_REQUESTS) -> None:
        self._asked: deque[Asked] = deque(maxlen=limit)
        self.total = 0

    def add(self, asked: Asked) -> None:
        """Remember one request."""
        self._asked.append(asked)
        self.total += 1

    def clear(self) -> None:
        """Forget everything."""
        self._asked.clear()
        self.total = 0

    def asked(self, match: str = "") -> list[Asked]:
        """The remembered requests whose line the regular expression finds."""
        pattern = re.compile(match)
        return [one for one in self._asked if pattern.search(one.line)]


class Recorded:
    """ASGI middleware that writes each HTTP request to the log when it ends, secrets redacted."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None
        noted = False
        started = time.perf_counter()

        def note() -> None:
            nonlocal noted
            noted = True
            self._log.add(_asked(scope, status, (time.perf_counter() - started) * 1000))

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not noted and not message.get("more_body", False):
                # Before the last bytes leave: whoever has the answer finds the request in the log.
                note()
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            if not noted:
                note()


def _asked(scope: Scope, status: int | None, ms: float) -> Asked:
    query = scope["query_string"].decode("latin-1")
    return Asked(scope["method"], scope["path"], query, status, ms, _kept(scope["headers"]))


def _kept(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    kept = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1").lower()
        if name in KEPT_HEADERS:
            kept[name] = "[redacted]" if name in SECRET_HEADERS else raw_value.decode("latin-1")
    return kept
