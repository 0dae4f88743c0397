"""Reading anew in the background: bounded, and owned by whoever opened it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Final

from canonical.errors import Fault
from sources.shelf.line import Line

WAITING: Final = 64
"""Jobs that may wait; one more is dropped, and what it would have read stays stale a little longer."""
SIDE_BY_SIDE: Final = 4

Job = Callable[[], Awaitable[None]]

log = logging.getLogger("revgraph.shelf")


class Refreshing:
    """Carries out jobs one after the other, a few side by side; nothing is read twice at once in this process."""

    def __init__(self) -> None:
        """Nothing to do yet, and nobody to do it before `open`."""
        self._jobs: asyncio.Queue[tuple[frozenset[str], Job]] = asyncio.Queue(WAITING)
        self._under_way: set[str] = set()

    def unread(self, places: Collection[str]) -> list[str]:
        """Those places that no job here is reading or about to read."""
        return [place for place in places if place not in self._under_way]

    def offer(self, places: Collection[str], job: Job) -> bool:
        """Take a job that reads these places; False where too many wait."""
        try:
            self._jobs.put_nowait((frozenset(places), job))
        except asyncio.QueueFull:
            return False
        self._under_way.update(places)
        return True

    async def settled(self) -> None:
        """Wait until every job that was offered has ended."""
        await self._jobs.join()

    @asynccontextmanager
    async def open(self, line: Line) -> AsyncIterator[None]:
        """Work, and look after the line, until the block ends; what is under way then is cancelled."""
        # A task of its own, and not the block's group: what goes wrong in the block is the block's own affair.
        owner = asyncio.create_task(self._all(line))
        try:
            yield
        finally:
            owner.cancel()
            await asyncio.wait([owner])

    async def _all(self, line: Line) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(line.watch())
            for _ in range(SIDE_BY_SIDE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            places, job = await self._jobs.get()
            try:
                await job()
            except Fault as fault:
                log.info("What is stale could not be read anew: %s", fault)
            except Exception:  # a mistake in one job must not end the gateway; it is told in full
                log.exception("Reading anew went wrong.")
            finally:
                self._under_way.difference_update(places)
                self._jobs.task_done()
