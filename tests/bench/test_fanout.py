"""What the measuring of subscribers counts, and what it does not."""

from __future__ import annotations

import json

from bench.fanout.__main__ import rate
from bench.fanout.resuming import in_order
from bench.fanout.talking import Told
from canonical.events import Cursor

BEHIND = Cursor("0123456789ab", 7)


def came(*positions: int) -> int:
    told = [{"orderStatusChanged": {"cursor": str(Cursor(BEHIND.epoch, position))}} for position in positions]
    return in_order([json.dumps({"type": "next", "payload": {"data": data}}) for data in told], BEHIND)


def test_a_gap_and_what_comes_twice_are_not_in_order() -> None:
    assert came(8, 9, 10) == 3
    assert came(8, 10, 11) == 2
    assert came(8, 8, 9) == 2
    assert came(9, 10) == 1


def test_what_lies_between_two_events_counts_for_nobody() -> None:
    first = Told(total=100, lost=0, first=1.0, last=1.5, uneven=0)
    second = Told(total=100, lost=0, first=9.0, last=10.5, uneven=0)

    assert rate([first, second]) == 100.0
