"""Row faults: handed from the middleware to wherever a vendor renders result rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Final, TypeVar

from sources.kit.sandbox.faults import Fault

Row = TypeVar("Row")

row_faults: Final[ContextVar[tuple[Fault, ...]]] = ContextVar("row_faults", default=())


def spoil(rows: Sequence[Row], seed: int = 0) -> list[Row]:
    """The rows as this request's row faults leave them; untouched when none is armed.

    drop_rows loses every second row (a single row too), duplicate_rows repeats each, shuffle_rows changes the order of
    two rows or more for certain.
    """
    spoilt = list(rows)
    for fault in row_faults.get():
        if fault.kind == "drop_rows":
            spoilt = spoilt[1::2]
        elif fault.kind == "duplicate_rows":
            spoilt = [row for row in spoilt for _ in range(2)]
        elif fault.kind == "shuffle_rows":
            spoilt = _shuffled(spoilt, seed)
    return spoilt


def _shuffled(rows: list[Row], seed: int) -> list[Row]:
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    if order == sorted(order):
        order.reverse()
    return [rows[place] for place in order]
