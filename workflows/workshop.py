"""What workflows work with: the store, the systems, the landscape, the durable engine, and a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from canonical.deadline import Deadline
from canonical.principal import Principal, View
from sources.kit.call import Call
from workflows.durable import Durable
from workflows.durable.enqueueing import BULK
from workflows.reach import Reach
from workflows.store.opening import Store


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, in seconds; `attempts` tries of one question.

    `certain_within`: how long a workflow looks for an effect whose answer was lost, before it leaves that to the
    schedule. `send_within`: a claim on a reference that is older is not sent under. `resume_after`: when a submission
    that waits for a system is taken up again, and when an uncertain one is looked for again.
    """

    ask: float = 20.0
    write: float = 40.0
    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 10.0
    look_every: float = 1.0
    certain_within: float = 12.0
    send_within: float = 0.5
    resume_after: float = 20.0


@dataclass(frozen=True)
class Workshop(Reach):
    """One worker's. Made by whoever wires; nothing here opens or closes anything."""

    store: Store
    durable: Durable
    pace: Pace = field(default_factory=Pace)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = monotonic

    def lease(self, system: str) -> float:
        """Seconds for which something that is sent to a system may be under way there, and then settle."""
        instance = self.landscape.instances.get(system)
        return self.pace.write + (instance.settle_seconds if instance else 0.0)

    def call(self, correlation_id: str, seconds: float, urgency: int = 0) -> Call:
        """A question of ours to the systems: with every right, since whoever submitted was judged at the door."""
        who = Principal("revgraph", self.landscape.tenant, "worker", frozenset())
        deadline = Deadline.after(seconds, self.clock)
        return Call(who, View(), deadline, correlation_id, urgency="bulk" if urgency >= BULK else "interactive")
