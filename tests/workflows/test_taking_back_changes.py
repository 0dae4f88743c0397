"""A change over several companies is made in all of them, or taken back where that can be said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from canonical.errors import Outcome, Refused
from canonical.intent import AmendOrder, LineAt, LineChangeAsked
from canonical.order import Stage
from canonical.refs import Ref
from canonical.submission import SubmissionState
from tests.fakes.company import order_record
from tests.fakes.intake import Trouble, lost, raising
from tests.workflows.house import ANN, House, line, order

SALE, BOOKED = Ref("crm", "sale1"), Ref("erp-eu", "4001")
US = Ref("erp-us", "9001")


@pytest.fixture(autouse=True)
async def _usual(house: House) -> None:
    """An order of two lines, booked for DE01, that has a part of one line for US01 too."""
    house.customer()
    house.known_in(house.eu, "C-77")
    sale = order_record("crm", "sale1", days_ago=1, entity="DE01", stage=Stage.SUBMITTED)
    house.crm.books.orders.append(replace(sale, customer_key="acc1"))
    await house.done(order(line("P-1"), line("P-2")))
    german = house.eu.books.orders[0]
    american = order_record("erp-us", "9001", days_ago=1, entity="US01", stage=Stage.BOOKED)
    american = replace(american, partner_keys=("sale1",), number="9001", version="1")
    lines = tuple(replace(one, order=US, key="10") for one in german.lines or ())[:1]
    house.us.books.orders.append(replace(american, lines=lines, purchase_order_number="PO-1"))
    house.eu.books.orders[0] = replace(german, purchase_order_number="PO-1")


def amended(**facts: Any) -> AmendOrder:
    return AmendOrder(order=SALE, **facts)


def quantities(house: House) -> list[list[object]]:
    return [[one.quantity for one in erp.books.orders[0].lines or ()] for erp in (house.eu, house.us)]


BOTH = (
    LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),
    LineChangeAsked(order=US, key="10", quantity=Decimal(7)),
)


async def test_a_change_that_a_later_part_does_not_take_is_taken_back_whole_and_goes_through_on_a_retry(
    house: House,
) -> None:
    before = quantities(house)
    house.us.mood.will("amend_order", raising(Refused("erp-us", "It is delivered.")))

    failed = await house.done(amended(change=BOTH))
    between = quantities(house)
    [exception] = await house.desk.exceptions.fetch(ANN, list(failed.exception_ids))
    assert exception is not None
    await house.desk.exceptions.retry(ANN, exception.id, [], "they may", "corr-2")
    await house.work()
    late = await house.look(failed.id)

    assert (failed.state, failed.problems[0].outcome) == (SubmissionState.FAILED, Outcome.NOT_APPLIED)
    assert failed.problems[0].message == "It is delivered."
    assert ("amendment", "COMPENSATED") in [(step.name, step.state.value) for step in failed.steps]
    assert "4001 is in erp-eu as it was before." in [step.message for step in failed.steps]
    assert between == before
    assert late.state is SubmissionState.COMPLETED
    assert quantities(house) == [[Decimal(5), Decimal(2)], [Decimal(7)]]


async def test_a_part_that_somebody_changed_since_is_not_changed_back_and_that_is_said(house: House) -> None:
    house.us.mood.will("amend_order", _after(house, raising(Refused("erp-us", "It is delivered."))))

    failed = await house.done(amended(change=BOTH))

    assert (failed.state, failed.problems[0].outcome) == (SubmissionState.FAILED, Outcome.APPLIED)
    assert "4001 in erp-eu was changed; the rest was not. It is delivered." in failed.problems[0].message
    assert quantities(house)[0][0] == Decimal(5)


def _after(house: House, trouble: Trouble) -> Trouble:
    """Trouble, after somebody has changed the German order."""

    def both(when: str) -> None:
        house.eu.books.orders[0] = replace(house.eu.books.orders[0], version="99")
        trouble(when)

    return both


async def test_a_change_back_whose_reply_is_lost_is_found_and_not_made_twice(house: House) -> None:
    house.us.mood.will("amend_order", raising(Refused("erp-us", "It is delivered.")))
    house.eu.mood.will("amend_order", lambda _: None, lost)

    failed = await house.done(amended(change=BOTH))

    assert failed.problems[0].outcome is Outcome.NOT_APPLIED
    assert [one.reference for one in house.eu.amendments] == [
        f"{failed.external_reference}-1",
        f"{failed.external_reference}-1U",
    ]


async def test_what_cannot_be_changed_back_is_changed_last(house: House) -> None:
    house.eu.mood.will("amend_order", raising(Refused("erp-eu", "It is delivered.")))

    failed = await house.done(amended(change=BOTH[1:], remove=(LineAt(BOOKED, "20"),)))

    assert (failed.state, failed.problems[0].outcome) == (SubmissionState.FAILED, Outcome.NOT_APPLIED)
    assert [len(house.eu.amendments), len(house.us.amendments)] == [0, 2]
    assert quantities(house)[1] == [Decimal(2)]
