"""What travels with every question to a system: who asks, until when, and where it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from canonical.deadline import Deadline
from canonical.principal import Principal, View

SERVED_WITHOUT = ("kept", "stale")
"""The outcomes of what was served without a call: from what is kept, and from that of it which is old."""


@dataclass(frozen=True, slots=True)
class SourceCall:
    """One call on the wire: the system, what was asked in few words, how long it took, how many rows came back.

    Or what was spared one: then the outcome is of SERVED_WITHOUT.
    """

    system: str
    operation: str
    milliseconds: float
    rows: int
    outcome: str = "ok"


@dataclass(slots=True)
class CallRecord:
    """The calls that one question made so far, in the order they ended; bounded."""

    limit: int = 1000
    calls: list[SourceCall] = field(default_factory=list)

    def add(self, call: SourceCall) -> None:
        """Write one call down, unless the record is full."""
        if len(self.calls) < self.limit:
            self.calls.append(call)


@dataclass(frozen=True, slots=True)
class Call:
    """One asker's question on its way to the systems.

    `view` is what the asker may see, decided by resolvers/access.py: an adapter narrows its query to it. `deadline` is
    for all calls of the question together. `correlation_id` and `traceparent` (W3C) go out with every call.
    """

    principal: Principal
    view: View
    deadline: Deadline
    correlation_id: str
    traceparent: str | None = None
    record: CallRecord = field(default_factory=CallRecord)
    urgency: Literal["interactive", "bulk"] = "interactive"

    def until(self, deadline: Deadline) -> Call:
        """The same question with another deadline, written down in the same record."""
        return Call(
            self.principal, self.view, deadline, self.correlation_id, self.traceparent, self.record, self.urgency
        )


def chunks(keys: Sequence[str], size: int) -> list[Sequence[str]]:
    """The keys in runs of at most `size`, in order, without repetition."""
    distinct = list(dict.fromkeys(keys))
    return [distinct[start : start + size] for start in range(0, len(distinct), size)]
