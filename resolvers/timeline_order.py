"""The order in which happenings are told: by time, then by the order of the process, none twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from itertools import groupby

from msgspec.structs import replace

from canonical.timeline import TimelineEntry, TimelineKind

_STEP = {kind: number for number, kind in enumerate(TimelineKind)}


def merged(
    entries: Iterable[TimelineEntry], kinds: Sequence[TimelineKind] | None, *, newest_first: bool
) -> list[TimelineEntry]:
    """All happenings in order, each once, only of these kinds where any are given."""
    once = {entry.key: entry for entry in entries}
    told = sorted(once.values(), key=lambda entry: (entry.at, _STEP[entry.kind], entry.key))
    told = _after_what_led_to_it(told)
    if kinds is not None:
        told = [entry for entry in told if entry.kind in kinds]
    return told[::-1] if newest_first else told


def _after_what_led_to_it(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Happenings of which only the day is known stand behind that day's earlier steps of the process.

    ERPs keep days where a CRM keeps instants: an order submitted at noon was not booked at the midnight before.
    """
    told: list[TimelineEntry] = []
    for _, day in groupby(entries, key=lambda entry: entry.at.date()):
        told += _one_day(list(day))
    return told


def _one_day(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    timed = [entry for entry in entries if not _day_only(entry.at)]
    moved = [replace(entry, at=_no_earlier(entry, timed)) if _day_only(entry.at) else entry for entry in entries]
    return sorted(moved, key=lambda entry: (entry.at, _STEP[entry.kind], entry.key))


def _day_only(at: datetime) -> bool:
    return at.timetz().replace(tzinfo=None) == time()


def _no_earlier(entry: TimelineEntry, timed: Sequence[TimelineEntry]) -> datetime:
    return max((other.at for other in timed if _STEP[other.kind] < _STEP[entry.kind]), default=entry.at)
