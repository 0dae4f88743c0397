"""The ASGI middleware that makes a well-behaved pretend server misbehave as its armed faults say."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sources.kit.sandbox.faults import ROW_KINDS, Fault, Faults
from sources.kit.sandbox.locks import hold
from sources.kit.sandbox.log import Recorded, RequestLog
from sources.kit.sandbox.protocol import close_connection, reset_connection
from sources.kit.sandbox.rows import row_faults

LOGIN_PAGE: Final = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"
GONE_WITHIN: Final = 5.0
PASSING: Final = ROW_KINDS | {"latency", "expire_token", "lock"}


@dataclass(frozen=True)
class Manners:
    """How one vendor words a failure (content type and body for a status) and forgets the tokens it gave out."""

    error_body: Callable[[int], tuple[str, bytes]]
    expire_tokens: Callable[[], None]
    login_page: bytes = LOGIN_PAGE


def misbehaving(app: ASGIApp, faults: Faults, log: RequestLog, manners: Manners) -> ASGIApp:
    """The app as clients meet it: every request recorded, faults applied between the record and the app."""
    return Recorded(Faulty(app, faults, manners), log)


class Faulty:
    """Applies the faults that hit a request: delays add up, row faults reach the app, the first of the rest wins."""

    def __init__(self, app: ASGIApp, faults: Faults, manners: Manners) -> None:
        self._app = app
        self._faults = faults
        self._manners = manners

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, well or badly."""
        hit = self._faults.take(_line(scope)) if scope["type"] == "http" else []
        if not hit:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["row_faults"] = spoiling = tuple(f for f in hit if f.kind in ROW_KINDS)
        delay = sum(fault.seconds for fault in hit if fault.kind == "latency")
        if delay:
            await asyncio.sleep(delay)
        if any(fault.kind == "expire_token" for fault in hit):
            self._manners.expire_tokens()
        reset = row_faults.set(spoiling)
        hold(yes=any(fault.kind == "lock" for fault in hit))
        try:
            await self._break(next((fault for fault in hit if fault.kind not in PASSING), None), scope, receive, send)
        finally:
            row_faults.reset(reset)
            hold(yes=False)

    async def _break(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        match fault:
            case None:
                await self._app(scope, receive, send)
            case Fault(kind="status"):
                await self._fail(send, fault, fault.status)
            case Fault(kind="throttle"):
                await self._fail(send, fault, 429, ("retry-after", str(math.ceil(fault.seconds))))
            case Fault(kind="timeout"):
                if not await _left(receive, within=fault.seconds):
                    await self._fail(send, fault, 504)
            case Fault(kind="reset_before"):
                reset_connection(scope)
                await _left(receive, within=GONE_WITHIN)
            case Fault(kind="reset_after" | "status_after"):
                await self._app(scope, receive, _swallow)
                await self._after(fault, scope, receive, send)
            case Fault(kind="slow"):
                await self._slowly(fault.seconds, scope, receive, send)
            case Fault(kind="truncate"):
                await self._truncate(scope, receive, send)
            case _:
                body = self._manners.login_page if fault.body is None else fault.body.encode()
                await _send(send, 200, body, ("content-type", "text/html; charset=utf-8"))

    async def _after(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Go wrong when everything is done already."""
        if fault.kind == "status_after":
            await self._fail(send, fault, fault.status)
            return
        reset_connection(scope)
        await _left(receive, within=GONE_WITHIN)

    async def _slowly(self, seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
        """Act at a random moment on a request that was read to its end first: whoever sent it may have gone by then."""
        body = await _whole(receive)
        moment = seconds * self._faults.chance()
        await asyncio.sleep(moment)
        start, answer = await _answer(self._app, scope, _replayed(body))
        await asyncio.sleep(seconds - moment)
        await send(start)
        await send({"type": "http.response.body", "body": answer})

    async def _truncate(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _answer(self._app, scope, receive)
        MutableHeaders(raw=start["headers"])["content-length"] = str(len(body))
        await send(start)
        if not body:
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        close_connection(scope)
        await _left(receive, within=GONE_WITHIN)

    async def _fail(self, send: Send, fault: Fault, status: int, *headers: tuple[str, str]) -> None:
        content_type, body = self._manners.error_body(status)
        if fault.body is not None:
            body = fault.body.encode()
        await _send(send, status, body, ("content-type", content_type), *headers)


def _line(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['method']} {scope['path']}?{query}" if query else f"{scope['method']} {scope['path']}"


async def _left(receive: Receive, within: float) -> bool:
    """Whether the client has gone, watched for so many seconds; the request's body is read and dropped."""
    try:
        async with asyncio.timeout(within):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _whole(receive: Receive) -> bytes:
    """The request's body as far as it came."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    chunks: list[bytes] = []

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message, headers=list(message.get("headers", [])))
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, collect)
    return start, b"".join(chunks)


async def _swallow(message: Message) -> None:
    """Lose what the app says."""


async def _send(send: Send, status: int, body: bytes, *headers: tuple[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
