"""GraphQL over HTTP: one request in, one answer out, as the specification of that name says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from canonical.principal import Principal, View
from engine.documents import Documents, WrongDocumentError
from gateway import errors
from gateway.authentication import UnauthenticatedError
from gateway.execution import Execute, Foretell, answer_of, cost, new_call
from gateway.plan_telling import as_json
from gateway.request import LEGACY, MODERN, GraphQLRequest, RefusedError, media_type, read_request

SOURCES_HEADER = "X-Revgraph-Sources"
PLAN_HEADER = "X-Revgraph-Plan"
METHODS = "GET, POST"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as it goes out."""

    status: int
    media: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """Hand it to the server."""
        headers = [
            (b"content-length", str(len(self.body)).encode()),
            (b"content-type", _CONTENT_TYPES[self.media]),
            (b"vary", b"Accept"),
            *((name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(frozen=True, slots=True)
class GraphQLDoor:
    """Everything that answering a GraphQL request needs; an ASGI app of its own, bytes in and bytes out."""

    execute: Execute
    plan: Foretell
    documents: Documents
    principal_of: Callable[[str | None], Principal]
    view_of: Callable[[Principal], View]
    deadline_seconds: float
    body_limit: int
    graphiql: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; never raises, whatever happens within."""
        await (await self._reply(scope, Headers(scope=scope), receive)).send(send)

    async def _reply(self, scope: Scope, headers: Headers, receive: Receive) -> Reply:
        correlation_id: str = scope["state"]["correlation_id"]
        accept = headers.get("accept")
        if self.graphiql and scope["method"] == "GET" and "text/html" in (accept or ""):
            return _editor()
        media = LEGACY
        try:
            media = media_type(accept)
            return await self._executed(scope, headers, receive, media, correlation_id)
        except Exception as error:  # noqa: BLE001 - the last place to mask what must not be told
            return refusal(error, media, correlation_id)

    async def _executed(
        self, scope: Scope, headers: Headers, receive: Receive, media: str, correlation_id: str
    ) -> Reply:
        if scope["method"] not in {"GET", "POST"}:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Ask with POST, or a query with GET.", {"Allow": METHODS})
        principal = self.principal_of(headers.get("authorization"))
        asked = await read_request(scope, headers, receive, self.body_limit)
        if scope["method"] == "GET":
            self._check_reads_only(asked)
        traceparent = scope["state"]["traceparent"]
        call = new_call(principal, self.view_of(principal), self.deadline_seconds, correlation_id, traceparent)
        wish = _wish(headers, PLAN_HEADER)
        told: dict[str, Any] = {"plan": as_json(self.plan(asked, call))} if wish in {"true", "only"} else {}
        if wish == "only":
            return _reply({"data": None, "extensions": told}, 200, media)
        result = await self.execute(asked, call)
        answer = answer_of(result, correlation_id)
        if _wish(headers, SOURCES_HEADER) == "true":
            told["sources"] = cost(call.record)
        if told:
            answer["extensions"] = {**(result.extensions or {}), **told}
        return _reply(answer, 200, media)

    def _check_reads_only(self, asked: GraphQLRequest) -> None:
        # A GET may be repeated and prefetched by anybody on its way, so nothing that writes goes through it.
        if self.documents.operation(asked.query, asked.operation_name).kind is not OperationType.QUERY:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Only queries may be sent with GET.", {"Allow": "POST"})


def _wish(headers: Headers, header: str) -> str:
    return headers.get(header, "").strip().lower()


def refusal(error: Exception, media: str, correlation_id: str) -> Reply:
    """The answer to a request that raised this instead of being executed; what was not foreseen is masked."""
    if isinstance(error, UnauthenticatedError):
        challenge = {"WWW-Authenticate": error.challenge}
        return _reply(_refusal(error, "UNAUTHENTICATED", correlation_id), 401, media, challenge)
    if isinstance(error, RefusedError):
        return _reply(_refusal(error, error.code, correlation_id), error.status, media, error.headers)
    if isinstance(error, WrongDocumentError):
        said = errors.refused(error.errors, error.code, correlation_id)
        # Clients of application/json expect 200 for whatever was understood as a GraphQL request.
        return _reply({"errors": said}, 400 if media == MODERN else 200, media)
    return _reply({"errors": [errors.internal(error, correlation_id)]}, 500, media)


def _refusal(error: Exception, code: str, correlation_id: str) -> Mapping[str, Any]:
    return {"errors": errors.refused([GraphQLError(str(error))], code, correlation_id)}


def _reply(answer: Mapping[str, Any], status: int, media: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, media, orjson.dumps(answer), headers or {})


_HTML = "text/html"
_PLAIN = "text/plain"
_CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (LEGACY, MODERN, _HTML, _PLAIN)}


def _editor() -> Reply:
    # Strawberry ships the page; it loads the editor itself from a public network, so it is off unless asked for.
    page = files("strawberry").joinpath("static/graphiql.html").read_bytes()
    return Reply(200, _HTML, page)
