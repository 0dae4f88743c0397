"""An HTTP response that goes on: what its client is told, and every way in which it ends. Frames say how it looks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from starlette.types import Receive, Scope, Send

from gateway import errors
from gateway.connections import ABORT, GoneError
from gateway.expiring import TOKEN_EXPIRED, Expiring, expired
from gateway.operations import Operations, Said
from gateway.reception import Reception
from gateway.subscription import Caller, EndedError, Message

Begin = Callable[[Operations], None]
Cursors = Mapping[str, str | None]


class Frames(Protocol):
    """How one kind of stream writes what is told, in bytes."""

    content_type: bytes
    beat: bytes
    """Keeps an idle connection alive, and means nothing."""

    def opening(self) -> bytes:
        """What comes first, at once."""

    def next(self, id: str, message: Message, /) -> bytes:
        """One response."""

    def failed(self, id: str, said: Said, /) -> bytes:
        """Errors as the last word of an operation."""

    def ended(self, id: str, said: Said, /) -> bytes:
        """Why an operation was ended; the last word, too."""

    def complete(self, id: str, /) -> bytes:
        """The regular end of an operation."""

    def interrupted(self, said: Said, cursors: Cursors, /) -> bytes:
        """Why the whole stream ends although its operations do not."""

    def closing(self) -> bytes:
        """What comes last in a stream that was not interrupted."""


class Stream:
    """One such response; it ends with its only operation, or (`lasting`) when either side wants it to.

    Either ends with the token of `caller`; an operation of a lasting one with its own, where that ends sooner.
    """

    __slots__ = (
        "_caller",
        "_closed",
        "_frames",
        "_group",
        "_lasting",
        "_leaving",
        "_operations",
        "_receive",
        "_reception",
        "_send",
        "abort",
    )

    def __init__(
        self,
        reception: Reception,
        frames: Frames,
        caller: Caller,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        lasting: bool = False,
    ) -> None:
        self._reception, self._frames, self._caller = reception, frames, caller
        self._receive, self._send, self._lasting = receive, send, lasting
        self.abort = scope["state"].get(ABORT, _nothing)
        self._leaving = self._closed = False

    async def serve(self, begin: Begin) -> None:
        """Answer with the stream; `begin` is given its operations. The caller has counted it, and counts it out."""
        bounds = self._reception.bounds
        left = max(0.0, self._caller.expires_at - time.time())
        expiry = asyncio.get_running_loop().call_later(left, self.leave, expired())
        answers = self._reception.answers
        operate = Expiring(answers, self._caller.expires_at) if self._lasting else answers
        try:
            async with asyncio.TaskGroup() as self._group:
                self._operations = Operations(operate, self, self._group, bounds.operations)
                await self._live(begin)
                self._leaving = True
                self._operations.cut()
                await self._operations.finish(bounds.finish_seconds)
        finally:
            expiry.cancel()

    def leave(self, ended: EndedError) -> None:
        """Begin to end: single answers still go out, and the client is told where to go on."""
        if not self._leaving:
            self._leaving = True
            self._group.create_task(self._farewell(ended, self._operations.cut()))

    @property
    def over(self) -> bool:
        """Whether it ends or has ended, so that nothing may begin over it any more."""
        return self._leaving

    @property
    def operations(self) -> Operations:
        """What is under way over it, once it is served."""
        return self._operations

    def opening(self, id: str) -> str:
        """The id itself: frames write it where they write it."""
        return id

    async def next(self, opening: str, message: Message) -> None:
        """Tell one response."""
        await self._say(self._frames.next(opening, message))

    async def failed(self, id: str, said: Said) -> None:
        """Tell that an operation did not begin, or broke."""
        await self._last_word(self._frames.failed(id, said))

    async def ended(self, id: str, ended: EndedError, said: Said) -> None:
        """Where asking again elsewhere helps, send the client away to do so; else this is an operation's end.

        A token that ended is its operation's own, which over a lasting stream may be asked again with another.
        """
        if ended.again and not (self._lasting and ended.code == TOKEN_EXPIRED):
            self.leave(ended)
        else:
            await self._last_word(self._frames.ended(id, said))

    async def complete(self, id: str) -> None:
        """Tell that an operation has said everything."""
        await self._last_word(self._frames.complete(id))

    async def _live(self, begin: Begin) -> None:
        try:
            await self._open()
            begin(self._operations)
            if self._reception.connections.going:
                self.leave(self._reception.connections.going)
            await self._listen()
        except GoneError:
            return

    async def _open(self) -> None:
        headers = [
            (b"content-type", self._frames.content_type),
            (b"cache-control", b"no-store, no-transform"),
            (b"vary", b"Accept"),
            # Proxies of the nginx kind hold back what they could send later, unless told so.
            (b"x-accel-buffering", b"no"),
        ]
        await self._hand({"type": "http.response.start", "status": 200, "headers": headers})
        await self._say(self._frames.opening())

    async def _listen(self) -> None:
        """Wait for the client to go, with a beat now and then."""
        while True:
            try:
                async with asyncio.timeout(self._reception.bounds.keepalive_seconds):
                    while (await self._receive())["type"] != "http.disconnect":
                        pass
                    return
            except TimeoutError:
                await self._say(self._frames.beat)

    async def _last_word(self, frame: bytes) -> None:
        if self._lasting:
            await self._say(frame)
        else:
            await self._close(frame + self._frames.closing())

    async def _farewell(self, ended: EndedError, cursors: Cursors) -> None:
        await self._operations.finish(self._reception.bounds.finish_seconds)
        if self._closed:
            return
        # A lone operation that raised this itself is no longer among the running ones; its cursor is in the error.
        cursor = ended.cursor or next(iter(cursors.values()), None)
        told = EndedError(ended.code, ended.sentence, cursor, again=ended.again)
        said = [errors.ended(told, self._caller.correlation_id)]
        try:
            await self._close(self._frames.interrupted(said, cursors))
        except GoneError:
            return

    async def _say(self, frame: bytes) -> None:
        if not self._closed:
            await self._hand({"type": "http.response.body", "body": frame, "more_body": True})

    async def _close(self, frame: bytes) -> None:
        if not self._closed:
            self._closed = True
            await self._hand({"type": "http.response.body", "body": frame, "more_body": False})

    async def _hand(self, event: dict[str, object]) -> None:
        await self._reception.patience.send(self._send, event, self)


def _nothing() -> None:
    """As in gateway/websocket.py."""
