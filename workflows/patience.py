"""How long to wait before something that failed is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from canonical.errors import Fault

LONGEST_PAUSE: Final = 60.0
LONGEST_REST: Final = 3_600.0
"""Seconds that a system is left alone at most which says itself when to come back."""
_DOUBLED: Final = 10


@dataclass
class Patience:
    """Waits that double with each failure in a row, in seconds. Half of each is chance: not all come back at once."""

    first: float
    chance: Callable[[], float]
    failed: int = 0

    def well(self) -> None:
        """Something went well: the next failure is the first of its row."""
        self.failed = 0

    def after(self, error: Exception) -> float:
        """Seconds to wait after one more failure; no shorter than what a system asks for."""
        self.failed += 1
        usual = min(LONGEST_PAUSE, self.first * 2.0 ** min(self.failed, _DOUBLED))
        asked = error.retry_after if isinstance(error, Fault) else None
        return max(usual * (0.5 + 0.5 * self.chance()), min(LONGEST_REST, asked or 0.0))
