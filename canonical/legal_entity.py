"""The companies that keep books."""

from __future__ import annotations

from msgspec import Struct


class LegalEntity(Struct, frozen=True):
    """One company with books of its own: its code, ISO country and currency, and the ERP that keeps them."""

    code: str
    name: str | None = None
    country: str | None = None
    currency_code: str | None = None
    erp: str | None = None
