"""The story as it goes on: what happened after it was told, kept in a file beside the systems' own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from sources.kit.sandbox.story import Buyer, Deal, Story

MOST_KEPT: Final = 100_000
"""Happenings; the oldest are forgotten."""

_FILE: Final = "went-on.sqlite3"
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS happening (n INTEGER PRIMARY KEY AUTOINCREMENT, told BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS deal (place INTEGER PRIMARY KEY, told BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS buyer (number TEXT PRIMARY KEY, told BLOB NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class Wrote:
    """A record that a step made or changed: where, what the graph calls it, and its key there."""

    system: str
    concept: str
    key: str
    made: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of one order. `n` counts them all, `at` is UTC, `expected` the order's status from now on.

    `crm_key` and `erp_numbers` name the order; `written` is empty where a system had nothing to be told.
    """

    n: int
    step: str
    at: datetime
    crm_key: str | None
    crm_number: str | None
    erp_numbers: tuple[tuple[str, str], ...]
    words: str
    written: tuple[Wrote, ...]
    expected: str


class Chronicle:
    """What has happened; begins with the story as it was told, and holds nothing before its first happening."""

    def __init__(self, state: Path, told: Callable[[], Story]) -> None:
        """`told` is asked once, when somebody wants to know the story."""
        self._path = state / _FILE
        self._told = told
        self._story: Story | None = None
        self._names: dict[str, int] = {}
        self._file: sqlite3.Connection | None = None
        self._last = datetime.min.replace(tzinfo=UTC)

    @property
    def story(self) -> Story:
        """The story as it stands; the first reader waits for it about a second."""
        if self._story is None:
            self._story = self._read(self._told())
        return self._story

    def place(self, name: str) -> int | None:
        """The place in the story (from 0) of the order that has this key or number in some system."""
        if not self._names:
            for place, deal in enumerate(self.story.deals):
                self._name(place, deal)
        return self._names.get(name)

    def now(self) -> datetime:
        """The clock's time, or a moment after the last happening where the clock stands still."""
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
        return self._last

    def keep(self, place: int, deal: Deal, buyer: Buyer | None, happening: Happening) -> Happening:
        """Store what happened, and go on from it; `place` may be one behind the last. It comes back with its number."""
        with self._open() as file:
            self._put(file, place, deal)
            if buyer is not None:
                file.execute("INSERT OR REPLACE INTO buyer VALUES (?, ?)", (buyer.number, _packed(buyer)))
            n = file.execute("INSERT INTO happening (told) VALUES (?)", (_packed(happening),)).lastrowid or 0
            file.execute("DELETE FROM happening WHERE n <= ?", (n - MOST_KEPT,))
        if buyer is not None:
            self._story = replace(self.story, buyers={**self.story.buyers, buyer.number: buyer})
        return replace(happening, n=n)

    def take_in(self, place: int, deal: Deal) -> None:
        """Go on from a deal that somebody else has begun, or led on; `place` may be one behind the last."""
        with self._open() as file:
            self._put(file, place, deal)

    def happened(self) -> int:
        """The number of the last happening; zero where nothing has."""
        if not self._path.exists():
            return 0
        return int(self._open().execute("SELECT COALESCE(MAX(n), 0) FROM happening").fetchone()[0])

    def happenings(self, after: int, limit: int) -> list[Happening]:
        """Those behind `after`, the oldest first."""
        if not self._path.exists():
            return []
        rows = self._open().execute("SELECT n, told FROM happening WHERE n > ? ORDER BY n LIMIT ?", (after, limit))
        return [replace(msgspec.msgpack.decode(told, type=Happening), n=n) for n, told in rows.fetchall()]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, file: sqlite3.Connection, place: int, deal: Deal) -> None:
        deals = list(self.story.deals)
        deals[place : place + 1] = [deal]
        file.execute("INSERT OR REPLACE INTO deal VALUES (?, ?)", (place, _packed(deal)))
        self._story = replace(self.story, deals=tuple(deals))
        if self._names:
            self._name(place, deal)

    def _name(self, place: int, deal: Deal) -> None:
        for name in (deal.crm_key, deal.crm_number, *(booking.number for booking in deal.bookings)):
            if name:
                self._names[name] = place

    def _read(self, told: Story) -> Story:
        if not self._path.exists():
            return told
        deals, buyers = list(told.deals), dict(told.buyers)
        for place, packed in self._open().execute("SELECT place, told FROM deal ORDER BY place"):
            deals[place : place + 1] = [msgspec.msgpack.decode(packed, type=Deal)]
        for number, packed in self._open().execute("SELECT number, told FROM buyer"):
            buyers[number] = msgspec.msgpack.decode(packed, type=Buyer)
        return replace(told, deals=tuple(deals), buyers=buyers)

    def _open(self) -> sqlite3.Connection:
        if self._file is None:
            self._file = sqlite3.connect(self._path, check_same_thread=False)
            for table in _TABLES:
                self._file.execute(table)
        return self._file


def forget(state: Path) -> None:
    """Forget everything that happened: the story is told anew."""
    (state / _FILE).unlink(missing_ok=True)


def _packed(one: Deal | Buyer | Happening) -> bytes:
    return msgspec.msgpack.encode(one)
