from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.money import Money
from sources.s4hana.values import amount, at_clock, decimal, is_document, number, told, unpadded, zone_of


@pytest.mark.parametrize(
    "written,plain",
    [("0000000001", "1"), ("1", "1"), ("000000", "0"), ("", ""), (None, ""), ("00TG11", "00TG11"), ("TG11", "TG11")],
)
def test_only_numbers_lose_their_leading_zeros(written: str | None, plain: str) -> None:
    assert unpadded(written) == plain


@pytest.mark.parametrize("initial", ["", "0", "000000", None])
def test_an_initial_number_is_none(initial: str | None) -> None:
    assert number(initial) is None


def test_the_empty_text_is_none() -> None:
    assert told("") is None


@pytest.mark.parametrize(
    "written,currency,expected",
    [
        ("1250.000", "EUR", Money(Decimal("1250.00"), "EUR")),
        ("1250.000", "JPY", Money(Decimal(1250), "JPY")),
        ("1.2345", "KWD", Money(Decimal("1.235"), "KWD")),
        ("-0.005", "USD", Money(Decimal("-0.01"), "USD")),
    ],
)
def test_amounts_get_the_digits_of_their_currency(written: str, currency: str, expected: Money) -> None:
    assert amount(written, currency) == expected


@pytest.mark.parametrize("written,currency", [(None, "EUR"), ("1.000", ""), ("1.000", None)])
def test_an_amount_without_currency_or_value_is_none(written: str | None, currency: str | None) -> None:
    assert amount(written, currency) is None


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a decimal"):
        decimal("1,5")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=3))
def test_a_decimal_keeps_its_value_and_loses_what_only_fills_its_scale(value: Decimal) -> None:
    read = decimal(f"{value:.3f}")

    assert read == value
    assert read is not None
    assert "E" not in f"{read}" or read == 0 or abs(read) < Decimal("0.000001")


def test_times_of_day_are_those_of_their_zone() -> None:
    zone = zone_of("EST", UTC)

    assert at_clock("/Date(1762214400000)/", "PT15H51M04S", zone) == datetime(2025, 11, 4, 20, 51, 4, tzinfo=UTC)
    assert at_clock("/Date(1762214400000)/", None, UTC) == datetime(2025, 11, 4, tzinfo=UTC)
    assert at_clock(None, "PT1H", UTC) is None
    assert zone_of("NOWHERE", UTC) is UTC


@pytest.mark.parametrize(
    "text,fits", [("1", True), ("0000000001", True), ("12345678901", False), ("", False), ("A'b", False), ("ä1", False)]
)
def test_a_document_number_has_one_to_ten_plain_signs(text: str, fits: bool) -> None:
    assert is_document(text) is fits
