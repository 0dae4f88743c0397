"""What one turn of the event loop says to a client goes out in one piece.

A write to a socket is a call of the system, and costs more than the message took to make: the twenty events that wait
for a subscriber are one write here, and so are the head and the body of an answer.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final
from weakref import WeakKeyDictionary

log = logging.getLogger(__name__)

MOST_HELD: Final = 65_536
"""Bytes that are held back over all clients of a loop; with more, all of it goes out at once."""


class Cork:
    """What is held back in one event loop, until its turn ends or it is too much."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing is held."""
        self._loop = loop
        self._holding: list[Corked] = []
        self._held = 0
        self._due = False

    def hold(self, corked: Corked) -> None:
        """Let go of what this connection holds when the turn ends; it had held nothing so far."""
        self._holding.append(corked)
        if not self._due:
            self._due = True
            self._loop.call_soon(self._end_of_turn)

    def weigh(self, size: int) -> None:
        """So many bytes more are held."""
        self._held += size
        if self._held > MOST_HELD:
            self.let_go()

    def let_go(self) -> None:
        """Write what is held, each connection's in one piece. One that fails is ended, and keeps nobody else up."""
        holding, self._holding, self._held = self._holding, [], 0
        for corked in holding:
            try:
                corked.let_go()
            except Exception:
                log.exception("A connection could not be written to, and is ended")
                corked.abort()

    def _end_of_turn(self) -> None:
        self._due = False
        self.let_go()


_CORKS: WeakKeyDictionary[asyncio.AbstractEventLoop, Cork] = WeakKeyDictionary()


class Corked(asyncio.Transport):
    """A connection's transport that gathers what is written in one turn of the loop; all else is the transport's own.

    Nothing is held beyond the turn, so that what a protocol is told of its buffer (pause_writing) is true by the next.
    """

    __slots__ = ("_cork", "_parts", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing is held."""
        super().__init__()
        self._transport = transport
        self._parts: list[bytes] = []
        self._cork = _CORKS.get(loop) or _CORKS.setdefault(loop, Cork(loop))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write it with what else is written in this turn. What is closed says so at once, as it would by itself."""
        if self._transport.is_closing():
            self._transport.write(data)
            return
        if not self._parts:
            self._cork.hold(self)
        self._parts.append(bytes(data))
        self._cork.weigh(len(data))

    def let_go(self) -> None:
        """Write what is held now."""
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))

    def close(self) -> None:
        """Close it once everything is written."""
        self.let_go()
        self._transport.close()

    def abort(self) -> None:
        """Close it at once; what was not written is lost."""
        self._parts = []
        self._transport.abort()

    def write_eof(self) -> None:
        """Say that nothing more comes."""
        self.let_go()
        self._transport.write_eof()

    def can_write_eof(self) -> bool:
        """Whether that can be said."""
        return self._transport.can_write_eof()

    def get_write_buffer_size(self) -> int:
        """Bytes that are not with the system yet."""
        return sum(map(len, self._parts)) + self._transport.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """When the protocol is paused and resumed, in bytes."""
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """The lower and the higher limit, in bytes."""
        return self._transport.get_write_buffer_limits()

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection."""
        return self._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol take over."""
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who is told what comes."""
        return self._transport.get_protocol()

    def is_reading(self) -> bool:
        """Whether what comes is read."""
        return self._transport.is_reading()

    def pause_reading(self) -> None:
        """Read no more for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()
