"""The durable engine behind a small interface: what begins, steps that are done once, and a way back for operators.

Nothing outside this folder and `workflows/takeover.py` knows which engine it is. `enqueueing` is plain SQL, so that a
gateway needs none of the engine; `engine` runs in workers alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, TypeVar

APPLICATION = "revgraph"
"""The owner's name that every workflow and queue carries."""
SHAPE = "1"
"""The version of the workflows' shape: raised when a change cannot be made with `Durable.patched`.

Workers of both versions then run side by side until nothing of the old one is left (docs/runbook/deploying.md).
"""
SUBMISSIONS = "submissions"
"""The queue of submissions; what they write to a system waits in that system's own queue."""

T = TypeVar("T")

Work = Callable[[], Awaitable[T]]


def queue_of(system: str) -> str:
    """The queue of everything that is written to a system."""
    return f"writes.{system}"


class Started(NamedTuple):
    """A workflow to begin: its registered name, the id of this one run, and the one word that it is given."""

    name: str
    id: str
    argument: str


class Durable(Protocol):
    """What a workflow may do besides computing; its code must do the same again when it is run again."""

    async def step(self, name: str, kind: type[T], work: Work[T]) -> T:
        """The value of the work, which is done once and kept; done again only if it did not come to its end.

        `kind` is a type that JSON can hold. The work handles its own faults: what it raises ends the workflow.
        """

    async def sleep(self, seconds: float) -> None:
        """Wait; a wait that was begun is not begun again."""

    async def patched(self, change: str) -> bool:
        """Whether this run is to go the new way of a change, or has passed that place before there was one."""

    async def through_queue(self, queue: str, workflow: Started, urgency: int, kind: type[T]) -> T:
        """The value of another workflow that waits its turn in a queue. The same id again gives the same value."""

    async def forget(self, days: int) -> int:
        """Drop the engine's own record of what ended so many days ago, or a part of it; of how many it was."""
