"""Values as OData writes them in URLs, and dates as version 2 writes them in JSON."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import quote

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{1,4})?\)/")
_TIME = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,2})M)?(?:(\d{1,2})(?:\.\d+)?S)?")


def text(value: str) -> str:
    """A string literal; quotes inside are doubled."""
    return "'" + value.replace("'", "''") + "'"


def day(value: date) -> str:
    """A version 2 `Edm.DateTime` literal for a calendar day."""
    return f"datetime'{value.isoformat()}T00:00:00'"


def instant(value: datetime) -> str:
    """A version 2 `Edm.DateTimeOffset` literal in UTC, to the second; ValueError for a time without a zone."""
    return f"datetimeoffset'{_utc(value)}'"


def day_v4(value: date) -> str:
    """A version 4 `Edm.Date` literal."""
    return value.isoformat()


def instant_v4(value: datetime) -> str:
    """A version 4 `Edm.DateTimeOffset` literal in UTC, to the second; ValueError for a time without a zone."""
    return _utc(value)


def encoded(value: str) -> str:
    """Percent-encoded for a query string or key; colons too, since some servers read them as a segment's end."""
    return quote(value, safe="()',*/$-._~")


@lru_cache(maxsize=4096)
def read_instant(value: str) -> datetime:
    """`/Date(ms)/`, with or without an offset, as an aware UTC time; ValueError for anything else.

    The milliseconds are UTC already; the offset only says how the sender would show them.
    """
    found = _DATE.fullmatch(value)
    if found is None:
        raise ValueError(f"not an OData date: {value[:40]!r}")
    try:
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    except OverflowError as error:
        raise ValueError(f"a date out of range: {value[:40]!r}") from error


def read_day(value: str) -> date:
    """`/Date(ms)/` as the calendar day it stands for, with no shift of zone."""
    return read_instant(value).date()


def read_time(value: str) -> time:
    """An `Edm.Time` such as PT15H51M04S, to the second; ValueError for anything else."""
    found = _TIME.fullmatch(value)
    if found is None:
        raise ValueError(f"not an OData time: {value[:40]!r}")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return time(hours, minutes, seconds)


def written_instant(value: datetime) -> str:
    """An aware time as version 2 JSON writes an `Edm.DateTimeOffset`."""
    return f"/Date({(value - _EPOCH) // timedelta(milliseconds=1)}+0000)/"


def written_day(value: date) -> str:
    """A day as version 2 JSON writes an `Edm.DateTime`."""
    midnight = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return f"/Date({(midnight - _EPOCH) // timedelta(milliseconds=1)})/"


def _utc(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be compared with a system's")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
