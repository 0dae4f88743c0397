"""What a world is asked with: enums, defaults of every kind, objects within objects, and one of several."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import strawberry

from tests.engine.world import values as v

strawberry.enum(v.Status)
strawberry.enum(v.Currency)


@strawberry.input
class Range:
    """A field without a default, one with, and one that may not be null although it has one."""

    low: float
    high: float | None = None
    steps: int = 2


@strawberry.input(one_of=True)
class OrderBy:
    id: strawberry.ID | None = strawberry.UNSET
    number: str | None = strawberry.UNSET
    range: Range | None = strawberry.UNSET


@strawberry.input
class OrderFilter:
    status: list[v.Status] | None = None
    by: OrderBy | None = None
    weights: Range | None = None
    total_at_least: Decimal | None = None
    since: datetime | None = None
    until: date | None = strawberry.UNSET
    urgent: bool = False
    currency: v.Currency = v.Currency.EUR
    words: list[list[str | None]] | None = None


@strawberry.input
class InvoiceFilter:
    status: v.Status | None = None
    at_least: Decimal | None = None
