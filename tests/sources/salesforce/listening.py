"""Listening to an org's event bus as a feed does, and what happens in the org meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Final

from canonical.changes import Change, Changes, Unreadable
from sources.salesforce.adapter import ListenedSalesforce
from tests.sources.salesforce.conftest import ACCOUNT, BOOK, PUMP_PRICE, Shop

WITHIN: Final = 10.0


class Heard:
    """What a listener was told, and the position that it stored."""

    def __init__(self, stream: AsyncIterator[Changes]) -> None:
        self.changes: list[Change] = []
        self.unreadable: list[Unreadable] = []
        self.position: str | None = None
        self.batches = 0
        self._stream = stream

    async def until(self, enough: Callable[[Heard], bool]) -> None:
        async with asyncio.timeout(WITHIN):
            while not enough(self):
                batch = await anext(self._stream)
                self.changes += batch.changes
                self.unreadable += batch.unreadable
                self.position = batch.position or self.position
                self.batches += 1

    async def changed(self, number: int) -> list[Change]:
        await self.until(lambda heard: len(heard.changes) >= number)
        return self.changes


@asynccontextmanager
async def listening(crm: ListenedSalesforce, position: str | None = None) -> AsyncIterator[Heard]:
    stream = crm.stream_changes(position)
    async with aclosing(stream):  # type: ignore[type-var]  # a port names its iterator no more closely
        yield Heard(stream)


async def soon(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not so():  # noqa: ASYNC110 - what is waited for happens in a server that knows no events of ours
            await asyncio.sleep(0.01)


async def ready(shop: Shop, heard: Heard, streams: int = 4) -> None:
    """All streams are open: from here on what happens is told."""
    await heard.until(lambda one: one.position is not None)
    reading = asyncio.ensure_future(heard.changed(1))
    await soon(lambda: shop.box.bus.streams >= streams)
    shop.box.change("Account", ACCOUNT, {"Name": "Acme is heard of"})
    await reading
    heard.changes.clear()


async def ready_for(shop: Shop, heard: Heard, topic: str, record: str) -> None:
    """As `ready`, for a platform event that asks to look at a record."""
    kind = shop.box.org.platform.find(topic)
    assert kind
    await heard.until(lambda one: one.position is not None)
    reading = asyncio.ensure_future(heard.changed(1))
    await soon(lambda: shop.box.bus.streams > 0)
    shop.box.org.platform.publish(kind, {"Record_Id__c": record})
    await reading
    heard.changes.clear()


def order(shop: Shop) -> str:
    values = {"AccountId": ACCOUNT, "Pricebook2Id": BOOK, "Status": "Draft", "EffectiveDate": "2026-11-01"}
    return shop.box.make("Order", values)


def line(shop: Shop, of: str) -> str:
    return shop.box.make("OrderItem", {"OrderId": of, "PricebookEntryId": PUMP_PRICE, "Quantity": 2, "UnitPrice": 12.5})
