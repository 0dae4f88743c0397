"""A circuit breaker: a system that fails most calls is left alone for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sources.landscape import Limits

_BUCKETS: Final = 10


class BreakerState(Enum):
    """Closed lets calls through, open refuses them, half-open lets one through to see."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(slots=True)
class _Bucket:
    began: float
    fine: int = 0
    failed: int = 0


class Breaker:
    """Cuts a system off when, within the window, enough calls failed and they are at least half of all.

    States and what moves them:
      CLOSED    -> OPEN       `breaker_failures` failures within `breaker_window_seconds`, half of the calls or more
      OPEN      -> HALF_OPEN  after `breaker_rest_seconds`, by the first call that asks: it is the probe
      HALF_OPEN -> CLOSED     the probe was fine: the past is forgotten
      HALF_OPEN -> OPEN       the probe failed: rests anew
    A probe that ended without telling anything (cancelled, own deadline) gives its place to the next call.
    The half keeps a busy system with a few bad answers in a hundred from being cut off.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: deque[_Bucket] = deque(maxlen=_BUCKETS)
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """Where it stands now."""
        if self._opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._rest_left() > 0 else BreakerState.HALF_OPEN

    def refusal(self) -> float | None:
        """None when a call may go now; otherwise the seconds after which to come back. Takes no place."""
        if self._opened_at is None:
            return None
        left = self._rest_left()
        if left > 0:
            return left
        return self._limits.breaker_rest_seconds if self._probing else None

    def enter(self) -> float | None:
        """As `refusal`, and the call that may go in half-open takes the probe's place."""
        refused = self.refusal()
        if refused is None and self._opened_at is not None:
            self._probing = True
        return refused

    def fine(self) -> None:
        """A call was answered."""
        if self._opened_at is not None:
            self._opened_at = None
            self._probing = False
            self._buckets.clear()
        self._bucket().fine += 1

    def failed(self) -> None:
        """A call failed."""
        if self._opened_at is not None:
            # A call from before it opened tells nothing new; only the probe does.
            if self._probing:
                self._open()
            return
        self._bucket().failed += 1
        held = self._recent()
        failed, fine = sum(one.failed for one in held), sum(one.fine for one in held)
        if failed >= self._limits.breaker_failures and failed >= fine:
            self._open()

    def told_nothing(self) -> None:
        """A call ended without telling how the system is."""
        self._probing = False

    def _open(self) -> None:
        self._opened_at = self._clock()
        self._probing = False
        self._buckets.clear()

    def _rest_left(self) -> float:
        opened = self._clock() if self._opened_at is None else self._opened_at
        return opened + self._limits.breaker_rest_seconds - self._clock()

    def _bucket(self) -> _Bucket:
        now = self._clock()
        if not self._buckets or now - self._buckets[-1].began >= self._limits.breaker_window_seconds / _BUCKETS:
            self._buckets.append(_Bucket(now))
        return self._buckets[-1]

    def _recent(self) -> list[_Bucket]:
        since = self._clock() - self._limits.breaker_window_seconds
        return [bucket for bucket in self._buckets if bucket.began >= since]
