from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from canonical.errors import Unavailable
from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.refs import Ref
from tests.fakes.happenings import AT, happened, invoiced, status_changed
from tests.workflows.house import House
from tests.workflows.screens import BOOKED, HELD, SHIPPING, Board, begun, bulletins, due, ruled, states
from workflows.bulletins import SILENT_SECONDS, Bulletins
from workflows.delivering import Pacing
from workflows.event_work import EventWork
from workflows.redelivering import list_deliveries, retry_dead


@pytest.fixture
def board() -> Board:
    return Board()


async def orders(house: House, *numbers: int) -> None:
    """Let so many orders be booked."""
    await happened(house.store, *(status_changed(f"so{number}", BOOKED) for number in numbers))


async def aged(house: House, hours: int) -> None:
    """Let everything that has ended have ended so many hours earlier."""
    await house.say("update delivery set ended_at = ended_at - make_interval(hours => :hours)", hours=hours)


async def shown(house: House) -> list[tuple[str, str]]:
    rows = await house.ask("select title, status from integration_exception order by raised_at")
    return [(row[0], row[1]) for row in rows]


async def test_a_status_is_shown_with_ids_version_and_cursor(house: House, board: Board) -> None:
    await begun(house)
    cursor = await happened(house.store, status_changed("so1", BOOKED, OrderStatus.SUBMITTED))

    await bulletins(house, board).turn()

    [one] = board.shown
    assert (one.order_key, one.order_id) == ("so1", global_id("Order", Ref("crm", "so1")))
    assert (one.status, one.previous, one.at) == (BOOKED, OrderStatus.SUBMITTED, AT)
    assert (one.version, one.cursor) == (cursor.position, str(cursor))


async def test_only_statuses_that_customers_care_about_of_orders_of_the_crm_are_shown(
    house: House, board: Board
) -> None:
    await begun(house)
    await happened(
        house.store,
        status_changed("so1", OrderStatus.SUBMITTED),
        status_changed("2", BOOKED, system="erp-eu"),
        invoiced("so1", "no status"),
        status_changed("so3", BOOKED),
    )

    await bulletins(house, board).turn()

    assert board.told == [("so3", None, BOOKED)]


async def test_of_many_changes_the_newest_is_shown_and_the_one_that_was_shown_before(
    house: House, board: Board
) -> None:
    await begun(house)
    work = bulletins(house, board, coalesce_seconds=3600.0)
    await happened(house.store, status_changed("so1", BOOKED, OrderStatus.SUBMITTED))
    await work.turn()
    for status, before in ((OrderStatus.SUBMITTED, BOOKED), (HELD, OrderStatus.SUBMITTED), (SHIPPING, HELD)):
        await happened(house.store, status_changed("so1", status, before))
        await work.turn()
    at_once = list(board.told)

    await due(house)
    await work.turn()

    assert at_once == [("so1", OrderStatus.SUBMITTED, BOOKED)]
    assert board.told == [*at_once, ("so1", BOOKED, SHIPPING)]
    assert [one.version for one in board.shown] == [1, 4]
    assert await states(house) == {"TAKEN": 2}


async def test_changes_that_are_learnt_together_are_shown_as_one(house: House, board: Board) -> None:
    await begun(house)
    await happened(
        house.store, status_changed("so1", BOOKED, OrderStatus.SUBMITTED), status_changed("so1", HELD, BOOKED)
    )

    await bulletins(house, board).turn()

    assert board.told == [("so1", OrderStatus.SUBMITTED, HELD)]


async def test_what_comes_back_to_what_the_screens_show_is_not_shown_again(house: House, board: Board) -> None:
    await begun(house)
    work = bulletins(house, board, coalesce_seconds=3600.0)
    await happened(house.store, status_changed("so1", BOOKED))
    await work.turn()
    await happened(house.store, status_changed("so1", HELD, BOOKED), status_changed("so1", BOOKED, HELD))
    await work.turn()

    await due(house)
    await work.turn()

    assert board.told == [("so1", None, BOOKED)]
    assert await states(house) == {"TAKEN": 1, "PASSED": 1}


async def test_what_waits_is_not_shown_once_the_order_went_on_to_what_nobody_wants(house: House, board: Board) -> None:
    await begun(house)
    work = bulletins(house, board, coalesce_seconds=3600.0, statuses=frozenset({BOOKED, HELD}))
    await happened(house.store, status_changed("so1", BOOKED))
    await work.turn()
    await happened(house.store, status_changed("so1", HELD, BOOKED))
    await work.turn()
    await happened(house.store, status_changed("so1", SHIPPING, HELD))
    await work.turn()

    await due(house)
    await work.turn()

    assert board.told == [("so1", None, BOOKED)]


async def test_bulletins_go_out_in_hundreds(house: House, board: Board) -> None:
    await begun(house)
    await happened(house.store, *(status_changed(f"so{number}", BOOKED) for number in range(250)))
    work = bulletins(house, board)

    pauses = [await work.turn() for _ in range(3)]

    assert board.tries == [100, 100, 50]
    assert pauses == [0.0, 0.0, 0.01]


async def test_a_board_that_is_away_is_told_later_the_same_under_the_same_id(house: House, board: Board) -> None:
    await begun(house)
    await happened(house.store, status_changed("so1", BOOKED))
    work = bulletins(house, board)
    board.fault = Unavailable("crm", "crm is out of order just now.")
    await work.turn()
    [first] = await house.ask("select event_id, answer from delivery where receiver = 'bulletins'")

    board.fault = None
    await work.turn()

    assert board.tries == [1, 1]
    assert board.told == [("so1", None, BOOKED)]
    assert first == (board.shown[0].id, "crm is out of order just now.")


async def test_a_board_that_takes_nothing_for_long_is_shown_to_a_person_until_it_takes_something(
    house: House, board: Board
) -> None:
    await begun(house)
    await happened(house.store, status_changed("so1", BOOKED))
    work = bulletins(house, board)
    board.fault = Unavailable("crm", "crm is out of order just now.")
    seen = []

    for minutes in (0, 9, 1, 60):
        house.now += minutes * 60
        await due(house)
        await work.turn()
        seen.append(await shown(house))
    board.fault = None
    await due(house)
    await work.turn()

    told = ("The CRM takes no bulletins", "OPEN")
    assert seen == [[], [], [told], [told]]
    assert await shown(house) == [("The CRM takes no bulletins", "RESOLVED")]
    assert board.told == [("so1", None, BOOKED)]


async def test_a_worker_that_begins_settles_what_another_told_of_a_silent_board(house: House, board: Board) -> None:
    await begun(house)
    await happened(house.store, status_changed("so1", BOOKED))
    first = bulletins(house, board)
    board.fault = Unavailable("crm", "crm is out of order just now.")
    await first.turn()
    house.now += SILENT_SECONDS
    await due(house)
    await first.turn()
    board.fault = None

    await house.say("update outbound set held_until = clock_timestamp()")
    await due(house)
    await bulletins(house, board, "w2").turn()

    assert await shown(house) == [("The CRM takes no bulletins", "RESOLVED")]


async def test_what_is_refused_is_passed_over_and_shown_to_a_person(house: House, board: Board) -> None:
    await begun(house)
    await happened(house.store, status_changed("so1", BOOKED), status_changed("so2", BOOKED))
    board.refuses = {"so1": "No such field: Version__c"}
    work = bulletins(house, board)

    await work.turn()
    await work.turn()

    assert board.told == [("so2", None, BOOKED)]
    assert board.tries == [2]
    assert await states(house) == {"TAKEN": 1, "DEAD": 1}
    assert await shown(house) == [("The CRM refuses bulletins", "OPEN")]


async def test_once_a_refused_bulletin_is_published_after_all_the_exception_is_settled(
    house: House, board: Board
) -> None:
    await begun(house)
    await happened(house.store, status_changed("so1", BOOKED))
    board.refuses = {"so1": "No such field: Version__c"}
    work = bulletins(house, board)
    await work.turn()
    board.refuses = {}

    async with house.store.transaction() as transaction:
        await retry_dead(transaction, "acme", None)
    await work.turn()

    assert board.told == [("so1", None, BOOKED)]
    assert await shown(house) == [("The CRM refuses bulletins", "RESOLVED")]


async def test_a_worker_that_dies_while_it_publishes_is_followed_by_one_that_publishes_the_same_again(
    house: House, board: Board
) -> None:
    await begun(house)
    await happened(house.store, status_changed("so1", BOOKED))
    board.hangs = True
    dying = asyncio.create_task(bulletins(house, board).turn())
    await board.called.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    board.hangs = False
    await house.say("update outbound set held_until = clock_timestamp()")

    await bulletins(house, board, "w2").turn()
    too_early = len(board.shown)
    await due(house)
    await bulletins(house, board, "w2").turn()

    assert too_early == 1
    assert board.told == [("so1", None, BOOKED)] * 2
    assert len({(one.id, one.version) for one in board.shown}) == 1


async def test_one_worker_at_a_time_publishes(house: House, board: Board) -> None:
    await begun(house)
    first, second = bulletins(house, board, "w1"), bulletins(house, board, "w2")
    await first.turn()
    await happened(house.store, status_changed("so1", BOOKED))

    await second.turn()
    nothing = list(board.shown)
    await first.turn()

    assert nothing == []
    assert len(board.shown) == 1


async def test_the_days_budget_is_kept_and_told_of_once_before_it_is_used_up(house: House, board: Board) -> None:
    await begun(house)
    work = bulletins(house, board, a_day=10)
    await happened(house.store, *(status_changed(f"so{number}", BOOKED) for number in range(9)))
    await work.turn()
    await work.turn()
    await happened(house.store, status_changed("so9", BOOKED), status_changed("so10", BOOKED))
    await work.turn()
    sparing = len(board.shown)
    await happened(house.store, status_changed("so9", SHIPPING, BOOKED))
    await work.turn()

    for _ in range(3):
        await due(house)
        await work.turn()
    used_up = list(board.told)
    await house.say("update delivery set ended_at = ended_at - interval '25 hours' where state = 'TAKEN'")
    await due(house)
    await work.turn()

    assert sparing == 9
    assert used_up[9:] == [("so10", None, BOOKED)]
    assert board.told[10:] == [("so9", None, SHIPPING)]
    assert await shown(house) == [("The budget of bulletins runs short", "RESOLVED")]


async def test_what_the_crm_takes_without_answering_in_time_counts_against_the_days_budget(
    house: House, board: Board
) -> None:
    await begun(house)
    await orders(house, *range(30))
    work = bulletins(house, board, a_day=10)
    board.late = True

    for _ in range(5):
        await due(house)
        await work.turn()
    spent = len(board.shown)
    await aged(house, 25)
    board.late = False
    for _ in range(8):
        await due(house)
        await work.turn()

    assert spent == 10
    assert len(board.shown) == 20


async def test_what_a_worker_published_before_it_died_counts_against_the_days_budget(
    house: House, board: Board
) -> None:
    await begun(house)
    await orders(house, *range(30))
    board.hangs = True
    dying = asyncio.create_task(bulletins(house, board, a_day=10).turn())
    await board.called.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    board.hangs = False
    await house.say("update outbound set held_until = clock_timestamp()")

    await due(house)
    await bulletins(house, board, "w2", a_day=10).turn()

    assert len(board.shown) == 10
    assert await shown(house) == [("The budget of bulletins runs short", "OPEN")]


async def test_what_the_crm_certainly_did_not_take_or_refused_is_not_spent(house: House, board: Board) -> None:
    await begun(house)
    await orders(house, *range(4))
    work = bulletins(house, board, a_day=3)
    board.fault = Unavailable("crm", "crm cannot be reached.")
    for _ in range(3):
        await due(house)
        await work.turn()
    board.fault = None
    board.refuses = {"so0": "No such field: Version__c"}

    for _ in range(4):
        await due(house)
        await work.turn()

    assert [key for key, _, _ in board.told] == ["so1", "so2", "so3"]


async def test_what_a_person_lets_be_sent_again_is_spent_once_more(house: House, board: Board) -> None:
    await begun(house)
    await orders(house, 1)
    work = bulletins(house, board, a_day=1)
    board.late = True
    await work.turn()
    await house.say("update delivery set state = 'DEAD', due_at = null, ended_at = now() where receiver = 'bulletins'")

    async with house.store.transaction() as transaction:
        await retry_dead(transaction, "acme", None)
    await work.turn()

    assert len(board.shown) == 1


async def test_waits_grow_with_the_failures_of_the_board_also_where_there_is_always_something_new(
    house: House, board: Board
) -> None:
    await begun(house)
    work = Bulletins(ruled(house), "w1", board, Pacing(look_every=0.01), lambda: 1.0)
    board.fault = Unavailable("crm", "crm is out of order just now.")
    tried = []

    for second in range(16):
        house.now = 1000.0 + second
        await orders(house, second)
        await due(house)
        before = len(board.tries)
        await work.turn()
        tried += [second] * (len(board.tries) - before)

    assert tried == [0, 1, 3, 7, 15]


async def test_a_board_that_took_nothing_is_tried_with_one_and_gets_more_as_it_takes_them(
    house: House, board: Board
) -> None:
    await begun(house)
    await orders(house, *range(200))
    work = bulletins(house, board)
    board.late = True
    await work.turn()
    await due(house)
    await work.turn()
    board.late = False

    for _ in range(8):
        await due(house)
        await work.turn()

    assert board.tries == [100, 1, 1, 2, 4, 8, 16, 32, 64, 73]


@pytest.mark.parametrize("hours,expected", [(23, 2), (25, 3)])
async def test_a_days_budget_and_what_the_screens_show_are_known_however_short_events_are_kept(
    house: House, board: Board, hours: int, expected: int
) -> None:
    await begun(house)
    work = bulletins(house, board, a_day=2)
    await orders(house, 1, 2)
    await work.turn()
    await aged(house, hours)
    events = replace(house.landscape.events, keep_days=0.01)
    short = replace(house.shop, landscape=replace(house.landscape, events=events))

    await EventWork(short, "w1", None, None).tidy()
    kept = await states(house)
    await orders(house, 3)
    await due(house)
    await work.turn()

    assert len(board.shown) == expected
    assert kept == ({"TAKEN": 2} if hours < 24 else {})


async def test_people_are_shown_bulletins_and_not_what_is_kept_to_count_them(house: House, board: Board) -> None:
    await begun(house)
    await orders(house, 1)
    await bulletins(house, board).turn()

    async with house.store.transaction() as transaction:
        listed = await list_deliveries(transaction, None, None, 10)

    assert [one.receiver for one in listed] == ["bulletins"]
