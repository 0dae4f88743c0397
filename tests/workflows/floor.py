"""Real worker processes over pretend systems, on a database of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import msgspec

from canonical.refs import Ref
from canonical.submission import Submission
from tests.fakes.exchange import Exchange, open_exchange
from tests.house.tree import ROOT
from tests.workflows.house import ANN, House, order
from tests.workflows.pretend_worker import Told
from workflows.desk import Desk
from workflows.store.opening import Store


class Floor:
    """Workers, what they work on, and the desk."""

    def __init__(self, url: str, house: House, exchange: Exchange, systems: str, logs: Path) -> None:
        self.house, self.exchange, self.logs = house, exchange, logs
        self.told = Told(url, systems)
        self.desk = Desk(house.store, house.landscape, wait=0.0, accept_within=60.0)
        self.workers: list[Process] = []
        self.said: dict[int, Path] = {}
        self.numbers = count(1)

    async def start(self, told: Told | None = None) -> Process:
        """One more worker, once it takes work."""
        worker = await self.begin(told)
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"READY\n", self.words(worker)
        return worker

    async def begin(self, told: Told | None = None) -> Process:
        """One more worker, which may not come up."""
        name = self.logs / f"worker{next(self.numbers)}.log"
        with name.open("wb") as log:
            worker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.workflows.pretend_worker",
                cwd=ROOT,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=log,
                env={**os.environ, "WORKER": msgspec.json.encode(told or self.told).decode()},
            )
        self.workers.append(worker)
        self.said[worker.pid] = name
        return worker

    def words(self, worker: Process) -> str:
        """What it said."""
        return self.said[worker.pid].read_text()

    async def submit(self, key: str = "key-of-sixteen-letters", customer: str = "acc1") -> str:
        """Hand an order in; its submission."""
        answer = await self.desk.submit(
            ANN, order(customer=Ref("crm", customer), source=Ref("crm", f"sale of {key}")), key, "corr-1"
        )
        assert answer.submission is not None, answer.problems
        return answer.submission.id

    async def ended(self, submission: str) -> Submission:
        """The submission once it is settled."""
        while True:
            found = await self.house.look(submission)
            if found.settled_at:
                return found
            await asyncio.sleep(0.05)

    def whose(self, pid: int) -> Process:
        """The worker with this process id."""
        return next(worker for worker in self.workers if worker.pid == pid)

    async def taken_over(self) -> tuple[str, str, int]:
        """The first takeover: whose work, by whom, how much."""
        while True:
            for row in await self.house.ask("select dead, taken_by, workflows from takeover where workflows > 0"):
                return (row[0], row[1], row[2])
            await asyncio.sleep(0.05)

    async def looked_again(self) -> None:
        """Whoever took over has looked twice without finding anything, or has sent the order a second time."""
        while True:
            if self.house.eu.mood.calls.count("find_orders") >= 2 or not self.exchange.arrived.empty():
                return
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """End whoever still lives, by its id."""
        for worker in self.workers:
            if worker.returncode is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            await worker.wait()


@asynccontextmanager
async def open_floor(url: str, logs: Path) -> AsyncIterator[Floor]:
    """The floor, with a customer that both ERPs know; whatever was started has ended when the block has."""
    store = Store(url)
    house = House(store)
    house.customer_of_both()
    call = house.shop.call("corr-1", 60)
    async with open_exchange(call, house.crm, house.eu, house.us) as (exchange, systems):
        floor = Floor(url, house, exchange, systems, logs)
        try:
            yield floor
        finally:
            await floor.close()
    await store.close()
