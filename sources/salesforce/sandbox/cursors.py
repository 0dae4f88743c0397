"""Open cursors: the rows a query found, frozen, for the pages after the first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sources.salesforce.sandbox.ids import new_id
from sources.salesforce.sandbox.soql.plan import Plan
from sources.salesforce.sandbox.store import Clock
from sources.salesforce.sandbox.values import Column

MOST_OPEN: Final = 100
LIFETIME: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A query's plan and all rows it found."""

    plan: Plan
    rows: Sequence[tuple[Column, ...]]
    opened_at: datetime


class Cursors:
    """The last `MOST_OPEN` cursors by locator, none older than `lifetime`."""

    def __init__(self, clock: Clock, lifetime: timedelta = LIFETIME) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._open: OrderedDict[str, Frozen] = OrderedDict()
        self._made = 0

    def keep(self, plan: Plan, rows: Sequence[tuple[Column, ...]]) -> str:
        """Freeze a result; its locator."""
        self._made += 1
        locator = new_id("0r8", self._made)
        self._open[locator] = Frozen(plan, rows, self._clock())
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return locator

    def find(self, locator: str) -> Frozen | None:
        """The frozen result, or None when it was never there or has gone."""
        frozen = self._open.get(locator)
        if frozen is None or self._clock() - frozen.opened_at > self._lifetime:
            return None
        return frozen

    def clear(self) -> None:
        """Close all."""
        self._open.clear()
