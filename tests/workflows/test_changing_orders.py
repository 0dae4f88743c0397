from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from canonical.customer import Address
from canonical.errors import Outcome, ProblemCategory, Refused, Unavailable
from canonical.intent import AmendOrder, CancelOrder, CreateCustomer, LineAt, LineChangeAsked
from canonical.order import Stage
from canonical.principal import Principal
from canonical.refs import Ref
from canonical.submission import SubmissionState
from tests.fakes.company import order_record
from tests.fakes.intake import Trouble, lost, never_arrived, raising
from tests.workflows.house import ANN, House, line, order

SALE, BOOKED = Ref("crm", "sale1"), Ref("erp-eu", "4001")


@pytest.fixture(autouse=True)
async def _usual(house: House) -> None:
    """One order of two lines, booked for DE01."""
    house.customer_of_both()
    sale = order_record("crm", "sale1", days_ago=1, entity="DE01", stage=Stage.SUBMITTED)
    house.crm.books.orders.append(replace(sale, customer_key="acc1"))
    await house.done(order(line("P-1"), line("P-2")))


def amended(**facts: Any) -> AmendOrder:
    return AmendOrder(order=SALE, **facts)


async def test_an_order_is_cancelled_where_it_is_booked_and_the_crm_is_told(house: House) -> None:
    done = await house.done(CancelOrder(order=SALE, reason="ordered twice"))

    assert done.state is SubmissionState.COMPLETED
    assert house.eu.standing == []
    assert (house.crm.told[-1].cancelled, house.crm.told[-1].numbers) == (True, ("4001",))
    assert done.order_refs == (SALE,)
    assert set(done.record_refs) == {SALE, BOOKED}


async def test_an_order_is_found_by_its_booking_too(house: House) -> None:
    done = await house.done(CancelOrder(order=BOOKED, reason="ordered twice"))

    assert done.state is SubmissionState.COMPLETED
    assert house.crm.told[-1].order_key == "sale1"


async def test_a_cancellation_whose_reply_is_lost_is_asked_for_again(house: House) -> None:
    house.eu.mood.will("cancel_order", lost, lost)

    done = await house.done(CancelOrder(order=SALE, reason="ordered twice"))

    assert done.state is SubmissionState.COMPLETED
    assert house.eu.mood.calls.count("cancel_order") == 3


async def test_an_order_that_the_erp_keeps_is_not_cancelled(house: House) -> None:
    house.eu.mood.will("cancel_order", raising(Refused("erp-eu", "It is delivered.")))

    done = await house.done(CancelOrder(order=SALE, reason="ordered twice"))

    assert done.state is SubmissionState.REFUSED
    assert done.problems[0].message == "It is delivered."


async def test_what_was_cancelled_in_one_erp_and_not_in_another_is_told_as_it_is(house: House) -> None:
    us = order_record("erp-us", "9001", days_ago=1, entity="US01", stage=Stage.BOOKED)
    house.us.books.orders.append(replace(us, partner_keys=("sale1",), number="9001"))
    house.us.mood.will("cancel_order", raising(Refused("erp-us", "It is delivered.")))

    done = await house.done(CancelOrder(order=SALE, reason="ordered twice"))

    assert done.state is SubmissionState.FAILED
    assert done.problems[0].outcome is Outcome.APPLIED
    assert "4001 in erp-eu was cancelled; the rest was not. It is delivered." in done.problems[0].message


async def test_an_order_that_nobody_has_is_refused(house: House) -> None:
    done = await house.done(CancelOrder(order=Ref("erp-eu", "777"), reason="ordered twice"))

    assert done.state is SubmissionState.REFUSED
    assert "There is no order 777 in erp-eu." in done.problems[0].message


async def test_books_that_whoever_asks_may_not_touch_stay_as_they_are(house: House) -> None:
    narrow = Principal("bob", "acme", "quoting", frozenset(), legal_entities=frozenset({"US01"}))
    submitted = await house.submit(CancelOrder(order=SALE, reason="ordered twice"), principal=narrow)
    await house.work()

    assert submitted.submission is not None
    done = await house.look(submitted.submission.id)
    assert done.problems[0].category is ProblemCategory.PERMISSION
    assert len(house.eu.standing) == 1


async def test_an_order_on_which_another_submission_is_at_work_waits_for_it(house: House) -> None:
    house.eu.mood.will("cancel_order", never_arrived, never_arrived, never_arrived, never_arrived)
    first = await house.done(CancelOrder(order=SALE, reason="ordered twice"))
    second = await house.done(amended(purchase_order_number="PO-2"))
    await house.settle()
    await house.reconciled()
    await house.work()
    await house.reconciled()
    await house.work()

    assert first.state is SubmissionState.UNCERTAIN
    assert second.state is SubmissionState.IN_PROGRESS
    assert (await house.look(first.id)).state is SubmissionState.COMPLETED
    late = await house.look(second.id)
    assert late.state is SubmissionState.REFUSED
    assert late.problems[0].code == "NOT_BOOKED"


async def test_lines_are_changed_added_and_removed_in_their_own_books(house: House) -> None:
    done = await house.done(
        amended(
            change=(LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),),
            remove=(LineAt(BOOKED, "20"),),
            add=(line("SVC-1", 1),),
            purchase_order_number="PO-2",
        )
    )

    assert done.state is SubmissionState.COMPLETED
    [asked] = house.eu.amendments
    assert [(one.key, one.quantity) for one in asked.change] == [("10", Decimal(5))]
    assert (asked.remove, [one.sku for one in asked.add]) == (("20",), ["SVC-1"])
    assert (asked.purchase_order_number, asked.reference) == ("PO-2", done.external_reference)


async def test_a_change_whose_reply_is_lost_is_recognised_by_what_the_order_shows(house: House) -> None:
    house.eu.mood.will("amend_order", lost)

    done = await house.done(amended(change=(LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),)))

    assert done.state is SubmissionState.COMPLETED
    assert len(house.eu.amendments) == 1


def delivered_twice(when: str) -> None:
    if when == "after":
        raise Refused("erp-eu", "The order was changed.", category=ProblemCategory.CONFLICT)


async def test_a_change_that_the_network_delivers_twice_is_not_taken_for_a_conflict_with_itself(house: House) -> None:
    house.eu.mood.will("amend_order", delivered_twice)

    done = await house.done(amended(change=(LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),)))

    assert done.state is SubmissionState.COMPLETED
    assert len(house.eu.amendments) == 1


async def test_a_conflict_that_cannot_be_looked_into_is_no_refusal(house: House) -> None:
    house.eu.mood.will("amend_order", delivered_twice)
    house.eu.mood.always["find_orders"] = raising(Unavailable("erp-eu", "It is down."))

    unsure = await house.done(amended(change=(LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),)))

    assert unsure.state is SubmissionState.UNCERTAIN


async def test_an_order_that_shows_a_lost_change_and_was_cancelled_since_is_not_told_as_changed(house: House) -> None:
    house.eu.mood.will("amend_order", lost)
    house.eu.mood.will("find_orders", _cancelling(house))

    done = await house.done(amended(change=(LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),)))
    await house.settle()
    await house.reconciled()
    await house.work()
    late = await house.look(done.id)

    assert house.eu.books.orders[0].stage is Stage.CANCELLED
    assert late.state is SubmissionState.REFUSED
    assert late.problems[0].category is ProblemCategory.CONFLICT
    assert len(house.eu.amendments) == 1


async def test_a_cancelled_order_that_carries_a_changes_reference_is_not_the_changed_one(house: House) -> None:
    house.eu.mood.will("amend_order", never_arrived)
    unsure = await house.done(amended(change=(LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),)))
    [standing] = house.eu.standing
    house.eu.orders[unsure.external_reference] = [replace(standing, cancelled=True)]
    _cancel(house)

    await house.settle()
    await house.reconciled()
    await house.work()

    late = await house.look(unsure.id)
    assert (unsure.state, late.state) == (SubmissionState.UNCERTAIN, SubmissionState.REFUSED)


def _cancelling(house: House) -> Trouble:
    """Somebody cancels the order in the ERP just before it is looked for."""
    return lambda when: _cancel(house) if when == "before" else None


def _cancel(house: House) -> None:
    house.eu.books.orders[0] = replace(house.eu.books.orders[0], stage=Stage.CANCELLED)


async def test_a_change_that_may_have_got_lost_is_made_once_it_is_settled(house: House) -> None:
    house.eu.mood.will("amend_order", never_arrived)

    unsure = await house.done(amended(change=(LineChangeAsked(order=BOOKED, key="10", quantity=Decimal(5)),)))
    await house.settle()
    await house.reconciled()
    await house.work()

    assert unsure.state is SubmissionState.UNCERTAIN
    assert (await house.look(unsure.id)).state is SubmissionState.COMPLETED
    assert len(house.eu.amendments) == 1


async def test_a_change_that_was_decided_on_an_older_version_is_a_conflict(house: House) -> None:
    done = await house.done(amended(purchase_order_number="PO-2", expected_version="erp-eu:0"))
    right = await house.done(amended(purchase_order_number="PO-2", expected_version="erp-eu:1"))

    assert done.state is SubmissionState.REFUSED
    assert (done.problems[0].code, done.problems[0].category) == ("VERSION_CONFLICT", ProblemCategory.CONFLICT)
    assert right.state is SubmissionState.COMPLETED


async def test_a_line_of_another_order_is_no_line_of_this_one(house: House) -> None:
    done = await house.done(amended(remove=(LineAt(Ref("erp-us", "1"), "10"),)))

    assert done.state is SubmissionState.REFUSED
    assert done.problems[0].field == ("remove", "0")


async def test_a_new_line_goes_into_the_books_that_it_names(house: House) -> None:
    done = await house.done(amended(add=(line("SVC-1", 1, legal_entity="US01"),)))

    assert done.state is SubmissionState.REFUSED
    assert (done.problems[0].category, done.problems[0].field) == (
        ProblemCategory.ROUTING,
        ("add", "0", "legal_entity"),
    )


NEW = CreateCustomer(
    name="Nova AG",
    legal_entity="DE01",
    currency_code="EUR",
    billing_address=Address(street="Weg 2", city="Bonn", country="DE"),
    source=Ref("crm", "acc2"),
)


async def test_a_customer_is_created_once_for_a_record_of_the_crm(house: House) -> None:
    house.customer("acc2")

    first = await house.done(NEW)
    second = await house.done(replace(NEW, name="Nova Aktiengesellschaft"))

    assert (first.state, second.state) == (SubmissionState.COMPLETED, SubmissionState.COMPLETED)
    [created] = house.eu.created
    assert (created.name, created.crm_key) == ("Nova AG", "acc2")
    assert first.customer_ref == Ref("crm", "acc2")


async def test_a_customer_whose_creation_got_no_answer_is_found_and_not_created_again(house: House) -> None:
    house.customer("acc2")
    house.eu.mood.will("create_customer", lost)

    done = await house.done(NEW)

    assert done.state is SubmissionState.COMPLETED
    assert len(house.eu.created) == 1


async def test_a_customer_that_is_there_already_is_taken(house: House) -> None:
    done = await house.done(replace(NEW, source=Ref("crm", "acc1")))

    assert done.state is SubmissionState.COMPLETED
    assert house.eu.created == []
    assert "It is there already: C-77." in [step.message for step in done.steps]


async def test_a_customer_who_is_nowhere_yet_is_known_by_its_new_record(house: House) -> None:
    done = await house.done(replace(NEW, source=None))

    assert done.state is SubmissionState.COMPLETED
    assert done.customer_ref == Ref("erp-eu", "erp-eu-new1")
    assert house.eu.created[0].reference == done.external_reference


async def test_a_customer_of_a_company_that_is_none_is_refused_at_the_door(house: House) -> None:
    refused = await house.submit(replace(NEW, legal_entity="XX01"))

    assert refused.submission is None
    assert [(one.code, one.field) for one in refused.problems] == [("UNKNOWN_LEGAL_ENTITY", ("legal_entity",))]


async def test_whoever_does_not_see_a_submission_does_not_learn_of_it(house: House) -> None:
    done = await house.done(CancelOrder(order=SALE, reason="ordered twice"))

    [hidden] = await house.desk.submissions(replace(ANN, tenant="globex"), [done.id])

    assert hidden is None
