"""Faults that a sandbox shows on demand, and which request they hit."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

FaultKind = Literal[
    "latency",
    "status",
    "throttle",
    "timeout",
    "reset_before",
    "reset_after",
    "status_after",
    "slow",
    "lock",
    "truncate",
    "content_type",
    "expire_token",
    "shuffle_rows",
    "drop_rows",
    "duplicate_rows",
    "lose_events",
    "duplicate_events",
    "shuffle_events",
]

ROW_KINDS: Final[frozenset[FaultKind]] = frozenset({"shuffle_rows", "drop_rows", "duplicate_rows"})
EVENT_KINDS: Final[frozenset[FaultKind]] = frozenset({"lose_events", "duplicate_events", "shuffle_events"})
"""What hits the messages that a system sends by itself, and no request."""
LONGEST_HOLD: Final = 120.0
MOST_FAULTS: Final = 64


class Fault(BaseModel):
    """One misbehaviour: what happens, to which requests, how often.

    `match` is a regular expression searched in "METHOD path?query". `times` counts the requests it hits; None means
    until cleared. `seconds` is the delay, the hold, or the Retry-After. status_after acts and then fails all the same;
    slow acts at a random moment of its seconds and answers at their end, whether or not anybody still waits; lock: the
    record that the request wants to change is held by somebody else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    match: str = ""
    times: int | None = Field(default=None, ge=1)
    seconds: float = Field(default=1.0, ge=0, le=LONGEST_HOLD)
    status: int = Field(default=503, ge=400, le=599)
    body: str | None = None
    probability: float = Field(default=1.0, ge=0, le=1)

    @field_validator("match")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as wrong:
            raise ValueError(f"not a regular expression: {wrong}") from wrong
        return pattern


@dataclass
class _Armed:
    fault: Fault
    pattern: re.Pattern[str]
    left: int | None


class Faults:
    """The faults of one sandbox, at most `MOST_FAULTS`; chance is seeded, so a run can be repeated."""

    def __init__(self, seed: int = 0) -> None:
        self._armed: list[_Armed] = []
        self._chance = random.Random(seed)
        self.hits: Counter[FaultKind] = Counter()

    def add(self, fault: Fault) -> None:
        """Arm a fault; refused with ValueError when too many are armed already."""
        if len(self._armed) >= MOST_FAULTS:
            raise ValueError(f"at most {MOST_FAULTS} faults at a time; clear some first")
        self._armed.append(_Armed(fault, re.compile(fault.match), fault.times))

    def clear(self) -> None:
        """Disarm everything; `hits` keeps counting."""
        self._armed.clear()

    def chance(self) -> float:
        """The next of the repeatable random numbers in [0, 1)."""
        return self._chance.random()

    def armed(self) -> list[Fault]:
        """The faults that may still hit, in the order they were added."""
        return [entry.fault for entry in self._armed]

    def take(self, request_line: str) -> list[Fault]:
        """The faults that hit this request ("METHOD path?query"); each is counted, spent ones disappear."""
        return self._taken(request_line, events=False)

    def take_events(self, line: str) -> list[Fault]:
        """The faults that hit a message which the system sends by itself ("EVENT type key"), likewise."""
        return self._taken(line, events=True)

    def _taken(self, line: str, *, events: bool) -> list[Fault]:
        if not self._armed:
            return []
        hit = [
            entry for entry in self._armed if (entry.fault.kind in EVENT_KINDS) == events and self._hits(entry, line)
        ]
        for entry in hit:
            self.hits[entry.fault.kind] += 1
            if entry.left is not None:
                entry.left -= 1
        self._armed = [entry for entry in self._armed if entry.left != 0]
        return [entry.fault for entry in hit]

    def _hits(self, entry: _Armed, request_line: str) -> bool:
        if entry.pattern.search(request_line) is None:
            return False
        return entry.fault.probability >= 1 or self._chance.random() < entry.fault.probability
