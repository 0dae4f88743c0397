from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.s4hana.sandbox.model import Kind, Property
from sources.s4hana.sandbox.values import etag_text, initial, keeper, writer

amounts = st.decimals(-(10**12), 10**12, places=3, allow_nan=False, allow_infinity=False)


@given(amounts)
def test_an_amount_comes_back_as_the_text_of_the_same_amount(amount: Decimal) -> None:
    prop = Property("Amount", Kind.DECIMAL, length=16, scale=3)

    text = writer(prop)(keeper(prop)(amount))

    assert Decimal(str(text)) == amount
    assert str(text).partition(".")[2].__len__() == 3


@given(amounts, amounts)
def test_stored_amounts_sort_as_the_amounts_do(one: Decimal, other: Decimal) -> None:
    keep = keeper(Property("Amount", Kind.DECIMAL, length=16, scale=3))

    assert (int(keep(one) or 0) < int(keep(other) or 0)) == (one < other)


@given(st.integers(1, 10**10 - 1), st.integers(1, 10**10 - 1))
def test_numbers_are_shown_without_their_leading_zeros_and_sort_as_numbers(one: int, other: int) -> None:
    prop = Property("Document", Kind.ALPHA, length=10)
    keep, write = keeper(prop), writer(prop)

    assert write(keep(str(one))) == write(keep(f"{one:010d}")) == str(one)
    assert (str(keep(str(one))) < str(keep(str(other)))) == (one < other)


@pytest.mark.parametrize(
    "kind,given_value,written",
    [
        (Kind.DAY, date(2026, 11, 23), "/Date(1795392000000)/"),
        (Kind.DAY, "/Date(1795392000000)/", "/Date(1795392000000)/"),
        (Kind.DAY, "2026-11-23", "/Date(1795392000000)/"),
        (Kind.DAY, None, None),
        (Kind.MOMENT, datetime(2026, 11, 23, 0, 0, 1, 999999, tzinfo=UTC), "/Date(1795392001999+0000)/"),
        (Kind.MOMENT, "2026-11-23T01:00:00+01:00", "/Date(1795392000000+0000)/"),
        (Kind.CLOCK, time(15, 51, 4), "PT15H51M04S"),
        (Kind.CLOCK, "PT9H", "PT09H00M00S"),
        (Kind.FLAG, True, True),
        (Kind.ALPHA, "TG11", "TG11"),
        (Kind.ALPHA, "", ""),
        (Kind.GUID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_every_kind_of_value_is_written_in_its_own_form(kind: Kind, given_value: object, written: object) -> None:
    prop = Property("Value", kind, length=10)

    assert writer(prop)(keeper(prop)(given_value)) == written


@pytest.mark.parametrize(
    "kind,given_value",
    [
        (Kind.TEXT, 7),
        (Kind.TEXT, "far too long"),
        (Kind.DIGITS, "12a"),
        (Kind.DECIMAL, 1.5),
        (Kind.DECIMAL, "1e999999"),
        (Kind.DECIMAL, "NaN"),
        (Kind.DAY, "tomorrow"),
        (Kind.CLOCK, "15:51"),
        (Kind.FLAG, "X"),
        (Kind.GUID, "none"),
        (Kind.INTEGER, "1.5"),
    ],
)
def test_values_of_another_kind_are_refused(kind: Kind, given_value: object) -> None:
    with pytest.raises(ValueError, match=r"takes|not a time|badly formed"):
        keeper(Property("Value", kind, length=10, scale=3))(given_value)


def test_initial_values_are_the_systems_and_not_null() -> None:
    digits = Property("Item", Kind.DIGITS, length=6)
    amount = Property("Amount", Kind.DECIMAL, length=15, scale=3)

    assert initial(digits) == "000000"
    assert writer(digits)(initial(digits)) == "0"
    assert writer(amount)(initial(amount)) == "0.000"


def test_an_entity_tag_has_seven_digits_of_a_second() -> None:
    stored = keeper(Property("Changed", Kind.MOMENT))(datetime(2016, 9, 2, 6, 15, 47, 125705, tzinfo=UTC))

    assert etag_text(stored) == "W/\"datetimeoffset'2016-09-02T06%3A15%3A47.1257050Z'\""
