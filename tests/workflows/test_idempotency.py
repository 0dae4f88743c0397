from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some
from msgspec.structs import replace

from canonical.customer import Address
from canonical.errors import Mistake
from canonical.intent import CancelOrder, Intent, LineAsked, SubmitOrder
from canonical.refs import Ref
from workflows.idempotency import check_key, fingerprint

words = some.text("abcXYZ-ü 1", min_size=1, max_size=8)
amounts = some.decimals(-1000, 1000, places=3)
days = some.dates(date(2020, 1, 1), date(2030, 1, 1))
refs = some.builds(Ref, some.sampled_from(["crm", "erp-eu"]), words)
lines = some.builds(
    LineAsked,
    sku=words,
    quantity=amounts,
    unit_price=some.none() | amounts,
    source=some.none() | refs,
    starts_on=some.none() | days,
    segment=some.none() | some.integers(0, 5),
)
orders = some.builds(
    SubmitOrder,
    customer=refs,
    currency_code=some.sampled_from(["EUR", "USD"]),
    lines=some.lists(lines, min_size=1, max_size=4).map(tuple),
    legal_entity=some.none() | words,
    ship_to=some.none() | some.builds(Address, city=some.none() | words, country=some.just("DE")),
)


def shuffled(value: Any, chance: Any) -> Any:
    """The same JSON with its keys in another order."""
    if isinstance(value, dict):
        items = list(value.items())
        chance.shuffle(items)
        return {key: shuffled(held, chance) for key, held in items}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


def spelled_differently(amount: Decimal) -> Decimal:
    return Decimal(f"{amount:.6f}")


@given(orders, some.randoms(use_true_random=False))
def test_the_order_of_keys_and_values_that_are_usual_anyway_do_not_matter(order: SubmitOrder, chance: Any) -> None:
    plain = json.loads(msgspec.json.encode(order))
    again = msgspec.convert(shuffled(plain, chance), SubmitOrder)

    assert fingerprint(again) == fingerprint(order)


@given(orders)
def test_the_spelling_of_numbers_does_not_matter(order: SubmitOrder) -> None:
    spelled = tuple(
        replace(
            line,
            quantity=spelled_differently(line.quantity),
            unit_price=None if line.unit_price is None else spelled_differently(line.unit_price),
        )
        for line in order.lines
    )

    assert fingerprint(replace(order, lines=spelled)) == fingerprint(order)


@given(orders, orders)
def test_inputs_that_differ_have_different_fingerprints(one: SubmitOrder, other: SubmitOrder) -> None:
    assume(one != other)

    assert fingerprint(one) != fingerprint(other)


def test_a_price_of_nothing_is_not_the_same_as_no_price() -> None:
    free = LineAsked(sku="A", quantity=Decimal(1), unit_price=Decimal(0))
    order = SubmitOrder(customer=Ref("crm", "1"), currency_code="EUR", lines=(free,))

    assert fingerprint(order) != fingerprint(replace(order, lines=(replace(free, unit_price=None),)))


def test_the_order_of_lines_matters() -> None:
    one, two = (LineAsked(sku=sku, quantity=Decimal(1)) for sku in "AB")
    order = SubmitOrder(customer=Ref("crm", "1"), currency_code="EUR", lines=(one, two))

    assert fingerprint(order) != fingerprint(replace(order, lines=(two, one)))


def test_the_operation_is_a_part_of_it() -> None:
    class Same(CancelOrder, frozen=True, tag="SOMETHING_ELSE"):
        pass

    cancel: Intent = CancelOrder(order=Ref("crm", "1"), reason="twice")

    assert fingerprint(cancel) != fingerprint(Same(order=Ref("crm", "1"), reason="twice"))


def test_a_fingerprint_stays_what_it_is_over_versions() -> None:
    line = LineAsked(sku="PS-12", quantity=Decimal("2.0"), starts_on=date(2026, 1, 31))
    order = SubmitOrder(customer=Ref("crm", "0015g"), currency_code="EUR", lines=(line,))

    assert fingerprint(order) == "540a60a044cb28d254f8e5a92124ee4fd27e7a88dba190940337c93ed854062b"


@pytest.mark.parametrize("key", ["a" * 16, "Z" * 128, "order:2026-11-26_00.17", "4b8e2c1a-0f3d-4b3e-9c1a-1f2e3d4c5b6a"])
def test_keys_of_letters_digits_and_four_signs_are_taken(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "a" * 15, "a" * 129, "sixteen letters!", "ümlauts-are-not-in", "a" * 16 + "\n"])
def test_other_keys_are_refused_in_words(key: str) -> None:
    with pytest.raises(Mistake, match="16 to 128 characters") as refused:
        check_key(key)

    assert refused.value.code == "IDEMPOTENCY_KEY_INVALID"
