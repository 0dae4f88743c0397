"""A customer that was created in an ERP is known to the CRM by its number there; nothing waits for that."""

from __future__ import annotations

import pytest

from canonical.customer import Address
from canonical.errors import Outcome, ProblemCategory, Refused, Unavailable
from canonical.integration_exception import ExceptionStatus
from canonical.intent import CreateCustomer
from canonical.refs import Ref
from canonical.submission import StepState, Submission, SubmissionState, SubmissionStep
from tests.fakes.intake import lost, raising
from tests.workflows.house import ANN, House, line, order

NEW = CreateCustomer(
    name="Acme",
    legal_entity="DE01",
    currency_code="EUR",
    billing_address=Address(street="Weg 2", city="Bonn", country="DE"),
    source=Ref("crm", "acc1"),
)
DOWN = raising(Unavailable("crm", "crm does not answer."))


@pytest.fixture(autouse=True)
async def _usual(house: House) -> None:
    """A customer whom no ERP knows."""
    house.customer()


def telling(done: Submission) -> SubmissionStep:
    [found] = [step for step in done.steps if step.name == "account-write-back"]
    return found


async def test_an_order_that_brings_its_customer_into_an_erp_tells_the_crm_its_number(house: House) -> None:
    done = await house.done(order())
    more = await house.done(order(source=None))

    assert (done.state, done.problems) == (SubmissionState.COMPLETED, ())
    assert house.crm.numbers == {"acc1": ["erp-eu-new1"]}
    assert (telling(done).state, telling(done).system) == (StepState.DONE, "crm")
    assert telling(done).message == "crm knows it as erp-eu-new1 of erp-eu."
    assert [step.name for step in more.steps if step.name == "account-write-back"] == []


async def test_a_customer_that_is_created_by_itself_is_told_too(house: House) -> None:
    done = await house.done(NEW)

    assert done.state is SubmissionState.COMPLETED
    assert house.crm.numbers == {"acc1": ["erp-eu-new1"]}


async def test_of_each_erp_that_a_deal_brings_the_customer_into_the_crm_is_told(house: House) -> None:
    done = await house.done(order(line("P-1"), line("P-2", legal_entity="US01"), legal_entity="DE01"))

    assert done.state is SubmissionState.COMPLETED
    assert house.crm.numbers == {"acc1": ["erp-eu-new1", "erp-us-new1"]}


async def test_an_order_that_is_refused_after_its_customer_was_created_tells_the_number_all_the_same(
    house: House,
) -> None:
    done = await house.done(order(line("P-9")))

    assert done.state is SubmissionState.REFUSED
    assert house.crm.numbers == {"acc1": ["erp-eu-new1"]}


async def test_a_crm_that_cannot_be_told_keeps_no_order_up_and_is_told_by_itself_once_it_is_back(house: House) -> None:
    house.crm.mood.always["write_back_customer"] = DOWN

    done = await house.done(order())
    del house.crm.mood.always["write_back_customer"]
    await house.settle(minutes=1)
    await house.reconciled()
    await house.work()
    later = await house.look(done.id)

    assert (done.state, len(house.eu.standing)) == (SubmissionState.COMPLETED, 1)
    [problem] = done.problems
    assert (problem.blocking, problem.outcome, problem.category) == (
        False,
        Outcome.APPLIED,
        ProblemCategory.SYSTEM_UNAVAILABLE,
    )
    assert telling(done).state is StepState.FAILED
    assert (later.state, later.problems, telling(later).state) == (SubmissionState.COMPLETED, (), StepState.DONE)
    assert house.crm.numbers == {"acc1": ["erp-eu-new1"]}
    [exception] = await house.desk.exceptions.fetch(ANN, list(done.exception_ids))
    assert exception is not None
    assert (exception.subject, exception.status) == (("Customer", Ref("crm", "acc1")), ExceptionStatus.RESOLVED)


async def test_what_is_told_late_leaves_what_is_still_to_be_told(house: House) -> None:
    house.crm.mood.always["write_back_customer"] = house.crm.mood.always["write_back"] = DOWN

    done = await house.done(order())
    del house.crm.mood.always["write_back_customer"]
    await house.settle(minutes=1)
    await house.reconciled()
    await house.work()
    later = await house.look(done.id)

    assert len(done.problems) == 2
    assert telling(later).state is StepState.DONE
    assert later.problems != ()


async def test_an_answer_that_is_lost_is_asked_for_again_and_writes_no_second_number(house: House) -> None:
    house.crm.mood.will("write_back_customer", lost)

    done = await house.done(order())

    assert (done.problems, telling(done).state) == ((), StepState.DONE)
    assert house.crm.numbers == {"acc1": ["erp-eu-new1"]}


async def test_a_crm_that_may_have_been_told_is_told_again_by_itself(house: House) -> None:
    house.crm.mood.always["write_back"] = lost

    done = await house.done(order())
    del house.crm.mood.always["write_back"]
    await house.settle(minutes=1)
    await house.reconciled()
    await house.work()

    assert [problem.code for problem in done.problems] == ["OUTCOME_UNKNOWN"]
    assert (await house.look(done.id)).problems == ()


async def test_a_crm_that_does_not_take_the_number_is_an_exception_and_nothing_more(house: House) -> None:
    house.crm.mood.always["write_back_customer"] = raising(Refused("crm", "The field is locked."))

    done = await house.done(order())

    assert done.state is SubmissionState.COMPLETED
    assert [(one.message, one.blocking) for one in done.problems] == [("The field is locked.", False)]
    assert telling(done).message == "The field is locked."


async def test_a_number_by_which_another_erp_knows_somebody_else_is_not_told(house: House) -> None:
    house.known_in(house.us, "erp-eu-new1", crm_key="")

    done = await house.done(order())

    assert done.state is SubmissionState.COMPLETED
    assert house.crm.numbers == {}
    [problem] = done.problems
    assert (problem.category, problem.blocking) == (ProblemCategory.CONFLICT, False)
    assert "erp-us calls another one so" in problem.message
