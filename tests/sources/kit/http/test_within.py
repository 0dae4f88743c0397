"""A bound on time that is only ever a bound: who cancels from elsewhere has cancelled."""

from __future__ import annotations

import asyncio

import pytest

from sources.kit.http.within import Within


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_what_ends_in_time_is_left_alone() -> None:
    with Within(10):
        await asyncio.sleep(0)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_takes_too_long_is_a_timeout_and_the_task_goes_on() -> None:
    with pytest.raises(TimeoutError), Within(0):
        await forever()

    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_no_time_at_all_lets_pass_what_needs_none() -> None:
    with Within(0):
        done = True

    for _ in range(3):
        await asyncio.sleep(0)
    assert done


async def test_an_error_of_its_own_passes_through() -> None:
    with pytest.raises(ValueError, match="wrong"), Within(10):
        raise ValueError("wrong")


async def test_an_error_of_its_own_passes_through_even_when_it_comes_of_the_end_of_the_time() -> None:
    async def gives_up() -> None:
        try:
            await forever()
        except asyncio.CancelledError as ended:
            raise ValueError("given up") from ended

    with pytest.raises(ValueError, match="given up"), Within(0):
        await gives_up()


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def held() -> None:
        with Within(10):
            await forever()

    task = asyncio.create_task(held())
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_comes_with_the_end_of_the_time_stays_one() -> None:
    bound = Within(10)

    async def held() -> None:
        with bound:
            await forever()

    task = asyncio.create_task(held())
    await asyncio.sleep(0)

    task.cancel()
    bound._end()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_outer_of_two_bounds_is_told_apart_from_the_inner() -> None:
    late: list[str] = []

    async def inner() -> None:
        try:
            with Within(10):
                await forever()
        except TimeoutError:
            late.append("inner")

    with pytest.raises(TimeoutError), Within(0):
        await inner()

    assert late == []


async def test_a_bound_of_asyncio_s_own_around_it_holds() -> None:
    async def held() -> None:
        with Within(10):
            await forever()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(held(), 0)


def test_it_needs_a_task_to_hold() -> None:
    async def bound() -> None:
        with Within(1):
            pass

    coroutine = bound()
    with pytest.raises(RuntimeError):
        coroutine.send(None)
