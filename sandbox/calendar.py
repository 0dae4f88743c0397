"""Days and hours at which people in offices do things, all in UTC and never after the tale is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

_MONDAY_TO_FRIDAY = 5
_OPENS = 7 * 3600
_CLOSES = 17 * 3600


@dataclass(frozen=True, slots=True)
class Calendar:
    """One deal's calendar: its own chance, and the instant at which the tale is told."""

    chance: Random
    told_on: datetime

    def ago(self, days: int) -> datetime:
        """An office hour so many days before the tale is told, or on the working day before."""
        day = self.told_on.date() - timedelta(days=days)
        day -= timedelta(days=max(0, day.weekday() - _MONDAY_TO_FRIDAY + 1))
        if days == 0:
            return self.told_on - timedelta(minutes=self.chance.randint(45, 240))
        return self._hour(day)

    def later(self, at: datetime, least: int, most: int) -> datetime:
        """An office hour at least and at most so many days after, a weekend put off to Monday; never untold."""
        day = self.working_day(at.date() + timedelta(days=self.chance.randint(least, most)))
        return min(max(self._hour(day), at + timedelta(minutes=self.chance.randint(10, 90))), self.told_on)

    def soon(self, at: datetime, minutes: int) -> datetime:
        """An instant within so many minutes after; never untold."""
        return min(at + timedelta(seconds=self.chance.randint(40, minutes * 60)), self.told_on)

    def working_day(self, day: date) -> date:
        """The day itself, or the Monday after a weekend."""
        return day + timedelta(days=(7 - day.weekday()) if day.weekday() >= _MONDAY_TO_FRIDAY else 0)

    def _hour(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
            seconds=self.chance.randint(_OPENS, _CLOSES)
        )
