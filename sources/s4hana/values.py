"""SAP's way of writing values, read as ours: initials are nothing, numbers lose their zeros, days stay days."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from canonical.money import Money, money
from sources.kit.odata.literals import read_day, read_instant, read_time

LONGEST_DOCUMENT = 10
LONGEST_REFERENCE = 35


def told(value: str | None) -> str | None:
    """The text; None for SAP's initial value, the empty string."""
    return value or None


def unpadded(value: str | None) -> str:
    """A document, item or customer number without leading zeros; other keys stay as they are."""
    if not value:
        return ""
    return (value.lstrip("0") or "0") if value.isdigit() and value.isascii() else value


def number(value: str | None) -> str | None:
    """An unpadded number; None for the initial values, empty or all zeros."""
    plain = unpadded(value)
    return None if plain in ("", "0") else plain


def is_document(value: str) -> bool:
    """Whether the text can be the number of a document or customer: one to ten digits or capital letters."""
    return 0 < len(value) <= LONGEST_DOCUMENT and value.isascii() and value.isalnum()


def amount(value: str | None, currency: str | None) -> Money | None:
    """Money to the currency's own digits; None without amount or currency."""
    if value is None or not currency:
        return None
    return money(decimal(value) or Decimal(0), currency)


def decimal(value: str | None) -> Decimal | None:
    """An exact number without the zeros that only fill its scale; ValueError for other text."""
    if not value:
        return None
    try:
        plain = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"not a decimal: {value[:40]!r}") from error
    whole = plain.to_integral_value()
    return whole if plain == whole else plain.normalize()


def on_day(value: str | None) -> date | None:
    """A calendar day; None for null."""
    return read_day(value) if value else None


def at_midnight(value: str | None) -> datetime | None:
    """A calendar day as the instant it begins in UTC: what SAP keeps without a time of day."""
    found = on_day(value)
    return None if found is None else midnight(found)


def midnight(value: date) -> datetime:
    """The instant at which a day begins in UTC."""
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def at_instant(value: str | None) -> datetime | None:
    """A time stamp; None for null."""
    return read_instant(value) if value else None


def at_clock(value: str | None, clock: str | None, zone: tzinfo) -> datetime | None:
    """A day and a time of day in a zone, as an instant in UTC; midnight where there is no time of day."""
    found = on_day(value)
    if found is None:
        return None
    return datetime.combine(found, read_time(clock or "PT0S"), tzinfo=zone).astimezone(UTC)


def zone_of(name: str | None, default: tzinfo) -> tzinfo:
    """A time zone by SAP's name for it (CET, EST, UTC, ...); the default where we know none of that name."""
    if not name:
        return default
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return default
