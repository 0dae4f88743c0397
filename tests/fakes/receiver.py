"""A program outside that receives events on a real socket, and misbehaves when it is told to."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

SECRET = "receiver-secret-of-some-length"


@dataclass(frozen=True)
class Manner:
    """How one request is answered: at all, after `gate`, with what."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    gate: asyncio.Event | None = None
    reset: bool = False


TAKE = Manner()


@dataclass(frozen=True)
class Got:
    """One request; `number` counts those with the same id, from 1 up."""

    headers: Mapping[str, str]
    raw: bytes
    event: Mapping[str, Any]
    number: int
    at: float

    @property
    def id(self) -> str:
        return str(self.event["id"])

    @property
    def title(self) -> str:
        return str(self.event["data"].get("title"))

    def signed_with(self, secret: str) -> bool:
        """Whether one of its signatures is this secret's, and new: worked out by what docs/receivers.md promises."""
        timestamp = self.headers["revgraph-timestamp"]
        expected = hmac.new(secret.encode(), f"{timestamp}.".encode() + self.raw, hashlib.sha256).hexdigest()
        given = self.headers["revgraph-signature"].split(",")
        return f"v1={expected}" in given and abs(time.time() - int(timestamp)) < 60


class PretendReceiver:
    """What it got, in its order. `manner` decides about each; `twice`: ids that came while they were in hand."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.twice: list[str] = []
        self.most = 0
        self.manner: Callable[[Got], Manner] = lambda _: TAKE
        self.url = ""
        self._in_hand: list[str] = []
        self._changed = asyncio.Condition()

    @property
    def titles(self) -> list[str]:
        return [one.title for one in self.got]

    @property
    def counts(self) -> Counter[str]:
        """How often each title came."""
        return Counter(self.titles)

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for what it got to be so."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await self._read(reader):
                await self._answer(request, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Got | None:
        head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
        if not head:
            return None
        lines = head.decode().split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        raw = await reader.readexactly(int(headers["content-length"]))
        event = json.loads(raw)
        number = sum(one.id == event["id"] for one in self.got) + 1
        return Got(headers, raw, event, number, time.monotonic())

    async def _answer(self, got: Got, writer: asyncio.StreamWriter) -> None:
        if got.id in self._in_hand:
            self.twice.append(got.id)
        self._in_hand.append(got.id)
        self.most = max(self.most, len(self._in_hand))
        async with self._changed:
            self.got.append(got)
            self._changed.notify_all()
        try:
            manner = self.manner(got)
            if manner.gate is not None:
                await manner.gate.wait()
            if manner.reset:
                writer.transport.abort()
                return
            told = "".join(f"{name}: {value}\r\n" for name, value in manner.headers.items())
            body = manner.body.encode()
            writer.write(f"HTTP/1.1 {manner.status} So\r\n{told}content-length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
        finally:
            self._in_hand.remove(got.id)


@asynccontextmanager
async def open_receiver() -> AsyncIterator[PretendReceiver]:
    """One on a free port, until the block ends; what it still holds is dropped then."""
    receiver = PretendReceiver()
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/events"
    try:
        yield receiver
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
