"""How well orders get through, in numbers."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct

from canonical.errors import ProblemCategory


class KpiInterval(Enum):
    """How long each point of a series is."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"


class Kpis(Struct, frozen=True, kw_only=True):
    """Counts and times of one span; a time is None where nothing was measured.

    Acceptance is from submission to end, invoice latency from booking to the first invoice, as the systems date them.
    """

    orders_submitted: int = 0
    orders_booked: int = 0
    acceptance_seconds_median: float | None = None
    acceptance_seconds_p95: float | None = None
    invoice_latency_seconds_median: float | None = None
    duplicates_prevented: int = 0
    retries: int = 0
    exceptions_raised: int = 0
    exceptions_open: int = 0
    exception_resolution_seconds_median: float | None = None


class KpiPoint(Struct, frozen=True):
    """One point of a series."""

    starts_at: datetime
    kpis: Kpis


class SystemKpis(Struct, frozen=True):
    """The numbers of one system."""

    system: str
    kpis: Kpis


class CategoryCount(Struct, frozen=True):
    """How many exceptions of a category were raised."""

    category: ProblemCategory
    count: int


class KpiReport(Struct, frozen=True, kw_only=True):
    """All numbers of a span; the series is empty where no interval was asked for."""

    total: Kpis
    series: tuple[KpiPoint, ...] = ()
    by_system: tuple[SystemKpis, ...] = ()
    by_category: tuple[CategoryCount, ...] = ()
