"""GraphQL over Server-Sent Events, as the graphql-sse library speaks it: how its streams look.

Lines end in LF alone, as clients that split at an empty line expect (urql). Every event that has one carries its cursor
as `id`, which a browser's EventSource sends back as Last-Event-ID when it connects again.
"""

from __future__ import annotations

import random
from typing import Any, Final

import orjson

from gateway.operations import Said
from gateway.stream import Cursors
from gateway.subscription import Message

CONTENT_TYPE: Final = b"text/event-stream; charset=utf-8"
RETRY_WITHIN: Final = (100, 1_500)
"""Milliseconds; clients of a gateway that ends do not all come back in the same moment."""
_COMPLETE: Final = b"event: complete\ndata:\n\n"


class Events:
    """Distinct connections mode: one operation a stream."""

    __slots__ = ()
    content_type = CONTENT_TYPE
    beat = b":\n\n"

    def opening(self) -> bytes:
        """A comment: some browsers see the response only with its first byte."""
        return self.beat

    def next(self, _: str, message: Message, /) -> bytes:
        """One response, behind its cursor."""
        return _place(message.cursor) + b"event: next\ndata: " + message.body + b"\n\n"

    def failed(self, _: str, said: Said, /) -> bytes:
        """A response of errors alone, as the protocol wants it, and the end."""
        return b"event: next\ndata: " + orjson.dumps({"errors": said}) + b"\n\n" + _COMPLETE

    def ended(self, _: str, said: Said, /) -> bytes:
        """As any other failure."""
        return self.failed("", said)

    def complete(self, _: str, /) -> bytes:
        """The end."""
        return _COMPLETE

    def interrupted(self, said: Said, cursors: Cursors, /) -> bytes:
        """No end, so that clients connect again; only for a token that ended, as the same request would be refused."""
        if _expired(said):
            return self.failed("", said)
        return reconnect(said, next(iter(cursors.values()), None))

    def closing(self) -> bytes:
        """Nothing."""
        return b""


class ManyEvents(Events):
    """Single connection mode: every event names its operation."""

    __slots__ = ()

    def next(self, id: str, message: Message, /) -> bytes:
        """One response of this operation, behind its cursor."""
        return _place(message.cursor) + b"event: next\ndata: " + _of(id, message.body) + b"\n\n"

    def failed(self, id: str, said: Said, /) -> bytes:
        """A response of errors alone, and the operation's end."""
        answer = orjson.dumps({"errors": said})
        return b"event: next\ndata: " + _of(id, answer) + b"\n\n" + self.complete(id)

    def ended(self, id: str, said: Said, /) -> bytes:
        """As any other failure."""
        return self.failed(id, said)

    def complete(self, id: str, /) -> bytes:
        """The operation's end."""
        return b"event: complete\ndata: " + orjson.dumps({"id": id}) + b"\n\n"

    def interrupted(self, said: Said, cursors: Cursors, /) -> bytes:
        """As for one operation; here each has its own cursor."""
        if _expired(said):
            return b"".join(self.failed(name, _behind(said, cursor)) for name, cursor in cursors.items())
        told = {**said[0], "cursors": dict(cursors)}
        return reconnect([told], None)


def reconnect(said: Said, cursor: str | None) -> bytes:
    """A comment that tells why, when to connect again, and the place to go on from; no event of the protocol."""
    comment = b": " + orjson.dumps(said[0]) + b"\n"
    wait = b"retry: " + str(random.randint(*RETRY_WITHIN)).encode() + b"\n"  # noqa: S311 - spreads load, hides nothing
    return comment + wait + _place(cursor) + b"\n"


def _expired(said: Said) -> bool:
    return bool(said[0]["extensions"]["code"] == "TOKEN_EXPIRED")


def _behind(said: Said, cursor: str | None) -> list[dict[str, Any]]:
    return [{**error, "extensions": {**error["extensions"], "cursor": cursor}} for error in said]


def _place(cursor: str | None) -> bytes:
    return b"" if cursor is None else b"id: " + cursor.encode() + b"\n"


def _of(id: str, body: bytes) -> bytes:
    return b'{"id":' + orjson.dumps(id) + b',"payload":' + body + b"}"
