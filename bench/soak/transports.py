"""The ways in which a subscription is told: for each, what comes over one connection until it ends, however it ends.

A farewell, in whichever way it is told, comes as an error with its code and the cursor to go on behind.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

import aiohttp
import orjson

from gateway.sse_streams import TOKEN_HEADER

SILENT_FOR: Final = 30.0
"""Seconds without any sign of life after which a subscriber looks elsewhere."""
TURN: Final = 50
"""Messages after which an operation of a reserved stream is ended, and asked again as another."""

_SAID: Final = b": {"
"""How a comment begins that says why a stream ends."""

Payload = dict[str, Any]
Told = AsyncGenerator[Payload, None]


async def websocket(session: aiohttp.ClientSession, url: str, token: str, asked: Payload) -> Told:
    """What comes over a socket (graphql-transport-ws)."""
    own = url.replace("http", "ws", 1)
    patience = aiohttp.ClientWSTimeout(ws_receive=SILENT_FOR)
    farewell: Payload | None = None
    async with session.ws_connect(own, protocols=["graphql-transport-ws"], timeout=patience) as socket:
        await socket.send_json({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
        async for message in socket:
            told = orjson.loads(message.data)
            match told["type"]:
                case "connection_ack":
                    await socket.send_json({"type": "subscribe", "id": "1", "payload": asked})
                case "ping":
                    await socket.send_json({"type": "pong"})
                case "pong":  # unasked: we send no ping
                    farewell = _farewell(told["payload"]["code"], told["payload"]["cursors"].get("1"))
                case "next":
                    yield told["payload"]
                case "error":
                    yield {"errors": told["payload"]}
                case "complete":
                    return
    # Read to its close, so that an event that comes behind the farewell counts as heard.
    if farewell is not None:
        yield farewell


async def events(session: aiohttp.ClientSession, url: str, token: str, asked: Payload) -> Told:
    """What comes as server-sent events (graphql-sse, a connection for each operation)."""
    async with session.post(url, json=asked, headers=_headers(token, "text/event-stream")) as answer:
        answer.raise_for_status()
        code, place = None, None
        async for line in answer.content:
            if line.startswith(b"data:") and line.strip() != b"data:":
                yield _payload(orjson.loads(line[5:]))
            elif line.startswith(b"id:"):
                place = line[3:].strip().decode()
            elif line.startswith(_SAID):
                code = _code(orjson.loads(line[1:]))
        if code is not None:
            # As an EventSource goes by the last id, whatever it stood beside.
            yield _farewell(code, place)


async def parts(session: aiohttp.ClientSession, url: str, token: str, asked: Payload) -> Told:
    """What comes as parts of one answer (multipart/mixed; subscriptionSpec=1.0)."""
    wanted = 'multipart/mixed; boundary="-"; subscriptionSpec=1.0, application/json'
    async with session.post(url, json=asked, headers=_headers(token, wanted)) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if line.startswith(b"{") and line.strip() != b"{}":
                yield _payload(orjson.loads(line))


async def reserved(session: aiohttp.ClientSession, url: str, token: str, asked: Payload) -> Told:
    """What comes over a reserved stream (graphql-sse, single connection mode).

    One operation after the other is asked over it: each ends while events come, and the next goes on behind the newest.
    """
    stream = await _reserve(session, url, token)
    async with session.get(stream.url, headers=stream.headers) as answer:
        answer.raise_for_status()
        number, heard, cursor = 0, 0, asked["variables"]["after"]
        told_behind = cursor
        await stream.begin(str(number), asked, cursor)
        async for line in answer.content:
            if line.startswith(b"id:"):
                told_behind = line[3:].strip().decode()
            if line.startswith(_SAID):
                said = orjson.loads(line[1:])
                yield _farewell(_code(said), said["cursors"].get(str(number)))
                return
            if not line.startswith(b"data:"):
                continue
            told = orjson.loads(line[5:])
            if told["id"] != str(number):
                continue  # of an operation that was ended meanwhile, and told again by the one after it
            if "payload" not in told:
                return
            yield told["payload"]
            heard, cursor = heard + 1, told_behind
            if heard % TURN == 0:
                await stream.end(str(number))
                number += 1
                await stream.begin(str(number), asked, cursor)


class _Reserved:
    """A stream that was reserved; it is known to this replica alone."""

    def __init__(self, session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]) -> None:
        self._session, self.url, self.headers = session, url, headers

    async def begin(self, id: str, asked: Payload, cursor: str) -> None:
        """Ask an operation, whose answers come over the stream."""
        body = {**asked, "extensions": {"operationId": id, "after": cursor}}
        async with self._session.post(self.url, json=body, headers=self.headers) as answer:
            answer.raise_for_status()

    async def end(self, id: str) -> None:
        """Want no more of one."""
        async with self._session.delete(self.url, params={"operationId": id}, headers=self.headers) as answer:
            answer.raise_for_status()


async def _reserve(session: aiohttp.ClientSession, url: str, token: str) -> _Reserved:
    own, headers = f"{url}/stream", _headers(token, "text/event-stream")
    async with session.put(own, headers=headers) as answer:
        answer.raise_for_status()
        return _Reserved(session, own, {**headers, TOKEN_HEADER: await answer.text()})


TRANSPORTS: Final[Mapping[str, Callable[[aiohttp.ClientSession, str, str, Payload], Told]]] = {
    "websocket": websocket,
    "events": events,
    "parts": parts,
    "reserved stream": reserved,
}


def followed_by(payload: Payload) -> str | None:
    """The cursor of a farewell, None where it is none or tells none."""
    said = [error.get("extensions", {}) for error in payload.get("errors", ())]
    return next((one["cursor"] for one in said if one.get("retryable") and one.get("cursor")), None)


def _farewell(code: str, cursor: str | None) -> Payload:
    return {"errors": [{"extensions": {"code": code, "cursor": cursor, "retryable": True}}]}


def _code(said: Payload) -> str:
    return str(said["extensions"]["code"])


def _payload(told: Payload) -> Payload:
    inner = told.get("payload")
    return inner if isinstance(inner, dict) else told


def _headers(token: str, accept: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": accept}
