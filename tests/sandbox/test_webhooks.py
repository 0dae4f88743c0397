"""What happens in the story is posted by the systems that can, and found by whoever looks, whatever is posted."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from canonical.changes import Change
from canonical.deadline import Deadline
from canonical.principal import Principal, View
from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from sources.catalog import open_sources
from sources.feeds import ChangePolling
from sources.kit.call import Call
from sources.kit.sandbox.serving import serve
from sources.landscape_file import read_landscape

TINY = Tale("s4hana", seed=5, deals=110, buyers=30)


@dataclass
class Mailbox:
    """Takes everything; `came` is set when something did."""

    events: list[dict[str, Any]] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        async with self.came:
            self.events.append(json.loads(body))
            self.came.notify_all()
        await Response()(scope, receive, send)

    async def holds(self, *wanted: str) -> set[str]:
        """The types of what came, without their namespace, once these are among them."""
        async with asyncio.timeout(20), self.came:
            await self.came.wait_for(lambda: self.types >= set(wanted))
            return self.types

    @property
    def types(self) -> set[str]:
        return {event["type"].rpartition(".v1.")[2] for event in self.events}


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    async with open_company(TINY) as opened:
        yield opened


async def looked(company: Company, system: str, position: str | None) -> tuple[list[Change], str]:
    sources = open_sources(read_landscape(company.landscape, os.environ))
    call = Call(Principal("ann", "brightwell", "tests", frozenset()), View(), Deadline.after(30), "sandbox")
    try:
        poller = sources.get(system, ChangePolling)
        assert poller is not None
        found, more = list[Change](), True
        position = position or poller.position_at(datetime.now(UTC))
        while more:
            step = await poller.poll_changes(call, position)
            found, position, more = [*found, *step.changes], step.position or "", step.more
        return found, position
    finally:
        await sources.close()


async def test_an_order_is_shipped_billed_and_paid_and_all_of_it_is_posted_or_found(company: Company) -> None:
    deal = next(deal for deal in company.story.deals if "booked" in deal.traits and len(deal.bookings) == 1)
    booking, mailbox = deal.bookings[0], Mailbox()
    _, position = await looked(company, booking.instance, None)
    written: set[tuple[str, str]] = set()
    async with (
        serve(mailbox) as at,
        httpx.AsyncClient(base_url=company.control, trust_env=False, timeout=30) as control,
    ):
        put = await control.put(f"/webhooks/{booking.instance}", json={"url": at.url})
        for step in ("ship_rest", "invoice", "pay"):
            done = await control.post("/story/steps", json={"order": booking.number, "step": step})
            written |= {(one["concept"], one["key"]) for one in done.json()["written"]}
        posted = await mailbox.holds(
            "OutboundDelivery.Created.v1", "BillingDocument.Created.v1", "SalesOrder.Changed.v1"
        )
        await control.delete(f"/webhooks/{booking.instance}")

    found, _ = await looked(company, booking.instance, position)
    assert put.status_code == 200
    # Whether the delivery is told of once more, since it was billed, before or after we stop listening is chance.
    assert {kind.partition(".")[0] for kind in posted} == {"OutboundDelivery", "BillingDocument", "SalesOrder"}
    told = {(change.concept.value, change.key) for change in found}
    assert {concept for concept, _ in written} >= {"Shipment", "Invoice", "Payment"}
    assert written <= told
