"""What subscribers are told: every kind of event, resumed and refused as promised, by either engine."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from canonical.changes import Unreadable
from canonical.errors import Mistake, Unavailable
from canonical.events import Cursor, EventKind
from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineArea, TimelineKind
from engine.documents import WrongDocumentError
from gateway.request import RefusedError
from gateway.subscription import EndedError
from resolvers.access import SCOPES
from tests.fakes.events import changed, happened
from tests.fakes.waiting import until
from tests.schema.audience import Audience
from tests.workflows.house import House, order
from workflows.exception_queue import raise_unreadable
from workflows.log import begin_epoch

STATUS = """subscription($order: OrderBy, $filter: EventFilter, $after: EventCursor) {
  orderStatusChanged(order: $order, filter: $filter, after: $after) {
    cursor at orderId previousStatus status cause order { id number status }
  }
}"""
REVENUE = """subscription($filter: EventFilter, $after: EventCursor) {
  revenueEvents(filter: $filter, after: $after) { cursor id at area kind title system orderId order { number } }
}"""
SUBMISSION = "subscription($id: ID!) { submissionUpdated(id: $id) { submissionId state submission { id state } } }"
EXCEPTION = """subscription($filter: ExceptionFilter) {
  exceptionRaised(filter: $filter) { cursor integrationException { title system status } }
}"""
SALE = global_id("Order", Ref("crm", "sale1"))


async def test_a_status_that_changed_is_told_with_the_order_as_it_is_now(audience: Audience) -> None:
    seat = await audience.seat(STATUS)
    await audience.seated(seat)

    await audience.tell(changed("s1", OrderStatus.BOOKED, TimelineKind.ORDER_BOOKED, previous=OrderStatus.SUBMITTED))
    message = await seat.message()

    assert message.cursor == str(await audience.telling.at(1))
    seat = await audience.seat(STATUS, after=str(await audience.telling.at(0)))
    assert await seat.data() == {
        "cursor": message.cursor,
        "at": "2026-11-20T12:00:00.000Z",
        "orderId": SALE,
        "previousStatus": "SUBMITTED",
        "status": "BOOKED",
        "cause": "ORDER_BOOKED",
        "order": {"id": SALE, "number": "N-sale1", "status": "SUBMITTED"},
    }


async def test_what_happens_is_told_as_the_timeline_tells_it(audience: Audience) -> None:
    seat = await audience.seat(REVENUE)
    await audience.seated(seat)

    await audience.tell(happened("b1"))

    told = await seat.data()
    assert told.pop("id")
    assert told == {
        "cursor": str(await audience.telling.at(1)),
        "at": "2026-11-20T12:00:00.000Z",
        "area": "ORDER",
        "kind": "ORDER_BOOKED",
        "title": "b1 happened",
        "system": "erp-eu",
        "orderId": SALE,
        "order": {"number": "N-sale1"},
    }


async def test_what_changed_a_status_is_told_to_those_whose_scopes_open_it(audience: Audience) -> None:
    paid = changed("s1", OrderStatus.COMPLETED, TimelineKind.PAYMENT_APPLIED)
    less = frozenset(SCOPES) - {"invoices:read"}
    by_cause = {"filter": {"kinds": ["PAYMENT_APPLIED", "SHIPMENT_POSTED"]}}
    everything, orders_alone = await audience.seat(STATUS), await audience.seat(STATUS, scopes=less)
    narrowed = await audience.seat(STATUS, by_cause, scopes=less)
    await audience.seated(everything, orders_alone, narrowed)

    await audience.tell(paid, changed("s2", OrderStatus.IN_FULFILLMENT, TimelineKind.SHIPMENT_POSTED))

    assert [(await seat.data())["cause"] for seat in (everything, orders_alone)] == ["PAYMENT_APPLIED", None]
    assert (await narrowed.data())["cause"] == "SHIPMENT_POSTED"


BOOKING, ACCOUNT = Ref("erp-eu", "71"), Ref("erp-eu", "C-77")
NAMED = {
    "the order, by the id it had before the CRM knew it": {"orders": [{"id": global_id("Order", BOOKING)}]},
    "the customer, by the id it had before": {"customers": [{"id": global_id("Customer", ACCOUNT)}]},
}


@pytest.mark.parametrize("named", NAMED.values(), ids=NAMED)
async def test_what_got_another_id_is_told_to_those_who_know_it_by_its_old_one(
    audience: Audience, named: dict[str, Any]
) -> None:
    seat = await audience.seat(REVENUE, {"filter": named})
    await audience.seated(seat)
    start = str(await audience.telling.at(0))
    linked = happened("b1", order_names=(BOOKING,), customer=Ref("crm", "acc1"), customer_names=(ACCOUNT,))

    await audience.tell(happened("another's"), linked)
    late = await audience.seat(REVENUE, {"filter": named}, after=start)

    for told in (await seat.data(), await late.data()):
        assert (told["title"], told["orderId"]) == ("b1 happened", SALE)


async def test_a_submission_is_told_of_from_where_it_is_handed_in_to_its_end(audience: Audience) -> None:
    submitted = await audience.house.submit(order())
    assert submitted.submission is not None
    name = global_id("Submission", Ref("revgraph", submitted.submission.id))
    from_there = str(await audience.telling.at(0))
    seat = await audience.seat(SUBMISSION, {"id": name}, after=from_there)
    other = await audience.house.submit(order())
    await audience.house.work()
    await audience.telling.log()

    first, last = await seat.data(), await seat.data()

    assert other.submission is not None
    assert (first["submissionId"], first["state"]) == (name, "IN_PROGRESS")
    assert (last["submissionId"], last["state"]) == (name, "COMPLETED")
    assert last["submission"] == {"id": name, "state": "COMPLETED"}


async def test_an_exception_is_told_when_it_is_raised_and_fits(audience: Audience) -> None:
    everything = await audience.seat(EXCEPTION)
    of_us = await audience.seat(EXCEPTION, {"filter": {"system": "erp-us"}})
    await audience.seated(everything, of_us)

    for system in ("erp-eu", "erp-us"):
        async with audience.house.store.transaction() as transaction:
            rules = audience.house.landscape.rules
            nonsense = Unreadable(event_id=system, sentence="No record.", payload="{}")
            await raise_unreadable(transaction, "acme", rules, system, nonsense)
    await audience.telling.log()

    told = [(await everything.data())["integrationException"]["system"] for _ in range(2)]
    assert told == ["erp-eu", "erp-us"]
    assert (await of_us.data())["integrationException"] == {
        "title": "A message of a system cannot be read",
        "system": "erp-us",
        "status": "OPEN",
    }


async def test_whoever_resumes_is_told_what_was_missed_and_the_transport_s_cursor_wins(audience: Audience) -> None:
    await audience.tell(*[happened(f"e{number}") for number in range(1, 5)])

    by_argument = await audience.seat(REVENUE, {"after": str(await audience.telling.at(2))})
    by_transport = await audience.seat(
        REVENUE, {"after": str(await audience.telling.at(0))}, after=str(await audience.telling.at(3))
    )

    assert [(await by_argument.data())["title"] for _ in range(2)] == ["e3 happened", "e4 happened"]
    assert (await by_transport.data())["title"] == "e4 happened"


async def test_a_filter_leaves_out_what_does_not_fit(audience: Audience) -> None:
    one = await audience.seat(STATUS, {"order": {"crmId": "sale2"}})
    kinds = await audience.seat(REVENUE, {"filter": {"kinds": ["INVOICE_GENERATED"], "orders": [{"id": SALE}]}})
    await audience.seated(one, kinds)

    await audience.tell(
        changed("s1", OrderStatus.BOOKED),
        changed("s2", OrderStatus.FULFILLED, order=Ref("crm", "sale2")),
        happened("booked"),
        happened("billed", TimelineKind.INVOICE_GENERATED),
    )

    assert (await one.data())["status"] == "FULFILLED"
    assert (await kinds.data())["title"] == "billed happened"


async def test_each_message_has_its_cursor_in_its_extensions_whatever_is_selected_and_whatever_fails(
    audience: Audience,
) -> None:
    seat = await audience.seat("subscription { orderStatusChanged { order { customer { name } } } }")
    await audience.seated(seat)
    audience.house.crm.faults["*"] = Unavailable("crm", "The CRM does not answer.")

    await audience.tell(changed("s1", OrderStatus.BOOKED))
    answer = await seat.answer()

    assert answer["errors"]
    assert answer["extensions"] == {"cursor": str(await audience.telling.at(1))}


async def refusal(audience: Audience, text: str, variables: Any = None, **given: Any) -> tuple[str, list[str]]:
    """The code of what kept a subscription from beginning, and where it is told; nothing follows it."""
    seat = await audience.seat(text, variables, **given)
    answer = await seat.answer()
    with pytest.raises(StopAsyncIteration):
        await seat.message()
    [error] = answer["errors"]
    assert answer["data"] is None
    return error["extensions"]["code"], error["path"]


async def test_a_cursor_that_is_none_or_of_another_log_is_refused_at_its_field(audience: Audience) -> None:
    await audience.tell(happened("e1"))
    before = await audience.telling.at(1)
    async with audience.house.store.transaction() as transaction:
        epoch = await begin_epoch(transaction)
    await until(lambda: audience.hub.cursor.epoch == epoch)
    aliased = REVENUE.replace("revenueEvents", "mine: revenueEvents")

    assert await refusal(audience, REVENUE, {"after": "x"}) == ("CURSOR_MALFORMED", ["revenueEvents"])
    assert await refusal(audience, aliased, {"after": str(before)}) == ("CURSOR_UNKNOWN", ["mine"])
    assert await refusal(audience, STATUS, after=str(before)) == ("CURSOR_UNKNOWN", ["orderStatusChanged"])


async def test_a_cursor_that_is_too_old_is_refused_at_its_field(audience: Audience) -> None:
    await audience.tell(happened("e1"), happened("e2"))
    start = await audience.telling.at(0)
    await audience.house.say("delete from event where position = 1")
    await audience.house.say("update event_log set floor = 1")
    await until(lambda: _refuses(audience, start))

    assert await refusal(audience, REVENUE, {"after": str(start)}) == ("CURSOR_EXPIRED", ["revenueEvents"])


async def _refuses(audience: Audience, cursor: Cursor) -> bool:
    try:
        await audience.hub.check(cursor)
    except Mistake:
        return True
    return False


@pytest.mark.parametrize(
    "text,scope,field",
    [
        (STATUS, "orders:read", "orderStatusChanged"),
        (REVENUE, "orders:read", "revenueEvents"),
        (SUBMISSION, "submissions:read", "submissionUpdated"),
        (EXCEPTION, "exceptions:read", "exceptionRaised"),
    ],
)
async def test_whoever_lacks_the_scope_is_told_so(audience: Audience, text: str, scope: str, field: str) -> None:
    variables = {"id": global_id("Submission", Ref("revgraph", "s1"))} if "$id" in text else {}

    refused = await refusal(audience, text, variables, scopes=frozenset(SCOPES) - {scope})

    assert refused == ("FORBIDDEN", [field])


async def test_filters_that_mean_nothing_are_refused_in_words(audience: Audience) -> None:
    many = {"orders": [{"crmId": f"sale{number}"} for number in range(101)]}

    assert (await refusal(audience, REVENUE, {"filter": many}))[0] == "TOO_MANY"
    assert (await refusal(audience, REVENUE, {"filter": {"legalEntities": ["XX99"]}}))[0] == "UNKNOWN_LEGAL_ENTITY"
    nobody = {"reference": {"system": "erp-eu", "key": "4711"}}
    assert (await refusal(audience, STATUS, {"order": nobody}))[0] == "NOT_FOUND"


async def test_a_gateway_without_a_store_says_so(house: House) -> None:
    deaf = Audience(house, "loom", hears=False)

    assert await refusal(deaf, REVENUE) == ("NO_EVENTS", ["revenueEvents"])


async def test_what_is_no_subscription_is_not_answered_here(audience: Audience) -> None:
    with pytest.raises(RefusedError, match="not a subscription"):
        await audience.seat("{ __typename }")


async def test_nobody_is_told_what_its_rights_do_not_open(audience: Audience) -> None:
    seats = {
        "all": await audience.seat(REVENUE),
        "DE01": await audience.seat(REVENUE, legal_entities=frozenset({"DE01"})),
        "acc2": await audience.seat(REVENUE, accounts=frozenset({"acc2"})),
        "no invoices": await audience.seat(REVENUE, scopes=frozenset(SCOPES) - {"invoices:read"}),
        "no exceptions": await audience.seat(REVENUE, scopes=frozenset(SCOPES) - {"exceptions:read"}),
    }
    await audience.seated(*seats.values())
    billed: dict[str, Any] = {"kind": TimelineKind.INVOICE_GENERATED, "area": TimelineArea.INVOICE}

    await audience.tell(
        happened("us", legal_entities=("US01",), crm_customer="acc1"),
        happened("unknown", legal_entities=(), crm_customer="acc2"),
        happened("billed", crm_customer="acc1", **billed),
        replace(happened("raised", area=TimelineArea.EXCEPTION), kind=EventKind.EXCEPTION_RAISED),
        happened("last", legal_entities=("DE01", "US01"), crm_customer="acc2"),
    )

    told: dict[str, list[str]] = {}
    for name, seat in seats.items():
        told[name] = []
        while "last" not in told[name]:
            told[name].append((await seat.data())["title"].split()[0])
    assert told == {
        "all": ["us", "unknown", "billed", "raised", "last"],
        "DE01": ["billed", "raised", "last"],
        "acc2": ["unknown", "last"],
        "no invoices": ["us", "unknown", "raised", "last"],
        "no exceptions": ["us", "unknown", "billed", "last"],
    }


@pytest.mark.parametrize("heard", [0, 1])
async def test_a_token_that_expires_ends_it_behind_what_was_told(audience: Audience, heard: int) -> None:
    seat = await audience.seat(REVENUE, expires_at=2000.0)
    await audience.seated(seat)
    for number in range(heard):
        await audience.tell(happened(f"e{number}"))
        await seat.data()

    audience.now = 2000.0
    await audience.tell(happened("missed"))
    with pytest.raises(EndedError) as ended:
        await seat.message()

    assert (ended.value.code, ended.value.again) == ("TOKEN_EXPIRED", True)
    back = await audience.seat(REVENUE, after=ended.value.cursor)
    assert (await back.data())["title"] == "missed happened"


async def test_a_gateway_that_leaves_says_where_to_go_on(audience: Audience) -> None:
    seat = await audience.seat(REVENUE)
    await audience.seated(seat)
    await audience.tell(happened("e1"))
    await seat.data()
    seat.listen()

    audience.hub.leave()
    with pytest.raises(EndedError) as ended:
        await seat.message()

    assert (ended.value.code, ended.value.cursor) == ("GOING_AWAY", str(await audience.telling.at(1)))


async def test_a_quiet_subscription_is_sent_away_behind_all_that_was_not_for_it(audience: Audience) -> None:
    other = global_id("Order", Ref("crm", "sale2"))
    seat = await audience.seat(REVENUE, {"filter": {"orders": [{"id": other}]}})
    await audience.seated(seat)
    await audience.tell(happened("e1"), happened("e2"))
    await until(lambda: audience.hub.cursor.position == 2)
    place = seat.messages.cursor  # type: ignore[attr-defined]

    audience.hub.leave()
    with pytest.raises(EndedError) as ended:
        await seat.message()

    assert place == ended.value.cursor == str(await audience.telling.at(2))


async def test_while_a_message_is_on_its_way_the_place_is_before_it(audience: Audience) -> None:
    seat = await audience.seat(REVENUE)
    await audience.seated(seat)
    await audience.tell(happened("e1"), happened("e2"))
    await until(lambda: audience.hub.cursor.position == 2)

    await seat.message()
    on_its_way = seat.messages.cursor  # type: ignore[attr-defined]
    await seat.message()
    seat.listen()
    await until(lambda: seat.messages.cursor == str(audience.hub.cursor))  # type: ignore[attr-defined]

    assert on_its_way == str(await audience.telling.at(0))


async def test_a_cursor_that_is_a_variables_default_is_its_place_as_well(audience: Audience) -> None:
    await audience.tell(happened("e1"), happened("e2"))
    await until(lambda: audience.hub.cursor.position == 2)
    start = str(await audience.telling.at(0))
    text = f'subscription($after: EventCursor = "{start}") {{ revenueEvents(after: $after) {{ id }} }}'

    seat = await audience.seat(text)

    assert (await seat.message()).cursor == str(await audience.telling.at(1))
    assert seat.messages.cursor == start  # type: ignore[attr-defined] # the message is on its way


@pytest.mark.parametrize("variables", [{"after": 5}, {"filter": 3}, {"filter": {"kinds": ["NOPE"]}}])
async def test_variables_that_do_not_fit_are_the_documents_fault_and_told_in_words(
    audience: Audience, variables: dict[str, Any]
) -> None:
    seat = await audience.seat(REVENUE, variables)
    with pytest.raises(WrongDocumentError) as wrong:
        await seat.message()

    assert wrong.value.code == "GRAPHQL_VALIDATION_FAILED"
    assert "Variable '$" in wrong.value.errors[0].message


async def test_whoever_resumes_while_its_order_cannot_be_looked_up_is_told_to_come_again(audience: Audience) -> None:
    number = {"order": {"document": {"value": "1001"}}}
    audience.house.eu.faults["*"] = Unavailable("erp-eu", "erp-eu does not answer.")
    audience.house.us.faults["*"] = Unavailable("erp-us", "erp-us does not answer.")
    start = str(await audience.telling.at(0))

    seat = await audience.seat(STATUS, {**number, "after": start})
    with pytest.raises(EndedError) as ended:
        await seat.message()

    assert (ended.value.code, ended.value.cursor, ended.value.again) == ("SOURCE_UNAVAILABLE", start, True)
    assert await refusal(audience, STATUS, number) == ("SOURCE_UNAVAILABLE", ["orderStatusChanged"])


async def test_a_store_that_stays_away_ends_it_for_now_behind_its_cursor(audience: Audience) -> None:
    start = await audience.telling.at(0)
    audience.hub.place = audience.hub.check = _away  # type: ignore[method-assign, assignment]

    for after in (None, str(start)):
        seat = await audience.seat(REVENUE, after=after)
        with pytest.raises(EndedError) as ended:
            await seat.message()
        assert (ended.value.code, ended.value.cursor, ended.value.again) == ("SOURCE_UNAVAILABLE", after, True)


async def _away(*_: object) -> None:
    raise OSError("gone")


async def test_exceptions_are_narrowed_by_what_they_were_when_they_were_raised(audience: Audience) -> None:
    everything: dict[str, Any] = {
        "status": ["OPEN"],
        "category": ["CONFLICT"],
        "severity": ["LOW", "MEDIUM", "HIGH", "CRITICAL"],
        "system": "erp-us",
    }
    fits = await audience.seat(EXCEPTION, {"filter": everything})
    others = [
        await audience.seat(EXCEPTION, {"filter": one})
        for one in ({"status": ["RESOLVED"]}, {"category": ["TAX"]}, {"system": "erp-eu"}, {"owner": "nobody"})
    ]
    await audience.seated(fits, *others)
    rules = audience.house.landscape.rules

    async with audience.house.store.transaction() as transaction:
        unreadable = Unreadable(event_id="e1", sentence="It says nothing.", payload="{}")
        await raise_unreadable(transaction, "acme", rules, "erp-us", unreadable)
    await audience.tell()

    assert (await fits.data())["integrationException"]["system"] == "erp-us"
    await until(lambda: audience.hub.cursor.position == 1)
    assert all(seat.messages.cursor == str(audience.hub.cursor) for seat in others)  # type: ignore[attr-defined]


async def test_whoever_goes_is_gone_at_once(audience: Audience) -> None:
    seats = [await audience.seat(text) for text in (STATUS, REVENUE, EXCEPTION, REVENUE)]
    await audience.seated(*seats)
    await audience.tell(happened("e1"))
    await seats[1].data()

    for seat in seats:
        await seat.leave()

    assert audience.hub.listeners == 0
