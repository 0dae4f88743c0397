"""Field values between JSON as clients send it, SQLite columns, and JSON as the API answers it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.ids import id18, is_id
from sources.salesforce.sandbox.model import ID_TYPES, NUMBER_TYPES, Field

Column = str | float | int | None
SHORT_ID: Final = 15
SQL_TYPES: Final = {"boolean": "INTEGER", "double": "REAL", "currency": "REAL", "percent": "REAL", "int": "INTEGER"}


def to_column(field: Field, value: object) -> Column:
    """A client's value as stored; ApiError when the field cannot hold it. Empty text is null, as in the platform."""
    if value is None or value == "":
        return 0 if field.type == "boolean" else None
    if field.type == "boolean":
        return _boolean(field, value)
    if field.type in NUMBER_TYPES:
        return _number(field, value)
    if not isinstance(value, str):
        raise _unreadable(field, value)
    if field.type in ID_TYPES:
        return _identity(field, value)
    if field.type in {"date", "datetime"}:
        return _instant(field, value)
    return _text(field, value)


def told(field: Field, value: object) -> Column:
    """A value from a story as stored: Decimal, datetime and date too; TypeError when foreign, no refusals.

    Ids of 18 characters are taken at their word: a story has many.
    """
    if isinstance(value, str):
        return id18(value) if len(value) == SHORT_ID and field.type in ID_TYPES else value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float | Decimal):
        return int(value) if field.type == "int" else float(value)
    if isinstance(value, datetime):
        return _day(value) if field.type == "date" else moment_text(value)
    if isinstance(value, date):
        return value.isoformat() if field.type == "date" else moment_text(datetime(*value.timetuple()[:3], tzinfo=UTC))
    raise TypeError(f"{field.name} cannot hold a {type(value).__name__}")


def to_json(field: Field, stored: Column) -> object:
    """A stored value as the API answers it."""
    return bool(stored) if field.type == "boolean" else stored


@lru_cache(maxsize=4096)
def moment_text(moment: datetime) -> str:
    """An aware datetime in the API's spelling: UTC, milliseconds, "+0000"."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def stamp_text(moment: datetime) -> str:
    """What a record is stamped with: whole seconds, though the spelling has room for more."""
    return moment_text(moment.replace(microsecond=0))


def read_moment(text: str) -> datetime:
    """A datetime literal with its offset; ValueError when it has none or is no datetime."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a datetime needs an offset")
    return moment


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _boolean(field: Field, value: object) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return int(value.lower() == "true")
    raise _unreadable(field, value)


def _number(field: Field, value: object) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _unreadable(field, value)
    try:
        return int(value) if field.type == "int" else float(value)
    except ValueError as wrong:
        raise _unreadable(field, value) from wrong


def _identity(field: Field, value: str) -> str:
    if not is_id(value):
        raise ApiError(400, "MALFORMED_ID", f"{field.name}: id value of incorrect type: {value}", [field.name])
    return id18(value)


def _instant(field: Field, value: str) -> str:
    try:
        if field.type == "date":
            return date.fromisoformat(value[:10]).isoformat()
        return moment_text(read_moment(value))
    except ValueError as wrong:
        raise _unreadable(field, value) from wrong


def _text(field: Field, value: str) -> str:
    if field.restricted and value not in field.values:
        raise ApiError(
            400,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.name}: bad value for restricted picklist field: {value}",
            [field.name],
        )
    if len(value) > field.length:
        message = f"{field.name}: data value too large: {value} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, [field.name])
    return value


def _unreadable(field: Field, value: object) -> ApiError:
    kind = "VALUE_STRING" if isinstance(value, str) else "START_OBJECT" if isinstance(value, dict) else "VALUE_NUMBER"
    what = f"Cannot deserialize instance of {field.type} from {kind} value {value}"
    message = f"{what} or request may be missing a required field"
    return ApiError(400, "JSON_PARSER_ERROR", message)
