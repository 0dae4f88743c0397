"""The durable engine's promises in one process: a journal of steps, deaths at any of its points, and runs again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from workflows.durable import Durable, Started, Work

T = TypeVar("T")

Workflow = Callable[[str], Awaitable[object]]


class DiedError(BaseException):
    """The process is gone. No `except Exception` sees it."""


@dataclass
class _Run:
    id: str
    position: int = 0


_current: ContextVar[_Run] = ContextVar("run")


@dataclass
class Straight(Durable):
    """Runs workflows at once. `points` counts the places at which a process can die; `die_at` chooses one."""

    workflows: Mapping[str, Workflow] = field(default_factory=dict)
    steps: dict[tuple[str, int], tuple[str, bytes]] = field(default_factory=dict)
    results: dict[str, object] = field(default_factory=dict)
    queues: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    die_at: int | None = None
    patches: frozenset[str] = frozenset()
    slept: list[float] = field(default_factory=list)

    def point(self, name: str) -> None:
        """A place at which the process may die."""
        self.points.append(name)
        if self.die_at == len(self.points) - 1:
            raise DiedError(name)

    async def run(self, started: Started) -> object:
        """Run a workflow, or give the result that it ended with."""
        if started.id in self.results:
            return self.results[started.id]
        before = _current.set(_Run(started.id))
        try:
            value = msgspec.to_builtins(await self.workflows[started.name](started.argument))
        finally:
            _current.reset(before)
        self.results[started.id] = value
        return value

    async def step(self, name: str, kind: type[T], work: Work[T]) -> T:
        run = _current.get()
        run.position += 1
        kept = self.steps.get((run.id, run.position))
        if kept is None:
            self.point(f"before {name}")
            kept = (name, msgspec.json.encode(await work()))
            self.point(f"after {name}, not kept")
            self.steps[run.id, run.position] = kept
        assert kept[0] == name, f"the workflow took another way: {name} where {kept[0]} was kept"
        return msgspec.json.decode(kept[1], type=kind)

    async def sleep(self, seconds: float) -> None:
        """No time passes."""
        self.slept.append(seconds)

    async def patched(self, change: str) -> bool:
        return change in self.patches

    async def through_queue(self, queue: str, workflow: Started, urgency: int, kind: type[T]) -> T:
        run = _current.get()
        run.position += 1
        self.queues.append(queue)
        self.point(f"before {workflow.name} in {queue}")
        value: Any = await self.run(workflow)
        self.point(f"after {workflow.name} in {queue}")
        return msgspec.convert(value, kind)

    async def forget(self, days: int) -> int:
        """Nothing is kept for that long."""
        return 0
