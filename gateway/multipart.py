"""Apollo's multipart protocol for subscriptions over HTTP: how its streams look.

Apollo Router documentation, "Multipart HTTP protocol for GraphQL Subscriptions". A part is finished for its client only
when the next boundary is there, so each frame ends with one.
"""

from __future__ import annotations

from typing import Final

import orjson

from gateway.operations import Said
from gateway.stream import Cursors
from gateway.subscription import Message

CONTENT_TYPE: Final = b'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
_BOUNDARY: Final = b"\r\n--graphql"
_HEAD: Final = b"\r\ncontent-type: application/json\r\n\r\n"


class Parts:
    """One operation a response."""

    __slots__ = ()
    content_type = CONTENT_TYPE
    beat = _HEAD + b"{}" + _BOUNDARY

    def opening(self) -> bytes:
        """The first boundary, and a heartbeat that brings the headers to the client at once."""
        return _BOUNDARY + self.beat

    def next(self, _: str, message: Message, /) -> bytes:
        """One response."""
        return _HEAD + b'{"payload":' + message.body + b"}" + _BOUNDARY

    def failed(self, _: str, said: Said, /) -> bytes:
        """A response of errors alone."""
        return _HEAD + orjson.dumps({"payload": {"errors": said}}) + _BOUNDARY

    def ended(self, _: str, said: Said, /) -> bytes:
        """An error of the transport, which clients do not take for a response; Apollo Client's RetryLink acts on it."""
        return _HEAD + orjson.dumps({"payload": None, "errors": said}) + _BOUNDARY

    def complete(self, _: str, /) -> bytes:
        """Nothing: the last boundary says it."""
        return b""

    def interrupted(self, said: Said, _: Cursors, /) -> bytes:
        """The same, with the cursor in the error's extensions."""
        return self.ended("", said) + self.closing()

    def closing(self) -> bytes:
        """What makes the boundary before it the last."""
        return b"--\r\n"
