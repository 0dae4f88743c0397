"""Answers to one event that many want are made once, and positions that reads give out are good to go on from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from graphql import parse

from canonical.deadline import Deadline
from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import SCOPES, view_of
from sources.kit.call import Call
from sources.ports import Lookup
from tests.fakes.events import changed, happened
from tests.fakes.waiting import until
from tests.schema.asking import EVERYTHING, LOOMS
from tests.schema.audience import Audience
from tests.workflows.house import order

LIVE = """subscription($filter: EventFilter, $after: EventCursor, $long: Boolean = false) {
  orderStatusChanged(filter: $filter, after: $after) { status order { number total @include(if: $long) { amount } } }
}"""
MANY = 50
ANSWER = '{"data":{"orderStatusChanged":{"status":"BOOKED","order":{"number":"N-sale1"}}},"extensions":{"cursor":"%s"}}'


def asked(audience: Audience) -> int:
    """How often the CRM was asked for orders."""
    return audience.house.crm.questions().count("fetch_orders")


async def test_many_with_equal_rights_share_one_question_an_event(audience: Audience) -> None:
    seats = [await audience.seat(LIVE) for _ in range(MANY)]
    await audience.seated(*seats)

    for number in range(3):
        await audience.tell(changed(f"s{number}", OrderStatus.BOOKED))
        told = [await seat.message() for seat in seats]
        assert {message.body.decode() for message in told} == {ANSWER % await audience.telling.at(number + 1)}

    assert asked(audience) == 3


async def test_arguments_that_only_choose_events_part_nobody_and_those_of_the_answer_do(audience: Audience) -> None:
    sale = global_id("Order", Ref("crm", "sale1"))
    filters: Sequence[dict[str, Any]] = [{}, {"orders": [{"id": sale}]}, {"legalEntities": ["DE01"]}]
    seats = [await audience.seat(LIVE, {"filter": one}) for one in filters]
    other = await audience.seat(LIVE, {"long": True})
    await audience.seated(*seats, other)

    await audience.tell(changed("s1", OrderStatus.BOOKED))
    told = [await seat.data() for seat in seats]
    longer = await other.data()

    assert told == [{"status": "BOOKED", "order": {"number": "N-sale1"}}] * 3
    assert longer["order"]["total"] == {"amount": "1200.00"}
    assert asked(audience) == 2


@pytest.mark.parametrize(
    "rights",
    [
        {"scopes": frozenset(SCOPES) - {"invoices:read"}},
        {"legal_entities": frozenset({"DE01"})},
        {"accounts": frozenset({"acc1"})},
    ],
)
async def test_whoever_has_other_rights_is_answered_apart(audience: Audience, rights: dict[str, Any]) -> None:
    seats = [await audience.seat(LIVE), await audience.seat(LIVE, **rights), await audience.seat(LIVE, **rights)]
    await audience.seated(*seats)

    await audience.tell(changed("s1", OrderStatus.BOOKED, crm_customer="acc1"))
    for seat in seats:
        assert (await seat.data())["order"] == {"number": "N-sale1"}

    assert asked(audience) == 2


async def test_whoever_goes_while_the_answer_is_made_spoils_it_for_nobody(
    audience: Audience, monkeypatch: pytest.MonkeyPatch
) -> None:
    through, asks, crm = asyncio.Event(), 0, audience.house.crm
    fetch = crm.fetch_orders

    async def slowly(call: Call, lookup: Lookup, wanted: Wanted) -> Any:
        nonlocal asks
        asks += 1
        await through.wait()
        return await fetch(call, lookup, wanted)

    monkeypatch.setattr(crm, "fetch_orders", slowly)
    first, second = await audience.seat(LIVE), await audience.seat(LIVE)
    await audience.seated(first)
    second.listen()
    await until(lambda: audience.hub.listeners == 2)

    await audience.tell(changed("s1", OrderStatus.BOOKED))
    await until(lambda: asks)
    await first.leave()
    through.set()

    assert (await second.data())["order"] == {"number": "N-sale1"}
    assert asks == 1
    assert audience.hub.listeners == 1


async def test_both_engines_answer_an_event_in_the_same_bytes(audience: Audience) -> None:
    core = Audience(audience.house, "core", hears=True)
    core.hub = core.heard_by = audience.hub
    asked_for = """subscription { revenueEvents { cursor id at area kind title system orderId customerId
      amount { amount } reference { key } order { id number status fulfillmentStatus lines { sku } } } }"""
    seats = [await audience.seat(asked_for), await core.seat(asked_for)]
    await audience.seated(*seats)

    await audience.tell(
        happened("one", customer=Ref("crm", "acc1")),
        happened("two", order=Ref("crm", "gone")),
        happened("three", order=None),
    )
    for _ in range(3):
        one, other = [await seat.message() for seat in seats]
        assert one == other
        assert b"errors" not in one.body
    for seat in core.seats:
        await seat.leave()


READS = {
    "orders": ("{ orders(first: 1) { resumeFrom edges { node { number } } } }", ("orders", "resumeFrom")),
    "timeline": (
        '{ order(by: {crmId: "sale1"}) { timeline { resumeFrom edges { node { id } } } } }',
        ("order", "timeline", "resumeFrom"),
    ),
}


@pytest.mark.parametrize("read", READS)
async def test_what_happens_during_a_read_is_told_to_whoever_goes_on_from_it(
    audience: Audience, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    await audience.tell(changed("before", OrderStatus.SUBMITTED))
    await until(lambda: audience.hub.cursor.position == 1)
    text, path = READS[read]
    meanwhile = asyncio.Event()
    crm = audience.house.crm
    for name in ("fetch_orders", "list_orders"):
        monkeypatch.setattr(crm, name, _happening(audience, getattr(crm, name), meanwhile))
    call = Call(EVERYTHING, view_of(EVERYTHING), Deadline.after(60), "c-1")

    result = await LOOMS["loom"].execute(parse(text), audience.context(call), {})
    assert result.errors is None, result.errors
    place: Any = result.data
    for step in path:
        place = place[step]
    seat = await audience.seat(LIVE, {"after": place})

    assert meanwhile.is_set()
    assert audience.hub.cursor.position == 2
    assert (await seat.data())["status"] == "FULFILLED"


def _happening(audience: Audience, ask: Any, meanwhile: asyncio.Event) -> Any:
    """The question, and an event in the middle of its answer, of which this process has heard when it comes."""

    async def asked_then(*given: Any) -> Any:
        answer = await ask(*given)
        if not meanwhile.is_set():
            meanwhile.set()
            await audience.tell(changed("during", OrderStatus.FULFILLED))
            await until(lambda: audience.hub.cursor.position == 2)
        return answer

    return asked_then


async def test_from_a_submission_that_was_read_its_next_change_is_told(audience: Audience) -> None:
    submitted = await audience.house.submit(order())
    await audience.telling.log()
    assert submitted.submission is not None
    name = global_id("Submission", Ref("revgraph", submitted.submission.id))
    await until(lambda: audience.hub.cursor.position >= 2)
    call = Call(EVERYTHING, view_of(EVERYTHING), Deadline.after(60), "c-1")
    text = f'{{ submission(by: {{id: "{name}"}}) {{ state resumeFrom }} }}'
    result = await LOOMS["loom"].execute(parse(text), audience.context(call), {})
    assert result.data is not None, result.errors
    await audience.house.work()
    await audience.telling.log()

    seat = await audience.seat(
        "subscription($id: ID!, $after: EventCursor) { submissionUpdated(id: $id, after: $after) { state } }",
        {"id": name, "after": result.data["submission"]["resumeFrom"]},
    )

    assert result.data["submission"]["state"] == "IN_PROGRESS"
    assert (await seat.data())["state"] == "COMPLETED"
