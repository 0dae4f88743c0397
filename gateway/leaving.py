"""Lets a process say goodbye before its server closes what is open: signals wait until everybody was told."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

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
