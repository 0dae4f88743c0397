"""GraphQL over HTTP: one request in, one answer out, as the specification of that name says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from canonical.principal import Principal, View
from engine.documents import Documents, WrongDocumentError
from gateway import errors
from gateway.authentication import UnauthenticatedError
from gateway.execution import Execute, cost, new_call
from gateway.request import LEGACY, MODERN, GraphQLRequest, RefusedError, media_type, read_request

SOURCES_HEADER = "X-Revgraph-Sources"
METHODS = "GET, POST"


@dataclass(frozen=True, slots=True)
class GraphQLDoor:
    """Everything that answering a GraphQL request needs."""

    execute: Execute
    documents: Documents
    principal_of: Callable[[str | None], Principal]
    view_of: Callable[[Principal], View]
    deadline_seconds: float
    body_limit: int
    graphiql: bool = False

    async def answer(self, request: Request) -> Response:
        """The answer to a request; never raises, whatever happens within."""
        correlation_id: str = request.state.correlation_id
        if self.graphiql and request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return _editor()
        media = LEGACY
        try:
            media = media_type(request.headers.get("accept"))
            return await self._executed(request, media, correlation_id)
        except UnauthenticatedError as error:
            challenge = {"WWW-Authenticate": error.challenge}
            return _response(_refusal(error, "UNAUTHENTICATED", correlation_id), 401, media, challenge)
        except RefusedError as error:
            return _response(_refusal(error, error.code, correlation_id), error.status, media, error.headers)
        except WrongDocumentError as error:
            said = errors.refused(error.errors, error.code, correlation_id)
            # Clients of application/json expect 200 for whatever was understood as a GraphQL request.
            return _response({"errors": said}, 400 if media == MODERN else 200, media)
        except Exception as error:  # noqa: BLE001 - the last place to mask what must not be told
            return _response({"errors": [errors.internal(error, correlation_id)]}, 500, media)

    async def _executed(self, request: Request, media: str, correlation_id: str) -> Response:
        if request.method not in {"GET", "POST"}:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Ask with POST, or a query with GET.", {"Allow": METHODS})
        principal = self.principal_of(request.headers.get("authorization"))
        asked = await read_request(request, self.body_limit)
        if request.method == "GET":
            self._check_reads_only(asked)
        call = new_call(
            principal, self.view_of(principal), self.deadline_seconds, correlation_id, request.state.traceparent
        )
        result = await self.execute(asked, call)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = errors.formatted(result.errors, correlation_id)
        if request.headers.get(SOURCES_HEADER, "").strip().lower() == "true":
            answer["extensions"] = {**(result.extensions or {}), "sources": cost(call.record)}
        elif result.extensions:
            answer["extensions"] = result.extensions
        return _response(answer, 200, media)

    def _check_reads_only(self, asked: GraphQLRequest) -> None:
        # A GET may be repeated and prefetched by anybody on its way, so nothing that writes goes through it.
        if self.documents.operation(asked.query, asked.operation_name).kind is not OperationType.QUERY:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Only queries may be sent with GET.", {"Allow": "POST"})


def _refusal(error: Exception, code: str, correlation_id: str) -> Mapping[str, Any]:
    return {"errors": errors.refused([GraphQLError(str(error))], code, correlation_id)}


def _response(answer: Mapping[str, Any], status: int, media: str, headers: Mapping[str, str] | None = None) -> Response:
    body = orjson.dumps(answer)
    return Response(body, status, {"Vary": "Accept", **(headers or {})}, f"{media}; charset=utf-8")


def _editor() -> Response:
    # Strawberry ships the page; it loads the editor itself from a public network, so it is off unless asked for.
    page = files("strawberry").joinpath("static/graphiql.html").read_text(encoding="utf-8")
    return HTMLResponse(page)
