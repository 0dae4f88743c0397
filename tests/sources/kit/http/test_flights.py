"""One piece of work a key, whoever comes and goes."""

from __future__ import annotations

import asyncio
import gc

from sources.kit.http.flights import Flights


class Work:
    """Work that ends when told to, counted."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.gate = asyncio.Event()
        self.wrong: Exception | None = None

    async def __call__(self) -> int:
        self.begun += 1
        try:
            await self.gate.wait()
        finally:
            self.ended += 1
            if self.wrong is not None:
                raise self.wrong
        return self.begun


async def begun(work: Work) -> None:
    async with asyncio.timeout(5):
        while not work.begun:  # noqa: ASYNC110 - it begins with the next turn of the loop
            await asyncio.sleep(0)


async def test_work_for_one_key_is_done_once_and_anew_after_it_ended() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    waiting = [asyncio.create_task(flights.join("a", work)) for _ in range(3)]
    await begun(work)

    assert "a" in flights
    work.gate.set()
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert "a" not in flights
    assert await flights.join("a", work) == 2


async def test_a_key_is_free_before_its_waiters_go_on() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    work.gate.set()

    async def twice() -> list[int]:
        return [await flights.join("a", work), await flights.join("a", work)]

    assert list(await asyncio.gather(twice(), twice())) == [[1, 2], [1, 2]]


async def test_the_last_waiter_to_leave_ends_the_work_before_it_goes() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    waiting = [asyncio.create_task(flights.join("a", work)) for _ in range(3)]
    await begun(work)

    for left, task in zip((0, 0, 1), waiting, strict=True):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert work.ended == left

    assert "a" not in flights


async def test_a_key_left_by_its_last_waiter_is_free_while_the_old_work_ends() -> None:
    flights: Flights[str, int] = Flights()
    old, new = Work(), Work()
    new.gate.set()
    waiting = asyncio.create_task(flights.join("a", old))
    await begun(old)

    waiting.cancel()
    outcome = await asyncio.gather(waiting, flights.join("a", new), return_exceptions=True)

    assert isinstance(outcome[0], asyncio.CancelledError)
    assert (outcome[1], old.ended) == (1, 1)


async def test_what_goes_wrong_reaches_every_waiter() -> None:
    flights: Flights[str, int] = Flights()
    work = Work()
    work.wrong = ValueError("lost")
    waiting = [asyncio.create_task(flights.join("a", work)) for _ in range(2)]
    await begun(work)

    work.gate.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)

    assert [str(one) for one in told] == ["lost", "lost"]


async def test_what_goes_wrong_when_nobody_waits_any_more_is_not_complained_of() -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))

    async def leave_work_that_goes_wrong() -> int:
        flights: Flights[str, int] = Flights()
        work = Work()
        work.wrong = ValueError("lost")
        waiting = asyncio.create_task(flights.join("a", work))
        await begun(work)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return work.ended

    assert await leave_work_that_goes_wrong() == 1
    await asyncio.sleep(0)
    gc.collect()
    assert complaints == []
