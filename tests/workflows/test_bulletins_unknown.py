"""What the screens show where nobody knows what the CRM took: no status that counts is left out for that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from canonical.errors import Unavailable
from tests.fakes.happenings import happened, status_changed
from tests.workflows.house import House
from tests.workflows.screens import BOOKED, HELD, SHIPPING, Board, begun, bulletins, due, states
from workflows.bulletins import Bulletins
from workflows.redelivering import retry_dead


@pytest.fixture
def board() -> Board:
    return Board()


async def booked_then_held(house: House, board: Board, **rules: Any) -> Bulletins:
    """The screens show that the order is booked; that it is held waits to be told."""
    await begun(house)
    work = bulletins(house, board, **rules)
    await happened(house.store, status_changed("so1", BOOKED))
    await work.turn()
    await happened(house.store, status_changed("so1", HELD, BOOKED))
    return work


async def unknown(house: House, board: Board, work: Bulletins, way: str) -> None:
    """Let the board take what is due without anybody hearing so: its answer is lost, or the worker dies."""
    board.called.clear()
    board.late, board.hangs = way == "lost", way == "killed"
    turn = asyncio.create_task(work.turn())
    await board.called.wait()
    if way == "killed":
        turn.cancel()
    await asyncio.gather(turn, return_exceptions=True)
    board.late = board.hangs = False


@pytest.mark.parametrize("way", ["lost", "killed"])
async def test_a_status_is_shown_again_where_nobody_knows_whether_another_one_was_shown_meanwhile(
    house: House, board: Board, way: str
) -> None:
    work = await booked_then_held(house, board)
    await unknown(house, board, work, way)
    await happened(house.store, status_changed("so1", BOOKED, HELD))

    for _ in range(3):
        await due(house)
        await work.turn()

    assert [(one.status, one.version) for one in board.shown] == [(BOOKED, 1), (HELD, 2), (BOOKED, 3)]
    assert await states(house) == {"TAKEN": 2}


@pytest.mark.parametrize("way", ["lost", "killed"])
async def test_it_stays_unknown_what_is_shown_also_once_the_order_went_on_to_what_nobody_wants(
    house: House, board: Board, way: str
) -> None:
    work = await booked_then_held(house, board, statuses=frozenset({BOOKED, HELD}))
    await unknown(house, board, work, way)
    await happened(house.store, status_changed("so1", SHIPPING, HELD))
    await work.turn()
    await happened(house.store, status_changed("so1", BOOKED, SHIPPING))

    for _ in range(3):
        await due(house)
        await work.turn()

    assert [one.status for one in board.shown] == [BOOKED, HELD, BOOKED]
    assert await states(house) == {"TAKEN": 2, "PASSED": 1}


async def test_what_is_refused_after_nobody_knew_whether_it_was_taken_may_be_shown_all_the_same(
    house: House, board: Board
) -> None:
    work = await booked_then_held(house, board)
    await unknown(house, board, work, "lost")
    board.refuses = {"so1": "No such field: Version__c"}
    await due(house)
    await work.turn()
    board.refuses = {}
    await happened(house.store, status_changed("so1", BOOKED, HELD))

    await work.turn()

    assert [one.status for one in board.shown] == [BOOKED, HELD, BOOKED]


@pytest.mark.parametrize("refuses", [False, True])
async def test_what_the_board_certainly_did_not_take_makes_nothing_be_shown_again(
    house: House, board: Board, refuses: bool
) -> None:
    work = await booked_then_held(house, board)
    board.refuses = {"so1": "No such field: Version__c"} if refuses else {}
    board.fault = None if refuses else Unavailable("crm", "crm cannot be reached.")
    await work.turn()
    board.refuses, board.fault = {}, None
    await happened(house.store, status_changed("so1", BOOKED, HELD))

    for _ in range(3):
        await due(house)
        await work.turn()

    assert board.told == [("so1", None, BOOKED)]


async def test_what_a_person_lets_be_sent_late_is_not_taken_for_what_the_screens_show(
    house: House, board: Board
) -> None:
    await begun(house)
    work = bulletins(house, board)
    board.refuses = {"so1": "No such field: Version__c"}
    await happened(house.store, status_changed("so1", BOOKED))
    await work.turn()
    board.refuses = {}
    await happened(house.store, status_changed("so1", HELD, BOOKED))
    await work.turn()
    async with house.store.transaction() as transaction:
        await retry_dead(transaction, "acme", None)
    await work.turn()

    await happened(house.store, status_changed("so1", BOOKED, HELD))
    await work.turn()

    held, late, again = board.shown
    assert (held.status, late.status, again.status) == (HELD, BOOKED, BOOKED)
    assert late.version < held.version < again.version
