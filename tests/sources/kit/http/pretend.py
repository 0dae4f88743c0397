"""A system of the test's own, and a clock that stands still."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from starlette.types import Receive, Scope, Send

from canonical.errors import Fault
from sources.kit.auth.authorization import Authorization
from sources.kit.call import Call
from sources.kit.http.ask import Answer
from sources.kit.http.client import SystemClient
from sources.kit.http.clockwork import Clockwork
from sources.kit.sandbox.faults import Faults
from sources.kit.sandbox.log import RequestLog
from sources.landscape import Limits

TOKEN = "tok-3f9a-very-secret"


@dataclass
class Clock:
    """A clock that only moves when slept on or told to."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def work(self) -> Clockwork:
        return Clockwork(self.now, self.sleep, lambda: 0.5)


@dataclass
class System:
    """Answers every request with its number; `gate` holds answers back while it is closed."""

    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    url: str = ""
    good_tokens: set[str] = field(default_factory=lambda: {TOKEN})
    seen: list[dict[str, str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    busy: int = 0
    busiest: int = 0
    compressed: bool = False
    answers: Callable[[str], tuple[int, bytes]] | None = None

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append(headers)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await self.gate.wait()
        finally:
            self.busy -= 1
        if headers.get("authorization", "").rpartition(" ")[2] not in self.good_tokens:
            status, body = 401, b'{"error":"who are you"}'
        elif self.answers is not None:
            status, body = self.answers(scope["path"])
        else:
            status, body = 200, json.dumps({"call": len(self.seen)}).encode()
        encoding = []
        if self.compressed:
            body, encoding = gzip.compress(body), [(b"content-encoding", b"gzip")]
        start = [*encoding, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": start})
        await send({"type": "http.response.body", "body": body})


class OpenClient(Protocol):
    """Opens a client of the system, closed with the test."""

    def __call__(
        self,
        limits: Limits | None = None,
        authorization: Authorization | None = None,
        translate: Callable[[Answer], Fault | None] = ...,
        base_url: str | None = None,
        largest_answer: int = ...,
    ) -> SystemClient: ...


class AskAs(Protocol):
    """A question: `seconds` until its deadline, seen with these accounts."""

    def __call__(self, seconds: float = ..., accounts: frozenset[str] | None = ...) -> Call: ...


async def until(condition: Callable[[], object]) -> None:
    """Give way to the loop until it holds; fails after five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in a server that has no event for it
            await asyncio.sleep(0)
