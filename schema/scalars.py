"""How instants, days, exact numbers and opaque positions look on the wire."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType

from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Cursor = NewType("Cursor", str)
EventCursor = NewType("EventCursor", str)

_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,12})?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)")


def write_instant(value: object) -> str:
    """An aware instant as RFC 3339 in UTC, with exactly three fraction digits and Z."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise GraphQLError(f"A DateTime is an aware instant, not {type(value).__name__}.")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"


def read_instant(value: object) -> datetime:
    """An instant with an offset; anything else is refused."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise GraphQLError("A DateTime looks like 2026-11-20T09:30:00.000Z.")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError(f"{value!r} is not an instant of the calendar.") from None


def write_day(value: object) -> str:
    """A calendar day as ISO 8601."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise GraphQLError(f"A Date is a calendar day, not {type(value).__name__}.")
    return value.isoformat()


def read_day(value: object) -> date:
    """A calendar day as ISO 8601; anything else is refused."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-11-20") else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> date:
    raise GraphQLError("A Date looks like 2026-11-20.")


def write_number(value: object) -> str:
    """An exact number, never in exponent form."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise GraphQLError(f"A Decimal is a finite exact number, not {type(value).__name__}.")
    return f"{value:f}"


def read_number(value: object) -> Decimal:
    """An exact number from its text or a whole number; floats, NaN, infinities and exponents are refused."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    raise GraphQLError('A Decimal is a text such as "12.50" or a whole number.')


def read_cursor(value: object) -> Cursor:
    """A cursor as this gateway gave it."""
    if not isinstance(value, str) or len(value) > 4000:  # noqa: PLR2004 - longer than any of ours
        raise GraphQLError("A cursor is a text that this gateway gave.")
    return Cursor(value)


def read_event_cursor(value: object) -> EventCursor:
    """A cursor of the event log as this gateway gave it."""
    return EventCursor(read_cursor(value))


def _scalar(name: str, description: str, write: object, read: object) -> ScalarDefinition:
    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=None,
        serialize=write,  # type: ignore[arg-type]
        parse_value=read,  # type: ignore[arg-type]
        parse_literal=None,
        origin=None,
    )


SCALARS: dict[object, ScalarDefinition] = {
    datetime: _scalar(
        "DateTime",
        "An instant in UTC, RFC 3339 with exactly three fraction digits and Z.",
        write_instant,
        read_instant,
    ),
    date: _scalar("Date", "A calendar day, ISO 8601.", write_day, read_day),
    Decimal: _scalar(
        "Decimal",
        "A decimal number as a JSON string, never a float. Input also takes integers; NaN, infinities and exponents "
        "are refused.",
        write_number,
        read_number,
    ),
    EventCursor: _scalar(
        "EventCursor",
        "A position in the event log, opaque: what a subscription resumes behind.",
        str,
        read_event_cursor,
    ),
    Cursor: _scalar("Cursor", "A position in one connection, opaque.", str, read_cursor),
}
"""Python's types and how the graph writes them."""
