"""Work that several wait for and that is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Flight(Generic[T]):
    task: asyncio.Task[T] = field(init=False)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)


class Flights(Generic[K, T]):
    """Runs one piece of work a key at a time; whoever asks for the same key meanwhile gets the same outcome.

    The work is nobody's own: a waiter that is cancelled leaves the others waiting, and the last one to leave takes the
    work with it and waits until it has ended, so nothing runs on unseen.
    """

    def __init__(self) -> None:
        self._flying: dict[K, _Flight[T]] = {}

    def __contains__(self, key: K) -> bool:
        """Whether work for this key is under way."""
        return key in self._flying

    async def join(self, key: K, work: Callable[[], Awaitable[T]]) -> T:
        """The outcome of the work under way for this key, or of this work when there is none."""
        flight = self._flying.get(key)
        if flight is None:
            flight = self._take_off(key, work)
        if not flight.task.done():
            await self._wait(key, flight)
        return flight.task.result()

    def _take_off(self, key: K, work: Callable[[], Awaitable[T]]) -> _Flight[T]:
        # A task, although most flights have one waiter: whoever joins later must not lose the work with the first one,
        # and work that has begun inside one task cannot be moved to another.
        flight: _Flight[T] = _Flight()
        flight.task = asyncio.get_running_loop().create_task(self._fly(key, flight, work))
        self._flying[key] = flight
        return flight

    async def _fly(self, key: K, flight: _Flight[T], work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        finally:
            # Here and not in a callback of the task: the waiters go on one turn of the loop earlier.
            self._leave(key, flight)
            for ended in flight.waiting:
                if not ended.done():
                    ended.set_result(None)

    async def _wait(self, key: K, flight: _Flight[T]) -> None:
        """Until the work has ended. Each waits on a future of its own: cancelling that one cancels nothing else."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        flight.waiting.append(ended)
        try:
            await ended
        except asyncio.CancelledError:
            flight.waiting.remove(ended)
            if not flight.waiting:
                await self._abandon(key, flight)
            raise

    async def _abandon(self, key: K, flight: _Flight[T]) -> None:
        self._leave(key, flight)
        flight.task.cancel()
        await asyncio.wait([flight.task])
        if not flight.task.cancelled():
            flight.task.exception()  # seen: nobody else will ask

    def _leave(self, key: K, flight: _Flight[T]) -> None:
        # The key may have been taken again since.
        if self._flying.get(key) is flight:
            del self._flying[key]
