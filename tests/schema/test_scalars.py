"""Instants, days and numbers look on the wire as the graph promises."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import read_day, read_instant, read_number, write_day, write_instant, write_number


def test_an_instant_is_utc_with_exactly_three_fraction_digits() -> None:
    berlin = timezone(timedelta(hours=1))

    assert write_instant(datetime(2026, 11, 20, 9, 30, tzinfo=UTC)) == "2026-11-20T09:30:00.000Z"
    assert write_instant(datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=berlin)) == "2026-11-20T08:30:00.123Z"


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_reads_back_to_the_millisecond(at: datetime) -> None:
    assert read_instant(write_instant(at)) == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6))
def test_a_number_reads_back_exactly_and_never_has_an_exponent(number: Decimal) -> None:
    text = write_number(number)

    assert read_number(text) == number
    assert "E" not in text.upper()


@pytest.mark.parametrize("given_value", ["NaN", "Infinity", "1e5", "1,5", "", " 1", 1.5, True, None, "1" * 40])
def test_what_is_not_an_exact_number_is_refused(given_value: object) -> None:
    with pytest.raises(GraphQLError, match="A Decimal is a text"):
        read_number(given_value)


@pytest.mark.parametrize("given_value", ["2026-02-30", "2026-1-1", "20260101", 5, "2026-01-01T00:00:00Z", None])
def test_what_is_not_a_day_is_refused(given_value: object) -> None:
    with pytest.raises(GraphQLError, match="A Date looks like"):
        read_day(given_value)


@pytest.mark.parametrize("given_value", ["2026-11-20", "2026-11-20T09:30:00", "now", 5, None, "2026-13-01T00:00:00Z"])
def test_what_is_not_an_instant_with_an_offset_is_refused(given_value: object) -> None:
    with pytest.raises(GraphQLError, match=r"DateTime looks like|not an instant"):
        read_instant(given_value)


def test_a_day_is_a_day_and_no_instant() -> None:
    assert write_day(date(2026, 11, 20)) == "2026-11-20"
    with pytest.raises(GraphQLError, match="A Date is a calendar day"):
        write_day(datetime(2026, 11, 20, tzinfo=UTC))
