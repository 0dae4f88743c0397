"""What is told of a submission: every state it stands in, to whoever may see it by what is known of it then."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from canonical.errors import Refused, Unavailable
from canonical.integration_exception import ExceptionResolution, IntegrationException
from canonical.submission import SubmissionState
from sources.landscape_rules import ExceptionRule, OrderRules, Rules
from tests.fakes.intake import raising
from tests.workflows.house import ANN, House, line, order
from workflows.exception_queue import ExceptionFilter
from workflows.store.opening import Store

GERMAN_DESK = replace(ANN, legal_entities=frozenset({"DE01"}))
DOWN = raising(Unavailable("erp-eu", "It is down."))


@pytest.fixture(autouse=True)
def _usual(house: House) -> None:
    knows_the_customer(house)


def knows_the_customer(house: House) -> None:
    house.customer()
    house.known_in(house.eu, "C-77")


async def events(house: House, kind: str) -> list[tuple[str | None, list[str], str | None]]:
    """The state, the books and the CRM's customer of each event of a kind, in their order."""
    rows = await house.ask(
        "select body->>'submission_state', body->'legal_entities', body->>'crm_customer' from event_out"
        " where split_part(key, ':', 1) = :kind order by id",
        kind=kind,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def told(house: House) -> list[str | None]:
    """The states that were told, in their order; no two under one key, of which only the first would be told."""
    keys = [row[0] for row in await house.ask("select key from event_out")]
    assert len(set(keys)) == len(keys)
    return [state for state, _, _ in await events(house, "SUBMISSION_UPDATED")]


async def shown(house: House) -> list[IntegrationException]:
    """What the German desk has before it."""
    return list((await house.desk.exceptions.list_exceptions(GERMAN_DESK, ExceptionFilter(), 9)).items)


async def test_an_exception_is_seen_by_the_desk_of_the_books_that_its_order_was_routed_to(house: House) -> None:
    house.eu.mood.always["quote_order"] = DOWN

    waiting = await house.done(order())

    assert waiting.legal_entities == ("DE01",)
    assert [one.id for one in await shown(house)] == list(waiting.exception_ids)
    assert await events(house, "EXCEPTION_RAISED") == [(None, ["DE01"], "acc1")]
    narrow = replace(ANN, accounts=frozenset({"acc1"}))
    assert (await house.desk.exceptions.list_exceptions(narrow, ExceptionFilter(), 9)).total == 1


async def test_a_rule_for_some_books_fits_an_exception_of_an_order_that_was_routed_to_them(store: Store) -> None:
    rule = ExceptionRule("german desk", legal_entity="DE01")
    house = House(store, Rules(OrderRules(register_in_crm=False), exceptions=(rule,)))
    knows_the_customer(house)
    house.eu.mood.always["quote_order"] = DOWN

    await house.done(order())

    assert [one.owner for one in await shown(house)] == ["german desk"]


async def test_the_end_of_a_submission_is_told_to_those_of_the_books_that_it_was_routed_to(house: House) -> None:
    await house.done(order())

    assert await events(house, "SUBMISSION_UPDATED") == [
        ("IN_PROGRESS", [], None),
        ("COMPLETED", ["DE01"], "acc1"),
    ]


async def test_the_books_that_an_input_names_hear_of_it_at_once(house: House) -> None:
    await house.submit(order(legal_entity="DE01"))

    assert await events(house, "ORDER_SUBMITTED") == [(None, ["DE01"], None)]
    assert await events(house, "SUBMISSION_UPDATED") == [("IN_PROGRESS", ["DE01"], None)]


async def test_until_the_books_are_known_those_of_whoever_handed_it_in_hear_of_it(house: House) -> None:
    await house.submit(order(), principal=GERMAN_DESK)

    assert await events(house, "SUBMISSION_UPDATED") == [("IN_PROGRESS", ["DE01"], None)]


async def test_that_a_person_resolved_an_exception_is_told_to_all_who_were_told_of_it(house: House) -> None:
    house.eu.mood.always["quote_order"] = DOWN
    waiting = await house.done(order())

    await house.desk.exceptions.resolve(ANN, waiting.exception_ids[0], ExceptionResolution.ACCEPTED, "ok", "corr-2")

    assert await events(house, "EXCEPTION_RESOLVED") == await events(house, "EXCEPTION_RAISED")


async def test_a_submission_that_a_person_gives_up_is_told_to_have_failed(house: House) -> None:
    house.eu.mood.always["quote_order"] = DOWN
    waiting = await house.done(order())

    await house.desk.exceptions.resolve(ANN, waiting.exception_ids[0], ExceptionResolution.CANCELLED, "no", "corr-2")

    assert (await house.look(waiting.id)).state is SubmissionState.FAILED
    assert await told(house) == ["IN_PROGRESS", "IN_PROGRESS", "FAILED"]
    assert (await events(house, "SUBMISSION_UPDATED"))[-1] == ("FAILED", ["DE01"], "acc1")


async def test_what_is_not_given_up_by_a_resolution_is_not_told_to_have_failed(house: House) -> None:
    refused = await house.done(order(line("P-9")))

    await house.desk.exceptions.resolve(ANN, refused.exception_ids[0], ExceptionResolution.CANCELLED, "no", "corr-2")

    assert (await house.look(refused.id)).state is SubmissionState.REFUSED
    assert await told(house) == ["IN_PROGRESS", "REFUSED"]


async def test_a_submission_that_is_retried_is_told_to_be_in_progress_again(house: House) -> None:
    house.eu.mood.will("book_order", *[raising(Refused("erp-eu", "Period closed."))] * 2)
    refused = await house.done(order())

    for exception in [refused.exception_ids[0]] * 2:
        await house.desk.exceptions.retry(ANN, exception, [], None, "corr-2")
        await house.work()

    assert (await house.look(refused.id)).state is SubmissionState.COMPLETED
    assert await told(house) == ["IN_PROGRESS", "REFUSED", "IN_PROGRESS", "REFUSED", "IN_PROGRESS", "COMPLETED"]
    assert (await events(house, "SUBMISSION_UPDATED"))[2] == ("IN_PROGRESS", ["DE01"], "acc1")


async def test_a_submission_that_waits_and_is_taken_up_again_stands_where_it_stood_and_that_is_not_told(
    house: House,
) -> None:
    house.eu.mood.always["quote_order"] = DOWN
    await house.done(order())
    before = await told(house)

    await house.reconciled()

    assert len(await house.waiting()) == 1
    assert await told(house) == before
