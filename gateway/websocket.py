"""GraphQL over WebSocket, as the graphql-ws library speaks it (subprotocol graphql-transport-ws).

A subscription that can be taken up again never ends with an `error` message, because clients take that for its end: a
pong tells code, sentence and cursors, and then the socket is closed with a code after which they connect again. (A ping
would have to be answered, and some clients fall over it when the socket is closed already.)
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from gateway import correlation, errors
from gateway.authentication import UnauthenticatedError
from gateway.connections import ABORT, GoneError
from gateway.operations import Operations, Said
from gateway.reception import Reception
from gateway.request import RefusedError
from gateway.subscription import Caller, EndedError, Message
from gateway.ws_protocol import (
    ACK,
    SUBPROTOCOL,
    BrokenRuleError,
    Close,
    Complete,
    Init,
    Ping,
    Subscribe,
    complete_of,
    error_of,
    head_of_next,
    pong_of,
    read,
    reason_of,
)

_log = logging.getLogger("revgraph.request")
_CODES: Final = {"TOKEN_EXPIRED": Close.FORBIDDEN, "GOING_AWAY": Close.RESTART}
_EXPIRED: Final = (
    "The token of this connection has expired; connect again with a fresh one, and go on behind the cursor."
)


@dataclass(frozen=True, slots=True)
class SocketDoor:
    """Answers operations over WebSocket; an ASGI app."""

    reception: Reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until either side closes it."""
        await receive()
        headers = Headers(scope=scope)
        if not self.reception.welcomes(headers):
            await send({"type": "websocket.close"})
            return
        spoken = SUBPROTOCOL in scope["subprotocols"]
        socket = Socket(self.reception, scope, headers, receive, send)
        del headers
        try:
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if spoken else None})
            if spoken:
                await socket.serve()
            else:
                await socket.close(Close.SUBPROTOCOL, f"Speak {SUBPROTOCOL}")
        except (GoneError, OSError):
            return


class Socket:
    """One connection: a reader, and one task for each operation. Kept small, as there may be ten thousand of them."""

    __slots__ = (
        "_authorization",
        "_begun",
        "_caller",
        "_correlation_id",
        "_group",
        "_leaving",
        "_operations",
        "_receive",
        "_reception",
        "_send",
        "_timer",
        "_traceparent",
        "abort",
    )

    def __init__(self, reception: Reception, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        self._reception, self._receive, self._send = reception, receive, send
        self._authorization = headers.get("authorization")
        given = headers.get(correlation.HEADER)
        self._correlation_id = correlation.accepted(given.encode("latin-1") if given else None)
        trace = headers.get("traceparent")
        self._traceparent = correlation.traceparent(trace.encode("latin-1") if trace else None)
        self.abort = scope.get("state", {}).get(ABORT, _nothing)
        self._caller: Caller | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._leaving = False
        self._begun = 0

    async def serve(self) -> None:
        """Talk until the end, and see to it that everything that was begun has ended."""
        correlation.begin(self._correlation_id)
        began = time.monotonic()
        try:
            async with asyncio.TaskGroup() as self._group:
                bounds = self._reception.bounds
                self._operations = Operations(self._reception.answers, self, self._group, bounds.operations)
                await self._talk()
                self._leaving = True
                self._operations.cut()
                await self._operations.finish(bounds.finish_seconds)
        finally:
            self._leaving = True
            self._reception.connections.close(self)
            if self._timer:
                self._timer.cancel()
            # What is no circle goes now; the collector, which would find it, looks seldom (gateway/serving.py).
            del self._operations, self._group
            took = round(time.monotonic() - began, 1)
            _log.info("socket", extra={"fields": {"seconds": took, "operations": self._begun}})

    def leave(self, ended: EndedError) -> None:
        """Begin to end: tell where to go on, let single answers out, close."""
        if not self._leaving:
            self._leaving = True
            self._group.create_task(self._farewell(ended, self._operations.cut()))

    async def close(self, code: Close, reason: str) -> None:
        """Close it from our side."""
        event = {"type": "websocket.close", "code": int(code), "reason": reason_of(reason)}
        await self._reception.patience.send(self._send, event, self)

    def opening(self, id: str) -> str:
        """The head of a message with a response, up to the response."""
        return head_of_next(id)

    async def next(self, opening: str, message: Message) -> None:
        """Tell one response."""
        event = {"type": "websocket.send", "text": opening + message.body.decode() + "}"}
        await self._reception.patience.send(self._send, event, self)

    async def failed(self, id: str, said: Said) -> None:
        """Tell that an operation did not begin, or broke."""
        await self._say(error_of(id, said))

    async def ended(self, id: str, ended: EndedError, said: Said) -> None:
        """Where asking again helps, send the client away to do so; else this is an operation's end."""
        if ended.again:
            self.leave(ended)
        else:
            await self._say(error_of(id, said))

    async def complete(self, id: str) -> None:
        """Tell that an operation has said everything."""
        await self._say(complete_of(id))

    async def _talk(self) -> None:
        try:
            self._reception.connections.open(self)
            if self._reception.connections.going:
                self.leave(self._reception.connections.going)
            await self._introduced()
            while True:
                await self._answer(await self._heard())
        except GoneError:
            return
        except RefusedError as full:
            await self._close_quietly(Close.TRY_AGAIN, str(full))
        except BrokenRuleError as broken:
            await self._close_quietly(broken.code, str(broken))

    async def _introduced(self) -> None:
        seconds = self._reception.bounds.init_seconds
        try:
            async with asyncio.timeout(seconds):
                while self._caller is None:
                    await self._answer(await self._heard())
        except TimeoutError:
            raise BrokenRuleError(Close.INIT_TIMEOUT, f"No connection_init came within {seconds:g} seconds") from None

    async def _heard(self) -> str:
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise GoneError
        text: str | None = event.get("text")
        if text is None:
            raise BrokenRuleError(Close.INVALID, "Messages are JSON in text frames; this was a binary one")
        if len(text) > self._reception.bounds.message_bytes:
            raise BrokenRuleError(
                Close.TOO_BIG, f"A message is larger than {self._reception.bounds.message_bytes} bytes"
            )
        return text

    async def _answer(self, text: str) -> None:
        match read(text):
            case Init(authorization):
                await self._introduce(authorization)
            case Subscribe() as wanted:
                await self._begin(wanted)
            case Complete(id):
                self._operations.stop(id)
            case Ping(payload):
                await self._say(pong_of(payload))

    async def _introduce(self, authorization: str | None) -> None:
        if self._caller is not None:
            raise BrokenRuleError(Close.TOO_MANY_INITS, "This connection was initialised already")
        # A header was sent by whoever opened the socket; browsers cannot send one, so theirs is in the payload.
        given = self._authorization or authorization
        self._authorization = None
        try:
            identity = self._reception.identity_of(given)
        except UnauthenticatedError as error:
            raise BrokenRuleError(Close.FORBIDDEN if given else Close.UNAUTHORIZED, str(error)) from error
        self._reception.connections.recognise(self, identity.principal)
        self._caller = Caller(identity.principal, identity.expires_at, self._correlation_id, self._traceparent)
        left = max(0.0, identity.expires_at - time.time())
        self._timer = asyncio.get_running_loop().call_later(left, self.leave, EndedError("TOKEN_EXPIRED", _EXPIRED))
        await self._say(ACK)

    async def _begin(self, wanted: Subscribe) -> None:
        if self._caller is None:
            raise BrokenRuleError(Close.UNAUTHORIZED, "Send connection_init with your token first")
        if wanted.id in self._operations:
            raise BrokenRuleError(Close.DUPLICATE, f"Subscriber for {wanted.id} already exists")
        if self._leaving:
            # Not begun, so that the client, which asks for it again after the close, cannot have it twice.
            return
        self._begun += 1
        caller = self._caller
        caller = Caller(
            caller.principal, caller.expires_at, f"{caller.correlation_id[:116]}.{self._begun}", caller.traceparent
        )
        try:
            self._operations.begin(wanted.id, wanted.asked, caller)
        except RefusedError as full:
            said = errors.refused([GraphQLError(str(full))], full.code, caller.correlation_id)
            await self._say(error_of(wanted.id, said))

    async def _farewell(self, ended: EndedError, cursors: dict[str, str | None]) -> None:
        payload: dict[str, Any] = {"code": ended.code, "message": ended.sentence, "cursors": cursors}
        try:
            if self._caller is not None:
                await self._say(pong_of(payload))
            await self._operations.finish(self._reception.bounds.finish_seconds)
            await self.close(_CODES.get(ended.code, Close.TRY_AGAIN), f"{ended.code}: {ended.sentence}")
        except GoneError:
            return

    async def _say(self, text: str) -> None:
        await self._reception.patience.send(self._send, {"type": "websocket.send", "text": text}, self)

    async def _close_quietly(self, code: Close, reason: str) -> None:
        try:
            await self.close(code, reason)
        except GoneError:
            return


def _nothing() -> None:
    """Where the server gives no way to end a connection at once, its own time-outs have to do."""
