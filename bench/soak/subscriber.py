"""One subscriber that never gives up: over any transport, at any replica, always behind the last cursor it has."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

from canonical.events import cursor_of

TRANSPORTS: Final = ("websocket", "events", "parts")
FIELDS: Final = "cursor orderId status"
PAUSE: Final = 0.3
SILENT_FOR: Final = 30.0
"""Seconds without any sign of life after which a subscriber looks elsewhere."""
_GONE = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


@dataclass
class Subscriber:
    """`orders`: the ids it follows, none for all. `heard`: the positions of what came, as it came."""

    transport: str
    orders: tuple[str, ...]
    cursor: str
    heard: list[int] = field(default_factory=list)
    connections: int = 0
    refused: list[str] = field(default_factory=list)

    async def listen(
        self, session: aiohttp.ClientSession, replicas: Sequence[str], token: str, chance: random.Random
    ) -> None:
        """Listen for ever; some connections are given up for no reason at all."""
        while True:
            url = chance.choice(replicas)
            patience = chance.expovariate(1 / 20)
            try:
                async with asyncio.timeout(patience + 1):
                    self.connections += 1
                    await self._once(session, url, token)
            except _GONE:
                pass
            await asyncio.sleep(chance.uniform(0, PAUSE))

    async def _once(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        asked = {"query": self._query(), "variables": {"orders": self._named(), "after": self.cursor}}
        ways = {"websocket": websocket, "events": events, "parts": parts}
        async for payload in ways[self.transport](session, url, token, asked):
            self._take(payload)

    def _take(self, payload: dict[str, Any]) -> None:
        told = (payload.get("data") or {}).get("orderStatusChanged")
        if told is None:
            codes = [error.get("extensions", {}).get("code", "?") for error in payload.get("errors", ())]
            self.refused += [code for code in codes if code not in ("GOING_AWAY", "SLOW_CONSUMER")]
            raise ConnectionError("sent away")
        self.cursor = told["cursor"]
        self.heard.append(cursor_of(self.cursor).position)

    def _query(self) -> str:
        arguments = "filter: {orders: $orders}, after: $after"
        return (
            "subscription ($orders: [OrderBy!], $after: EventCursor) "
            f"{{ orderStatusChanged({arguments}) {{ {FIELDS} }} }}"
        )

    def _named(self) -> list[dict[str, str]] | None:
        return [{"id": order} for order in self.orders] or None


async def websocket(
    session: aiohttp.ClientSession, url: str, token: str, asked: dict[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    """What comes over a socket (graphql-transport-ws)."""
    own = url.replace("http", "ws", 1)
    patience = aiohttp.ClientWSTimeout(ws_receive=SILENT_FOR)
    async with session.ws_connect(own, protocols=["graphql-transport-ws"], timeout=patience) as socket:
        await socket.send_json({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
        async for message in socket:
            told = orjson.loads(message.data)
            match told["type"]:
                case "connection_ack":
                    await socket.send_json({"type": "subscribe", "id": "1", "payload": asked})
                case "ping":
                    await socket.send_json({"type": "pong"})
                case "next":
                    yield told["payload"]
                case "error":
                    yield {"errors": told["payload"]}
                case _:
                    pass


async def events(
    session: aiohttp.ClientSession, url: str, token: str, asked: dict[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    """What comes as server-sent events (graphql-sse, a connection for each operation)."""
    async with session.post(url, json=asked, headers=_headers(token, "text/event-stream")) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if line.startswith(b"data:") and line.strip() != b"data:":
                yield _payload(orjson.loads(line[5:]))


async def parts(
    session: aiohttp.ClientSession, url: str, token: str, asked: dict[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    """What comes as parts of one answer (multipart/mixed; subscriptionSpec=1.0)."""
    wanted = 'multipart/mixed; boundary="-"; subscriptionSpec=1.0, application/json'
    async with session.post(url, json=asked, headers=_headers(token, wanted)) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if line.startswith(b"{") and line.strip() != b"{}":
                yield _payload(orjson.loads(line))


def _payload(told: dict[str, Any]) -> dict[str, Any]:
    inner = told.get("payload")
    return inner if isinstance(inner, dict) else told


def _headers(token: str, accept: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": accept}
