"""Whoever waits for a workflow is told once it has ended, and all who wait cost one question."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextvars import ContextVar

import pytest

from tests.fakes.waiting import until
from workflows.durable.awaiting import Awaiting

WHOSE: ContextVar[str] = ContextVar("whose", default="nobody's")


class Looked:
    """Which workflows have ended, and what was asked about them."""

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self.asked: list[list[str]] = []
        self.whose: set[str] = set()
        self.error: Exception | None = None

    async def __call__(self, ids: Sequence[str]) -> Collection[str]:
        self.asked.append(sorted(ids))
        self.whose.add(WHOSE.get())
        if self.error is not None:
            raise self.error
        return self.ended & set(ids)


async def test_all_that_is_waited_for_is_asked_for_together_and_each_is_told_of_its_own() -> None:
    looked = Looked()
    awaiting = Awaiting(looked, 0.001)
    waiting = {name: asyncio.create_task(awaiting.ended(name)) for name in ("a", "b", "c")}
    again = asyncio.create_task(awaiting.ended("a"))

    await until(lambda: looked.asked)
    looked.ended.add("a")
    await asyncio.gather(waiting["a"], again)
    looked.ended.update("bc")
    await asyncio.gather(waiting["b"], waiting["c"])

    assert looked.asked[0] == ["a", "b", "c"]
    assert looked.asked[-1] == ["b", "c"]


async def test_nothing_is_asked_while_nobody_waits() -> None:
    looked = Looked()
    awaiting = Awaiting(looked, 0.001)
    looked.ended.add("a")
    await awaiting.ended("a")
    gone = asyncio.create_task(awaiting.ended("b"))
    await until(lambda: ["b"] in looked.asked)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await asyncio.sleep(0.01)
    asked = len(looked.asked)

    await asyncio.sleep(0.02)
    assert len(looked.asked) == asked
    await awaiting.ended("a")
    assert len(looked.asked) == asked + 1


async def test_a_look_is_no_part_of_whoever_waits() -> None:
    looked = Looked()
    looked.ended.add("a")
    WHOSE.set("a workflow's")

    await Awaiting(looked, 0.001).ended("a")

    assert looked.whose == {"nobody's"}


async def test_what_keeps_a_look_from_being_made_is_heard_by_all_who_wait_and_by_nobody_after() -> None:
    looked = Looked()
    awaiting = Awaiting(looked, 0.001)
    looked.error = ConnectionError("away")

    for end in await asyncio.gather(awaiting.ended("a"), awaiting.ended("b"), return_exceptions=True):
        assert isinstance(end, ConnectionError)

    looked.error = None
    looked.ended.add("a")
    await awaiting.ended("a")


async def test_what_was_never_begun_is_waited_for() -> None:
    awaiting = Awaiting(Looked(), 0.001)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(awaiting.ended("never"), 0.02)
