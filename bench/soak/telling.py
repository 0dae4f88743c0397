"""The events of a soak: about which orders, at a steady pace, whatever is away just now."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import aiohttp
from redis.asyncio import Redis
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bench.soak.house import House
from canonical.events import Event, EventKind, StatusChange
from canonical.identity import expect_id
from canonical.order import OrderStatus
from canonical.refs import Ref
from workflows.outbox import put
from workflows.relay import Relay
from workflows.store.opening import Store

ORDERS: Final = 100
"""Orders that the events are about."""
KNOWN: Final = 10
"""So many of them are the company's, and come first; nobody has the others."""
_AWAY: Final = (DBAPIError, PoolTimeoutError, OSError)


async def orders_of(session: aiohttp.ClientSession, house: House) -> list[Ref]:
    """The orders that events are about."""
    asked = {"query": f"{{ orders(first: {KNOWN}) {{ nodes {{ id }} }} }}"}
    headers = {"Authorization": f"Bearer {house.token}"}
    async with session.post(house.gateways[0].url, json=asked, headers=headers) as answer:
        nodes = (await answer.json())["data"]["orders"]["nodes"]
    known = [expect_id(node["id"], "Order") for node in nodes]
    return known + [Ref("salesforce", f"801Rg{number:010d}AAA") for number in range(ORDERS - len(known))]


class Teller:
    """Puts events into the outbox, and moves them to the log as a worker does."""

    def __init__(self, house: House, store: Store, orders: Sequence[Ref], rate: float, chance: random.Random) -> None:
        """Nothing is told yet."""
        self._redis = Redis.from_url(house.redis_url, socket_timeout=1, socket_connect_timeout=1)
        self._store, self._relay = store, Relay(store, house.tenant, self._redis)
        self._tenant, self._orders, self._rate, self._chance = house.tenant, orders, rate, chance
        self._told = 0

    async def tell(self, over: Callable[[], bool]) -> None:
        """Tell at the pace until it is over; what could not be told while the store was away is told then."""
        began = time.monotonic()
        while not over():
            try:
                await self._put(int((time.monotonic() - began) * self._rate))
                await self._relay.move()
            except _AWAY:
                pass
            await asyncio.sleep(min(0.05, 1 / self._rate))
        while await self._relay.move():
            pass
        await self._redis.aclose()

    async def _put(self, due: int) -> None:
        """Put all up to this one. Where it breaks they are put again: by its key each comes into the log but once."""
        if due > self._told:
            async with self._store.transaction() as transaction:
                await put(transaction, *(self._event(one) for one in range(self._told, due)))
            self._told = due

    def _event(self, number: int) -> Event:
        return Event(
            key=f"soak:{number}",
            tenant=self._tenant,
            kind=EventKind.STATUS_CHANGED,
            at=datetime.now(UTC),
            order=self._chance.choice(self._orders),
            legal_entities=("DE01",),
            status=StatusChange(status=self._chance.choice(list(OrderStatus))),
        )
