"""Messages of HTTP/1.1 as they stand on the wire: read whole from a stream, and passed on as they came."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

LONGEST_HEAD: Final = 1 << 17
LARGEST_BODY: Final = 1 << 26
_END: Final = b"\r\n"
_BODILESS: Final = (b"204", b"304")


class NotHttpError(Exception):
    """What came is no message of HTTP/1.1, or a larger one than we carry."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer; head and body (its chunks and all) are the bytes that came.

    `kept`: the connection may carry another message behind it.
    """

    head: bytes
    body: bytes
    kept: bool

    @property
    def first(self) -> str:
        """The request's line or the answer's."""
        return self.head.partition(_END)[0].decode("latin-1")

    @property
    def asked(self) -> str:
        """A request's method, path and query."""
        return self.first.rpartition(" ")[0]

    @property
    def whole(self) -> bytes:
        """All of it."""
        return self.head + self.body


async def read_request(reader: asyncio.StreamReader) -> Message | None:
    """The next request; None where the client has closed, or broke off before the end of one."""
    try:
        head = await _head(reader)
        named = _fields(head)
        return Message(head, await _body(reader, named) or b"", kept=_kept(head, named))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def read_answer(reader: asyncio.StreamReader, method: str) -> Message:
    """The answer to a request of this method. IncompleteReadError where it breaks off."""
    while True:
        head = await _head(reader)
        status = head.split(b" ", 2)[1]
        if not status.startswith(b"1"):
            break
    named = _fields(head)
    if method == "HEAD" or status in _BODILESS:
        return Message(head, b"", kept=_kept(head, named))
    body = await _body(reader, named)
    if body is None:
        # It ends where the connection does.
        return Message(head, await _rest(reader), kept=False)
    return Message(head, body, kept=_kept(head, named))


def page(status: int, reason: str, *fields: str) -> bytes:
    """An answer as a proxy on the way gives one, in HTML, whatever was asked."""
    text = f"<html><head><title>{status} {reason}</title></head><body><h1>{reason}</h1></body></html>"
    lines = (f"HTTP/1.1 {status} {reason}", "Content-Type: text/html", f"Content-Length: {len(text)}", *fields)
    return ("\r\n".join(lines) + "\r\n\r\n" + text).encode()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(_END * 2)
    except asyncio.LimitOverrunError as long:
        raise NotHttpError("the head is too long") from long


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = (line.partition(b":") for line in head.split(_END)[1:] if line)
    return {name.strip().lower(): value.strip().lower() for name, _, value in lines}


def _kept(head: bytes, named: dict[bytes, bytes]) -> bool:
    return b"HTTP/1.1" in head.partition(_END)[0] and b"close" not in named.get(b"connection", b"")


async def _body(reader: asyncio.StreamReader, named: dict[bytes, bytes]) -> bytes | None:
    """The body by chunks or by length; None where the head tells neither."""
    if b"chunked" in named.get(b"transfer-encoding", b""):
        return await _chunks(reader)
    if b"content-length" not in named:
        return None
    length = int(named[b"content-length"])
    if length > LARGEST_BODY:
        raise NotHttpError("the body is too large")
    return await reader.readexactly(length)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    held = 0
    while True:
        size = await reader.readuntil(_END)
        length = int(size.partition(b";")[0], 16)
        held += length
        if held > LARGEST_BODY:
            raise NotHttpError("the body is too large")
        parts.append(size)
        if length == 0:
            break
        parts.append(await reader.readexactly(length + len(_END)))
    # Trailers, and the empty line that ends them.
    while parts[-1] != _END:
        parts.append(await reader.readuntil(_END))
    return b"".join(parts)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    held = 0
    while part := await reader.read(1 << 16):
        parts.append(part)
        held += len(part)
        if held > LARGEST_BODY:
            raise NotHttpError("the body is too large")
    return b"".join(parts)
