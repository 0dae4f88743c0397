"""The companies that keep books."""

from __future__ import annotations

from msgspec import Struct


class LegalEntity(Struct, frozen=True):
    """One company with books of its own: its code, ISO country and currency, and the ERP that keeps them.

    `currencies`: what it sells in; none named, whatever its ERP takes.
    """

    code: str
    name: str | None = None
    country: str | None = None
    currency_code: str | None = None
    erp: str | None = None
    currencies: tuple[str, ...] = ()

    def sells_in(self, currency_code: str) -> bool:
        """Whether an order in this currency can be one of its own, as far as the landscape says."""
        return not self.currencies or currency_code in (self.currency_code, *self.currencies)
