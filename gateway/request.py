"""Reads a GraphQL request out of an HTTP request, and says in words what is wrong with one that is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive, Scope

from workflows.validating import MOST_LINES

LEGACY = "application/json"
MODERN = "application/graphql-response+json"
"""The two media types of the GraphQL-over-HTTP specification."""
STREAMED_AS = "Subscriptions are answered as text/event-stream and as multipart/mixed;subscriptionSpec=1.0."


LONGEST: Final = MOST_LINES + 1
"""No list may be longer than an order's lines; the one more tells that it is, and what is behind it is not read.

To read ten thousand lines takes longer than everybody else should wait for their being refused.
"""


class RefusedError(Exception):
    """A request that is not executed: its HTTP status, a stable code, and a sentence."""

    def __init__(self, status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep what the answer is made of."""
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The four parameters of a GraphQL request, each of its right type."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]
    extensions: Mapping[str, Any]


def media_type(accept: str | None) -> str:
    """The media type to answer in; application/json where the client takes anything or says nothing. Else a 406."""
    if not accept or not accept.strip():
        return LEGACY
    best = ""
    weight = 0.0
    for part in accept.split(","):
        name, _, rest = part.strip().partition(";")
        offered = {"*/*": LEGACY, "application/*": LEGACY, LEGACY: LEGACY, MODERN: MODERN}.get(name.strip().lower())
        quality = quality_of(rest)
        if offered and quality > weight:
            best, weight = offered, quality
    if not best:
        raise RefusedError(406, "NOT_ACCEPTABLE", f"Accept {MODERN} or {LEGACY}. {STREAMED_AS}")
    return best


async def read_request(scope: Scope, headers: Headers, receive: Receive, limit: int) -> GraphQLRequest:
    """The GraphQL request of a GET or POST; RefusedError otherwise. No more than `limit` bytes are read of a body."""
    if scope["method"] == "POST":
        _check_content_type(headers.get("content-type"))
        return parameters(_json(await read_body(headers, receive, limit), "The request body"))
    found: dict[str, Any] = dict(QueryParams(scope["query_string"]))
    for name in ("variables", "extensions"):
        if found.get(name):
            found[name] = _json(found[name].encode(), f"The parameter {name}")
        else:
            found.pop(name, None)
    return parameters(found)


def quality_of(given: str) -> float:
    """How much a media type is liked, in its parameters: `q`, from 0 to 1, and 1 where it is not given."""
    for parameter in given.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _check_content_type(given: str | None) -> None:
    if given == LEGACY:
        return
    name, _, rest = (given or "").partition(";")
    if name.strip().lower() != LEGACY:
        raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", f"Send the request as JSON, with Content-Type: {LEGACY}.")
    for parameter in rest.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request in UTF-8.")


async def read_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """The whole body of a request; RefusedError where it is larger than `limit` bytes, or breaks off."""
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "BAD_REQUEST", "The request ended before its body did.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> RefusedError:
    return RefusedError(413, "BODY_TOO_LARGE", f"The request body is larger than {limit} bytes.")


def _json(text: bytes, what: str) -> Any:
    if not text.strip():
        raise RefusedError(400, "BAD_REQUEST", f'{what} is empty; send {{"query": "..."}} as JSON.')
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RefusedError(400, "BAD_REQUEST", f"{what} is not JSON: {error}.") from error


def parameters(found: Any) -> GraphQLRequest:
    """The GraphQL request in what was sent as JSON; RefusedError says what is wrong with its shape."""
    if isinstance(found, list):
        raise RefusedError(400, "BATCHING_NOT_SUPPORTED", "Send one operation a request; batches are not answered.")
    if not isinstance(found, dict):
        raise RefusedError(400, "BAD_REQUEST", "The request must be a JSON object with a query in it.")
    query = found.get("query")
    if not isinstance(query, str) or not query.strip():
        raise RefusedError(400, "BAD_REQUEST", "The request needs a query, as text.")
    name = found.get("operationName")
    if name is not None and not isinstance(name, str):
        raise RefusedError(400, "BAD_REQUEST", "operationName must be text or null.")
    variables = {key: _shortened(value) for key, value in _object(found, "variables").items()}
    return GraphQLRequest(query, name or None, variables, _object(found, "extensions"))


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shortened(held) for key, held in value.items()}
    return [_shortened(held) for held in value[:LONGEST]] if isinstance(value, list) else value


def _object(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RefusedError(400, "BAD_REQUEST", f"{name} must be a JSON object or null.")
    return value
