"""The instant by which an answer must stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant on the monotonic clock; every outside call is given what is left of it."""

    at: float
    clock: Callable[[], float] = field(default=monotonic, repr=False, compare=False)

    @staticmethod
    def after(seconds: float, clock: Callable[[], float] = monotonic) -> Deadline:
        """The deadline that many seconds from now."""
        return Deadline(clock() + seconds, clock)

    def left(self) -> float:
        """Seconds that are left; zero once it has passed, never negative."""
        return max(0.0, self.at - self.clock())

    def share(self, part: float) -> Deadline:
        """An earlier deadline: the given part (0 to 1) of what is left of this one."""
        return Deadline(self.clock() + self.left() * part, self.clock)

    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.left() <= 0.0
