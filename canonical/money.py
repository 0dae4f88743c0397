"""Amounts of money: exact, and never without their currency."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

# ISO 4217 minor units that are not two (list one, amendment 176).
_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_CENT = Decimal("0.01")
_STEPS = {code: Decimal(1).scaleb(-digits) for code, digits in _DIGITS.items()}


class Money(Struct, frozen=True):
    """An exact amount in one ISO 4217 currency."""

    amount: Decimal
    currency_code: str

    def __add__(self, other: Money) -> Money:
        """The sum; ValueError when the currencies differ."""
        self._same(other)
        return Money(self.amount + other.amount, self.currency_code)

    def __sub__(self, other: Money) -> Money:
        """The difference; ValueError when the currencies differ."""
        self._same(other)
        return Money(self.amount - other.amount, self.currency_code)

    def _same(self, other: Money) -> None:
        if self.currency_code != other.currency_code:
            raise ValueError(f"{self.currency_code} and {other.currency_code} cannot be added")


def minor_digits(currency_code: str) -> int:
    """How many digits after the point ISO 4217 gives the currency; two where it is not known."""
    return _DIGITS.get(currency_code, 2)


def money(amount: Decimal | str | int, currency_code: str) -> Money:
    """An amount rounded half up to the currency's minor unit, so that 1250.000 EUR is 1250.00 EUR."""
    exact = amount if isinstance(amount, Decimal) else Decimal(amount)
    return Money(exact.quantize(_STEPS.get(currency_code, _CENT), ROUND_HALF_UP), currency_code)


def total(amounts: Iterable[Money]) -> Money | None:
    """The sum of amounts of one currency; None for none at all. ValueError when currencies are mixed."""
    result: Money | None = None
    for amount in amounts:
        result = amount if result is None else result + amount
    return result
