"""How a process ends: signals wait until everybody was told, and what is under way has the time that it may take."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import ceil
from types import FrameType
from typing import Final

from gateway.settings import Settings

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
FINISH_WITHIN: Final = 10
"""Seconds that requests in flight get at least when their server closes."""
CLOSE_WITHIN: Final = 3.0
"""Seconds for what comes after the last answer: connections and pools that are given back."""

Handler = Callable[[int, FrameType | None], object]


@asynccontextmanager
async def farewell(say: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """While the block runs, a signal that ends the server first lets `say` be done; the second one does not wait.

    The handlers found at the beginning, which are the server's, are called after that. Where signals are not for us
    (another thread) or nobody handles them, nothing is changed.
    """
    found = _handlers() if threading.current_thread() is threading.main_thread() else {}
    goodbye = _Goodbye(say, found)
    for number in found:
        signal.signal(number, goodbye.hear)
    try:
        yield
    finally:
        for number, handler in found.items():
            if signal.getsignal(number) == goodbye.hear:
                signal.signal(number, handler)
        await goodbye.done()


def finish_within(settings: Settings) -> int:
    """Seconds that requests in flight get when their server closes: an answer may take as long as its deadline."""
    return max(FINISH_WITHIN, ceil(settings.finish_seconds))


def end_within(settings: Settings) -> float:
    """Seconds after which a gateway that was told to end has ended: sockets and streams come first, then requests."""
    return settings.finish_seconds + finish_within(settings) + CLOSE_WITHIN


def _handlers() -> dict[int, Handler]:
    found = {number: signal.getsignal(number) for number in SIGNALS}
    return {
        number: handler
        for number, handler in found.items()
        if callable(handler) and handler is not signal.default_int_handler
    }


class _Goodbye:
    def __init__(self, say: Callable[[], Awaitable[None]], handlers: dict[int, Handler]) -> None:
        self._say, self._handlers = say, handlers
        self._loop = asyncio.get_running_loop()
        self._saying: asyncio.Task[None] | None = None
        self._heard = False

    def hear(self, number: int, frame: FrameType | None) -> None:
        if self._heard:
            self._handlers[number](number, frame)
            return
        self._heard = True
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        self._saying = self._loop.create_task(self._all(number))

    async def _all(self, number: int) -> None:
        try:
            await self._say()
        finally:
            self._handlers[number](number, None)

    async def done(self) -> None:
        if self._saying is not None:
            await self._saying
