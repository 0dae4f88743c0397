"""What goes on by the clock ends when it is told to, also in the middle of something that takes long."""

from __future__ import annotations

import asyncio

import pytest

from workflows.schedule import every, unless_stopped


class Slow:
    """Work that ends when it is let through."""

    def __init__(self) -> None:
        self.begun, self.through = asyncio.Event(), asyncio.Event()
        self.cleaned = False

    async def __call__(self) -> str:
        self.begun.set()
        try:
            await self.through.wait()
        finally:
            await asyncio.sleep(0)
            self.cleaned = True
        return "done"


async def test_work_that_ends_before_it_is_told_to_stop_has_its_value() -> None:
    slow = Slow()
    slow.through.set()

    assert await unless_stopped(slow(), asyncio.Event()) == "done"


async def test_work_is_cancelled_and_cleans_up_when_it_is_told_to_stop() -> None:
    slow, stop = Slow(), asyncio.Event()
    waiting = asyncio.create_task(unless_stopped(slow(), stop))
    await slow.begun.wait()

    stop.set()

    assert await waiting is None
    assert slow.cleaned


async def test_what_goes_wrong_in_the_work_is_raised() -> None:
    async def broken() -> None:
        raise RuntimeError("no good")

    with pytest.raises(RuntimeError, match="no good"):
        await unless_stopped(broken(), asyncio.Event())


async def test_whoever_is_cancelled_while_waiting_takes_the_work_with_it() -> None:
    slow = Slow()
    waiting = asyncio.create_task(unless_stopped(slow(), asyncio.Event()))
    await slow.begun.wait()

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert waiting.cancelled()
    assert slow.cleaned


async def test_a_schedule_ends_at_once_whatever_its_turn_still_waits_for() -> None:
    slow, stop = Slow(), asyncio.Event()
    turns = asyncio.create_task(every(60.0, slow, stop))
    await slow.begun.wait()

    stop.set()
    await turns

    assert slow.cleaned
