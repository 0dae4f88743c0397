"""Money, ids and wanted trees keep their promises."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from canonical.errors import Mistake
from canonical.identity import expect_id, global_id, parse_global_id
from canonical.money import Money, money, total
from canonical.refs import Ref
from canonical.wanted import Wanted

names = st.text("abc_", min_size=1, max_size=3)
trees = st.recursive(
    st.just(Wanted()),
    lambda below: st.dictionaries(names, st.none() | below, max_size=3).map(
        lambda d: Wanted(tuple(sorted(d.items(), key=lambda p: p[0])))
    ),
    max_leaves=8,
)


def test_money_is_rounded_to_its_currencys_digits() -> None:
    assert money("1250.000", "EUR") == Money(Decimal("1250.00"), "EUR")
    assert money("1250.5", "JPY") == Money(Decimal(1251), "JPY")
    assert money("1.23456", "KWD") == Money(Decimal("1.235"), "KWD")


def test_currencies_do_not_add() -> None:
    with pytest.raises(ValueError, match="EUR and USD cannot be added"):
        total([money(1, "EUR"), money(1, "USD")])


@given(st.lists(st.decimals("-1000000", "1000000", places=2), max_size=20))
def test_a_sum_of_money_is_exact(amounts: list[Decimal]) -> None:
    expected = money(sum(amounts, Decimal(0)), "EUR") if amounts else None

    assert total(money(amount, "EUR") for amount in amounts) == expected


@given(st.sampled_from(["Order", "Invoice"]), st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=60))
def test_an_id_names_its_record_again(concept: str, system: str, key: str) -> None:
    if "\x1f" in system + key:
        return

    assert parse_global_id(global_id(concept, Ref(system, key))) == (concept, Ref(system, key))


@given(st.text(max_size=80))
def test_no_text_that_is_not_an_id_is_taken_for_one(text: str) -> None:
    try:
        concept, ref = parse_global_id(text)
    except Mistake:
        return

    assert parse_global_id(global_id(concept, ref)) == (concept, ref)


def test_an_id_of_another_concept_is_refused_in_words() -> None:
    with pytest.raises(Mistake, match="names one Invoice, where the id of one Order was expected"):
        expect_id(global_id("Invoice", Ref("erp", "1")), "Order")


@given(trees, trees, trees)
def test_wanting_both_is_wanting_either_in_any_order(one: Wanted, two: Wanted, three: Wanted) -> None:
    assert one | two == two | one
    assert (one | two) | three == one | (two | three)
    assert set((one | two).names()) == set(one.names()) | set(two.names())


def test_dotted_names_nest() -> None:
    wanted = Wanted.of("number", "lines.sku", "lines.quantity")

    assert list(wanted.names()) == ["lines", "number"]
    assert list(wanted.below("lines").names()) == ["quantity", "sku"]
    assert "sku" not in wanted


@given(*[st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)] * 3)
def test_a_global_id_is_url_safe_and_names_its_record(concept: str, system: str, key: str) -> None:
    assume("\x1f" not in concept + system + key and concept)

    made = global_id(concept, Ref(system, key))

    assert re.fullmatch(r"[A-Za-z0-9_-]+", made)
    assume(len(made) <= 400)
    assert parse_global_id(made) == (concept, Ref(system, key))
