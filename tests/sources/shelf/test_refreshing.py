from __future__ import annotations

import asyncio
import logging

import pytest
from redis.asyncio import Redis

from sources.shelf.line import Line
from sources.shelf.refreshing import WAITING, Refreshing

LINE = Line(Redis(unix_socket_path="/nowhere"), patience=5)


async def nothing() -> None:
    """A job that has nothing to do."""


async def test_what_is_being_read_is_not_offered_again_until_that_has_ended() -> None:
    refreshing = Refreshing()
    assert refreshing.offer(["a"], nothing)
    assert refreshing.unread(["a", "b"]) == ["b"]

    async with refreshing.open(LINE):
        await refreshing.settled()

    assert refreshing.unread(["a", "b"]) == ["a", "b"]


async def test_no_more_waits_than_may_and_what_is_turned_away_can_be_offered_again() -> None:
    refreshing = Refreshing()

    taken = [refreshing.offer([str(number)], nothing) for number in range(WAITING + 2)]

    assert taken == [True] * WAITING + [False] * 2
    assert refreshing.unread([str(WAITING)]) == [str(WAITING)]


async def test_a_job_that_goes_wrong_is_told_in_full_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    refreshing, done = Refreshing(), asyncio.Event()

    async def wrong() -> None:
        raise KeyError("?")

    async def right() -> None:
        done.set()

    async with refreshing.open(LINE):
        for number in range(8):
            refreshing.offer([str(number)], wrong)
        refreshing.offer(["last"], right)
        with caplog.at_level(logging.ERROR, "revgraph.shelf"):
            await refreshing.settled()

    assert done.is_set()
    assert [record.getMessage() for record in caplog.records] == ["Reading anew went wrong."] * 8


async def test_what_is_under_way_ends_with_whoever_opened_it() -> None:
    refreshing, began, ended = Refreshing(), asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with refreshing.open(LINE):
        refreshing.offer(["a"], endless)
        await began.wait()

    assert ended.is_set()


async def test_what_goes_wrong_in_the_block_is_told_as_it_is() -> None:
    with pytest.raises(KeyError, match="mine"):
        async with Refreshing().open(LINE):
            raise KeyError("mine")
