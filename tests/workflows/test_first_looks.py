"""What is told of an order that was there before we listened: its news, and nothing of its past."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineKind
from tests.fakes.company import NOW
from tests.fakes.feeds import change
from tests.workflows.house import House
from tests.workflows.intake_desk import SALE, Desk, kinds, stands
from workflows.event_work import EventWork
from workflows.looking import Seen

SILENT = Seen(order=SALE, entries=(), status=None, silent=("erp-eu",))


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


async def test_an_erp_that_was_silent_at_the_first_look_tells_none_of_its_past_when_it_is_back(desk: Desk) -> None:
    for system in ("crm", "erp-eu"):
        await desk.listens_since(NOW + timedelta(minutes=2, seconds=30), system)
    desk.eye.orders[SALE] = SILENT
    await desk.hear(change("sale1", minutes=60))
    await desk.intake.turn()
    desk.eye.orders[SALE] = stands(3)

    await desk.due()
    await desk.intake.turn()

    assert kinds(await desk.told()) == [TimelineKind.SHIPMENT_DELIVERED, OrderStatus.FULFILLED]


async def test_after_that_what_the_erp_has_more_is_told_though_it_says_that_it_was_long_ago(desk: Desk) -> None:
    for system in ("crm", "erp-eu"):
        await desk.listens_since(NOW + timedelta(minutes=2, seconds=30), system)
    for number, seen in enumerate((SILENT, stands(1), SILENT, stands(2))):
        desk.eye.orders[SALE] = seen
        await desk.hear(change("sale1", minutes=60 + number))
        await desk.due()
        await desk.intake.turn()

    assert kinds(await desk.told()) == [
        OrderStatus.BOOKED,
        TimelineKind.SHIPMENT_POSTED,
        OrderStatus.IN_FULFILLMENT,
    ]


async def test_the_past_of_an_erp_that_is_added_later_is_no_news(desk: Desk) -> None:
    await desk.listens_since(NOW - timedelta(days=400))
    await desk.listens_since(NOW + timedelta(days=1), "erp-eu")
    desk.eye.orders[SALE] = replace(stands(3), status=None)

    await desk.hear(change("sale1", minutes=2_000))
    await desk.intake.turn()

    assert await desk.told() == []


@pytest.mark.parametrize("minutes,told", [(-1, []), (1, [OrderStatus.BOOKED])])
async def test_a_hold_that_an_erp_released_since_we_listen_tells_where_an_unknown_order_stands(
    desk: Desk, minutes: float, told: list[OrderStatus]
) -> None:
    began = NOW + timedelta(days=2)
    await desk.listens_since(NOW - timedelta(days=400))
    await desk.listens_since(began, "erp-eu")
    desk.eye.orders[Ref("crm", "71")] = stands(1)

    await desk.hear(change("71", minutes=2 * 24 * 60 + minutes), system="erp-eu")
    await desk.intake.turn()
    await desk.hear(change("71", minutes=2 * 24 * 60 + 5), system="erp-eu")
    await desk.intake.turn()

    assert kinds(await desk.told()) == told


async def test_a_worker_listens_to_a_new_system_from_its_start_on_and_to_the_others_as_long_as_before(
    desk: Desk,
) -> None:
    await desk.listens_since(NOW)

    await EventWork(desk.house.shop, "w1", lambda *_: desk.eye, None).begin()

    rows = await desk.house.ask("select system, began_at from listened order by system")
    assert [row.system for row in rows] == ["crm", "erp-eu", "erp-us"]
    assert rows[0].began_at == NOW
    assert min(rows[1].began_at, rows[2].began_at) > NOW
