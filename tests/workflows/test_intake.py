"""What systems tell of is looked at, and what is new is told once, whoever told of it, when, and how often."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from canonical.changes import Change, Concept
from canonical.errors import Unavailable
from canonical.events import EventKind
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineArea, TimelineEntry, TimelineKind
from tests.fakes.company import NOW
from tests.fakes.feeds import change
from tests.fakes.waiting import until
from tests.workflows.house import House
from tests.workflows.intake_desk import SALE, STEPS, Desk, kinds, stands
from workflows.inbox import Waiting
from workflows.intake import LONGEST_WAIT, MOST, Intake
from workflows.looking import Seen, Whose

DOWN = Unavailable("erp-eu", "erp-eu does not answer.")


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


async def test_what_a_webhook_and_a_poll_tell_of_the_same_makes_one_event(desk: Desk) -> None:
    desk.eye.orders[SALE] = stands(0)

    await desk.hear(change("sale1", "webhook/1"))
    await desk.intake.turn()
    await desk.hear(change("sale1", "poll/1"), change("sale1", "poll/1 again", minutes=0.1))
    await desk.intake.turn()

    assert kinds(await desk.told()) == [TimelineKind.ORDER_SUBMITTED, OrderStatus.SUBMITTED]
    assert await desk.waits() == []


async def test_a_message_that_comes_again_is_not_even_looked_at(desk: Desk) -> None:
    desk.eye.orders[SALE] = stands(0)

    first = await desk.hear(change("sale1"), change("sale1"))
    await desk.intake.turn()
    again = await desk.hear(change("sale1"))
    looked = await desk.intake.turn()

    assert (first, again, looked) == (1, 0, 0)
    assert len(desk.eye.looks) == 1


@pytest.mark.parametrize("seed", range(4))
async def test_changes_that_come_late_and_out_of_order_never_move_a_status_backwards(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    late: list[Change] = []

    for step in range(len(STEPS)):
        desk.eye.orders[SALE] = stands(step)
        late += [change("sale1", f"{step}/{number}", minutes=step) for number in range(3)]
        chance.shuffle(late)
        told, late = late[:2], late[2:]
        await desk.hear(*told)
        await desk.intake.turn()
    for one in late:
        await desk.hear(one)
        await desk.intake.turn()

    events = await desk.told()
    changes = [event.status for event in events if event.status is not None]
    assert [one.status for one in changes] == [status for status, _ in STEPS]
    assert [one.previous for one in changes] == [None, *[status for status, _ in STEPS[:-1]]]
    assert [event.happening.kind for event in events if event.happening] == [kind for _, kind in STEPS]


async def test_what_happened_between_two_looks_is_told_in_its_order(desk: Desk) -> None:
    desk.eye.orders[SALE] = stands(3)

    await desk.hear(change("sale1"))
    await desk.intake.turn()

    assert kinds(await desk.told()) == [*[kind for _, kind in STEPS[:4]], OrderStatus.FULFILLED]


async def test_what_happened_before_we_listened_is_no_news(desk: Desk) -> None:
    await desk.listens_since(NOW + timedelta(minutes=1, seconds=30), "erp-eu")
    desk.eye.orders[SALE] = stands(2)

    await desk.hear(change("sale1", minutes=3))
    await desk.intake.turn()

    assert kinds(await desk.told()) == [TimelineKind.SHIPMENT_POSTED, OrderStatus.IN_FULFILLMENT]


async def test_an_old_message_about_one_order_makes_no_news_of_anothers_past(desk: Desk) -> None:
    other = Ref("crm", "sale2")
    await desk.listens_since(NOW + timedelta(minutes=1, seconds=30), "erp-eu")
    desk.eye.orders |= {SALE: stands(2), other: stands(2, other)}

    await desk.hear(change("sale1", minutes=3), change("sale2", minutes=-600))
    await desk.intake.turn()

    mine = [event for event in await desk.told() if event.order == SALE]
    assert kinds(mine) == [TimelineKind.SHIPMENT_POSTED, OrderStatus.IN_FULFILLMENT]


async def test_a_change_of_a_collective_record_tells_of_each_of_its_orders(desk: Desk) -> None:
    other = Ref("crm", "sale2")
    desk.eye.about["I-1"] = (SALE, other, SALE)
    desk.eye.orders |= {SALE: stands(1), other: stands(1, other)}

    await desk.hear(change("I-1", concept=Concept.INVOICE))
    await desk.intake.turn()

    events = await desk.told()
    assert {event.order for event in events} == {SALE, other}
    assert len(events) == 6


async def test_records_of_two_names_that_are_one_order_are_told_once(desk: Desk) -> None:
    booking = Ref("erp-eu", "71")
    desk.eye.about["71"] = (booking,)
    desk.eye.orders |= {SALE: stands(1), booking: stands(1)}

    await desk.hear(change("sale1"))
    await desk.hear(change("71"), system="erp-eu")
    await desk.intake.turn()

    assert kinds(await desk.told()) == [
        TimelineKind.ORDER_SUBMITTED,
        TimelineKind.ORDER_BOOKED,
        OrderStatus.BOOKED,
    ]


async def test_a_record_that_no_system_has_is_done_with(desk: Desk) -> None:
    await desk.hear(change("nowhere"), change("P-1", concept=Concept.PRODUCT))

    assert await desk.intake.turn() == 2
    assert await desk.waits() == []
    assert await desk.told() == []


@pytest.mark.parametrize("silence", ["its orders", "the order", "a part of it"])
async def test_what_cannot_be_looked_at_waits_longer_each_time_and_is_told_later(desk: Desk, silence: str) -> None:
    if silence == "its orders":
        desk.eye.about["sale1"] = DOWN
    desk.eye.orders[SALE] = (
        DOWN if silence == "the order" else Seen(order=SALE, entries=(), status=None, silent=("erp-eu",))
    )
    await desk.hear(change("sale1"))
    pauses = []

    for _ in range(4):
        await desk.due()
        assert await desk.intake.turn() == 1
        assert await desk.intake.turn() == 0
        [[pause]] = await desk.house.ask("select extract(epoch from due_at - clock_timestamp()) from change_in")
        pauses.append(float(pause))
    assert await desk.told() == []
    desk.eye.about.clear()
    desk.eye.orders[SALE] = stands(0)
    await desk.due()
    await desk.intake.turn()

    assert kinds(await desk.told()) == [TimelineKind.ORDER_SUBMITTED, OrderStatus.SUBMITTED]
    assert await desk.waits() == []
    assert all(later > sooner * 1.5 for sooner, later in pairwise(pauses))


async def test_what_waits_keeps_nothing_else_waiting(desk: Desk) -> None:
    other = Ref("crm", "sale2")
    desk.eye.orders |= {SALE: DOWN, other: stands(0, other)}

    await desk.hear(change("sale1"), change("sale2"))
    await desk.intake.turn()

    assert [event.order for event in await desk.told()] == [other, other]
    assert await desk.waits() == ["sale1"]


async def test_a_change_that_was_tried_very_often_still_waits_no_longer_than_the_longest_pause(desk: Desk) -> None:
    desk.eye.orders[SALE] = DOWN
    await desk.hear(change("sale1"))
    await desk.house.say("update change_in set attempts = 5000")

    await desk.intake.turn()

    [[pause]] = await desk.house.ask("select extract(epoch from due_at - clock_timestamp()) from change_in")
    assert LONGEST_WAIT - 60 < float(pause) <= LONGEST_WAIT


async def test_what_could_not_be_looked_at_for_too_long_is_given_up_and_shown_to_a_person(desk: Desk) -> None:
    desk.eye.orders[SALE] = DOWN
    await desk.hear(change("sale1", "message-7"))
    await desk.house.say("update change_in set received_at = now() - interval '25 hours'")

    await desk.intake.turn()

    [[code, message, detail, correlation]] = await desk.house.ask(
        "select code, explanation, technical_detail, correlation_id from integration_exception"
    )
    [event] = await desk.told()
    assert await desk.waits() == []
    assert code == "UNREADABLE_MESSAGE"
    assert message == "crm told that Order sale1 was changed, and could not be asked about it since."
    told = json.loads(detail)
    assert (told["concept"], told["key"], told["event_id"]) == ("Order", "sale1", "message-7")
    assert correlation == "message-7"
    assert event.kind is EventKind.EXCEPTION_RAISED


async def test_a_worker_that_dies_while_it_looks_leaves_everything_to_the_next_one(desk: Desk) -> None:
    desk.eye.orders[SALE] = stands(0)
    desk.eye.through.clear()
    await desk.hear(change("sale1"))

    dying = asyncio.create_task(desk.intake.turn())
    await until(lambda: desk.eye.looks)
    dying.cancel()
    await asyncio.wait([dying])
    assert await desk.waits() == ["sale1"]
    desk.eye.through.set()
    await desk.intake.turn()

    assert kinds(await desk.told()) == [TimelineKind.ORDER_SUBMITTED, OrderStatus.SUBMITTED]


async def test_the_intakes_of_two_workers_at_once_tell_once(desk: Desk) -> None:
    desk.eye.orders[SALE] = stands(0)
    desk.eye.through.clear()
    other = Intake(desk.house.shop, desk.eye)
    await desk.hear(change("sale1", "one"), change("sale1", "two"))

    first = asyncio.create_task(desk.intake.turn())
    await until(lambda: desk.eye.looks)
    second = await other.turn()
    desk.eye.through.set()
    await first
    third = await other.turn()

    assert (first.result(), second, third) == (2, 0, 0)
    assert kinds(await desk.told()) == [TimelineKind.ORDER_SUBMITTED, OrderStatus.SUBMITTED]
    assert len(desk.eye.looks) == 1


async def test_more_than_one_turn_takes_is_taken_in_several_the_oldest_first(desk: Desk) -> None:
    await desk.hear(*[change(f"sale{number}") for number in range(MOST + 5)])

    turns = [await desk.intake.turn() for _ in range(3)]

    assert turns == [MOST, 5, 0]
    assert [ref.key for looks in desk.eye.looks for ref in looks] == [f"sale{number}" for number in range(MOST + 5)]


async def test_what_is_kept_of_a_record_is_forgotten_before_it_is_looked_at(desk: Desk) -> None:
    forgotten: list[tuple[list[str], Sequence[Ref], int]] = []

    async def forget(waiting: Sequence[Waiting], orders: Sequence[Ref]) -> None:
        forgotten.append(([one.change.key for one in waiting], orders, len(desk.eye.looks)))

    await desk.hear(change("sale1"), change("sale2"))
    await Intake(desk.house.shop, desk.eye, forget).turn()

    assert forgotten == [(["sale1", "sale2"], [SALE, Ref("crm", "sale2")], 0)]


async def test_an_order_of_an_erp_that_the_crm_learns_of_goes_on_under_its_new_name(desk: Desk) -> None:
    booking = Ref("erp-eu", "71")
    desk.eye.about["71"] = (booking,)
    desk.eye.orders[booking] = booked_as(booking)
    await desk.hear(change("71"), system="erp-eu")
    await desk.intake.turn()
    desk.eye.orders[booking] = desk.eye.orders[SALE] = linked = replace(booked_as(booking, SALE), names=(booking,))

    for key, system in (("sale1", "crm"), ("71", "erp-eu"), ("sale1", "crm")):
        await desk.hear(replace(change(key), event_id=f"{system} {len(desk.eye.looks)}"), system=system)
        await desk.intake.turn()
    desk.eye.orders[SALE] = replace(linked, entries=(), names=(booking,), status=OrderStatus.CANCELLED)
    await desk.hear(replace(change("sale1"), event_id="the last"))
    await desk.intake.turn()

    told = await desk.told()
    assert kinds(told) == [TimelineKind.ORDER_BOOKED, OrderStatus.BOOKED, OrderStatus.CANCELLED]
    assert [(event.order, event.order_names) for event in told] == [(booking, ())] * 2 + [(SALE, (booking,))]
    assert await desk.house.ask("select system, key from order_told") == [("crm", "sale1")]


def booked_as(booking: Ref, order: Ref | None = None) -> Seen:
    """An order of one booking, as the timeline tells of it."""
    anchor = order or booking
    entry = TimelineEntry(
        key=f"ORDER_BOOKED:{anchor.system}:{anchor.key}:{booking.system}/{booking.key}",
        at=NOW,
        area=TimelineArea.ORDER,
        kind=TimelineKind.ORDER_BOOKED,
        title="Booked",
        system=booking.system,
    )
    return Seen(order=anchor, entries=(entry,), status=OrderStatus.BOOKED, legal_entities=("DE01",))


async def test_what_happens_while_nobody_knows_whose_an_order_is_is_told_once_somebody_does(desk: Desk) -> None:
    unknown = replace(stands(0, silent=("crm",)), whose=None)
    desk.eye.orders[SALE] = unknown
    await desk.hear(change("sale1"))

    await desk.intake.turn()
    nothing = await desk.told()
    desk.eye.orders[SALE] = replace(unknown, whose=Whose(customer=Ref("crm", "acc1"), crm="acc1"), silent=())
    await desk.due()
    await desk.intake.turn()

    assert nothing == []
    assert {event.crm_customer for event in await desk.told()} == {"acc1"}
    assert kinds(await desk.told()) == [TimelineKind.ORDER_SUBMITTED, OrderStatus.SUBMITTED]
