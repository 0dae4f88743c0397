"""How well orders get through, in numbers."""

from __future__ import annotations

from datetime import datetime

import strawberry

from schema.enums import ProblemCategory


@strawberry.type(description="Counts and times of one span; a time is null where nothing was measured.")
class Kpis:
    """The numbers of one span."""

    orders_submitted: int
    orders_booked: int
    acceptance_seconds_median: float | None
    acceptance_seconds_p95: float | None
    invoice_latency_seconds_median: float | None
    duplicates_prevented: int
    retries: int
    exceptions_raised: int
    exceptions_open: int
    exception_resolution_seconds_median: float | None


@strawberry.type
class KpiPoint:
    """One point of a series."""

    starts_at: datetime
    kpis: Kpis


@strawberry.type
class SystemKpis:
    """The numbers of one system."""

    system: str
    kpis: Kpis


@strawberry.type
class CategoryCount:
    """How many exceptions of a category were raised."""

    category: ProblemCategory
    count: int


@strawberry.type
class KpiReport:
    """All numbers of a span."""

    total: Kpis
    series: list[KpiPoint] = strawberry.field(description="One point an interval; empty where none was asked for.")
    by_system: list[SystemKpis]
    by_category: list[CategoryCount]
