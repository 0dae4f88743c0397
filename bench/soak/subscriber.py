"""One subscriber that never gives up: over any transport, at any replica, always behind the last cursor it has."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bench.soak.transports import TRANSPORTS, followed_by
from canonical.events import cursor_of

FIELDS: Final = "cursor orderId status"
LIVE: Final = "order { id number status }"
PAUSE: Final = 0.3
LONGEST_PAUSE: Final = 4.0
"""Seconds before coming again, at most: twice as long each time that nothing was heard, as clients do. A thousand that
come again at once while the database is away are a storm of their own, in which gateways drown."""
_GONE = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


@dataclass
class Subscriber:
    """`orders`: the ids it follows, none for all. `heard`: the positions of what came, as it came.

    `follows`: where a farewell tells a cursor, it goes on behind that; `followed` counts how often, `ahead` how often
    that was beyond what it had heard. Others go on behind the last event that they have, whatever they are told.

    `live`: it asks for the order as it is now as well, of which `read` were there and `troubled` brought an error.
    """

    transport: str
    orders: tuple[str, ...]
    cursor: str
    heard: list[int] = field(default_factory=list)
    connections: int = 0
    refused: list[str] = field(default_factory=list)
    live: bool = False
    read: int = 0
    troubled: int = 0
    follows: bool = False
    followed: int = 0
    ahead: int = 0

    async def listen(
        self, session: aiohttp.ClientSession, replicas: Sequence[str], token: str, chance: random.Random
    ) -> None:
        """Listen for ever; some connections are given up for no reason at all."""
        pause = PAUSE
        while True:
            had = len(self.heard)
            url = chance.choice(replicas)
            patience = chance.expovariate(1 / 20)
            try:
                async with asyncio.timeout(patience + 1):
                    self.connections += 1
                    await self._once(session, url, token)
            except _GONE:
                pass
            pause = PAUSE if len(self.heard) > had else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(chance.uniform(0, pause))

    async def _once(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        asked = {"query": self._query(), "variables": {"orders": self._named(), "after": self.cursor}}
        async with aclosing(TRANSPORTS[self.transport](session, url, token, asked)) as told:
            async for payload in told:
                self._take(payload)

    def _take(self, payload: dict[str, Any]) -> None:
        """Keep where one is: an event with an error beside it is told all the same.

        Where there is none, come again; unless the gateway says that this helps, it is held against it.
        """
        told = (payload.get("data") or {}).get("orderStatusChanged")
        if told is None:
            said = [error.get("extensions", {}) for error in payload.get("errors", ())]
            self.refused += [one.get("code", "?") for one in said if not one.get("retryable")]
            self._follow(followed_by(payload))
            raise ConnectionError("sent away")
        self.cursor = told["cursor"]
        self.heard.append(cursor_of(self.cursor).position)
        if self.live:
            self._look(told, troubled="errors" in payload)

    def _follow(self, cursor: str | None) -> None:
        if self.follows and cursor is not None:
            self.followed += 1
            self.ahead += cursor != self.cursor
            self.cursor = cursor

    def _look(self, told: dict[str, Any], *, troubled: bool) -> None:
        order = told["order"]
        self.read += order is not None
        self.troubled += troubled
        if not troubled and (order is None or order["id"] != told["orderId"]):
            self.refused.append(f"{told['orderId']} came with {order}")

    def _query(self) -> str:
        arguments = "filter: {orders: $orders}, after: $after"
        fields = f"{FIELDS} {LIVE}" if self.live else FIELDS
        return (
            "subscription ($orders: [OrderBy!], $after: EventCursor) "
            f"{{ orderStatusChanged({arguments}) {{ {fields} }} }}"
        )

    def _named(self) -> list[dict[str, str]] | None:
        return [{"id": order} for order in self.orders] or None
