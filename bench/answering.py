"""A server that answers at once, in a process of its own: what is measured against it is the asker's cost.

    python -m bench.answering

Prints its port, then answers `GET /<bytes>/...` with a JSON object of about that size, until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import cache
from typing import cast

import uvloop

_ROW = {"id": "0018d00000ABCDEFG", "name": "Blue Yonder Airlines", "amount": "1249.50", "currency": "EUR", "open": True}


@cache
def answer(size: int) -> bytes:
    """The whole answer, head and body, of about this many bytes."""
    row = json.dumps(_ROW)
    body = json.dumps({"rows": [_ROW] * (size // len(row) + 1)}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Answering(asyncio.Protocol):
    """Answers each request on one connection with as many bytes as the first part of its path says."""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it

    def data_received(self, data: bytes) -> None:
        """Answer every request that has come in whole; none has a body."""
        *requests, self._held = (self._held + data).split(b"\r\n\r\n")
        for request in requests:
            self._transport.write(answer(int(request.split(b"/", 2)[1])))


async def serve() -> None:
    """Answer until the input ends: the process that started this one is gone, then."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
