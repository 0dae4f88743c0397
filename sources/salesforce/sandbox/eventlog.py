"""The org's event bus as it is stored: events by topic in one order, each with its replay id, for three days."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sources.salesforce.sandbox.store import Store
from sources.salesforce.sandbox.values import Column, moment_text

RETENTION: Final = timedelta(hours=72)
MOST_KEPT: Final = 50_000
_WIDTH: Final = 8
# Some numbers are left out, as replay ids are not promised to follow each other.
_STEP: Final = 3


@dataclass(frozen=True, slots=True)
class Stored:
    """One event: `place` is where it stands in the order."""

    place: int
    topic: str
    id: str
    schema_id: str
    payload: bytes


class EventLog:
    """The events of one org, in its own database: what is rolled back with a transaction was never told."""

    def __init__(self, store: Store, retention: timedelta = RETENTION) -> None:
        self.retention = retention
        self._store = store
        self._news = asyncio.Event()
        store.run(
            "CREATE TABLE IF NOT EXISTS _events (place INTEGER PRIMARY KEY, topic TEXT NOT NULL, id TEXT NOT NULL, "
            "schema TEXT NOT NULL, payload TEXT NOT NULL, at TEXT NOT NULL)"
        )
        store.run("CREATE TABLE IF NOT EXISTS _bus (mark TEXT PRIMARY KEY, place INTEGER NOT NULL)")
        store.run("INSERT OR IGNORE INTO _bus VALUES ('latest', 1000), ('forgotten', 1000)")

    def append(self, topic: str, event_id: str, schema_id: str, payload: bytes) -> int:
        """Store an event behind all others; its place."""
        return self.append_all([(topic, event_id, schema_id, payload)])

    def append_all(self, events: Sequence[tuple[str, str, str, bytes]]) -> int:
        """Store events behind all others (topic, id, schema id, payload); the place of the last."""
        at = moment_text(self._store.clock())
        place = self.latest
        rows: list[list[Column]] = []
        for topic, event_id, schema_id, payload in events:
            place += _STEP
            rows.append([place, topic, event_id, schema_id, base64.b64encode(payload).decode(), at])
        self._store.run_many("INSERT INTO _events VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._store.run("UPDATE _bus SET place = ? WHERE mark = 'latest'", [place])
        return place

    def behind(self, topics: Sequence[str], place: int, most: int) -> list[Stored]:
        """The next events on any of the topics."""
        marks = ", ".join("?" * len(topics))
        sql = f"SELECT place, topic, id, schema, payload FROM _events WHERE place > ? AND topic IN ({marks}) "
        rows = self._store.select(sql + "ORDER BY place LIMIT ?", [place, *topics, most])
        return [
            Stored(int(row[0] or 0), str(row[1]), str(row[2]), str(row[3]), base64.b64decode(str(row[4])))
            for row in rows
        ]

    @property
    def latest(self) -> int:
        """The place of the last event."""
        return self._mark("latest")

    @property
    def forgotten(self) -> int:
        """The place up to which nothing is kept any more."""
        return self._mark("forgotten")

    def holds(self, place: int) -> bool:
        """Whether everything behind that place is still here, and the place was ever given out."""
        self._forget_old()
        return self.forgotten <= place <= self.latest

    def forget(self, place: int | None = None) -> None:
        """Keep nothing up to that place; of nothing at all without one."""
        upto = self.latest if place is None else place
        self._store.run("DELETE FROM _events WHERE place <= ?", [upto])
        self._store.run("UPDATE _bus SET place = ? WHERE mark = 'forgotten' AND place < ?", [upto, upto])

    def begin_anew(self) -> None:
        """Keep nothing, and let no place of before be good any more: the org is another."""
        self._store.run("UPDATE _bus SET place = place + ? WHERE mark = 'latest'", [_STEP])
        self.forget()

    def wake(self) -> None:
        """Tell whoever waits that there may be news."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, within: float) -> None:
        """Wait for news, at most so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), within)
        except TimeoutError:
            return

    def _forget_old(self) -> None:
        oldest = moment_text(self._store.clock() - self.retention)
        old = self._store.select("SELECT MAX(place) FROM _events WHERE at < ?", [oldest])[0][0]
        surplus = self._store.select("SELECT place FROM _events ORDER BY place DESC LIMIT 1 OFFSET ?", [MOST_KEPT])
        upto = max(int(old or 0), int(surplus[0][0] or 0) if surplus else 0)
        if upto:
            self.forget(upto)

    def _mark(self, name: str) -> int:
        return int(self._store.select("SELECT place FROM _bus WHERE mark = ?", [name])[0][0] or 0)


def to_replay_id(place: int) -> bytes:
    """A place as clients keep it: opaque, ten bytes."""
    return place.to_bytes(_WIDTH, "big") + b"\0\0"


def from_replay_id(replay_id: bytes) -> int | None:
    """The place that a client kept; None for what was never given out. Some clients send eight bytes back."""
    if len(replay_id) not in {_WIDTH, _WIDTH + 2}:
        return None
    return int.from_bytes(replay_id[:_WIDTH], "big")
