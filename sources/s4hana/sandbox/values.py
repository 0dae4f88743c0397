"""Values in three shapes: as stored in a column, as written in JSON, as given by whoever loads rows.

Stored: text; DECIMAL an integer of its smallest units; DAY milliseconds and MOMENT microseconds since 1970 in UTC;
CLOCK seconds; FLAG 0 or 1. ALPHA and DIGITS are stored padded, as this system's own database does, so that they sort
and compare as numbers. Initial values are "", "0", 0 and false; only days and moments can be null.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from sources.s4hana.sandbox.model import Kind, Property

Stored = str | int | None
Written = str | int | bool | None

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = EPOCH.date()
MICROSECOND: Final = timedelta(microseconds=1)
DAY_MS: Final = 86_400_000
# What a column holds: 64 bits with a sign.
LARGEST: Final = 2**63
NO_GUID: Final = "00000000-0000-0000-0000-000000000000"
_DATE: Final = re.compile(r"/Date\((-?\d+)(?:[+-]\d+)?\)/")
_CLOCK: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")


def initial(prop: Property) -> Stored:
    """What a column holds that nobody filled."""
    match prop.kind:
        case Kind.TEXT | Kind.ALPHA:
            return ""
        case Kind.DIGITS:
            return "0" * (prop.length or 1)
        case Kind.GUID:
            return NO_GUID
        case Kind.DAY | Kind.MOMENT:
            return None
        case _:
            return 0


def writer(prop: Property) -> Callable[[Stored], Written]:
    """How a stored value of this property is written in JSON."""
    match prop.kind:
        case Kind.ALPHA:
            return _unpadded
        case Kind.DIGITS:
            return lambda stored: str(stored).lstrip("0") or "0"
        case Kind.DECIMAL:
            return _decimal_writer(prop.scale)
        case Kind.DAY:
            return lambda stored: None if stored is None else f"/Date({stored})/"
        case Kind.MOMENT:
            return lambda stored: None if stored is None else f"/Date({int(stored) // 1000}+0000)/"
        case Kind.CLOCK:
            return lambda stored: clock_text(int(stored or 0))
        case Kind.FLAG:
            return bool
        case _:
            return lambda stored: stored


def keeper(prop: Property) -> Callable[[object], Stored]:
    """How a given value of this property is stored; ValueError where it does not fit.

    Takes JSON's shapes and Python's own (Decimal, date, aware datetime, time, UUID); None is the initial value.
    """
    first = initial(prop)
    keep = _KEEPERS[prop.kind]
    return lambda given: first if given is None else keep(prop, given)


def padded(prop: Property, text: str) -> str:
    """Text as the database keeps it: all-digit values of padded kinds get their leading zeros."""
    if prop.kind is Kind.DIGITS or (prop.kind is Kind.ALPHA and text.isdigit()):
        return text.zfill(prop.length or 0)
    return text


def clock_text(seconds: int) -> str:
    """A time of day as a duration: PT15H51M04S."""
    return f"PT{seconds // 3600:02d}H{seconds // 60 % 60:02d}M{seconds % 60:02d}S"


def clock_seconds(text: str) -> int:
    """The seconds since midnight that a duration says; ValueError if it is none."""
    found = _CLOCK.fullmatch(text)
    if found is None or text == "PT":
        raise ValueError(f"not a time: {text}")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def micros(moment: datetime) -> int:
    """Microseconds since 1970; a moment without zone counts as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - EPOCH) // MICROSECOND


def etag_text(stored: Stored) -> str:
    """The weak entity tag of a moment, with seven digits of a second as this system writes it."""
    fraction = int(stored or 0) % 1_000_000
    return f"W/\"datetimeoffset'{moment_text(stored)}.{fraction:06d}0Z'\""


def moment_text(stored: Stored) -> str:
    """A moment to the second, encoded for an address: 2026-11-23T10%3A00%3A00."""
    return f"{EPOCH + timedelta(microseconds=int(stored or 0)):%Y-%m-%dT%H%%3A%M%%3A%S}"


def _unpadded(stored: Stored) -> str:
    text = str(stored)
    return text.lstrip("0") if text.isdigit() else text


def _decimal_writer(scale: int) -> Callable[[Stored], str]:
    if scale == 0:
        return str
    unit, width = 10**scale, scale

    def write(stored: Stored) -> str:
        amount = int(stored or 0)
        whole, part = divmod(abs(amount), unit)
        return f"{'-' if amount < 0 else ''}{whole}.{part:0{width}d}"

    return write


def _text(prop: Property, given: object) -> Stored:
    if not isinstance(given, str):
        raise ValueError(f"{prop.name} takes text")  # noqa: TRY004 - one error kind for a caller
    text = padded(prop, given)
    if prop.length is not None and len(text) > prop.length:
        raise ValueError(f"{prop.name} takes at most {prop.length} characters")
    if prop.kind is Kind.DIGITS and not text.isdigit():
        raise ValueError(f"{prop.name} takes digits only")
    return text


def _decimal(prop: Property, given: object) -> Stored:
    if isinstance(given, bool | float):
        raise ValueError(f"{prop.name} takes a decimal written as text")  # noqa: TRY004 - one error kind for a caller
    try:
        scaled = Decimal(str(given)).scaleb(prop.scale)
    except ArithmeticError as wrong:
        raise ValueError(f"{prop.name} takes a decimal") from wrong
    if not scaled.is_finite() or abs(scaled) >= LARGEST:
        raise ValueError(f"{prop.name} takes at most {prop.length} digits")
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{prop.name} takes at most {prop.scale} decimals")
    return int(scaled)


def _integer(prop: Property, given: object) -> Stored:
    try:
        whole = int(str(given))
    except ValueError as wrong:
        raise ValueError(f"{prop.name} takes a whole number") from wrong
    if abs(whole) >= LARGEST:
        raise ValueError(f"{prop.name} takes a smaller number")
    return whole


def _day(prop: Property, given: object) -> Stored:
    return _moment(prop, given) // 1000 // DAY_MS * DAY_MS


def _moment(prop: Property, given: object) -> int:
    if isinstance(given, datetime):
        return micros(given)
    if isinstance(given, date):
        return (given - EPOCH_DAY).days * DAY_MS * 1000
    text = str(given)
    if found := _DATE.fullmatch(text):
        return int(found[1]) * 1000
    try:
        return micros(datetime.fromisoformat(text))
    except ValueError as wrong:
        raise ValueError(f"{prop.name} takes a date") from wrong


def _clock(_prop: Property, given: object) -> Stored:
    if isinstance(given, time):
        return given.hour * 3600 + given.minute * 60 + given.second
    return clock_seconds(str(given))


def _flag(prop: Property, given: object) -> Stored:
    if given is True or given is False:
        return int(given)
    raise ValueError(f"{prop.name} takes true or false")


def _guid(_prop: Property, given: object) -> Stored:
    return str(given if isinstance(given, UUID) else UUID(str(given)))


_KEEPERS: Final[dict[Kind, Callable[[Property, object], Stored]]] = {
    Kind.TEXT: _text,
    Kind.ALPHA: _text,
    Kind.DIGITS: _text,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
    Kind.CLOCK: _clock,
    Kind.FLAG: _flag,
    Kind.GUID: _guid,
}
