"""Where a list of orders was left: the place in each stream, and what later pages must not tell again.

While all systems answer, the places are enough: an order with several records is recognised at each of them. A silent
system hides some, so three short notes travel in the cursor. There are three cases.

1. An order was told at one record, and another of its records lies ahead in its own stream (`told`).
2. CRM orders were told as not booked while an ERP was silent that may hold them (`blind`, as runs of the CRM's stream).
3. An ERP's orders were told while the CRM was silent, which may list them too (`unsure`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from canonical.joined import Order
from canonical.order import OrderRecord
from resolvers.cursors import bad_cursor, decode, encode, instant, position
from sources.ports import Position

_KIND = "orders"
_MOST_TOLD = 40
_MOST_RUNS = 6
"""A cursor stays short: what is dropped beyond these may be told twice after an outage, and is never lost."""

_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
Run = tuple[Position | None, Position]


class Bookmark:
    """A mutable place in the list; `word` is the cursor of where it stands just now."""

    def __init__(self, cursor: str | None, crm: str, erps: Iterable[str]) -> None:
        """Start where the cursor says, at the newest order without one. A Mistake BAD_CURSOR for other texts."""
        self.crm, self.streams = crm, (crm, *erps)
        self.at: dict[str, Position] = {}
        self.told: dict[str, datetime] = {}
        self.blind: dict[str, list[Run]] = {}
        self.unsure: set[str] = set()
        self._start = cursor
        if cursor is not None:
            self._read(decode(cursor))

    def word(self) -> str | None:
        """The cursor; None where nothing was looked at yet."""
        if not self.at:
            return self._start
        told = {key: until.isoformat() for key, until in self.told.items()}
        blind = {erp: [[_words(start), _words(end)] for start, end in runs] for erp, runs in self.blind.items()}
        return encode([_KIND, {n: _words(at) for n, at in self.at.items()}, told, blind, sorted(self.unsure)])

    def begin(self, stream: str, newest: OrderRecord) -> None:
        """Fix the place in a stream that showed its first rows, so that what is inserted above them stays away."""
        self.at.setdefault(stream, Position(newest.ordered_at + timedelta(seconds=1), newest.ref.key))

    def pass_by(self, stream: str, record: OrderRecord, silent: Collection[str] = ()) -> None:
        """Go on behind a record, and note which systems could not say just now whether they hold its order too."""
        start = self.at.get(stream)
        end = self.at[stream] = Position(record.ordered_at, record.ref.key)
        if stream != self.crm:
            self.unsure |= {stream} if self.crm in silent else set()
            return
        for erp in silent:
            runs = self.blind.setdefault(erp, [])
            if runs and runs[-1][1] == start:
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((start, end))
            del runs[:-_MOST_RUNS]

    def passed(self, stream: str, record: OrderRecord) -> bool:
        """Whether the place in the stream is behind this record, or at it."""
        at = self.at.get(stream)
        return at is not None and (record.ordered_at, record.ref.key) >= (at.at, at.key)

    def remember(self, order: Order, here: OrderRecord, silent: Collection[str] = ()) -> None:
        """Note an order that was told here, where another of its records lies ahead, or may in a silent ERP."""
        ahead = [r for r in order.records() if r is not here and not self.passed(r.ref.system, r)]
        if order.crm is not None and order.crm.partner_keys:
            ahead = [record for record in ahead if record is not order.crm]
        hidden = here.ref.system != self.crm and _incomplete(order) and any(name != self.crm for name in silent)
        if order.crm_id is None or not (ahead or hidden):
            return
        self.told[order.ref.key] = _ANY_TIME if hidden else min(record.ordered_at for record in ahead)
        places = [self.at[name].at for name in self.streams if name in self.at]
        everywhere = len(places) == len(self.streams)
        kept = [(k, until) for k, until in self.told.items() if not everywhere or max(places) >= until]
        self.told = dict(kept[-_MOST_TOLD:])

    def told_blind(self, erp: str, head: OrderRecord) -> bool:
        """Whether this CRM order was told while the ERP was silent."""
        place = (head.ordered_at, head.ref.key)
        return any(
            place >= (end.at, end.key) and (start is None or place < (start.at, start.key))
            for start, end in self.blind.get(erp, ())
        )

    def _read(self, words: object) -> None:
        match words:
            case [str(kind), dict(at), dict(told), dict(blind), list(unsure)] if kind == _KIND:
                self.at = {name: position(at[name]) for name in self.streams if name in at}
                self.told = {str(key): _instant(until) for key, until in told.items()}
                self.blind = {name: _runs(blind[name]) for name in self.streams if name in blind}
                self.unsure = {name for name in self.streams if name in unsure}
            case _:
                raise bad_cursor()


def _incomplete(order: Order) -> bool:
    """Whether there may be more bookings than those in hand."""
    held = {record.number or record.ref.key for record in order.booked}
    return order.crm is None or not order.crm.partner_keys or not held.issuperset(order.crm.partner_keys)


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
