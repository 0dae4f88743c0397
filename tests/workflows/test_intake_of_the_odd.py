"""A change that cannot be taken in keeps nothing else waiting, and comes before people in the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from msgspec.structs import replace
from sqlalchemy.exc import OperationalError

from canonical.changes import Concept
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineKind
from tests.fakes.company import NOW
from tests.fakes.feeds import change
from tests.workflows.house import House
from tests.workflows.intake_desk import SALE, Desk, kinds, stands
from workflows.intake import MOST, Intake

ODD = Ref("crm", "odd")


@pytest.fixture
def desk(house: House) -> Desk:
    made = Desk(house)
    made.eye.orders |= {SALE: stands(0), ODD: stands(0, ODD)}
    return made


async def test_a_change_at_the_zero_of_a_programs_calendar_is_told_and_so_is_what_comes_behind_it(desk: Desk) -> None:
    for system in ("crm", "erp-eu"):
        await desk.listens_since(NOW, system)
    await desk.hear(replace(change("odd"), changed_at=datetime(1, 1, 1, tzinfo=UTC)), change("sale1"))

    await desk.intake.turn()

    assert await desk.waits() == []
    assert {event.order for event in await desk.told()} == {ODD, SALE}


async def test_an_order_at_which_a_look_fails_keeps_no_other_one_waiting(desk: Desk) -> None:
    desk.eye.poison[ODD] = OverflowError("date value out of range")
    many = [change(f"sale{number}") for number in range(MOST - 1)]
    desk.eye.orders |= {Ref("crm", one.key): stands(0, Ref("crm", one.key)) for one in many}
    await desk.hear(*many[:40], change("odd"), *many[40:])

    assert await desk.intake.turn() == MOST

    assert await desk.waits() == ["odd"]
    told = await desk.told()
    assert [event.order for event in told if event.order] == [Ref("crm", one.key) for one in many for _ in range(2)]


async def test_what_fails_waits_longer_each_time_and_is_told_once_it_can_be_taken_in(desk: Desk) -> None:
    desk.eye.poison[ODD] = ValueError("nobody thought of this")
    await desk.hear(change("odd"))
    pauses = []

    for _ in range(4):
        await desk.due()
        assert await desk.intake.turn() == 1
        assert await desk.intake.turn() == 0
        [[pause]] = await desk.house.ask("select extract(epoch from due_at - clock_timestamp()) from change_in")
        pauses.append(float(pause))
    desk.eye.poison.clear()
    await desk.due()
    await desk.intake.turn()

    assert all(later > sooner * 1.5 for sooner, later in pairwise(pauses))
    assert await desk.waits() == []
    assert kinds(await desk.told()) == [TimelineKind.ORDER_SUBMITTED, OrderStatus.SUBMITTED]


@pytest.mark.parametrize(
    "row",
    [
        "changed_at = '0001-01-01 00:00+00'",
        "changed_at = '0001-12-31 19:00+00 BC'",
        "changed_at = '10000-01-01 12:00+00'",
        "concept = 'Planet'",
    ],
)
async def test_a_row_that_cannot_even_be_read_is_put_off_by_itself(desk: Desk, row: str) -> None:
    await desk.hear(change("odd"), change("sale1"))
    await desk.house.say(f"update change_in set {row} where key = 'odd'")

    await desk.intake.turn()

    assert await desk.waits() == ["odd"]
    assert {event.order for event in await desk.told()} == {SALE}


async def test_what_failed_for_too_long_is_put_before_people_as_it_came(desk: Desk) -> None:
    desk.eye.poison[ODD] = OverflowError("date value out of range")
    desk.eye.about["D-1"] = (ODD,)
    await desk.hear(change("D-1", "message-7", Concept.SHIPMENT), change("sale1"))
    await desk.house.say("update change_in set received_at = now() - interval '25 hours'")

    await desk.intake.turn()

    [[code, message, detail]] = await desk.house.ask(
        "select code, explanation, technical_detail from integration_exception"
    )
    told = json.loads(detail)
    assert await desk.waits() == []
    assert code == "UNREADABLE_MESSAGE"
    assert message == "crm told that Shipment D-1 was changed, but taking that in fails (OverflowError)."
    assert (told["system"], told["concept"], told["key"]) == ("crm", "Shipment", "D-1")
    assert told["event_id"] == "message-7"
    assert SALE in {event.order for event in await desk.told()}


async def test_a_store_that_goes_away_during_a_turn_ends_it_and_nothing_of_it_happened(desk: Desk) -> None:
    await desk.hear(change("sale1"), change("odd"))

    async def cut_off(*_: object) -> None:
        await desk.house.ask(
            "select pg_terminate_backend(pid, 1000) from pg_stat_activity"
            " where pid <> pg_backend_pid() and datname = current_database() and state = 'idle in transaction'"
        )

    with pytest.raises(OperationalError):
        await Intake(desk.house.shop, desk.eye, cut_off).turn()

    assert await desk.house.ask("select key, attempts from change_in order by id") == [("sale1", 0), ("odd", 0)]
    assert await desk.told() == []


async def test_a_change_of_more_orders_than_a_turn_looks_at_becomes_one_of_each(desk: Desk) -> None:
    refs = [Ref("crm", f"sale{number}") for number in range(MOST + 50)]
    desk.eye.orders |= {ref: stands(0, ref) for ref in refs}
    desk.eye.about["C-1"] = tuple(refs)
    await desk.hear(change("C-1", "message-9", Concept.CONTRACT))

    turns = [await desk.intake.turn() for _ in range(4)]

    assert turns == [1, MOST, 50, 0]
    assert {event.order for event in await desk.told()} == set(refs)


async def test_a_turn_that_takes_too_long_leaves_the_rest_due_and_the_next_one_takes_less(desk: Desk) -> None:
    desk.intake = Intake(desk.house.shop, desk.eye, seconds=0.0)
    await desk.hear(change("odd"), change("sale1"))

    turns = [await desk.intake.turn() for _ in range(2)]

    assert turns == [2, 2]
    assert await desk.waits() == ["odd", "sale1"]
    assert desk.intake.room.most == MOST // 4
