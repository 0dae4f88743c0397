"""Where a list of orders was left: the place in each stream, and what later pages must not tell again.

While all systems answer, the places are enough: an order with several records is recognised at each of them. A silent
system hides some, so short notes travel in the cursor. There are three cases, and a fourth note that only spares calls.

1. An order was told at one record, and another of its records lies ahead in its own stream (`told`).
2. Orders were told while an ERP was silent that may hold a part of them (`blind`, as runs of the other streams).
3. An ERP's orders were told while the CRM was silent, which may list them too (`unsure`).
4. A sale was passed by whose bookings lie ahead: the next pages ask for them beside their own rows (`waiting`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from canonical.joined import Order
from canonical.order import OrderRecord
from resolvers.cursors import bad_cursor, decode, encode, instant, position
from sources.ports import Position

_KIND = "orders"
_MOST_TOLD = 40
_MOST_WAITING = 20
_MOST_RUNS = 6
_LONGEST = 3900
"""A cursor stays short: what is dropped beyond these may be told twice after an outage, and is never lost."""

Run = tuple[Position | None, Position]


class Bookmark:
    """A mutable place in the list; `word` is the cursor of where it stands just now."""

    def __init__(self, cursor: str | None, crm: str, erps: Iterable[str]) -> None:
        """Start where the cursor says, at the newest order without one. A Mistake BAD_CURSOR for other texts."""
        self.crm, self.streams = crm, (crm, *erps)
        self.at: dict[str, Position] = {}
        self.told: dict[str, datetime] = {}
        self.blind: dict[str, dict[str, list[Run]]] = {}
        self.unsure: set[str] = set()
        self.waiting: dict[str, datetime] = {}
        self._start = cursor
        if cursor is not None:
            self._read(decode(cursor))

    def word(self) -> str | None:
        """The cursor; None where nothing was looked at yet."""
        if not self.at:
            return self._start
        word = self._word()
        while len(word) > _LONGEST and self._forget():
            word = self._word()
        return word

    def _word(self) -> str:
        told, waiting = _dated(self.told), _dated(self.waiting)
        blind = {
            erp: {stream: [[_words(start), _words(end)] for start, end in runs] for stream, runs in held.items()}
            for erp, held in self.blind.items()
        }
        return encode([_KIND, {n: _words(at) for n, at in self.at.items()}, told, blind, sorted(self.unsure), waiting])

    def begin(self, stream: str, newest: OrderRecord) -> None:
        """Fix the place in a stream that showed its first rows, so that what is inserted above them stays away."""
        self.at.setdefault(stream, Position(newest.ordered_at + timedelta(seconds=1), newest.ref.key))

    def pass_by(self, stream: str, record: OrderRecord, silent: Collection[str] = ()) -> None:
        """Go on behind a record, and note which systems could not say just now whether they hold its order too."""
        start = self.at.get(stream)
        end = self.at[stream] = Position(record.ordered_at, record.ref.key)
        if self.crm in silent and stream != self.crm:
            self.unsure.add(stream)
        for erp in silent:
            if erp != self.crm:
                _extend(self.blind.setdefault(erp, {}).setdefault(stream, []), start, end)

    def passed(self, stream: str, record: OrderRecord) -> bool:
        """Whether the place in the stream is behind this record, or at it."""
        at = self.at.get(stream)
        return at is not None and (record.ordered_at, record.ref.key) >= (at.at, at.key)

    def remember(self, order: Order, here: OrderRecord) -> None:
        """Note an order that was told here, where another of its records lies ahead."""
        records = order.booked if order.crm is not None and order.crm.partner_keys else order.records()
        ahead = [r for r in records if r is not here and not self.passed(r.ref.system, r)]
        if not ahead or order.crm_id is None:
            return
        self.told[order.ref.key] = min(record.ordered_at for record in ahead)
        self.told = self._ahead(self.told, _MOST_TOLD)

    def await_bookings(self, order: Order) -> None:
        """Note a sale that is passed by, and of which no number was written back, before its bookings are reached."""
        ahead = [record.ordered_at for record in order.booked if not self.passed(record.ref.system, record)]
        if ahead and order.crm is not None and not order.crm.partner_keys:
            self.waiting[order.crm.ref.key] = min(ahead)
            self.waiting = self._ahead(self.waiting, _MOST_WAITING)

    def _ahead(self, notes: dict[str, datetime], most: int) -> dict[str, datetime]:
        """The youngest notes about what not every stream has passed yet."""
        places = [self.at[name].at for name in self.streams if name in self.at]
        everywhere = len(places) == len(self.streams)
        kept = [(key, until) for key, until in notes.items() if not everywhere or max(places) >= until]
        return dict(kept[-most:])

    def told_blind(self, erp: str, order: Order) -> bool:
        """Whether an order was told at another of its records while this ERP was silent.

        At the sale where all its ERPs were, else at the newest of its other bookings.
        """
        if not self.blind:
            return False
        head = order.crm
        if head is not None and not head.partner_keys:
            holders = {record.ref.system for record in order.booked}
            if all(self._within(holder, head) for holder in holders):
                return True
        others = [record for record in order.booked if record.ref.system != erp]
        return bool(others) and self._within(erp, max(others, key=lambda record: (record.ordered_at, record.ref)))

    def in_doubt(self, erp: str, order: Order, silent: Collection[str]) -> bool:
        """Whether its sale was passed while this ERP was silent, and a system silent now may have held it then."""
        head = order.crm
        if head is None or head.partner_keys or not self._within(erp, head):
            return False
        return any(name in silent and not self._within(name, head) for name in self.streams[1:] if name != erp)

    def _within(self, silent: str, record: OrderRecord) -> bool:
        """Whether a record was passed by while a system was silent."""
        place = (record.ordered_at, record.ref.key)
        return any(
            place >= (end.at, end.key) and (start is None or place < (start.at, start.key))
            for start, end in self.blind.get(silent, {}).get(record.ref.system, ())
        )

    def _forget(self) -> bool:
        """Drop the oldest note of the longest kind, first of those that only spare calls; whether there was one."""
        if self.waiting:
            del self.waiting[next(iter(self.waiting))]
            return True
        runs = max((held for one in self.blind.values() for held in one.values()), key=len, default=[])
        if self.told:
            del self.told[next(iter(self.told))]
        elif runs:
            del runs[0]
        return bool(self.told or runs)

    def _read(self, words: object) -> None:
        match words:
            case [str(kind), dict(at), dict(told), dict(blind), list(unsure), dict(waiting)] if kind == _KIND:
                self.at = {name: position(at[name]) for name in self.streams if name in at}
                self.told = {str(key): _instant(until) for key, until in told.items()}
                self.blind = {name: self._held(blind[name]) for name in self.streams if name in blind}
                self.unsure = {name for name in self.streams if name in unsure}
                self.waiting = {str(key): _instant(until) for key, until in waiting.items()}
                self.waiting = self._ahead(self.waiting, _MOST_WAITING)
            case _:
                raise bad_cursor()

    def _held(self, words: object) -> dict[str, list[Run]]:
        if not isinstance(words, dict):
            raise bad_cursor()
        return {name: _runs(words[name]) for name in self.streams if name in words}


def _extend(runs: list[Run], start: Position | None, end: Position) -> None:
    if runs and runs[-1][1] == start:
        runs[-1] = (runs[-1][0], end)
    else:
        runs.append((start, end))
    del runs[:-_MOST_RUNS]


def _dated(notes: dict[str, datetime]) -> dict[str, str]:
    return {key: until.isoformat() for key, until in notes.items()}


def _words(at: Position | None) -> list[str] | None:
    return None if at is None else [at.at.isoformat(), at.key]


def _instant(text: object) -> datetime:
    if not isinstance(text, str):
        raise bad_cursor()
    return instant(text)


def _runs(words: object) -> list[Run]:
    if not isinstance(words, list):
        raise bad_cursor()
    return [_run(one) for one in words]


def _run(words: object) -> Run:
    match words:
        case [None, end]:
            return None, position(end)
        case [start, end]:
            return position(start), position(end)
        case _:
            raise bad_cursor()
