"""People who hand in one order after the other, over HTTP or a socket, and know of each what they were answered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

SUBMIT = """
mutation($input: SubmitOrderInput!, $key: String!) {
  submitOrder(input: $input, idempotencyKey: $key) {
    replayed problems { code message } submission { id state externalReference }
  }
}
"""
GONE = (aiohttp.ClientError, ConnectionError)
"""What a connection says that was refused, or closed before its answer."""


@dataclass
class Clerk:
    """Hands in at the first of its replicas until that one is gone; a key without an answer is handed in again."""

    name: str
    replicas: deque[str]
    order: dict[str, Any]
    token: str
    rest: Callable[[], Awaitable[None]]
    """Waited for between two orders."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    unanswered: list[tuple[str, str]] = field(default_factory=list)
    """The replicas and keys of what was refused, or closed without an answer; each time that it was."""
    asked: tuple[str, str] | None = None
    """The replica and the key of what has been sent, and is not answered yet."""

    @property
    def key(self) -> str:
        """Of the order that comes next, or that goes on."""
        return f"rolling-restart-{self.name}-{len(self.answers):04}"

    async def by_http(self, session: aiohttp.ClientSession, stop: asyncio.Event) -> None:
        """One request each, over connections of their own."""
        headers = {"Authorization": f"Bearer {self.token}"}
        while not stop.is_set():
            try:
                self._asks()
                async with session.post(self.replicas[0], json=self._request(), headers=headers) as answer:
                    told = await answer.json()
                    assert answer.status == 200, told
                    self._is_told(told)
                await self.rest()
            except GONE:
                self._goes_elsewhere()

    async def by_socket(self, session: aiohttp.ClientSession, stop: asyncio.Event) -> None:
        """All over one socket, until that is closed."""
        while not stop.is_set():
            address = self.replicas[0].replace("http", "ws", 1)
            try:
                async with session.ws_connect(address, protocols=["graphql-transport-ws"]) as socket:
                    await socket.send_json({"type": "connection_init", "payload": {"authToken": self.token}})
                    assert (await _said(socket))["type"] == "connection_ack"
                    while not stop.is_set():
                        await self._over(socket)
                        await self.rest()
            except GONE:
                self._goes_elsewhere()

    async def _over(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._asks()
        await socket.send_json({"type": "subscribe", "id": self.key, "payload": self._request()})
        while True:
            said = await _said(socket)
            assert said["type"] in {"next", "complete", "ping", "pong"}, said
            if said["type"] == "next":
                assert said["id"] == self.key
                self._is_told(said["payload"])
                return

    def _request(self) -> dict[str, Any]:
        return {"query": SUBMIT, "variables": {"input": self.order, "key": self.key}}

    def _asks(self) -> None:
        self.asked = (self.replicas[0], self.key)

    def _is_told(self, answer: dict[str, Any]) -> None:
        assert "errors" not in answer, answer
        self.asked, key = None, self.key
        self.answers[key] = answer["data"]["submitOrder"]

    def _goes_elsewhere(self) -> None:
        if self.asked is not None:
            self.unanswered.append(self.asked)
        self.asked = None
        self.replicas.rotate()


def under_way(clerks: Iterable[Clerk], replica: str) -> set[str]:
    """The keys that this replica was sent and has not answered yet."""
    return {clerk.asked[1] for clerk in clerks if clerk.asked and clerk.asked[0] == replica}


async def _said(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next thing that is said over it; ConnectionError where it is closed instead."""
    message = await socket.receive()
    if message.type is not aiohttp.WSMsgType.TEXT:
        raise ConnectionError(socket.close_code)
    said: dict[str, Any] = message.json()
    return said
