"""A system on a bare socket: it counts its connections, and ends or stalls them as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

Manner = Literal["answer", "hang up", "stall", "half close"]
"""What it does with a request: answers; ends the connection; sends half a body; sends half a body and its FIN."""

BODY = b'{"rows": [' + b"1, " * 300 + b"1]}"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)


@dataclass
class Peer:
    """`manner` decides anew at each request, from how many came on its connection before; `gate` holds all back."""

    manner: Callable[[int], Manner] = lambda _: "answer"
    opened: int = 0
    asked: list[str] = field(default_factory=list)
    waiting: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        return len(self._open)

    @property
    def paths(self) -> Counter[str]:
        return Counter(line.split()[1] for line in self.asked)

    def close_idle(self) -> None:
        for writer in self._open:
            writer.close()

    def half_close_idle(self) -> None:
        for writer in self._open:
            writer.write_eof()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._open.add(writer)
        try:
            before = 0
            while (request := await self._request(reader)) is not None:
                self.asked.append(request)
                self.waiting += 1
                await self.gate.wait()
                self.waiting -= 1
                await self._treat(self.manner(before), reader, writer)
                before += 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> str | None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if length:
            await reader.readexactly(int(length[0].split(b":")[1]))
        return head.split(b"\r\n")[0].decode()

    async def _treat(self, manner: Manner, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if manner == "hang up":
            raise ConnectionAbortedError
        writer.write(HEAD + (BODY if manner == "answer" else BODY[: len(BODY) // 2]))
        if manner == "half close":
            writer.write_eof()
        if manner != "answer":
            await reader.read()
            raise ConnectionAbortedError


@asynccontextmanager
async def listening() -> AsyncIterator[Peer]:
    """A peer that listens, ended with all its connections."""
    peer = Peer()
    peer.gate.set()
    server = await asyncio.start_server(peer.talk, "127.0.0.1", 0, backlog=128)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        peer.gate.set()
        peer.close_idle()
        server.close()
        await server.wait_closed()
