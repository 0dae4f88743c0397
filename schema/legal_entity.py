"""Legal entities: the companies that keep books."""

from __future__ import annotations

import strawberry


@strawberry.type
class LegalEntity:
    """One company with books of its own."""

    code: str
    name: str | None
    country: str | None
    currency_code: str | None
    erp: str | None
