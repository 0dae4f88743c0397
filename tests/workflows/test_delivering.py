from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineKind
from sources.landscape import Secret
from sources.landscape_events import EventRules, Receiver
from tests.fakes.happenings import happened, head, invoiced, status_changed
from tests.fakes.receiver import SECRET, TAKE, Got, Manner, PretendReceiver, open_receiver
from tests.workflows.house import House
from workflows import delivery_log
from workflows.delivering import Delivering, Pacing
from workflows.event_work import EventWork
from workflows.redelivering import replay, retry_dead

QUICK = Pacing(look_every=0.02, held_for=5.0, first_wait=0.01, longest_wait=0.05, margin=0.1, leave_within=1.0)


@pytest_asyncio.fixture
async def outside() -> AsyncIterator[PretendReceiver]:
    async with open_receiver() as opened:
        yield opened


def told_to(outside: PretendReceiver, **facts: Any) -> Receiver:
    usual: dict[str, Any] = {"name": "billing", "secrets": {"secret": Secret(SECRET)}, "timeout_seconds": 5.0}
    return Receiver(url=outside.url, **{**usual, **facts})


async def begun(house: House, *names: str) -> None:
    """Let receivers be known, so that they are told of what comes."""
    async with house.store.transaction() as transaction:
        for name in names or ("billing",):
            await delivery_log.begin(transaction, name)


@asynccontextmanager
async def sending(
    house: House,
    *receivers: Receiver,
    me: str = "w1",
    pacing: Pacing = QUICK,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[None]:
    """A worker that sends to them until the block ends."""
    stop, shop = asyncio.Event(), replace(house.shop, clock=clock)
    async with asyncio.TaskGroup() as tasks:
        for receiver in receivers:
            tasks.create_task(Delivering(shop, me, receiver, pacing, lambda: 1.0).run(stop))
        try:
            yield
        finally:
            stop.set()


async def settled(house: House, wanted: dict[str, int], receiver: str = "billing") -> None:
    """Wait until so many deliveries are in each state."""
    asked = "select state, count(*) from delivery where receiver = :receiver group by state"
    async with asyncio.timeout(30):
        while True:
            found = {row[0]: row[1] for row in await house.ask(asked, receiver=receiver)}
            if found == wanted:
                return
            await asyncio.sleep(0.02)


async def there_is(ask: Callable[[], Awaitable[object]]) -> None:
    """Wait until the store answers with anything."""
    async with asyncio.timeout(30):
        while True:
            if await ask():
                return
            await asyncio.sleep(0.02)


async def exceptions(house: House) -> Sequence[Any]:
    return await house.ask("select title, status, explanation, system from integration_exception order by raised_at")


def failing(*titles: str, times: int, **manner: Any) -> Any:
    """What these events meet, the first few times."""
    return lambda got: Manner(**manner) if got.title in titles and got.number <= times else TAKE


async def test_an_event_comes_signed_and_tells_what_the_graph_tells(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    event = invoiced("so1", "Invoice 4711 was sent")
    cursor = await happened(house.store, event)

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 1})

    [got] = outside.got
    assert got.signed_with(SECRET)
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert {name: value for name, value in got.event.items() if name not in ("id", "data")} == {
        "specversion": "1.0",
        "source": "urn:revgraph:acme",
        "type": "revgraph.order.invoice_generated.v1",
        "time": "2026-11-20T12:00:00Z",
        "subject": global_id("Order", Ref("crm", "so1")),
        "datacontenttype": "application/json",
    }
    assert event.happening is not None
    assert event.happening.reference is not None
    number = event.happening.reference.key
    assert {name: value for name, value in got.event["data"].items() if name != "id"} == {
        "cursor": str(cursor),
        "at": "2026-11-20T12:00:00Z",
        "orderId": global_id("Order", Ref("crm", "so1")),
        "customerId": global_id("Customer", Ref("crm", "acc1")),
        "submissionId": None,
        "exceptionId": None,
        "legalEntities": ["DE01"],
        "area": "INVOICE",
        "kind": "INVOICE_GENERATED",
        "title": "Invoice 4711 was sent",
        "system": "erp-eu",
        "amount": {"amount": "119.00", "currencyCode": "EUR"},
        "reference": {
            "system": "erp-eu",
            "recordType": "Invoice",
            "key": number,
            "url": f"https://erp.example/{number}",
        },
    }


async def test_a_status_is_told_with_the_one_before(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    await happened(house.store, status_changed("so1", OrderStatus.BOOKED, OrderStatus.SUBMITTED))

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 1})

    data = outside.got[0].event["data"]
    assert outside.got[0].event["type"] == "revgraph.order.status_changed.v1"
    assert (data["status"], data["previousStatus"], data["cause"]) == ("BOOKED", "SUBMITTED", "ORDER_BOOKED")


async def test_whoever_is_new_is_told_from_now_on(house: House, outside: PretendReceiver) -> None:
    await happened(house.store, invoiced("so1", "before"))

    async with sending(house, told_to(outside)):
        await there_is(lambda: house.ask("select 1 from outbound where receiver = 'billing'"))
        await happened(house.store, invoiced("so1", "after"))
        await settled(house, {"TAKEN": 1})

    assert outside.titles == ["after"]


@pytest.mark.parametrize(
    "facts,expected",
    [
        ({"kinds": frozenset({TimelineKind.SHIPMENT_POSTED})}, ["shipped"]),
        ({"legal_entities": frozenset({"US01"})}, ["of the other company"]),
        ({}, ["invoiced", "shipped", "of the other company"]),
    ],
)
async def test_a_receiver_gets_what_it_wants(
    house: House, outside: PretendReceiver, facts: dict[str, Any], expected: list[str]
) -> None:
    await begun(house)
    await happened(
        house.store,
        invoiced("so1", "invoiced"),
        invoiced("so1", "shipped", kind=TimelineKind.SHIPMENT_POSTED),
        invoiced("so1", "of the other company", legal_entities=("US01",)),
        invoiced("so1", "of another tenant", tenant="globex"),
    )

    async with sending(house, told_to(outside, **facts)):
        await settled(house, {"TAKEN": len(expected)})

    assert outside.titles == expected


async def test_nothing_overtakes_what_its_order_waits_for_and_other_orders_go_on(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    outside.manner = failing("a1", times=3, status=500)
    await happened(house.store, *(invoiced(title[0], title) for title in ("a1", "a2", "b1", "a3", "b2")))

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 5})

    assert [title for title in outside.titles if title.startswith("a")] == ["a1", "a1", "a1", "a1", "a2", "a3"]
    assert [title for title in outside.titles if title.startswith("b")] == ["b1", "b2"]


@pytest.mark.parametrize("manner", [{"status": 503}, {"status": 408}, {"status": 301}, {"reset": True}])
async def test_what_was_not_taken_comes_again_under_the_same_id(
    house: House, outside: PretendReceiver, manner: dict[str, Any]
) -> None:
    await begun(house)
    outside.manner = failing("a1", times=2, headers={"location": f"{outside.url}/elsewhere"}, **manner)
    await happened(house.store, invoiced("a", "a1"))

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 1})

    assert outside.titles == ["a1"] * 3
    assert len({one.id for one in outside.got}) == 1
    assert all(one.signed_with(SECRET) for one in outside.got)


async def test_a_receiver_that_asks_for_a_rest_gets_it(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    outside.manner = failing("a1", times=1, status=429, headers={"retry-after": "1"})
    await happened(house.store, invoiced("a", "a1"))

    async with sending(house, told_to(outside), clock=lambda: house.now):
        await outside.until(lambda: len(outside.got) == 1)
        await there_is(lambda: house.ask("select 1 from delivery where answer like '429%'"))
        await happened(house.store, invoiced("b", "b1"))
        await settled(house, {"WAITING": 2})
        assert outside.titles == ["a1"]
        house.now += 1.0
        await settled(house, {"TAKEN": 2})

    again = [one.at for one in outside.got if one.title == "a1"]
    assert again[1] - again[0] >= 1.0


async def test_a_receiver_that_hangs_holds_neither_other_orders_nor_other_receivers(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house, "billing", "other")
    never = asyncio.Event()
    outside.manner = failing("a1", times=99, gate=never)
    async with open_receiver() as other:
        hung, well = told_to(outside, timeout_seconds=60.0), told_to(other, name="other")
        async with sending(house, hung, well, pacing=Pacing(look_every=0.02, leave_within=0.05)):
            await happened(house.store, invoiced("a", "a1"), invoiced("b", "b1"), invoiced("a", "a2"))

            await settled(house, {"TAKEN": 3}, "other")
            await settled(house, {"TAKEN": 1, "WAITING": 2})

    assert other.titles.count("a1") == 1
    assert sorted(outside.titles) == ["a1", "b1"]


async def test_an_answer_that_takes_too_long_is_none(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    outside.manner = failing("a1", times=1, gate=asyncio.Event())
    await happened(house.store, invoiced("a", "a1"))

    async with sending(house, told_to(outside, timeout_seconds=0.2)):
        await settled(house, {"TAKEN": 1})

    assert outside.titles == ["a1", "a1"]


async def test_what_will_never_be_taken_is_laid_aside_shown_and_sent_again_when_a_person_says_so(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    outside.manner = failing("a1", times=1, status=410, body="gone")
    await happened(house.store, invoiced("a", "a1"), invoiced("a", "a2"))

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 1, "DEAD": 1})
        [shown] = await exceptions(house)
        async with house.store.transaction() as transaction:
            again = await retry_dead(transaction, "acme", None, "billing")
        # Beside them the word of the exception itself, which is an event too; a worker would have moved it by now.
        await settled(house, {"TAKEN": 2})

    assert outside.titles == ["a1", "a2", "a1"]
    assert shown[:2] == ("A receiver does not take events", "OPEN")
    assert shown[2].startswith("1 event was laid aside, since billing did not take them.")
    assert len(again) == 1
    assert [row[1] for row in await exceptions(house)] == ["RESOLVED"]
    assert await house.ask("select actor from audit_entry where action = 'RETRY_DELIVERIES'") == [("operator",)]


async def test_what_is_not_taken_in_time_is_laid_aside_and_many_are_shown_as_one(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    outside.manner = lambda _: Manner(status=500, body=f"we keep {SECRET} here " + "x" * 500)
    await happened(house.store, *(invoiced(order, f"{order}1") for order in "abc"))

    async with sending(house, told_to(outside, give_up_hours=1e-9)):
        await settled(house, {"DEAD": 3})

    [shown] = await exceptions(house)
    answers = [row[0] for row in await house.ask("select answer from delivery")]
    assert shown[2].startswith("3 events were laid aside")
    assert [len(answer) for answer in answers] == [200, 200, 200]
    assert answers[0].startswith("500 we keep *** here xxx")


async def test_everything_behind_a_cursor_comes_again_under_the_same_ids(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    await happened(house.store, invoiced("a", "a1"))
    cursor = await head(house.store)
    await happened(house.store, invoiced("a", "a2"), invoiced("b", "b1"))

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 3})
        async with house.store.transaction() as transaction:
            events = await replay(transaction, "acme", "billing", cursor)
        await outside.until(lambda: len(outside.got) == 5)
        await settled(house, {"TAKEN": 3})

    assert events == 2
    assert outside.counts == {"a1": 1, "a2": 2, "b1": 2}
    assert len({one.id for one in outside.got}) == 3


async def test_dead_letters_that_a_replay_delivers_are_not_shown_any_more_once_none_is_left(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    start = await head(house.store)
    outside.manner = failing("a1", "b1", times=1, status=410)
    behind_the_first = await happened(house.store, invoiced("a", "a1"))
    await happened(house.store, invoiced("b", "b1"))

    async with sending(house, told_to(outside)):
        await settled(house, {"DEAD": 2})
        found = []
        for cursor, wanted in ((behind_the_first, {"TAKEN": 1, "DEAD": 1}), (start, {"TAKEN": 2})):
            async with house.store.transaction() as transaction:
                await replay(transaction, "acme", "billing", cursor)
            await settled(house, wanted)
            found += [row[1] for row in await exceptions(house)]

    assert found == ["OPEN", "RESOLVED"]


async def test_two_workers_never_send_the_same_at_once(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    # A lease so short that it changes hands all the time.
    hasty = Pacing(look_every=0.005, held_for=0.01, first_wait=0.01, longest_wait=0.02)
    outside.manner = lambda got: Manner(status=500) if got.number == 1 and got.title.endswith("3") else TAKE
    events = [invoiced(f"o{number % 5}", f"{number}") for number in range(30)]

    async with (
        sending(house, told_to(outside), me="w1", pacing=hasty),
        sending(house, told_to(outside), me="w2", pacing=hasty),
    ):
        await happened(house.store, *events)
        await settled(house, {"TAKEN": 30})

    assert outside.twice == []
    assert outside.counts == {f"{number}": 2 if number % 10 == 3 else 1 for number in range(30)}
    assert _taken(outside.got) == {f"o{lane}": [str(n) for n in range(lane, 30, 5)] for lane in range(5)}


async def test_a_worker_that_dies_between_the_answer_and_its_note_is_followed_by_one_that_sends_it_again(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    await happened(house.store, invoiced("a", "a1"))
    receiver, pacing = told_to(outside, timeout_seconds=0.5), Pacing(look_every=0.02, held_for=0.1, margin=0.1)
    gate = asyncio.Event()
    outside.manner = lambda got: Manner(gate=gate) if got.number == 1 else TAKE
    dying = asyncio.create_task(Delivering(house.shop, "w1", receiver, pacing).run(asyncio.Event()))
    await outside.until(lambda: len(outside.got) == 1)

    async with house.store.transaction() as transaction:
        # The note cannot be made: somebody holds the row.
        await transaction.exec_driver_sql("select 1 from delivery for update")
        gate.set()
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'UPDATE delivery%'"
        await there_is(lambda: house.ask(waiting))
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    async with sending(house, receiver, me="w2", pacing=pacing):
        await settled(house, {"TAKEN": 1})

    assert outside.titles == ["a1", "a1"]
    assert outside.got[0].raw == outside.got[1].raw
    assert outside.twice == []


async def test_what_a_dead_worker_may_still_have_under_way_is_left_alone_until_that_is_over(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    cursor = await happened(house.store, invoiced("a", "a1"))
    async with house.store.transaction() as transaction:
        await delivery_log.hold(transaction, "billing", "dead", 0.0)
        page = await delivery_log.next_page(transaction, 0)
        outgoing = Delivering(house.shop, "dead", told_to(outside))._outgoing(page.events[-1])
        await delivery_log.write_out(transaction, [outgoing])
        await delivery_log.move(transaction, "billing", cursor.position)
        [due] = await delivery_log.take_due(transaction, "billing", 8, 60.0)
    await happened(house.store, invoiced("a", "a2"), invoiced("b", "b1"))

    async with sending(house, told_to(outside), me="w2"):
        await settled(house, {"TAKEN": 1, "WAITING": 2})
        assert outside.titles == ["b1"]
        await house.say("update delivery set due_at = clock_timestamp() where id = :id", id=due.id)
        await settled(house, {"TAKEN": 3})

    assert outside.titles == ["b1", "a1", "a2"]


async def test_while_keys_change_both_sign(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    await happened(house.store, invoiced("a", "a1"))
    secrets = {"secret_next": Secret("the-next-secret-of-it"), "secret": Secret(SECRET)}

    async with sending(house, told_to(outside, secrets=secrets)):
        await settled(house, {"TAKEN": 1})

    [got] = outside.got
    assert got.signed_with(SECRET)
    assert got.signed_with("the-next-secret-of-it")
    assert not got.signed_with("another-secret-of-nobody")
    assert got.headers["revgraph-signature"].count("v1=") == 2


async def test_a_receiver_that_the_log_left_behind_is_shown_and_goes_on(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    await happened(house.store, invoiced("a", "a1"), invoiced("a", "a2"))
    await house.say("delete from event where position = 1")
    await house.say("update event_log set floor = 1")

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 1})

    assert outside.titles == ["a2"]
    assert (await exceptions(house))[0][2].startswith("1 event could not be kept for billing: dropped from the log")


async def test_an_event_of_a_newer_version_is_told_as_lost_to_its_receiver(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    await happened(house.store, invoiced("a", "a1"), invoiced("a", "a2"))
    await house.say(
        "update event set body = jsonb_set(body::jsonb, '{happening,kind}', '\"NOT_YET_KNOWN\"') where position = 1"
    )

    async with sending(house, told_to(outside)):
        await settled(house, {"TAKEN": 1})

    assert outside.titles == ["a2"]
    assert (await exceptions(house))[0][2].startswith("1 event could not be kept for billing")


async def test_no_more_than_eight_are_sent_at_once(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    gate = asyncio.Event()
    outside.manner = lambda _: Manner(gate=gate)
    await happened(house.store, *(invoiced(f"o{number}", f"{number}") for number in range(20)))

    async with sending(house, told_to(outside, timeout_seconds=30.0)):
        await outside.until(lambda: len(outside.got) == 8)
        gate.set()
        await settled(house, {"TAKEN": 20})

    assert outside.most == 8


async def test_what_a_receiver_does_not_take_waits_in_the_log(
    house: House, outside: PretendReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_log, "PAGE", 5)
    await begun(house)
    gate = asyncio.Event()
    outside.manner = lambda _: Manner(gate=gate)
    await happened(house.store, *(invoiced("a", f"{number}") for number in range(12)))

    async with sending(house, told_to(outside, timeout_seconds=30.0), pacing=replace(QUICK, most_waiting=10)):
        await settled(house, {"WAITING": 10})
        gate.set()
        await settled(house, {"TAKEN": 12})

    assert outside.titles == [f"{number}" for number in range(12)]


async def test_what_is_under_way_when_a_worker_is_told_to_stop_comes_to_its_end(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    gate = asyncio.Event()
    outside.manner = lambda _: Manner(gate=gate)
    await happened(house.store, invoiced("a", "a1"), invoiced("a", "a2"))

    async with sending(house, told_to(outside)):
        await outside.until(lambda: len(outside.got) == 1)
        asyncio.get_running_loop().call_later(0.1, gate.set)

    assert outside.titles == ["a1"]
    assert await house.ask("select state from delivery order by position") == [("TAKEN",), ("WAITING",)]


async def test_what_ended_long_ago_is_forgotten_and_so_is_what_nobody_receives_any_more(house: House) -> None:
    rows = [
        ("billing", "TAKEN", True),
        ("billing", "DEAD", True),
        ("billing", "WAITING", False),
        ("gone", "WAITING", 0),
    ]
    for place, (receiver, state, ended) in enumerate(rows):
        await house.say(
            "insert into delivery (receiver, position, lane, state, kind, event_id, first_at, due_at, ended_at) values"
            " (:receiver, :place, 'l', :state, 'k', 'e', now() - interval '40 days',"
            " case when :ended then null else now() end, case when :ended then now() - interval '31 days' end)",
            receiver=receiver, place=place, state=state, ended=bool(ended),
        )  # fmt: skip
    billing = Receiver("billing", "http://127.0.0.1:1")
    kept = replace(house.landscape, events=EventRules(receivers=(billing,)))

    await EventWork(replace(house.shop, landscape=kept), "w1", None, None).tidy()

    assert await house.ask("select receiver, state from delivery") == [("billing", "WAITING")]


async def test_a_receiver_that_is_away_is_tried_with_one_at_a_time(house: House, outside: PretendReceiver) -> None:
    await begun(house)
    back = asyncio.Event()
    outside.manner = lambda got: Manner(status=503) if len(outside.got) <= 12 else Manner(gate=back)
    await happened(house.store, *(invoiced(f"o{number}", f"{number}") for number in range(12)))

    async with sending(house, told_to(outside, timeout_seconds=30.0)):
        await outside.until(lambda: len(outside.got) == 13)
        await turned(house, 3)
        held = len(outside.got)
        back.set()
        await settled(house, {"TAKEN": 12})

    assert held == 13


async def test_waits_for_a_receiver_that_takes_nothing_grow_also_where_there_is_always_something_new(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    outside.manner = lambda _: Manner(status=503)
    slow = replace(QUICK, first_wait=60.0, longest_wait=9_000.0)
    asked = []

    async with sending(house, told_to(outside), pacing=slow, clock=lambda: house.now):
        for minute in range(12):
            house.now = 1000.0 + 60.0 * minute
            before = len(outside.got)
            await happened(house.store, invoiced(f"o{minute}", f"{minute}"))
            await turned(house, 3)
            await noted(house)
            asked += [minute] * (len(outside.got) - before)

    assert asked == [0, 1, 2, 4, 8]


async def test_an_order_of_which_nothing_is_taken_keeps_no_other_order_waiting(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    outside.manner = failing("a1", times=99, status=500)
    await happened(house.store, invoiced("a", "a1"))

    async with sending(house, told_to(outside), clock=lambda: house.now):
        await outside.until(lambda: len(outside.got) == 4)
        await happened(house.store, invoiced("b", "b1"))
        await settled(house, {"TAKEN": 1, "WAITING": 1})

    assert outside.counts["b1"] == 1


async def test_what_failed_while_it_was_under_way_together_lets_the_receiver_rest_once(
    house: House, outside: PretendReceiver
) -> None:
    await begun(house)
    outside.manner = lambda _: Manner(status=503) if len(outside.got) <= 8 else TAKE
    slow = replace(QUICK, first_wait=60.0, longest_wait=9_000.0)
    await happened(house.store, *(invoiced(f"o{number}", f"{number}") for number in range(8)))

    async with sending(house, told_to(outside), pacing=slow, clock=lambda: house.now):
        await outside.until(lambda: len(outside.got) == 8)
        await noted(house)
        await happened(house.store, invoiced("b", "b1"))
        await turned(house, 3)
        resting = len(outside.got)
        house.now += 60.0
        await settled(house, {"TAKEN": 1, "WAITING": 8})

    assert resting == 8
    assert outside.titles[8:] == ["b1"]


async def noted(house: House) -> None:
    """Wait until it is written down what became of everything that was sent."""
    await there_is(
        lambda: house.ask("select 1 where not exists (select 1 from delivery where attempts > 0 and answer is null)")
    )


async def turned(house: House, times: int) -> None:
    """Wait for so many turns: each renews the lease."""
    for _ in range(times):
        [(before,)] = await house.ask("select held_until from outbound where receiver = 'billing'")
        newer = "select 1 from outbound where receiver = 'billing' and held_until is distinct from :before"
        await there_is(partial(house.ask, newer, before=before))


@pytest.mark.parametrize(
    "attempts,chance,asked,expected",
    [(1, 1.0, None, 1.0), (1, 0.0, None, 0.5), (4, 1.0, None, 8.0), (4, 0.0, 60.0, 60.0), (99, 1.0, None, 300.0)],
)
def test_waits_double_up_to_a_limit(attempts: int, chance: float, asked: float | None, expected: float) -> None:
    assert Pacing().wait(attempts, chance, asked) == expected


def _taken(got: Sequence[Got]) -> dict[str, list[str]]:
    """The titles of each order in the order in which they were taken, which is that of the last time each came."""
    last = {one.title: one for one in got}
    found: dict[str, list[str]] = {}
    for one in sorted(last.values(), key=lambda one: one.at):
        found.setdefault(f"o{int(one.title) % 5}", []).append(one.title)
    return dict(sorted(found.items()))
