"""Stands between the adapter and Tryton, and loses what it is told to: a request, its answer, or both for a while."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from sources.tryton.sandbox.serve import Reached

Loss = Literal["before", "after", "late"]
"""The request never arrives; Tryton acts and nobody hears of it; the same, and it acts only once it is let go."""


@dataclass
class Proxy:
    """Each loss that is asked for happens once, to the first request whose method and path it fits."""

    upstream: Reached
    port: int = 0
    losses: list[tuple[Loss, re.Pattern[str]]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lose(self, loss: Loss, what: str) -> None:
        """What: a pattern of 'POST sale.sale/7/quote'."""
        self.losses.append((loss, re.compile(what)))

    async def settle(self) -> None:
        """Let go what is held back, and wait until Tryton is through with all that was sent to it."""
        self.gate.set()
        while self.under_way:
            await asyncio.wait(self.under_way)
        self.gate.clear()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No answer is kept alive: Tryton's own server closes behind each, and so do we.
        try:
            request = await _request(reader)
            loss = self._loss(request)
            if loss is None:
                writer.write(await self._forward(request))
                await writer.drain()
            elif loss == "after":
                await self._forward(request)
            elif loss == "late":
                self._later(request)
        finally:
            writer.close()

    def _loss(self, request: bytes) -> Loss | None:
        method, address, _ = request.split(b"\r\n", 1)[0].decode().split(" ")
        asked = f"{method} {address.partition('?')[0].rpartition('/model/')[2]}"
        for place, (loss, what) in enumerate(self.losses):
            if what.fullmatch(asked):
                del self.losses[place]
                return loss
        return None

    def _later(self, request: bytes) -> None:
        async def forwarded() -> None:
            await self.gate.wait()
            await self._forward(request)

        task = asyncio.create_task(forwarded())
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream.port)
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read(-1)
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: (\d+)", head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


@asynccontextmanager
async def proxied(upstream: Reached) -> AsyncIterator[Proxy]:
    """A proxy before this Tryton, on a port of its own."""
    proxy = Proxy(upstream)
    server = await asyncio.start_server(proxy.talk, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    async with server:
        yield proxy
        await proxy.settle()
