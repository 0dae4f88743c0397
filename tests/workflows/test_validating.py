"""What is wrong with an input is said with the path of the value, and before anything is bound."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from canonical.customer import Address
from canonical.intent import AmendOrder, CancelOrder, CreateCustomer, Intent, LineChangeAsked
from canonical.principal import Principal
from canonical.refs import Ref
from tests.fakes.company import landscape
from tests.workflows.house import ANN, line, order
from workflows.validating import against

BOOKED = Ref("erp-eu", "4001")
AMENDMENT = AmendOrder(order=BOOKED, purchase_order_number="PO-2")
NEW = CreateCustomer(name="Acme", legal_entity="DE01", currency_code="EUR", billing_address=Address(country="DE"))
PICTURE = "\N{ROCKET}"


def changing(**values: Any) -> AmendOrder:
    return replace(AMENDMENT, change=(LineChangeAsked(order=BOOKED, key="10", **values),))


def wrongs(intent: Intent, principal: Principal = ANN) -> list[tuple[str, str]]:
    return [(problem.code, ".".join(problem.field)) for problem in against(intent, landscape(), principal)]


@pytest.mark.parametrize(
    "intent,field",
    [
        (replace(order(), lines=()), "lines"),
        (order(*[line("P-1", quantity=-1)] * 10_000), "lines"),
        (order(line("P-1"), line("P-1", quantity=-2)), "lines.1.quantity"),
        (order(line("P-1", quantity=0)), "lines.0.quantity"),
        (order(line(" ")), "lines.0.sku"),
        (order(line("P-1\x00")), "lines.0.sku"),
        (order(line("P-1", unit_price=Decimal(-1))), "lines.0.unit_price"),
        (order(line("P-1", discount_percent=Decimal("100.5"))), "lines.0.discount_percent"),
        (order(currency_code="eur"), "currency_code"),
        (order(customer=Ref("nowhere", "1")), "customer"),
        (order(source=Ref("nowhere", "1")), "source"),
        (order(purchase_order_number=f"PO {PICTURE}"), "purchase_order_number"),
        (order(purchase_order_number="PO \N{SNOWMAN}"), "purchase_order_number"),
        (order(purchase_order_number="9" * 81), "purchase_order_number"),
        (order(ship_to=Address(country="Germany")), "ship_to.country"),
        (order(bill_to=Address(country="DE", city="x" * 1001)), "bill_to.city"),
        (replace(AMENDMENT, purchase_order_number=None), "input"),
        (changing(quantity=Decimal(-1)), "change.0.quantity"),
        (changing(unit_price=Decimal(-1)), "change.0.unit_price"),
        (replace(AMENDMENT, add=(line("P-1", quantity=-1),)), "add.0.quantity"),
        (replace(AMENDMENT, add=(line("P-1"),) * 1001), "input"),
        (CancelOrder(order=BOOKED, reason=" "), "reason"),
        (replace(NEW, name=""), "name"),
        (replace(NEW, currency_code="euros"), "currency_code"),
        (replace(NEW, billing_address=Address()), "billing_address.country"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_by_its_path(intent: Intent, field: str) -> None:
    assert wrongs(intent) == [("INVALID_INPUT", field)]


@pytest.mark.parametrize(
    "intent,field",
    [
        (order(legal_entity="XX99"), "legal_entity"),
        (order(line("P-1"), line("P-2", legal_entity="XX99")), "lines.1.legal_entity"),
        (replace(AMENDMENT, add=(line("P-1", legal_entity="XX99"),)), "add.0.legal_entity"),
        (replace(NEW, legal_entity="XX99"), "legal_entity"),
    ],
)
def test_a_legal_entity_that_nobody_knows_is_refused_before_anything_is_bound(intent: Intent, field: str) -> None:
    assert wrongs(intent) == [("UNKNOWN_LEGAL_ENTITY", field)]


@pytest.mark.parametrize(
    "number", ["PO-1", "Bestellung Nr. 7/\N{LATIN SMALL LETTER U WITH DIAERESIS}", "№ 12 (€)", "注文 5"]
)
def test_numbers_in_any_writing_are_taken(number: str) -> None:
    assert wrongs(order(purchase_order_number=number)) == []


def test_of_very_many_wrong_values_the_first_are_told_and_how_many_more_there_are() -> None:
    found = against(order(*[line("P-1", quantity=-1)] * 150), landscape(), ANN)

    assert len(found) == 101
    assert found[-1].message == "And 50 more values are wrong; these come first."


def test_books_and_accounts_beyond_the_rights_are_a_problem_of_permission() -> None:
    narrow = Principal("bob", "acme", "quoting", frozenset(), frozenset({"US01"}), frozenset({"acc2"}))

    assert wrongs(order(line("P-1", legal_entity="DE01")), narrow) == [
        ("FORBIDDEN", "lines.0.legal_entity"),
        ("FORBIDDEN", "customer"),
    ]
