"""A bound on how long something may take."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Within:
    """What stands in this `with` takes at most so many seconds; TimeoutError where it would take longer.

    It is `asyncio.timeout` without rescheduling, at a third of its cost, which every outside call pays. As there, a
    cancellation from elsewhere stays one, also when it comes together with the end of the time.
    """

    __slots__ = ("_before", "_late", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._late = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can be held to its time")
        self._task = task
        self._before = task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._end)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._late and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _end(self) -> None:
        self._late = True
        self._task.cancel()
