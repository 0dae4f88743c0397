from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from canonical.customer import Credit
from canonical.errors import Outcome, ProblemCategory, Refused, Throttled, Unavailable
from canonical.integration_exception import Correction, ExceptionStatus, Severity
from canonical.money import money
from canonical.principal import Principal
from canonical.refs import Ref
from canonical.submission import StepState, Submission, SubmissionState
from sources.landscape_rules import OrderRules, RoutingRule, Rules
from tests.fakes.company import NOW
from tests.fakes.intake import lost, never_arrived, raising
from tests.workflows.house import ANN, House, line, order
from workflows.exception_queue import ExceptionFilter
from workflows.reconcile import reconcile
from workflows.store.opening import Store

ACROSS = order(
    line("P-1", source=Ref("crm", "l1")), line("P-2", source=Ref("crm", "l2"), legal_entity="US01"), legal_entity="DE01"
)


@pytest.fixture(autouse=True)
def _usual(house: House) -> None:
    knows_the_customer(house)


def knows_the_customer(house: House) -> None:
    house.customer_of_both()


def states(submission: Submission) -> dict[str, StepState]:
    return {f"{step.name} {step.legal_entity or ''}".strip(): step.state for step in submission.steps}


async def test_an_order_is_booked_once_and_the_crm_is_told(house: House) -> None:
    done = await house.done(order(purchase_order_number="PO-1"))

    assert done.state is SubmissionState.COMPLETED
    [request] = house.eu.requests
    assert request.reference == done.external_reference
    assert (request.customer_key, request.legal_entity_code, request.crm_order_key) == ("C-77", "DE01", "sale1")
    assert [told.numbers for told in house.crm.told] == [("4001",)]
    assert done.order_refs == (Ref("crm", "sale1"),)
    assert done.record_refs == (Ref("crm", "sale1"), Ref("erp-eu", "4001"))
    assert states(done) == {
        "customer": StepState.DONE,
        "source": StepState.DONE,
        "routing": StepState.DONE,
        "account DE01": StepState.DONE,
        "quotation DE01": StepState.DONE,
        "credit DE01": StepState.DONE,
        "tax DE01": StepState.DONE,
        "booking DE01": StepState.DONE,
        "write-back": StepState.DONE,
    }
    assert done.steps[-2].message == "Order 4001 was booked in erp-eu."


async def test_what_happens_is_put_into_the_outbox_in_its_order(house: House) -> None:
    await house.done(order())
    await house.done(order(line("P-9")))

    told = await house.ask("select split_part(key, ':', 1), body->>'submission_state' from event_out order by id")

    assert [tuple(row) for row in told] == [
        ("ORDER_SUBMITTED", None),
        ("SUBMISSION_UPDATED", "IN_PROGRESS"),
        ("SUBMISSION_UPDATED", "COMPLETED"),
        ("ORDER_SUBMITTED", None),
        ("SUBMISSION_UPDATED", "IN_PROGRESS"),
        ("SUBMISSION_UPDATED", "REFUSED"),
        ("EXCEPTION_RAISED", None),
    ]


async def test_what_was_booked_is_looked_at_like_what_a_system_tells_of(house: House) -> None:
    await house.done(order())

    [told] = await house.ask("select system, concept, key, due_at is not null from change_in")

    assert tuple(told) == ("erp-eu", "Order", "4001", True)


async def test_the_structure_is_kept_to_the_last_field(house: House) -> None:
    bundle, part = Ref("crm", "l1"), Ref("crm", "l2")
    ramp: dict[str, Any] = {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31), "segment": 1}

    await house.done(
        order(
            line("P-1", source=bundle, unit_price=Decimal("95.50"), discount_percent=Decimal(10)),
            line("P-2", source=part, parent_source=bundle, requested_delivery_date=date(2027, 2, 1)),
            line("SVC-1", **ramp),
            requested_delivery_date=date(2027, 1, 15),
        )
    )

    [request] = house.eu.requests
    first, second, third = request.lines
    assert (first.source_key, first.parent, first.unit_price, first.discount_percent) == (
        "l1", None, Decimal("95.50"), Decimal(10),
    )  # fmt: skip
    assert (second.source_key, second.parent, second.requested_delivery_date) == ("l2", 0, date(2027, 2, 1))
    assert (third.starts_on, third.ends_on, third.segment) == (date(2027, 1, 1), date(2027, 12, 31), 1)
    assert request.requested_delivery_date == date(2027, 1, 15)


async def test_a_deal_over_two_legal_entities_is_one_submission_with_a_booking_each(house: House) -> None:
    done = await house.done(ACROSS)

    assert done.state is SubmissionState.COMPLETED
    assert [request.reference for request in (*house.eu.requests, *house.us.requests)] == [
        f"{done.external_reference}-1",
        f"{done.external_reference}-2",
    ]
    [told] = house.crm.told
    assert told.numbers == ("4001", "4001")
    assert told.line_keys == (("l1", "10"), ("l2", "10"))
    assert done.legal_entities == ("DE01", "US01")


async def test_where_the_second_part_is_refused_the_first_is_taken_back(house: House) -> None:
    house.us.mood.will("book_order", raising(Refused("erp-us", "Period closed.", detail="FI 201")))

    done = await house.done(ACROSS)

    assert done.state is SubmissionState.FAILED
    assert (house.eu.standing, house.us.standing) == ([], [])
    assert states(done)["booking DE01"] is StepState.COMPENSATED
    assert states(done)["compensation DE01"] is StepState.DONE
    assert states(done)["booking US01"] is StepState.FAILED
    [problem] = done.problems
    assert (problem.message, problem.outcome, problem.system) == ("Period closed.", Outcome.NOT_APPLIED, "erp-us")
    assert house.crm.told[-1].failed == "Period closed."


async def test_a_deal_that_was_taken_back_is_booked_whole_when_it_is_retried_under_the_same_key(house: House) -> None:
    house.us.mood.will("book_order", raising(Refused("erp-us", "Period closed.")))
    failed = await house.done(ACROSS, "key-of-the-whole-deal")

    answer = await house.desk.exceptions.retry(ANN, failed.exception_ids[0], [], "period is open again", "corr-2")
    await house.work()

    assert answer.problems == ()
    done = await house.look(failed.id)
    assert done.state is SubmissionState.COMPLETED
    assert (len(house.eu.standing), len(house.us.standing)) == (1, 1)
    assert house.eu.requests[-1].reference == f"{done.external_reference}-1.2"
    assert house.crm.told[-1].failed is None
    [exception] = await house.desk.exceptions.fetch(ANN, [failed.exception_ids[0]])
    assert exception is not None
    assert exception.status is ExceptionStatus.RESOLVED
    assert [entry.action for entry in exception.history] == [
        "RAISE_EXCEPTION",
        "RETRY_EXCEPTION",
        "RESOLVE_EXCEPTION",
    ]


async def test_what_cannot_be_taken_back_is_said_with_the_greatest_urgency(house: House) -> None:
    house.us.mood.will("book_order", raising(Refused("erp-us", "Period closed.")))
    house.eu.mood.always["cancel_order"] = raising(Refused("erp-eu", "Delivered already."))

    done = await house.done(ACROSS)

    assert done.state is SubmissionState.FAILED
    assert done.problems[0].outcome is Outcome.APPLIED
    page = await house.desk.exceptions.list_exceptions(
        ANN, ExceptionFilter(severities=frozenset({Severity.CRITICAL})), 10
    )
    [exception] = page.items
    assert exception.subject == ("Order", Ref("erp-eu", "4001"))
    assert "4001 is booked in erp-eu and could not be cancelled: Delivered already." in exception.explanation


async def test_a_reply_that_was_lost_after_the_booking_is_found_and_counts(house: House) -> None:
    house.eu.mood.will("book_order", lost)

    done = await house.done(order())

    assert done.state is SubmissionState.COMPLETED
    assert len(house.eu.requests) == 1
    assert done.steps[-2].message == "Order 4001 was found to be booked in erp-eu."


async def test_a_request_that_may_have_got_lost_is_uncertain_and_sent_again_only_once_it_is_settled(
    house: House,
) -> None:
    house.eu.mood.will("book_order", never_arrived)

    unsure = await house.done(order())
    await reconcile(house.shop)
    await house.due()
    await reconcile(house.shop)
    still = await house.look(unsure.id)
    await house.settle()
    await house.due()
    await reconcile(house.shop)
    await house.work()

    assert (unsure.state, still.state) == (SubmissionState.UNCERTAIN, SubmissionState.UNCERTAIN)
    assert unsure.problems[0].outcome is Outcome.UNCERTAIN
    done = await house.look(unsure.id)
    assert done.state is SubmissionState.COMPLETED
    assert len(house.eu.requests) == 1
    [exception] = await house.desk.exceptions.fetch(ANN, list(done.exception_ids))
    assert exception is not None
    assert (exception.category, exception.status) == (
        ProblemCategory.UNCERTAIN_OUTCOME,
        ExceptionStatus.RESOLVED,
    )


async def test_while_the_erp_cannot_be_asked_a_lost_reply_stays_uncertain_and_is_then_settled_by_looking(
    house: House,
) -> None:
    house.eu.mood.will("book_order", lost)
    house.eu.mood.always["find_orders"] = raising(Unavailable("erp-eu", "It is down."))

    unsure = await house.done(order())
    await house.settle()
    await house.due()
    await reconcile(house.shop)
    still = await house.look(unsure.id)
    del house.eu.mood.always["find_orders"]
    await house.due()
    await reconcile(house.shop)
    await house.work()

    assert (unsure.state, still.state) == (SubmissionState.UNCERTAIN, SubmissionState.UNCERTAIN)
    done = await house.look(unsure.id)
    assert done.state is SubmissionState.COMPLETED
    assert len(house.eu.requests) == 1


async def test_uncertain_orders_of_one_erp_are_looked_for_in_one_call(house: House) -> None:
    for _ in range(3):
        house.eu.mood.will("book_order", never_arrived)
        await house.done(order())
    house.eu.mood.calls.clear()

    await house.settle()
    await house.due()
    await reconcile(house.shop)

    assert house.eu.mood.calls == ["find_orders"]


async def test_an_article_that_is_not_sold_is_refused_at_its_line_and_booked_once_it_is_corrected(house: House) -> None:
    refused = await house.done(order(line("P-1"), line("P-9")), "key-of-the-corrected-order")
    [exception] = await house.desk.exceptions.fetch(ANN, list(refused.exception_ids))
    assert exception is not None
    answer = await house.desk.exceptions.retry(
        ANN, exception.id, [Correction(("lines", "1", "sku"), "P-2")], None, "corr-2"
    )
    await house.work()

    assert refused.state is SubmissionState.REFUSED
    assert refused.problems[0].field == ("lines", "1", "sku")
    assert [(one.label, one.value) for one in exception.correctable] == [("Line 2: sku", "P-9")]
    assert answer.problems == ()
    done = await house.look(refused.id)
    assert (done.id, done.state) == (refused.id, SubmissionState.COMPLETED)
    assert [one.sku for one in house.eu.requests[0].lines] == ["P-1", "P-2"]
    replayed = await house.submit(order(line("P-1"), line("P-9")), "key-of-the-corrected-order")
    assert replayed.submission is not None
    assert (replayed.submission.id, replayed.replayed) == (refused.id, True)


async def test_a_price_that_the_erp_does_not_keep_is_refused(house: House) -> None:
    house.eu.mood.calls.clear()

    done = await house.done(order(line("P-1", unit_price=Decimal("0.50"))))

    assert done.state is SubmissionState.REFUSED
    assert done.problems[0].category is ProblemCategory.PRICING
    assert house.eu.requests == []


async def test_an_order_beyond_the_credit_limit_is_refused_and_goes_through_once_the_limit_is_raised(
    house: House,
) -> None:
    house.eu.credit = credit("150")
    refused = await house.done(order())
    house.eu.credit = credit("5000")
    await house.desk.exceptions.retry(ANN, refused.exception_ids[0], [], None, "corr-2")
    await house.work()

    assert refused.state is SubmissionState.REFUSED
    assert refused.problems[0].category is ProblemCategory.CREDIT
    assert refused.problems[0].message == ("The order is over 200.00 EUR, and only 150.00 of credit is left in erp-eu.")
    assert (await house.look(refused.id)).state is SubmissionState.COMPLETED


async def test_where_the_landscape_says_so_the_erp_holds_what_is_beyond_the_limit(store: Store) -> None:
    house = House(store, Rules(OrderRules(credit="hold", register_in_crm=False)))
    knows_the_customer(house)
    house.eu.credit = credit("150")

    assert (await house.done(order())).state is SubmissionState.COMPLETED


async def test_while_an_erp_is_down_the_order_waits_and_is_booked_when_it_is_back(house: House) -> None:
    house.eu.mood.always["quote_order"] = raising(Unavailable("erp-eu", "erp-eu does not answer."))
    waiting = await house.done(order())
    del house.eu.mood.always["quote_order"]
    await reconcile(house.shop)
    early = await house.waiting()
    await house.due()
    await reconcile(house.shop)
    await house.work()

    assert waiting.state is SubmissionState.IN_PROGRESS
    assert waiting.problems[0].category is ProblemCategory.SYSTEM_UNAVAILABLE
    assert not waiting.problems[0].blocking
    assert early == []
    assert (await house.look(waiting.id)).state is SubmissionState.COMPLETED


async def test_an_erp_that_asks_for_time_gets_it(house: House) -> None:
    house.eu.mood.will("book_order", raising(Throttled("erp-eu", "Later, please.", retry_after=2)))

    done = await house.done(order())

    assert done.state is SubmissionState.COMPLETED
    assert house.durable.slept == [2]
    assert len(house.eu.requests) == 1


async def test_what_is_booked_stays_booked_when_the_crm_cannot_be_told(house: House) -> None:
    house.crm.mood.always["write_back"] = raising(Unavailable("crm", "crm does not answer."))

    done = await house.done(order())

    assert done.state is SubmissionState.COMPLETED
    [problem] = done.problems
    assert (problem.blocking, problem.outcome) == (False, Outcome.APPLIED)
    assert states(done)["write-back"] is StepState.FAILED


async def test_the_crm_is_told_by_itself_once_it_is_back_and_the_submission_stays_complete(house: House) -> None:
    house.crm.mood.always["write_back"] = raising(Unavailable("crm", "crm does not answer."))
    done = await house.done(order())
    await house.settle(minutes=5)
    await house.reconciled()
    await house.reconciled()
    await house.work()
    still = await house.look(done.id)
    del house.crm.mood.always["write_back"]
    await house.settle(minutes=5)
    await house.reconciled()
    await house.work()

    assert (done.state, still.state) == (SubmissionState.COMPLETED, SubmissionState.COMPLETED)
    told = await house.look(done.id)
    assert told.problems == ()
    assert states(told)["write-back"] is StepState.DONE
    [exception] = await house.desk.exceptions.fetch(ANN, list(told.exception_ids))
    assert exception is not None
    assert exception.status is ExceptionStatus.RESOLVED
    assert len(house.crm.told) == 1


async def test_a_fault_of_our_own_ends_the_round_and_is_told_with_its_name_alone(house: House) -> None:
    house.eu.mood.will("quote_order", raising(ZeroDivisionError("secret 4711")))

    done = await house.done(order())

    assert done.state is SubmissionState.FAILED
    assert (done.problems[0].code, done.problems[0].detail) == ("INTERNAL_FAULT", "ZeroDivisionError")


async def test_a_fault_of_our_own_while_booking_leaves_it_uncertain(house: House) -> None:
    house.eu.mood.will("book_order", raising(ZeroDivisionError("secret 4711")))

    done = await house.done(order())

    assert done.state is SubmissionState.UNCERTAIN


async def test_a_customer_that_an_erp_does_not_know_is_created_there_once_for_two_orders(house: House) -> None:
    house.eu.books.customers.clear()

    first = await house.done(order())
    second = await house.done(order(source=Ref("crm", "sale2")))

    assert (first.state, second.state) == (SubmissionState.COMPLETED, SubmissionState.COMPLETED)
    [created] = house.eu.created
    assert (created.crm_key, created.name, created.legal_entity_code) == ("acc1", "Acme", "DE01")
    assert [request.customer_key for request in house.eu.requests] == ["erp-eu-new1", "erp-eu-new1"]


async def test_a_customer_without_an_address_is_not_created(house: House) -> None:
    house.eu.books.customers.clear()
    house.crm.books.customers[:] = [replace(house.crm.books.customers[0], billing_address=None)]

    done = await house.done(order(legal_entity="DE01"))

    assert done.state is SubmissionState.REFUSED
    assert done.problems[0].category is ProblemCategory.CUSTOMER_MASTER


async def test_two_records_that_claim_one_customer_are_a_conflict(house: House) -> None:
    house.known_in(house.eu, "C-78")

    done = await house.done(order())

    assert done.state is SubmissionState.REFUSED
    assert done.problems[0].category is ProblemCategory.CONFLICT
    assert "C-77 and C-78" in done.problems[0].message


async def test_an_order_that_was_not_born_in_the_crm_is_put_there_before_it_is_booked(store: Store) -> None:
    house = House(store, Rules(OrderRules(register_in_crm=True)))
    knows_the_customer(house)

    done = await house.done(order(source=None))

    anchor = Ref("crm", f"sale-{done.external_reference}")
    assert done.order_refs == (anchor,)
    assert house.eu.requests[0].crm_order_key == anchor.key
    assert house.crm.told[0].order_key == anchor.key


async def test_the_routing_of_the_landscape_decides_line_by_line(store: Store) -> None:
    rules = Rules(OrderRules(register_in_crm=False), routing=(RoutingRule("US01", frozenset({"DE"}), "EUR"),))
    house = House(store, rules)
    knows_the_customer(house)

    done = await house.done(order())

    assert done.legal_entities == ("US01",)
    assert len(house.us.requests) == 1


async def test_books_that_whoever_submits_may_not_touch_take_nothing(house: House) -> None:
    narrow = Principal("bob", "acme", "quoting", frozenset(), legal_entities=frozenset({"US01"}))

    named = await house.submit(order(legal_entity="DE01"), principal=narrow)
    routed = await house.submit(order(), principal=narrow)
    await house.work()

    assert named.submission is None
    assert named.problems[0].code == "FORBIDDEN"
    assert routed.submission is not None
    done = await house.look(routed.submission.id)
    assert done.state is SubmissionState.REFUSED
    assert done.problems[0].category is ProblemCategory.PERMISSION
    assert house.eu.requests == []


async def test_a_customer_that_whoever_submits_may_not_touch_gets_no_order(house: House) -> None:
    narrow = Principal("bob", "acme", "quoting", frozenset(), accounts=frozenset({"acc2"}))

    named = await house.submit(order(), principal=narrow)
    by_erp = await house.submit(order(customer=Ref("erp-eu", "C-77"), legal_entity="DE01"), principal=narrow)
    await house.work()

    assert named.submission is None
    assert named.problems[0].code == "FORBIDDEN"
    assert by_erp.submission is not None
    done = await house.look(by_erp.submission.id)
    assert done.problems[0].category is ProblemCategory.PERMISSION
    assert house.eu.requests == []


async def test_what_stopped_an_earlier_round_and_not_this_one_is_over(house: House) -> None:
    house.eu.mood.always["quote_order"] = raising(Unavailable("erp-eu", "erp-eu does not answer."))
    waiting = await house.done(order(line("P-9")))
    del house.eu.mood.always["quote_order"]
    await house.reconciled()
    await house.work()

    refused = await house.look(waiting.id)
    found = await house.desk.exceptions.fetch(ANN, list(refused.exception_ids))
    assert [(one.category, one.status) for one in found if one] == [
        (ProblemCategory.PRODUCT, ExceptionStatus.OPEN),
        (ProblemCategory.SYSTEM_UNAVAILABLE, ExceptionStatus.RESOLVED),
    ]


def credit(available: str) -> Credit:
    return Credit(
        credit_limit=money(9999, "EUR"), exposure=None, available=money(available, "EUR"), on_hold=False, checked_at=NOW
    )


async def test_an_order_of_the_crm_is_booked_once_whatever_keys_it_is_handed_in_under(house: House) -> None:
    first = await house.done(order())
    second = await house.done(order(purchase_order_number="again"))

    assert (first.state, second.state) == (SubmissionState.COMPLETED, SubmissionState.REFUSED)
    [problem] = second.problems
    assert (problem.code, problem.category) == ("ALREADY_SUBMITTED", ProblemCategory.CONFLICT)
    assert first.external_reference in problem.message
    assert len(house.eu.requests) == 1
