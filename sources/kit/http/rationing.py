"""The step that keeps a system from being asked too much at once."""

from __future__ import annotations

import asyncio
from typing import Final

from canonical.errors import Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Step
from sources.landscape import Limits

QUEUED_A_PLACE: Final = 32


class Rationed:
    """At most so many calls at once, of which bulk work takes half; the rest wait, bounded in number and time."""

    def __init__(self, system: str, limits: Limits, below: Step) -> None:
        self._system = system
        self._below = below
        self._places = asyncio.Semaphore(limits.concurrency)
        self._bulk_places = asyncio.Semaphore(max(1, limits.concurrency // 2))
        self._queue = limits.concurrency * QUEUED_A_PLACE
        self._waiting = 0

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer of the step below. Unavailable when the queue is full or the deadline passes in it."""
        if call.urgency == "bulk":
            await self._enter(call, self._bulk_places)
            try:
                return await self._in_a_place(call, ask)
            finally:
                self._bulk_places.release()
        return await self._in_a_place(call, ask)

    async def _in_a_place(self, call: Call, ask: Ask) -> Answer:
        await self._enter(call, self._places)
        try:
            return await self._below(call, ask)
        finally:
            self._places.release()

    async def _enter(self, call: Call, places: asyncio.Semaphore) -> None:
        if places.locked():
            await self._wait(call, places)
        else:
            await places.acquire()

    async def _wait(self, call: Call, places: asyncio.Semaphore) -> None:
        if self._waiting >= self._queue:
            raise Unavailable(self._system, f"Too many questions wait for {self._system}.", retry_after=1.0)
        self._waiting += 1
        try:
            async with asyncio.timeout(call.deadline.left()):
                await places.acquire()
        except TimeoutError as late:
            raise Unavailable(self._system, f"{self._system} had no time for this question.") from late
        finally:
            self._waiting -= 1
