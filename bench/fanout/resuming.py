"""One subscriber that comes back behind many events: over its own socket, through the gateway, event by event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.fanout.field import Field
from canonical.events import Cursor, cursor_of

_PATIENCE: Final = 120.0


@dataclass(frozen=True)
class Resumed:
    """How many events came in the log's order, each once, and how many a second from asking to the last."""

    missed: int
    in_order: int
    speed: float


def resume(field: Field, missed: int) -> Resumed:
    """Let so many events happen while nobody listens, and come back behind all of them."""
    cursor = asyncio.run(field.cursor())
    field.tell(missed)
    told, seconds = asyncio.run(_told(field, cursor, missed))
    return Resumed(missed, in_order(told, cursor), len(told) / seconds)


def in_order(told: Sequence[str | bytes], cursor: Cursor) -> int:
    """How many messages are of the position behind the one before: all, where there is no gap and none comes twice."""
    positions = [cursor.position, *(_position(message) for message in told)]
    return sum(after == before + 1 for before, after in pairwise(positions))


def _position(message: str | bytes) -> int:
    return cursor_of(orjson.loads(message)["payload"]["data"]["orderStatusChanged"]["cursor"]).position


async def _told(field: Field, cursor: Cursor, missed: int) -> tuple[list[str | bytes], float]:
    """So many messages, unread, and the seconds from asking to the last. TimeoutError where they do not come."""
    begin, ask = field.everything(cursor)
    own = f"ws://127.0.0.1:{field.port}/graphql"
    spoken = [Subprotocol("graphql-transport-ws")]
    async with asyncio.timeout(_PATIENCE), connect(own, subprotocols=spoken, compression=None) as socket:
        await socket.send(begin)
        await socket.recv()
        began = time.monotonic()
        await socket.send(ask)
        told = [await _next(socket) for _ in range(missed)]
        return told, time.monotonic() - began


async def _next(socket: ClientConnection) -> str | bytes:
    message = await socket.recv()
    if '"type":"next"' not in str(message):
        raise RuntimeError(f"not an event: {message!r}")
    return message
