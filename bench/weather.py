"""Faults on the way to a system, and which request meets which: by chance, the same chance for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

Kind = Literal[
    "drop_before",
    "drop_after",
    "delay",
    "late_answer",
    "late_arrival",
    "duplicate",
    "repeat",
    "throttle",
    "fail_before",
    "fail_after",
    "half",
]
LONGEST: Final = 60.0
"""Seconds that anything may be held."""


class Fault(Struct, frozen=True, kw_only=True):
    """One way to go wrong, of those that may hit a request more or less often (`weight`).

    `drop_before`: the connection breaks, and nothing was sent on. `drop_after`: it breaks when the system has answered.
    `delay`: it takes `seconds` more. `late_answer`: sent on at once, and answered after so long. `late_arrival`: sent
    on after so long, also where whoever sent it has gone by then. `duplicate`: delivered twice at the same time, and
    the first one's answer told. `repeat`: delivered once more behind the first, and that one's answer told.
    `throttle`: 429, to come back after `seconds`. `fail_before`, `fail_after`: a page with `status`, and the system has
    not got the request, or has acted on it. `half`: half of the answer, and the connection closes.

    `only` and `never` are regular expressions searched in "METHOD path?query".
    """

    kind: Kind
    weight: float = 1.0
    seconds: float = 0.0
    status: int = 503
    only: str = ""
    never: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would hold for ever."""
        if not 0 <= self.seconds <= LONGEST:
            raise ValueError(f"seconds go from 0 to {LONGEST:g}")

    def fits(self, asked: str) -> bool:
        """Whether it may hit this request."""
        return re.search(self.only, asked) is not None and (self.never is None or re.search(self.never, asked) is None)


class Weather:
    """What may happen on the way to one system."""

    def __init__(self, seed: str) -> None:
        """Fair."""
        self._chance = random.Random(seed)
        self._part = 0.0
        self._faults: Sequence[Fault] = ()

    def turn(self, part: float, faults: Sequence[Fault]) -> None:
        """Let this part of all requests go wrong, in one of these ways; none: it is fair."""
        self._part, self._faults = part, tuple(faults)

    def take(self, asked: str) -> Fault | None:
        """What hits this request, if anything."""
        if not self._faults or self._chance.random() >= self._part:
            return None
        fitting = [fault for fault in self._faults if fault.fits(asked)]
        return self._chance.choices(fitting, [fault.weight for fault in fitting])[0] if fitting else None
