"""What a receiver sees of real worker processes that die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.happenings import happened, invoiced
from tests.fakes.receiver import SECRET, TAKE, Manner, open_receiver
from tests.workflows.floor import Floor, open_floor
from workflows import delivery_log
from workflows.takeover import Timings

pytestmark = pytest.mark.xdist_group("workers")


@pytest.fixture
async def floor(database: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(database, tmp_path) as opened:
        yield opened


async def test_an_event_whose_sender_is_killed_comes_again_from_another_under_the_same_id(floor: Floor) -> None:
    store, gate = floor.house.store, asyncio.Event()
    async with store.transaction() as transaction:
        await delivery_log.begin(transaction, "billing")
    async with open_receiver() as outside:
        # With a grace that nobody would wait for: what is sent is anybody's long before.
        floor.told = replace(floor.told, receiver=outside.url, timings=Timings(0.1, 60, 90, 120))
        outside.manner = lambda got: Manner(gate=gate) if got.title == "a2" and got.number == 1 else TAKE
        await asyncio.gather(floor.start(), floor.start())

        await happened(store, invoiced("a", "a1"), invoiced("a", "a2"), invoiced("a", "a3"), invoiced("b", "b1"))
        await outside.until(lambda: {"a2", "b1"} <= set(outside.titles))
        [(holder,)] = await floor.house.ask("select holder from outbound where receiver = 'billing'")
        sender = next(worker for worker in floor.workers if f"-{worker.pid}-" in holder)
        sender.kill()
        await sender.wait()
        # The request was taken, and nobody is left to know it.
        gate.set()
        await outside.until(lambda: "a3" in outside.titles, 60.0)

    counts = dict(outside.counts)
    again = [one for one in outside.got if one.title == "a2"]
    assert [title for title in outside.titles if title.startswith("a")] == ["a1"] * counts["a1"] + ["a2", "a2", "a3"]
    assert len({one.id for one in again}) == 1
    assert all(one.signed_with(SECRET) for one in outside.got)
    assert counts["a1"] + counts["b1"] <= 3
