"""Single connection mode of graphql-sse: one stream of events for many operations, each begun by its own request.

PUT reserves a stream and answers with its token; GET opens it; POST begins an operation; DELETE ends one. The token
goes with each of them (header X-GraphQL-Event-Stream-Token, or parameter `token`), and all but GET need the bearer
token of whoever reserved. A stream lives in the process that reserved it: with several, route by address of the client.
It ends with the bearer token that it was reserved with, and an operation with that of its own POST, where it is sooner.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive, Scope, Send

from gateway.graphql_http import Reply, refusal
from gateway.operations import Operations
from gateway.reception import Reception
from gateway.request import LEGACY, MODERN, GraphQLRequest, RefusedError, read_request
from gateway.sse import ManyEvents
from gateway.stream import Stream
from gateway.subscription import Caller, EndedError

TOKEN_HEADER: Final = "x-graphql-event-stream-token"  # noqa: S105 - the name of a header
OPEN_WITHIN: Final = 30.0
"""Seconds for which a reservation waits to be opened."""
METHODS: Final = "PUT, GET, POST, DELETE"
_PLAIN: Final = "text/plain"


@dataclass(slots=True, eq=False)
class Reservation:
    """A stream that may be opened once, and what was begun over it."""

    caller: Caller
    drop: Callable[[], None]
    expiry: asyncio.TimerHandle | None = None
    stream: Stream | None = None
    waiting: dict[str, tuple[GraphQLRequest, Caller]] = field(default_factory=dict)

    def leave(self, ended: EndedError) -> None:
        """Begin to end."""
        if self.stream is None:
            self.drop()
        else:
            self.stream.leave(ended)

    def abort(self) -> None:
        """End now."""
        if self.stream is not None:
            self.stream.abort()

    def begin(self, id: str, asked: GraphQLRequest, caller: Caller, most: int) -> None:
        """Begin an operation, now or when the stream is opened. RefusedError where it cannot."""
        if self.stream is not None and self.stream.over:
            raise _unknown()
        if id in self.waiting or (self.stream is not None and id in self.stream.operations):
            raise RefusedError(409, "OPERATION_EXISTS", f"An operation with the id {id} is under way.")
        if self.stream is not None:
            self.stream.operations.begin(id, asked, caller)
        elif len(self.waiting) >= most:
            raise RefusedError(429, "TOO_MANY_OPERATIONS", f"{most} operations wait for this stream to be opened.")
        else:
            self.waiting[id] = (asked, caller)

    def stop(self, id: str) -> None:
        """End an operation, if it is under way."""
        self.waiting.pop(id, None)
        if self.stream is not None:
            self.stream.operations.stop(id)

    def begin_waiting(self, operations: Operations) -> None:
        """Begin what was asked for before the stream was there."""
        for name, (asked, caller) in self.waiting.items():
            operations.begin(name, asked, caller)
        self.waiting.clear()


@dataclass(frozen=True, slots=True)
class ReservedDoor:
    """The reserved streams of this process; an ASGI app."""

    reception: Reception
    reserved: dict[str, Reservation] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        try:
            if scope["method"] != "GET":
                reply = await self._replied(scope, headers, receive)
                await reply.send(send)
                return
            found = self._found(scope, headers)
            stream = self._opened(found, scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the last place to mask what must not be told
            media = MODERN if MODERN in headers.get("accept", "") else LEGACY
            await refusal(error, media, scope["state"]["correlation_id"]).send(send)
            return
        try:
            await stream.serve(found.begin_waiting)
        finally:
            found.drop()

    def _opened(self, found: Reservation, scope: Scope, receive: Receive, send: Send) -> Stream:
        if found.stream is not None:
            raise RefusedError(409, "STREAM_OPEN", "This stream is open already.")
        if found.expiry:
            found.expiry.cancel()
        found.stream = Stream(self.reception, ManyEvents(), found.caller, scope, receive, send, lasting=True)
        return found.stream

    async def _replied(self, scope: Scope, headers: Headers, receive: Receive) -> Reply:
        match scope["method"]:
            case "PUT":
                return self._reserve(self.reception.caller(scope, headers.get("authorization")))
            case "POST":
                return await self._begin(scope, headers, receive)
            case "DELETE":
                found, _ = self._own(scope, headers)
                found.stop(_operation(QueryParams(scope["query_string"]).get("operationId")))
                return Reply(200, LEGACY, b"")
        raise RefusedError(405, "METHOD_NOT_ALLOWED", "Streams know PUT, GET, POST and DELETE.", {"Allow": METHODS})

    def _reserve(self, caller: Caller) -> Reply:
        if self.reception.connections.going:
            raise RefusedError(503, "GOING_AWAY", str(self.reception.connections.going), {"Retry-After": "1"})
        token = secrets.token_urlsafe(24)

        def drop() -> None:
            self.reserved.pop(token, None)
            self.reception.connections.close(reservation)

        reservation = Reservation(caller, drop)
        self.reception.connections.open(reservation, caller.principal)
        reservation.expiry = asyncio.get_running_loop().call_later(OPEN_WITHIN, drop)
        self.reserved[token] = reservation
        return Reply(201, _PLAIN, token.encode())

    async def _begin(self, scope: Scope, headers: Headers, receive: Receive) -> Reply:
        found, caller = self._own(scope, headers)
        bounds = self.reception.bounds
        asked = await read_request(scope, headers, receive, bounds.message_bytes)
        # What is wrong with the document is this request's answer; only what is executed goes over the stream.
        self.reception.answers.kind_of(asked)
        found.begin(_operation(asked.extensions.get("operationId")), asked, caller, bounds.operations)
        return Reply(202, LEGACY, b"")

    def _own(self, scope: Scope, headers: Headers) -> tuple[Reservation, Caller]:
        caller = self.reception.caller(scope, headers.get("authorization"))
        found = self._found(scope, headers)
        of, by = found.caller.principal, caller.principal
        if (of.subject, of.client) != (by.subject, by.client):
            raise _unknown()
        return found, caller

    def _found(self, scope: Scope, headers: Headers) -> Reservation:
        token = headers.get(TOKEN_HEADER) or QueryParams(scope["query_string"]).get("token") or ""
        found = self.reserved.get(token)
        if found is None:
            raise _unknown()
        return found


def _unknown() -> RefusedError:
    return RefusedError(404, "STREAM_UNKNOWN", "There is no such stream here; reserve one with PUT.")


def _operation(id: object) -> str:
    if not isinstance(id, str) or not id:
        raise RefusedError(400, "BAD_REQUEST", "The operation needs an id: operationId, as text.")
    return id
