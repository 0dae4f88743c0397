"""Tryton's forms of values, read as ours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from msgspec import Struct

from canonical.money import Money, minor_digits, money


class Amount(Struct, frozen=True):
    """`{"__class__": "Decimal", "decimal": "10988.06"}`."""

    decimal: Decimal


class Day(Struct, frozen=True):
    """`{"__class__": "date", "year": 2026, "month": 3, "day": 5}`."""

    year: int
    month: int
    day: int


class Instant(Struct, frozen=True):
    """`{"__class__": "datetime", "year": 2026, ...}`, in UTC."""

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    microsecond: int = 0


_ONE: Final = Decimal(1)


def told_amount(value: Decimal) -> dict[str, object]:
    """A price as Tryton takes it."""
    return {"__class__": "Decimal", "decimal": f"{value:f}"}


def told_day(value: date) -> dict[str, object]:
    """A calendar day as Tryton takes it."""
    return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}


def on_day(value: Day | None) -> date | None:
    """A calendar day."""
    return None if value is None else date(value.year, value.month, value.day)


def instant(value: Instant) -> datetime:
    """An instant in UTC."""
    return datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, tzinfo=UTC
    )


def at(value: Instant | None) -> datetime | None:
    """An instant in UTC, where there is one."""
    return None if value is None else instant(value)


def midnight(day: date) -> datetime:
    """The instant at which a day begins in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def happened(day: Day | None, created: Instant | None) -> datetime | None:
    """When something of a day happened: no earlier than its record was made, where that was on the same day."""
    on, made = on_day(day), at(created)
    if on is None:
        return None
    return made if made is not None and made.date() == on else midnight(on)


def amount(value: Amount | None, currency: str | None) -> Money | None:
    """Money to the currency's own digits; None without amount or currency."""
    return None if value is None or not currency else money(value.decimal, currency)


def evened(value: Decimal, currency: str) -> Money:
    """Money rounded as Tryton rounds what it multiplies: half a cent to the even one."""
    step = Decimal(1).scaleb(-minor_digits(currency))
    return Money(value.quantize(step, ROUND_HALF_EVEN), currency)


def quantity(value: Decimal | None) -> Decimal | None:
    """An exact number without the zeros behind its point: Tryton sends quantities as floats."""
    if value is None:
        return None
    whole = value.to_integral_value()
    return whole.quantize(_ONE) if value == whole else value.normalize()


def named_id(reference: str | None, model: str) -> int | None:
    """The id in a reference like 'sale.line,43', when it names a record of this model."""
    name, _, key = (reference or "").partition(",")
    return int(key) if name == model and key.isdigit() else None


def country_part(code: str | None) -> str | None:
    """A subdivision without its country: 'US-OH' is 'OH'."""
    return (code.partition("-")[2] or code) if code else None
