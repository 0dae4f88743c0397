"""One look at all sets of a system's records, side by side; a set that cannot be asked holds the others up nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from canonical.changes import Change, Changes
from canonical.errors import Fault
from sources.kit.call import Call
from sources.kit.polling.places import Page, Place, Step, advance, read, written


class Lane(Struct, frozen=True, kw_only=True):
    """One set of records and how it is read: a page of what was changed since its place, behind its last key.

    `rising`: rows carry an instant that every change moves on. `overlap`: by how much sweeps overlap.
    """

    name: str
    look: Callable[[Call, Place], Awaitable[Page]]
    overlap: timedelta
    rising: bool


class Polling:
    """A system's lanes; all that is remembered between two looks is in the position."""

    def __init__(self, lanes: Sequence[Lane], now: Callable[[], datetime]) -> None:
        """Keep them; `now` is our own clock (UTC)."""
        self._lanes, self._now = lanes, now

    def position_at(self, at: datetime) -> str:
        """As `ChangePolling` promises it: each set from its overlap before the instant on."""
        moment = at.astimezone(UTC)
        first = f"{int(moment.timestamp()):x}"
        return written({lane.name: Place(since=moment - lane.overlap, first=first) for lane in self._lanes})

    async def poll(self, call: Call, position: str) -> Changes:
        """As `ChangePolling` promises it: one page of each set.

        A set that cannot be asked stays where it is, and `trouble` says so, while others bring something or are amid a
        sweep; else its fault is raised. A set that the position does not know yet is looked through from where the
        others stand.
        """
        places = read(position)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._step(call, lane, _place(lane, places))) for lane in self._lanes]
        steps = [task.result() for task in tasks]
        taken = {lane.name: step for lane, step in zip(self._lanes, steps, strict=True) if isinstance(step, Step)}
        changes = sorted((change for step in taken.values() for change in step.changes), key=_age)
        more = any(step.place.behind for step in taken.values())
        fault = next((step for step in steps if isinstance(step, Fault)), None)
        if fault is not None and not changes and not more:
            raise fault
        after = {lane.name: _place(lane, places) for lane in self._lanes}
        after |= {name: step.place for name, step in taken.items()}
        return Changes(changes=tuple(changes), position=written(after), more=more, trouble=_trouble(self._lanes, steps))

    async def _step(self, call: Call, lane: Lane, place: Place) -> Step | Fault:
        began = self._now()
        try:
            page = await lane.look(call, place)
        except Fault as fault:
            return fault
        return advance(lane.name, place, page, began, lane.overlap, rising=lane.rising)


def _trouble(lanes: Sequence[Lane], steps: Sequence[Step | Fault]) -> str | None:
    """Each set that could not be asked, with the reason; the one that always is refused is not hidden by the others."""
    told = [f"{lane.name}: {step.sentence}" for lane, step in zip(lanes, steps, strict=True) if isinstance(step, Fault)]
    return " ".join(told) or None


def _place(lane: Lane, places: dict[str, Place]) -> Place:
    if lane.name in places:
        return places[lane.name]
    oldest = min(places.values(), key=lambda place: place.since)
    return Place(since=oldest.since - lane.overlap, first=oldest.first)


def _age(change: Change) -> datetime:
    return change.changed_at
