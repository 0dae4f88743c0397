"""Many WebSocket clients in one process: they subscribe, and keep when each event came. Driven by lines of JSON.

    python -m bench.fanout.crowd

{"open": {"url": "127.0.0.1:8080", "path": "/graphql", "messages": [...], "own": [...]}} connects one for each text of
`own`; `messages` are what each sends once connected, with that text for "%own". {"expect": {"total": 20, "seconds": 9}}
waits until that many events have come to all of them, and tells the delays. {"close": {}} ends.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, cast

import uvloop

AT_ONCE: Final = 200
"""Connections that are being opened at the same time."""
_AT: Final = b'"at":"'
_FINAL_TEXT: Final = 0x81
_PING: Final = 0x89
_LONG: Final = 126
_HEAD: Final = 2
"""Bytes of a frame before its length and body."""


class Client(asyncio.Protocol):
    """One client. It reads frames as a server sends them: whole, unmasked, text or ping."""

    __slots__ = ("_held", "_open", "_own", "crowd", "ready", "seen", "transport")

    def __init__(self, crowd: Crowd, own: Sequence[bytes]) -> None:
        self.crowd, self._own, self._held, self._open, self.seen = crowd, own, b"", False, 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET {self.crowd.path} HTTP/1.1\r\nHost: {self.crowd.url}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws"
            "\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take what came: the upgrade's answer first, then frames."""
        data = self._held + data
        if not self._open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._held = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                raise SystemExit(f"no upgrade: {head[:200]!r}")
            self._open = True
            for message in self._own:
                self.transport.write(frame(message))
            if not self.crowd.waits_for_ack and not self.ready.done():
                self.ready.set_result(None)
        self._held = self._frames(data)

    def _frames(self, data: bytes) -> bytes:
        place = 0
        while len(data) - place >= _HEAD:
            size, start = data[place + 1], place + _HEAD
            if size == _LONG:
                size, start = int.from_bytes(data[start : start + 2]), start + 2
            if len(data) < start + size:
                break
            self._take(data[place], data[start : start + size])
            place = start + size
        return data[place:]

    def _take(self, kind: int, body: bytes) -> None:
        if kind == _PING:
            self.transport.write(frame(body, 0x8A))
        elif kind == _FINAL_TEXT and _AT in body:
            self.seen += 1
            self.crowd.came(body)
        elif kind == _FINAL_TEXT and not self.ready.done():
            self.ready.set_result(None)

    def connection_lost(self, _: Exception | None) -> None:
        """Count who was cut off."""
        if not self.crowd.closing:
            self.crowd.lost += 1


class Crowd:
    """All of them."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.url, self.path = told["url"], told["path"]
        self.own: list[str] = told["own"]
        self.messages: list[str] = told["messages"]
        self.waits_for_ack = bool(self.messages)
        self.clients: list[Client] = []
        self.delays: list[float] = []
        self.total = self.lost = 0
        self.first, self.last, self.closing = 0.0, 0.0, False
        self._ats: dict[bytes, float] = {}
        self.wanted, self.enough = 0, asyncio.Event()

    async def open(self) -> None:
        """Connect, so many at a time, and wait until each was heard."""
        host, _, port = self.url.partition(":")
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(order: str) -> None:
            async with turns:
                own = [message.replace("%own", order).encode() for message in self.messages]
                _, client = await asyncio.get_running_loop().create_connection(
                    lambda: Client(self, own), host, int(port)
                )
                self.clients.append(client)
                await asyncio.wait_for(client.ready, 60)

        await asyncio.gather(*(one(order) for order in self.own))

    def came(self, body: bytes) -> None:
        """An event came; its instant is in it, and parsed once an event."""
        now = self.last = time.time()
        start = body.index(_AT) + len(_AT)
        text = body[start : start + 24]
        at = self._ats.get(text)
        if at is None:
            at = self._ats[text] = datetime.fromisoformat(text.decode()).timestamp()
        self.first = self.first or now
        self.total += 1
        self.delays.append(now - at)
        if self.total == self.wanted:
            self.enough.set()

    async def expect(self, total: int, seconds: float) -> dict[str, Any]:
        """Wait for so many events over all, and tell how they came."""
        self.wanted, self.enough = total, asyncio.Event()
        if self.total < total:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.enough.wait(), seconds)
        found = sorted(self.delays)
        told = {
            "total": self.total,
            "lost": self.lost,
            "first": self.first,
            "last": self.last,
            "p50": found[len(found) // 2] if found else None,
            "p95": found[int(len(found) * 0.95)] if found else None,
            "p99": found[int(len(found) * 0.99)] if found else None,
            "most": found[-1] if found else None,
            "uneven": len({client.seen for client in self.clients}),
        }
        self.delays.clear()
        self.total, self.first = 0, 0.0
        for client in self.clients:
            client.seen = 0
        return told

    def close(self) -> None:
        """Go."""
        self.closing = True
        for client in self.clients:
            client.transport.abort()


def frame(body: bytes, kind: int = _FINAL_TEXT) -> bytes:
    """A client's frame; masked with zeros, as the protocol wants it masked."""
    size = len(body)
    head = bytes([kind, 0x80 | size]) if size < _LONG else bytes([kind, 0x80 | _LONG]) + size.to_bytes(2)
    return head + b"\0\0\0\0" + body


async def serve() -> None:
    """Do what the lines say, one after the other, until the input ends."""
    loop, crowd = asyncio.get_running_loop(), None
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        [(what, told)] = json.loads(line).items()
        answer: dict[str, Any] = {}
        if what == "open":
            crowd = Crowd(told)
            await crowd.open()
        elif crowd is not None and what == "expect":
            answer = await crowd.expect(told["total"], told["seconds"])
        elif crowd is not None and what == "close":
            crowd.close()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    uvloop.run(serve())
