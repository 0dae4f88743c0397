"""What would become of an order is told as the systems tell it, and nothing is written to find out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from canonical.customer import Credit
from canonical.errors import Unavailable
from canonical.intent import SubmitOrder
from canonical.money import money
from canonical.order import Stage
from canonical.order_validation import OrderValidation
from canonical.principal import Principal
from canonical.refs import Ref
from resolvers.validated_orders import validation_of
from sources.landscape_rules import OrderRules, Rules
from tests.fakes.company import NOW, order_record
from tests.fakes.intake import raising
from tests.workflows.house import ANN, House, line, order
from workflows.rehearsal import rehearse
from workflows.store.opening import Store

NOWHERE = "postgresql://postgres@/nothing?host=/nowhere"


@pytest.fixture
def house() -> House:
    """A company that cannot write anything down: its store is nowhere."""
    return company()


def company(**rules: Any) -> House:
    house = House(Store(NOWHERE), Rules(OrderRules(register_in_crm=False, **rules)))
    house.customer_of_both()
    return house


async def rehearsed(house: House, asked: SubmitOrder, who: Principal = ANN) -> OrderValidation:
    return validation_of(asked, await rehearse(house.shop, house.shop.call("corr-1", 60), asked, who))


def said(found: OrderValidation) -> list[tuple[str, str, bool]]:
    return [(problem.code, ".".join(problem.field), problem.blocking) for problem in found.problems]


async def test_prices_totals_and_whose_books_are_told(house: House) -> None:
    found = await rehearsed(house, order(line("P-1"), line("P-2", legal_entity="US01"), legal_entity="DE01"))

    assert found.valid
    assert said(found) == [("FOREIGN_CURRENCY", "currency_code", False)]
    assert [(one.index, one.legal_entity_code, one.amount) for one in found.lines] == [
        (0, "DE01", money(200, "EUR")),
        (1, "US01", money(100, "EUR")),
    ]
    assert [(one.legal_entity_code, one.erp) for one in found.bookings] == [("DE01", "erp-eu"), ("US01", "erp-us")]
    assert (found.subtotal, found.total) == (money(300, "EUR"), money(300, "EUR"))
    assert house.eu.requests == house.us.requests == []


async def test_an_article_and_a_price_that_the_erp_does_not_take_are_problems_of_their_lines(house: House) -> None:
    found = await rehearsed(house, order(line("P-1"), line("P-9"), line("P-2", unit_price=Decimal("0.50"))))

    assert not found.valid
    assert said(found) == [
        ("PRODUCT_REFUSED", "lines.1.sku", True),
        ("PRICE_DIFFERS", "lines.2.unit_price", True),
    ]
    assert [len(one.problems) for one in found.lines] == [0, 1, 1]


async def test_credit_that_is_used_up_is_told_with_what_is_left(house: House) -> None:
    house.eu.credit = Credit(
        credit_limit=money(500, "EUR"), exposure=None, available=money(150, "EUR"), on_hold=False, checked_at=NOW
    )

    found = await rehearsed(house, order())

    assert said(found) == [("CREDIT_EXCEEDED", "", True)]
    assert found.credit
    assert found.credit.available == money(150, "EUR")


async def test_goods_that_come_later_than_they_are_wanted_are_a_problem_that_blocks_nothing(house: House) -> None:
    house.eu.available_on = date(2027, 3, 1)

    found = await rehearsed(house, order(requested_delivery_date=date(2027, 2, 1)))

    assert found.valid
    assert said(found) == [("AVAILABLE_LATER", "lines.0.requested_delivery_date", False)]
    assert found.lines[0].available_on == date(2027, 3, 1)


async def test_a_customer_that_nobody_has_and_a_source_that_nobody_has_are_named(house: House) -> None:
    nobody = await rehearsed(house, order(customer=Ref("crm", "acc9")))
    asked_of_the_erp = list(house.eu.mood.calls)
    nothing = await rehearsed(house, order(source=Ref("crm", "0060000")))

    assert said(nobody) == [("SOURCE_REFUSED", "customer", True)]
    assert [one.sku for one in nobody.lines] == ["P-1"]
    assert asked_of_the_erp == []
    assert said(nothing) == [("SOURCE_REFUSED", "source", True)]
    assert nothing.subtotal == money(200, "EUR")


async def test_an_order_of_another_customer_is_no_source(house: House) -> None:
    sale = order_record("crm", "sale1", days_ago=1, entity="DE01", stage=Stage.SUBMITTED)
    house.crm.books.orders.append(replace(sale, customer_key="acc2"))

    found = await rehearsed(house, order())

    assert said(found) == [("SOURCE_REFUSED", "source", True)]
    assert found.problems[0].message == "sale1 in crm is of another customer than Acme."


async def test_a_customer_that_the_erp_does_not_know_yet_is_announced_or_refused_as_the_rules_say() -> None:
    welcome, strict = company(), company(onboarding=False)
    for one in (welcome, strict):
        one.eu.books.customers.clear()

    assert said(await rehearsed(welcome, order())) == [("CUSTOMER_UNKNOWN", "customer", False)]
    assert said(await rehearsed(strict, order())) == [("SOURCE_REFUSED", "customer", True)]
    assert welcome.eu.created == []


async def test_a_system_that_is_away_is_a_problem_that_may_pass(house: House) -> None:
    house.eu.mood.always["quote_order"] = raising(Unavailable("erp-eu", "erp-eu does not answer.", retry_after=7))

    found = await rehearsed(house, order(line("P-1"), line("P-2", legal_entity="US01"), legal_entity="DE01"))

    assert not found.valid
    away = found.problems[0]
    assert (away.code, away.retryable, away.retry_after_seconds, away.field) == ("SOURCE_UNAVAILABLE", True, 7, ())
    assert found.lines[1].amount == money(100, "EUR")
    assert found.subtotal is None


async def test_books_beyond_the_rights_are_not_asked(house: House) -> None:
    found = await rehearsed(house, order(), replace(ANN, legal_entities=frozenset({"US01"})))

    assert said(found) == [("FORBIDDEN", "lines.0.legal_entity", True)]
    assert house.eu.mood.calls == []
