from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import ResponseError

from canonical.wanted import Wanted
from sources.ports import CustomerSource, Lookup
from sources.shelf.line import SLOW_AT_ONCE, Line
from sources.shelf.store import NotForgottenError
from tests.fakes.company import Company
from tests.fakes.kept import Kept, call, keeping
from tests.fakes.real_redis import RealRedis


@pytest.fixture
def mortal() -> Iterator[RealRedis]:
    """A Redis of this test's own, to be killed."""
    server = RealRedis()
    server.start()
    yield server
    server.stop()


async def asked(kept: Kept, key: str = "acc1") -> list[str]:
    found = await kept.port("crm", CustomerSource).fetch_customers(call(), Lookup(keys=(key,)), Wanted.of("name"))
    return [record.ref.key for record in found]


async def test_a_redis_that_is_killed_makes_reads_live_and_one_that_is_back_keeps_again(mortal: RealRedis) -> None:
    async with keeping(mortal, "customer") as kept:
        kept.company.customer("acc1")
        for _ in range(2):
            assert await asked(kept) == ["acc1"]
        assert len(kept.company.crm.asked) == 1

        mortal.kill()

        for _ in range(3):
            assert await asked(kept) == ["acc1"]
        assert len(kept.company.crm.asked) == 4
        assert not kept.line.open

        mortal.start()

        assert await kept.line.look()  # as `watch` does, at its own pace
        for _ in range(3):
            assert await asked(kept) == ["acc1"]
        assert len(kept.company.crm.asked) == 5


async def test_many_readers_at_once_survive_the_moment_it_is_killed(mortal: RealRedis) -> None:
    async with keeping(mortal, "customer") as kept:
        for number in range(40):
            kept.company.customer(f"acc{number}")
        readers = [asyncio.create_task(asked(kept, f"acc{number % 40}")) for number in range(400)]
        await asyncio.sleep(0)

        mortal.kill()

        assert await asyncio.gather(*readers) == [[f"acc{number % 40}"] for number in range(400)]


async def test_a_gateway_that_begins_without_its_redis_reads_live(mortal: RealRedis) -> None:
    mortal.kill()
    async with keeping(mortal, "customer") as kept:
        kept.company.customer("acc1")

        assert await asked(kept) == ["acc1"]
        assert not kept.line.open


async def test_a_change_that_cannot_be_announced_is_told_to_whoever_announces_it(mortal: RealRedis) -> None:
    async with keeping(mortal, "customer") as kept:
        mortal.kill()

        with pytest.raises(NotForgottenError, match="Redis did not take the change"):
            await kept.forget("crm", "customer", "acc1")


async def test_a_redis_that_is_silent_for_a_while_costs_one_live_read_and_mixes_nothing_up(mortal: RealRedis) -> None:
    company = Company()
    async with keeping(mortal, "customer", company=company) as kept:
        for number in range(20):
            company.customer(f"acc{number}")
            await asked(kept, f"acc{number}")
        hurried = Line(kept.redis, patience=0.005)
        await hurried.look()
        kept.store._line = hurried
        await kept.redis.client_pause(100)

        readers = [asked(kept, f"acc{number}") for number in range(20)]

        assert await asyncio.gather(*readers) == [[f"acc{number}"] for number in range(20)]
        await kept.line.look()  # waits the pause out
        await hurried.look()
        for number in range(20):
            assert await asked(kept, f"acc{number}") == [f"acc{number}"]


class Never:
    """A clock whose sleep is told when it is asked for, and ends when the test says so."""

    def __init__(self) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked.set()
        await self.go.wait()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Redis]:
    redis = Redis(unix_socket_path="/nowhere/at/all", retry=Retry(NoBackoff(), 0))
    yield redis
    await redis.aclose()


def fails_with(error: Exception) -> Callable[[Redis], Awaitable[int]]:
    async def fail(redis: Redis) -> int:
        raise error

    return fail


async def silent(redis: Redis) -> int:
    await asyncio.Event().wait()
    return 1


async def one(redis: Redis) -> int:
    return 1


class Answering(Line):
    """A line to a Redis that answers every look, once it is `up`."""

    up = True

    async def look(self) -> bool:
        """Look at a Redis of nobody's."""
        if not self.up:
            return await super().look()
        self._slow = 0.0
        self._lost.clear()
        return True


async def test_a_broken_connection_loses_the_line_at_once_and_nothing_is_asked_meanwhile(client: Redis) -> None:
    line = Answering(client, patience=5)
    await line.look()

    assert await line.ask(fails_with(NoConnection("reset"))) is None

    assert not line.open
    assert await line.ask(fails_with(AssertionError("must not be asked"))) is None


async def test_a_busy_process_does_not_take_its_own_slowness_for_that_of_redis_so_soon(client: Redis) -> None:
    ticks = itertools.count(step=1.0)
    line = Answering(client, patience=0.001, clock=lambda: next(ticks))
    await line.look()

    for _ in range(SLOW_AT_ONCE * 4 - 1):
        assert await line.ask(silent) is None
    assert line.open

    assert await line.ask(silent) is None
    assert not line.open


async def test_one_slow_answer_loses_nothing_and_several_in_a_row_the_line(client: Redis) -> None:
    line = Answering(client, patience=0.001, clock=lambda: 0.0)
    await line.look()

    for _ in range(3):
        for _ in range(SLOW_AT_ONCE - 1):
            assert await line.ask(silent) is None
        assert await line.ask(one) == 1
    assert line.open

    for _ in range(SLOW_AT_ONCE):
        assert await line.ask(silent) is None
    assert not line.open


async def test_a_redis_that_says_no_is_not_lost_and_is_logged_once(
    client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    line = Answering(client, patience=5)
    await line.look()

    with caplog.at_level(logging.WARNING, "revgraph.shelf"):
        for _ in range(3):
            assert await line.ask(fails_with(ResponseError("OOM command not allowed"))) is None

    assert line.open
    assert [record.getMessage() for record in caplog.records] == [
        "Redis refuses what is asked of it: OOM command not allowed"
    ]


async def test_what_nobody_foresaw_is_logged_in_full_and_fails_no_read(
    client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    line = Answering(client, patience=5)
    await line.look()

    assert await line.ask(fails_with(KeyError("?"))) is None

    assert not line.open
    assert any(record.exc_info for record in caplog.records)


class Slow(Redis):
    """A Redis that connects, answers once, and then takes its time."""

    answers = 1

    async def ping(self, **kwargs: object) -> bool:
        """Answer the first time."""
        self.answers -= 1
        if self.answers < 0:
            await asyncio.Event().wait()
        return True


async def test_a_redis_that_answers_too_slowly_is_not_used(client: Redis) -> None:
    line = Line(Slow(connection_pool=client.connection_pool), patience=0.001)

    assert not await line.look()
    assert not line.open


async def test_a_lost_redis_is_looked_for_until_it_is_back_with_a_rest_between(client: Redis) -> None:
    never = Never()
    line = Answering(client, patience=5, sleep=never.sleep)
    line.up = False
    watching = asyncio.create_task(line.watch())
    await never.asked.wait()
    assert not line.open

    line.up = True
    never.go.set()
    await asyncio.wait([watching], timeout=0.01)

    assert (line.open, watching.done()) == (True, False)
    watching.cancel()
    await asyncio.wait([watching])
