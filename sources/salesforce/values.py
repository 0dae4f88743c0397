"""Single values of the wire as canonical ones: exact, in UTC, and absent in the right way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, TypeVar

from msgspec import UNSET, UnsetType

from canonical.absence import Told
from canonical.customer import Address
from canonical.money import Money, minor_digits, money
from canonical.wanted import Wanted
from sources.salesforce.wire import Sent

T = TypeVar("T")

_SEPARATORS: Final = re.compile(r"[;,]")
_DAY_LENGTH: Final = 10


class Asked:
    """Tells a field that was asked for and did not come (the org has none) from one that nobody asked for."""

    def __init__(self, wanted: Wanted) -> None:
        self._names = frozenset(wanted.names())

    def __call__(self, name: str, value: Sent[T]) -> Told[T]:
        """The value; None where it was asked for and there is none; UNSET where it was not."""
        return None if isinstance(value, UnsetType) and name in self._names else value


def sent(value: Sent[T]) -> T | None:
    """The value, None for every kind of absence."""
    return None if isinstance(value, UnsetType) else value


def amount_of(amount: Sent[Decimal], currency: str) -> Sent[Money]:
    """An amount rounded to the currency's minor unit."""
    return amount if amount is None or isinstance(amount, UnsetType) else money(amount, currency)


def price_of(amount: Sent[Decimal], currency: str) -> Sent[Money]:
    """A price a unit: to the minor unit, or finer where the org keeps it finer."""
    if amount is None or isinstance(amount, UnsetType):
        return amount
    exact = plain(amount)
    scale = -exponent if isinstance(exponent := exact.as_tuple().exponent, int) else 0
    return money(exact, currency) if scale <= minor_digits(currency) else Money(exact, currency)


def plain(number: Decimal) -> Decimal:
    """The same number without the zeros that a JSON double brings ('2.0' is 2), never in exponents."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def quantity_of(number: Sent[Decimal]) -> Sent[Decimal]:
    """A quantity without trailing zeros."""
    return number if number is None or isinstance(number, UnsetType) else plain(number)


def instant_of(text: Sent[str]) -> Sent[datetime]:
    """A custom field's instant, whether the org keeps it as date/time or as date (then its first instant, UTC)."""
    if text is None or isinstance(text, UnsetType):
        return text
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def day_of(text: Sent[str]) -> Sent[date]:
    """A custom field's day, whether the org keeps it as date or as date/time."""
    return text if text is None or isinstance(text, UnsetType) else date.fromisoformat(text[:_DAY_LENGTH])


def version_of(at: Sent[datetime]) -> Sent[str]:
    """A version that changes whenever the record does."""
    return at if at is None or isinstance(at, UnsetType) else at.isoformat()


def whole(number: Sent[str | float]) -> Sent[int]:
    """A custom field's whole number, kept as number or as text; None for text that is none."""
    if number is None or isinstance(number, UnsetType):
        return number
    return int(number) if isinstance(number, float) or number.strip().isdecimal() else None


def label(value: Sent[str | float]) -> Sent[str]:
    """A custom field's label, kept as text or as a whole number."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return value


def numbers_in(text: Sent[str]) -> tuple[str, ...]:
    """The numbers in a field that may hold several, parted by semicolons or commas, each once."""
    parts = _SEPARATORS.split(sent(text) or "")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def address_of(parts: Sequence[Sent[str]]) -> Sent[Address]:
    """Street, city, region, postal code and country as an address; None where all of them are empty."""
    if all(isinstance(part, UnsetType) for part in parts):
        return UNSET
    street, city, region, postal_code, country = (sent(part) for part in parts)
    if not (street or city or region or postal_code or country):
        return None
    return Address(street=street, city=city, region=region, postal_code=postal_code, country=country)
