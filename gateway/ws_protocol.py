"""The messages of graphql-transport-ws, read and written; nothing here knows of sockets.

The protocol is that of the graphql-ws library (PROTOCOL.md, "GraphQL over WebSocket Protocol").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import orjson

from gateway.request import GraphQLRequest, RefusedError, parameters

SUBPROTOCOL: Final = "graphql-transport-ws"
ACK: Final = '{"type":"connection_ack"}'
LONGEST_REASON: Final = 123
"""Bytes; a closing frame has no room for more (RFC 6455, 5.5)."""
LONGEST_ID: Final = 256
_AUTHORIZATION: Final = "authorization"
_AUTH_TOKEN: Final = "authToken"  # noqa: S105 - the name of a field


class Close(IntEnum):
    """Why a socket is closed.

    Clients of the graphql-ws library try again after RESTART, TRY_AGAIN, FORBIDDEN and INIT_TIMEOUT, and after nothing
    else of these (shouldRetryConnectOrThrow in its client).
    """

    TOO_BIG = 1009
    RESTART = 1012
    TRY_AGAIN = 1013
    INVALID = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE = 4409
    TOO_MANY_INITS = 4429


class BrokenRuleError(Exception):
    """What the client sent, or did not send in time, ends the connection; the text is the reason it is told."""

    def __init__(self, code: Close, reason: str) -> None:
        """Keep the code."""
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Init:
    """The client introduces itself."""

    authorization: str | None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """An operation to begin, of whatever kind."""

    id: str
    asked: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """An operation that is wanted no more."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Wants a pong, with the same payload."""

    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """Proves that the client lives."""


Received = Init | Subscribe | Complete | Ping | Pong


def read(text: str) -> Received:
    """The message of a text frame; BrokenRuleError where it is none that a client may send."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BrokenRuleError(Close.INVALID, f"The message is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise BrokenRuleError(Close.INVALID, "A message must be a JSON object")
    match message.get("type"):
        case "connection_init":
            return Init(_authorization(_payload(message) or {}))
        case "subscribe":
            return Subscribe(_id(message), _asked(message))
        case "complete":
            return Complete(_id(message))
        case "ping":
            return Ping(_payload(message))
        case "pong":
            return Pong()
        case kind:
            raise BrokenRuleError(Close.INVALID, f"There is no message of type {str(kind)[:40]!r} from a client")


def head_of_next(id: str) -> str:
    """A message with one response up to the response, which follows as it is, and a closing brace."""
    return '{"id":' + _quoted(id) + ',"type":"next","payload":'


def error_of(id: str, said: list[dict[str, Any]]) -> str:
    """The last message of an operation that did not begin, or broke."""
    return orjson.dumps({"id": id, "type": "error", "payload": said}).decode()


def complete_of(id: str) -> str:
    """The last message of an operation that has said everything."""
    return '{"id":' + _quoted(id) + ',"type":"complete"}'


def pong_of(payload: Mapping[str, Any] | None) -> str:
    """The answer to a ping; unasked, it tells what the protocol has no message for, and nobody has to answer."""
    return orjson.dumps({"type": "pong", "payload": payload} if payload else {"type": "pong"}).decode()


def reason_of(sentence: str) -> str:
    """As much of a sentence as a closing frame can hold."""
    return sentence.encode()[:LONGEST_REASON].decode(errors="ignore")


def _quoted(id: str) -> str:
    return orjson.dumps(id).decode()


def _authorization(payload: Mapping[str, Any]) -> str | None:
    """The value of an Authorization header in a connection_init; a bare `authToken` is one, too."""
    for name, value in payload.items():
        if name.lower() == _AUTHORIZATION and isinstance(value, str):
            return value
    token = payload.get(_AUTH_TOKEN)
    return f"Bearer {token}" if isinstance(token, str) and token else None


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise BrokenRuleError(Close.INVALID, "The payload of this message must be a JSON object or nothing")
    return payload


def _id(message: Mapping[str, Any]) -> str:
    given = message.get("id")
    if not isinstance(given, str) or not given:
        raise BrokenRuleError(Close.INVALID, "The message needs an id, as text")
    if len(given) > LONGEST_ID:
        raise BrokenRuleError(Close.INVALID, f"The message's id has more than {LONGEST_ID} letters")
    return given


def _asked(message: Mapping[str, Any]) -> GraphQLRequest:
    payload = message.get("payload")
    if not isinstance(payload, dict):
        raise BrokenRuleError(Close.INVALID, "The payload of a subscribe must be a JSON object with a query in it")
    try:
        return parameters(payload)
    except RefusedError as refused:
        raise BrokenRuleError(Close.INVALID, str(refused)) from refused
