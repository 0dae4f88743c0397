"""Answers that are shared: how long, among whom, and what of them is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.sharing import MOST_KEPT, Shared
from gateway.subscription import Message
from tests.fakes.waiting import until


async def of_the_event(text: bytes) -> Message:
    return Message(text)


class Systems:
    """Answers are read from them, once they are there; each has a number of its own."""

    def __init__(self, *, whole: bool = True, fault: Exception | None = None) -> None:
        self.there, self.asked, self.whole, self.fault = asyncio.Event(), 0, whole, fault

    async def read(self) -> Message:
        self.asked += 1
        await self.there.wait()
        if self.fault is not None:
            raise self.fault
        return Message(b"%d" % self.asked, whole=self.whole)


def test_what_hangs_on_the_event_alone_is_kept_up_to_a_number() -> None:
    shared = Shared()

    made = [shared.make(number, of_the_event(b"%d" % number)) for number in range(MOST_KEPT + 2)]

    assert [message.body for message in made[:2]] == [b"0", b"1"]
    assert (shared.get(0), shared.get(1)) == (None, None)
    assert shared.get(2) is made[2]


def test_what_was_to_hang_on_the_event_alone_and_waits_is_a_fault_of_ours() -> None:
    with pytest.raises(RuntimeError, match="has waited"):
        asyncio.run(_makes(Systems().read))


async def _makes(read: Callable[[], object]) -> None:
    Shared().make("key", read())  # type: ignore[arg-type]


async def test_what_is_read_is_shared_while_it_is_read_and_a_moment_longer() -> None:
    shared, systems = Shared(fresh_seconds=0.5), Systems()

    waiting = [asyncio.create_task(shared.read("key", systems.read())) for _ in range(3)]
    await until(lambda: systems.asked)
    systems.there.set()
    told = {message.body for message in await asyncio.gather(*waiting)}
    at_once = await shared.read("key", systems.read())
    await until(lambda: not shared.holds("key"))
    later = await shared.read("key", systems.read())

    assert (told, at_once.body, later.body) == ({b"1"}, b"1", b"2")


@pytest.mark.parametrize("whole,fault", [(False, None), (True, OSError("gone"))], ids=["in part", "wholly"])
async def test_what_failed_is_read_anew_for_whoever_comes_next(whole: bool, fault: Exception | None) -> None:
    shared, systems = Shared(), Systems(whole=whole, fault=fault)
    systems.there.set()

    await asyncio.gather(shared.read("key", systems.read()), return_exceptions=True)
    await asyncio.sleep(0)
    assert not shared.holds("key")
    systems.fault = None

    assert (await shared.read("key", systems.read())).body == b"2"


async def test_whoever_asked_first_and_goes_takes_nothing_from_the_others() -> None:
    shared, systems = Shared(), Systems()
    first = asyncio.create_task(shared.read("key", systems.read()))
    await until(lambda: systems.asked)
    second = asyncio.create_task(shared.read("key", systems.read()))
    await asyncio.sleep(0)

    first.cancel()
    systems.there.set()

    assert (await second).body == b"1"
    assert first.cancelled()
