"""The durable engine itself keeps the promises that the workflows are written against."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from dbos import DBOS, WorkflowHandleAsync

from tests.fakes.waiting import until
from workflows.durable import Started
from workflows.durable.engine import Engine, Queue
from workflows.durable.enqueueing import BULK, INTERACTIVE, enqueue, waiting
from workflows.durable.operating import Operator
from workflows.store.opening import Store

pytestmark = pytest.mark.xdist_group("workers")


class Bench:
    """An engine in this process, and what its workflows did."""

    def __init__(self, url: str) -> None:
        self.url, self.store = url, Store(url)
        self.engine = Engine(url, "bench", "1", connections=4)
        self.did: list[str] = []
        self.begun, self.through = asyncio.Event(), asyncio.Event()
        self.most, self.running = 0, 0

    async def launch(self, *queues: Queue) -> None:
        await self.engine.launch(list(queues), 0.05)

    async def enqueue(self, queue: str, name: str, *ids: str, urgency: int = INTERACTIVE) -> None:
        async with self.store.transaction() as transaction:
            for one in ids:
                await enqueue(transaction, queue, Started(name, one, one), urgency)

    async def ended(self, *ids: str) -> list[object]:
        handles: list[WorkflowHandleAsync[object]] = [await DBOS.retrieve_workflow_async(one) for one in ids]
        return [await handle.get_result(polling_interval_sec=0.05) for handle in handles]

    async def close(self) -> None:
        closed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def close() -> None:
            self.engine.close(0)
            loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=close).start()
        await closed.wait()
        DBOS.destroy(destroy_registry=True)
        await self.store.close()


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    made = Bench(database)
    yield made
    await made.close()


async def test_a_step_is_done_once_and_its_value_kept_when_a_run_begins_again(bench: Bench) -> None:
    async def run(argument: str) -> int:
        async def count() -> int:
            bench.did.append("counted")
            return len(bench.did)

        first = await bench.engine.step("first", int, count)
        second = await bench.engine.step("second", int, count)
        return first * 10 + second

    bench.engine.workflow("run", run)
    await bench.launch(Queue("q"))
    await bench.enqueue("q", "run", "one")
    before = await bench.ended("one")

    operator = Operator(bench.url)
    await asyncio.to_thread(operator.rewind, "one", 2)
    after = await bench.ended("one")
    runs = await asyncio.to_thread(operator.list_runs, ["SUCCESS"])
    operator.close()

    assert (before, after) == ([12], [13])
    assert [(one.id, one.name, one.version) for one in runs] == [("one", "run", "1")]


async def test_of_a_queue_no_more_run_at_once_than_it_lets_and_the_urgent_go_first(bench: Bench) -> None:
    async def run(argument: str) -> None:
        bench.did.append(argument)
        bench.running += 1
        bench.most = max(bench.most, bench.running)
        bench.begun.set()
        await bench.through.wait()
        bench.running -= 1

    bench.engine.workflow("run", run)
    await bench.launch(Queue("q", together=1))
    await bench.enqueue("q", "run", "first")
    await bench.begun.wait()
    await bench.enqueue("q", "run", "bulk-1", "bulk-2", urgency=BULK)
    await bench.enqueue("q", "run", "urgent")
    async with bench.store.transaction() as transaction:
        held = await waiting(transaction, "q", 100)
    bench.through.set()
    await bench.ended("first", "bulk-1", "bulk-2", "urgent")

    assert held == 3
    assert bench.most == 1
    assert bench.did == ["first", "urgent", "bulk-1", "bulk-2"]


async def test_no_more_begin_in_a_minute_than_the_queue_lets(bench: Bench) -> None:
    async def run(argument: str) -> None:
        bench.did.append(argument)

    bench.engine.workflow("run", run)
    await bench.launch(Queue("q", per_minute=2), Queue("free"))
    await bench.enqueue("q", "run", "1", "2", "3")
    await bench.ended("1", "2")
    # Whatever waited beside it has had its turn many times by now.
    for turn in range(5):
        await bench.enqueue("free", "run", f"free-{turn}")
        await bench.ended(f"free-{turn}")

    assert "3" not in bench.did


async def test_a_workflow_waits_for_another_in_a_queue_and_has_its_value(bench: Bench) -> None:
    async def inner(argument: str) -> dict[str, str]:
        bench.did.append(argument)
        return {"said": argument}

    async def outer(argument: str) -> str:
        said = await bench.engine.through_queue("q", Started("inner", "in", "word"), INTERACTIVE, dict[str, str])
        again = await bench.engine.through_queue("q", Started("inner", "in", "word"), INTERACTIVE, dict[str, str])
        return f"{said['said']} {again['said']}"

    bench.engine.workflow("inner", inner)
    bench.engine.workflow("outer", outer)
    await bench.launch(Queue("q"), Queue("outer"))
    await bench.enqueue("outer", "outer", "out")

    assert await bench.ended("out") == ["word word"]
    assert bench.did == ["word"]


async def test_a_change_that_is_patched_in_is_not_taken_by_a_run_that_has_passed_its_place(bench: Bench) -> None:
    changed = False

    async def run(argument: str) -> str:
        async def word(name: str) -> str:
            return await bench.engine.step(name, str, lambda: _say(name))

        said = await word("a")
        if changed and await bench.engine.patched("b"):
            said += await word("b")
        return said + await word("c")

    bench.engine.workflow("run", run)
    await bench.launch(Queue("q"))
    await bench.enqueue("q", "run", "old")
    before = await bench.ended("old")
    changed = True
    operator = Operator(bench.url)
    # Begun again behind all of its steps, so that every one of them is replayed.
    await asyncio.to_thread(operator.rewind, "old", 3)
    replayed = await bench.ended("old")
    operator.close()
    await bench.enqueue("q", "run", "new")
    new = await bench.ended("new")

    assert (before, replayed, new) == (["ac"], ["ac"], ["abc"])


async def test_what_is_enqueued_in_a_transaction_that_is_rolled_back_never_runs(bench: Bench) -> None:
    async def enqueue_and_break() -> None:
        async with bench.store.transaction() as transaction:
            await enqueue(transaction, "q", Started("run", "one", "one"))
            raise KeyError

    with pytest.raises(KeyError):
        await enqueue_and_break()

    async with bench.store.transaction() as transaction:
        assert await waiting(transaction, "q", 9) == 0


async def _say(word: str) -> str:
    return word


async def test_an_engine_that_takes_nothing_new_lets_what_runs_come_to_its_end(bench: Bench) -> None:
    async def run(argument: str) -> str:
        bench.begun.set()
        await bench.through.wait()
        bench.did.append(argument)
        return argument

    bench.engine.workflow("run", run)
    await bench.launch(Queue("q"))
    await bench.enqueue("q", "run", "first")
    await bench.begun.wait()

    bench.engine.take_nothing_new()
    await until(lambda: "queue-worker-q" not in {thread.name for thread in threading.enumerate()})
    await bench.enqueue("q", "run", "second")
    bench.through.set()
    ended = await bench.ended("first")
    async with bench.store.transaction() as transaction:
        held = await waiting(transaction, "q", 100)

    assert ended == bench.did == ["first"]
    assert held == 1
