"""A CRM's board for bulletins that does what a test says, and a worker that publishes on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from canonical.errors import Fault, OutcomeUnknown
from canonical.order import OrderStatus
from sources import landscape_events
from sources.feeds import Bulletin, BulletinBoard
from sources.kit.call import Call
from tests.fakes.systems import Books, FakeCrm
from tests.workflows.house import House
from workflows import delivery_log
from workflows.bulletin_rows import BULLETINS
from workflows.bulletins import Bulletins
from workflows.delivering import Pacing
from workflows.workshop import Workshop

BOOKED, HELD, SHIPPING = OrderStatus.BOOKED, OrderStatus.ON_HOLD, OrderStatus.IN_FULFILLMENT
QUICK = Pacing(look_every=0.01, held_for=5.0, first_wait=0.0, longest_wait=0.0, margin=0.0)


class Board(FakeCrm, BulletinBoard):
    """What was published, and what it says to that: a fault for all, why not for some, or nothing (in time)."""

    def __init__(self) -> None:
        super().__init__(Books())
        self.shown: list[Bulletin] = []
        self.tries: list[int] = []
        self.fault: Fault | None = None
        self.refuses: Mapping[str, str] = {}
        self.hangs = self.late = False
        self.called = asyncio.Event()

    async def publish(self, call: Call, bulletins: Sequence[Bulletin]) -> Mapping[str, str]:
        self.tries.append(len(bulletins))
        self.called.set()
        if self.fault is not None:
            raise self.fault
        self.shown += [one for one in bulletins if one.order_key not in self.refuses]
        if self.hangs:
            await asyncio.Event().wait()
        if self.late:
            raise OutcomeUnknown("crm", "crm did not answer in time.")
        return {one.id: self.refuses[one.order_key] for one in bulletins if one.order_key in self.refuses}

    @property
    def told(self) -> list[tuple[str, OrderStatus | None, OrderStatus]]:
        return [(one.order_key, one.previous, one.status) for one in self.shown]


def ruled(house: House, **rules: Any) -> Workshop:
    """The workshop with these rules; statuses are shown at once unless they say otherwise."""
    told = landscape_events.Bulletins(**{"on": True, "coalesce_seconds": 0.0, **rules})
    events = replace(house.landscape.events, bulletins=told)
    return replace(house.shop, landscape=replace(house.landscape, events=events))


async def begun(house: House) -> None:
    """Let what is told from now on be shown."""
    async with house.store.transaction() as transaction:
        await delivery_log.begin(transaction, BULLETINS)


def bulletins(house: House, board: Board, me: str = "w1", **rules: Any) -> Bulletins:
    """A worker's part."""
    return Bulletins(ruled(house, **rules), me, board, QUICK, lambda: 1.0)


async def due(house: House) -> None:
    """Let everything that waits be due."""
    await house.say("update delivery set due_at = clock_timestamp() where due_at is not null")


async def states(house: House) -> dict[str, int]:
    """What became of how many."""
    rows = await house.ask("select state, count(*) from delivery where receiver = 'bulletins' group by state")
    return {row[0]: row[1] for row in rows}
