"""Work that several wait for and that is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiters: int = 0


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
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()
                await asyncio.wait([flight.task])

    def _take_off(self, key: K, work: Callable[[], Awaitable[T]]) -> _Flight[T]:
        flight = self._flying[key] = _Flight(asyncio.create_task(_run(work)))
        flight.task.add_done_callback(lambda _: self._land(key, flight))
        return flight

    def _land(self, key: K, flight: _Flight[T]) -> None:
        # The key may have been taken again since.
        if self._flying.get(key) is flight:
            del self._flying[key]


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
