from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.kit.odata.literals import (
    day,
    day_v4,
    encoded,
    instant,
    instant_v4,
    read_day,
    read_instant,
    read_time,
    text,
    written_day,
    written_instant,
)


def test_quotes_inside_text_are_doubled() -> None:
    assert text("O'Neil") == "'O''Neil'"


def test_a_day_and_an_instant_are_written_as_each_version_wants_them() -> None:
    berlin = datetime(2026, 11, 23, 11, 0, tzinfo=timezone(timedelta(hours=1)))

    assert day(date(2026, 11, 23)) == "datetime'2026-11-23T00:00:00'"
    assert day_v4(date(2026, 11, 23)) == "2026-11-23"
    assert instant(berlin) == "datetimeoffset'2026-11-23T10:00:00Z'"
    assert instant_v4(berlin) == "2026-11-23T10:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        instant(datetime(2026, 11, 23))  # noqa: DTZ001


def test_colons_are_encoded_since_servers_take_them_for_a_segment() -> None:
    assert encoded("datetime'2026-11-23T00:00:00'") == "datetime'2026-11-23T00%3A00%3A00'"
    assert encoded("a eq 'b & c'") == "a%20eq%20'b%20%26%20c'"


@pytest.mark.parametrize(
    "written,expected",
    [
        ("/Date(1492041600000)/", datetime(2017, 4, 13, tzinfo=UTC)),
        ("/Date(1764000000000+0000)/", datetime(2025, 11, 24, 16, 0, tzinfo=UTC)),
        ("/Date(1764000000000+0060)/", datetime(2025, 11, 24, 16, 0, tzinfo=UTC)),
        ("/Date(-86400000)/", datetime(1969, 12, 31, tzinfo=UTC)),
    ],
)
def test_milliseconds_are_utc_whatever_offset_stands_beside_them(written: str, expected: datetime) -> None:
    assert read_instant(written) == expected


def test_a_day_is_not_shifted() -> None:
    assert read_day("/Date(1492041600000)/") == date(2017, 4, 13)


@pytest.mark.parametrize("wrong", ["", "2026-11-23", "/Date()/", "/Date(1)", "/Date(99999999999999999999)/"])
def test_what_is_no_date_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="date"):
        read_instant(wrong)


@pytest.mark.parametrize(
    "written,expected",
    [("PT15H51M04S", time(15, 51, 4)), ("PT0S", time(0, 0)), ("PT7H", time(7, 0)), ("PT1M2.5S", time(0, 1, 2))],
)
def test_times_of_day_are_read_to_the_second(written: str, expected: time) -> None:
    assert read_time(written) == expected


def test_what_is_no_time_of_day_is_refused() -> None:
    with pytest.raises(ValueError, match="time"):
        read_time("15:51:04")


@given(st.text())
def test_any_text_survives_being_written_and_encoded(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    literal = unquote(encoded(text(value)))

    assert literal[1:-1].replace("''", "'") == value


@given(st.dates())
def test_any_day_survives_being_written_and_read(value: date) -> None:
    assert read_day(written_day(value)) == value


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_instant_survives_to_the_millisecond(value: datetime) -> None:
    assert abs(read_instant(written_instant(value)) - value) < timedelta(milliseconds=1)
