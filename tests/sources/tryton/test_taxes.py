"""The rules of account.tax.rule, as Tryton applies them in its forms."""

from __future__ import annotations

from datetime import date

import pytest

from sources.tryton.tax_numbers import tax_identifier
from sources.tryton.taxes import taxes_for
from sources.tryton.values import Day
from sources.tryton.wire_intake import Buyer, RuleLine, Tax, TaxRule
from tests.sources.tryton.reading import rows

TODAY = date(2026, 11, 26)
USUAL, REDUCED, EXEMPT, EXTRA = Tax(id=1), Tax(id=2), Tax(id=3), Tax(id=4, group=9)


def ids(used: list[Tax], *lines: RuleLine) -> list[int]:
    return [tax.id for tax in taxes_for(used, TaxRule(id=1, lines=list(lines)), TODAY)]


def test_without_a_rule_a_products_own_taxes_hold_each_once() -> None:
    assert [tax.id for tax in taxes_for([REDUCED, USUAL, REDUCED], None, TODAY)] == [1, 2]


def test_a_rule_replaces_a_tax_adds_to_it_or_takes_it_away() -> None:
    assert ids([USUAL], RuleLine(id=1, origin_tax=1, tax=REDUCED)) == [2]
    assert ids([USUAL], RuleLine(id=1, origin_tax=1, tax=REDUCED, keep_origin=True)) == [1, 2]
    assert ids([USUAL], RuleLine(id=1, origin_tax=1)) == []
    assert ids([USUAL], RuleLine(id=1, origin_tax=7, tax=REDUCED)) == [1]
    assert ids([USUAL]) == [1]


def test_a_line_without_an_origin_stands_for_any_tax_and_for_none() -> None:
    assert ids([USUAL], RuleLine(id=1, tax=EXEMPT)) == [3]
    assert ids([], RuleLine(id=1, tax=EXEMPT)) == [3]
    assert ids([], RuleLine(id=1, origin_tax=1, tax=EXEMPT)) == []


def test_the_first_line_that_fits_decides_by_sequence_those_without_one_first() -> None:
    late, early = RuleLine(id=1, sequence=20, tax=EXEMPT), RuleLine(id=2, sequence=10, tax=REDUCED)

    assert ids([USUAL], late, early) == [2]
    assert ids([USUAL], late, early, RuleLine(id=9, origin_tax=1, tax=EXEMPT)) == [2, 3]


def test_a_line_holds_for_its_days_and_its_group_alone() -> None:
    over = RuleLine(id=1, end_date=Day(2026, 11, 25), tax=EXEMPT)
    ahead = RuleLine(id=2, start_date=Day(2026, 11, 27), tax=EXEMPT)
    now = RuleLine(id=3, start_date=Day(2026, 11, 26), end_date=Day(2026, 11, 26), tax=REDUCED)

    assert ids([USUAL], over, ahead) == [1]
    assert ids([USUAL], over, ahead, now) == [2]
    assert ids([EXTRA], RuleLine(id=1, tax=EXEMPT)) == [3, 4]
    assert ids([EXTRA], RuleLine(id=1, group=9, tax=EXEMPT)) == [3]


def test_a_customers_rule_is_read_as_the_server_tells_it() -> None:
    [buyer] = rows("buyer", Buyer)

    [tax] = taxes_for([USUAL], buyer.customer_tax_rule, TODAY)

    assert (tax.id, tax.type, tax.rate and str(tax.rate.decimal)) == (2, "percentage", "0.025")


@pytest.mark.parametrize(
    "number,country,told",
    [
        (" 12-3456789 ", "US", ("us_ein", "12-3456789")),
        ("136695976", "de", ("eu_vat", "DE136695976")),
        ("DE136695976", "DE", ("eu_vat", "DE136695976")),
        ("094259216", "GR", ("eu_vat", "EL094259216")),
        ("CHE-107.787.577 MWST", "CH", ("ch_vat", "CHE-107.787.577 MWST")),
        ("4711", None, (None, "4711")),
        ("36556463", "FR", ("fr_siren", "36556463")),
    ],
)
def test_a_tax_number_is_of_the_kind_that_its_country_has(
    number: str, country: str | None, told: tuple[str | None, str]
) -> None:
    assert tax_identifier(number, country, {"FR": "fr_siren"}) == told
