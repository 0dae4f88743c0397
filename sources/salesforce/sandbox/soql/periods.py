"""Date literals such as TODAY and LAST_N_DAYS:7, as half-open spans of days in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

Span = tuple[date, date]


def span(word: str, today: date, count: int | None = None) -> Span:
    """The first day of the period and the day after its last one; weeks start on Sunday."""
    if count is not None:
        return COUNTED[word](today, count)
    return PERIODS[word](today)


def _days(first: date, count: int) -> Span:
    return first, first + timedelta(days=count)


def _month(today: date, shift: int) -> date:
    months = today.year * 12 + today.month - 1 + shift
    return date(months // 12, months % 12 + 1, 1)


def _months(first: date, count: int) -> Span:
    return first, _month(first, count)


def _week(today: date, shift: int) -> date:
    return today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=shift)


def _quarter(today: date, shift: int) -> date:
    return _month(today, -((today.month - 1) % 3) + 3 * shift)


def _year(today: date, shift: int) -> date:
    return date(today.year + shift, 1, 1)


PERIODS: Final[dict[str, Callable[[date], Span]]] = {
    "today": lambda t: _days(t, 1),
    "yesterday": lambda t: _days(t - timedelta(days=1), 1),
    "tomorrow": lambda t: _days(t + timedelta(days=1), 1),
    "this_week": lambda t: _days(_week(t, 0), 7),
    "last_week": lambda t: _days(_week(t, -1), 7),
    "next_week": lambda t: _days(_week(t, 1), 7),
    "this_month": lambda t: _months(_month(t, 0), 1),
    "last_month": lambda t: _months(_month(t, -1), 1),
    "next_month": lambda t: _months(_month(t, 1), 1),
    "this_quarter": lambda t: _months(_quarter(t, 0), 3),
    "last_quarter": lambda t: _months(_quarter(t, -1), 3),
    "next_quarter": lambda t: _months(_quarter(t, 1), 3),
    "this_year": lambda t: (_year(t, 0), _year(t, 1)),
    "last_year": lambda t: (_year(t, -1), _year(t, 0)),
    "next_year": lambda t: (_year(t, 1), _year(t, 2)),
    "last_90_days": lambda t: (t - timedelta(days=90), t + timedelta(days=1)),
    "next_90_days": lambda t: _days(t + timedelta(days=1), 90),
}

COUNTED: Final[dict[str, Callable[[date, int], Span]]] = {
    "last_n_days": lambda t, n: (t - timedelta(days=n), t + timedelta(days=1)),
    "next_n_days": lambda t, n: _days(t + timedelta(days=1), n),
    "n_days_ago": lambda t, n: _days(t - timedelta(days=n), 1),
    "last_n_weeks": lambda t, n: (_week(t, -n), _week(t, 0)),
    "next_n_weeks": lambda t, n: (_week(t, 1), _week(t, n + 1)),
    "last_n_months": lambda t, n: (_month(t, -n), _month(t, 0)),
    "next_n_months": lambda t, n: (_month(t, 1), _month(t, n + 1)),
    "last_n_quarters": lambda t, n: (_quarter(t, -n), _quarter(t, 0)),
    "next_n_quarters": lambda t, n: (_quarter(t, 1), _quarter(t, n + 1)),
    "last_n_years": lambda t, n: (_year(t, -n), _year(t, 0)),
    "next_n_years": lambda t, n: (_year(t, 1), _year(t, n + 1)),
}
