"""What was changed, asked by the stamp that the platform sets on every save: the recycle bin too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from canonical.changes import Change, Changes
from sources.feeds import PositionLostError
from sources.kit.call import Call, chunks
from sources.salesforce.client import Org, Reader
from sources.salesforce.ids import long_id, well_formed
from sources.salesforce.mapping_changes import CONCEPTS, LINE, to_change
from sources.salesforce.narrowing import KEYS_A_QUERY
from sources.salesforce.positions import Look, Mark, look_in, position_in
from sources.salesforce.settings import Settings
from sources.salesforce.soql import Select, before, instant, is_in, oldest_first_behind
from sources.salesforce.wire import Touched

ROWS_A_STEP: Final = 500
"""Of each object; a step is one call."""
AROUND: Final = timedelta(minutes=5)
"""How far from its commit a record's stamp may be: a transaction of the platform ends within ten minutes."""
SETTLED: Final = 8
"""Seconds behind its stamp a record is taken for what that stamp's last save left of it.

What is saved within the same second by a transaction that takes longer than this is not heard of by looking.
"""
_STAMP: Final = "SystemModstamp"
_READER: Final = Reader(Touched, "look for changes")


class Polling:
    """Asks one org what was changed.

    A row is stamped when it is written and seen when its transaction is committed, so a stamp may appear behind our
    back. Hence a look begins `poll_overlap_seconds` before the one before it began, by the org's own clock. It takes as
    many steps as its rows need, paged by stamp and id, and tells none of them twice.
    """

    def __init__(self, org: Org, settings: Settings, now: Callable[[], datetime]) -> None:
        """Keep the org's client; `now` is our clock, for as long as the org has not told the time of its own."""
        self._org = org
        self._now = now
        self._overlap = timedelta(seconds=settings.poll_overlap_seconds)
        contracts = ("Contract",) if settings.tells_amendments else ()
        self._objects = ("Order", LINE, "Account", settings.quote_object, *contracts)

    def position_at(self, at: datetime) -> str:
        """The position from which what was changed after `at` is told, and a little of what was before."""
        begins = Mark(_to_millisecond(at.astimezone(UTC) - self._overlap))
        return position_in(Look(dict.fromkeys(self._objects, begins)))

    async def poll(self, call: Call, position: str) -> Changes:
        """What was changed behind a position, at most ROWS_A_STEP of each object. Raises PositionLostError, a Fault."""
        try:
            look = look_in(position)
        except ValueError as error:
            raise PositionLostError(str(error)) from error
        marks = self._marks(look)
        began = self._now()
        found = await self._org.query(call, [_behind(name, mark) for name, mark in marks.items()], _READER, fresh=True)
        again = look.again or _to_millisecond((self._org.said_at or self._now()) - self._overlap)
        rows, asked_at = dict(zip(marks, found, strict=True)), self._asked_at(began)
        if any(len(of) >= ROWS_A_STEP for of in found):
            reached = {name: Mark(of[-1].system_modstamp, of[-1].id) for name, of in rows.items() if of}
            return Changes(
                changes=_told(rows, asked_at), position=position_in(Look({**marks, **reached}, again)), more=True
            )
        return Changes(changes=_told(rows, asked_at), position=position_in(Look(dict.fromkeys(marks, Mark(again)))))

    def _asked_at(self, began: datetime) -> datetime:
        """When the org looked at its rows, at the earliest, by its own clock; what it says is when it answered."""
        now = self._now()
        return (self._org.said_at or now) - (now - began)

    def _marks(self, look: Look) -> dict[str, Mark]:
        """Where each object goes on; one that the settings have brought since, where the others do."""
        begins = Mark(min((mark.at for mark in look.marks.values()), default=self._now() - self._overlap))
        return {name: look.marks.get(name, begins) for name in self._objects}

    async def orders_of(self, call: Call, lines: Sequence[str]) -> Mapping[str, str]:
        """The order of each line by the line's id, of those that the org still knows."""
        keys = chunks(well_formed(lines), KEYS_A_QUERY)
        selects = [_select(LINE).also_where(is_in("Id", run)) for run in keys]
        found = await self._org.query(call, selects, _READER)
        return {row.id: row.order_id for rows in found for row in rows if isinstance(row.order_id, str)}

    async def changed_around(self, call: Call, sobject: str, at: datetime) -> Sequence[Change]:
        """What was changed of one object when a transaction was committed that does not name its records.

        PositionLostError where that is more than one step tells.
        """
        select = _behind(sobject, Mark(at - AROUND)).also_where(before(_STAMP, instant(at + AROUND)))
        began = self._now()
        found = await self._org.query(call, [select], _READER, fresh=True)
        if len(found[0]) >= ROWS_A_STEP:
            raise PositionLostError(f"more {sobject} records changed at once than are told one by one")
        return _told({sobject: found[0]}, self._asked_at(began))


def _select(sobject: str) -> Select:
    fields = ("Id", _STAMP, "OrderId") if sobject == LINE else ("Id", _STAMP)
    return Select(fields, sobject, deleted=True)


def _behind(sobject: str, mark: Mark) -> Select:
    behind = oldest_first_behind(_STAMP, mark.at, "Id", mark.key)
    plain = _select(sobject)
    return Select(plain.fields, sobject, (), (behind,), (_STAMP, "Id"), ROWS_A_STEP, deleted=True)


def _told(rows: Mapping[str, Sequence[Touched]], asked_at: datetime) -> tuple[Change, ...]:
    """A change for each row, the oldest first."""
    changes = [
        to_change(_event_id(row, asked_at), sobject, long_id(row.id), row.system_modstamp, _order(row))
        for sobject, touched in rows.items()
        for row in touched
        if sobject in CONCEPTS
    ]
    return tuple(sorted((one for one in changes if one is not None), key=lambda one: one.changed_at))


def _event_id(row: Touched, asked_at: datetime) -> str:
    """The same for the same save, once it has settled; before, another one each time that its age has doubled."""
    age = max(int((asked_at - row.system_modstamp).total_seconds()), 0)
    young = f":{age.bit_length()}" if age < SETTLED else ""
    return f"{row.id}:{instant(row.system_modstamp)}{young}"


def _order(row: Touched) -> str | None:
    return row.order_id if isinstance(row.order_id, str) else None


def _to_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
