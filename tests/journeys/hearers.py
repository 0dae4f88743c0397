"""Subscribers who come back behind their cursor, at the other replica, whenever they are sent away."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.soak.transports import events, followed_by, parts, websocket
from canonical.events import Cursor, EventKind, Logged, cursor_of

WAYS = {"websocket": websocket, "events": events, "parts": parts}
KINDS = {
    "orderStatusChanged": frozenset({EventKind.STATUS_CHANGED}),
    "revenueEvents": frozenset({EventKind.HAPPENING, EventKind.EXCEPTION_RAISED}),
}
"""What of the log each subscription tells."""


@dataclass
class Hearer:
    """Hears one subscription over one transport; keeps the place of what it heard, and where.

    `follows`: it goes on behind the cursor of a farewell, and not behind the last event that it has; `followed` counts
    how often it was told one.
    """

    subscription: str
    transport: str
    replicas: deque[str]
    cursor: Cursor
    follows: bool = False
    followed: int = 0
    heard: list[int] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    refused: list[object] = field(default_factory=list)

    async def listen(self, session: aiohttp.ClientSession, token: str) -> None:
        """Hear until it is cancelled."""
        query = f"subscription ($after: EventCursor) {{ {self.subscription}(after: $after) {{ cursor }} }}"
        while True:
            asked = {"query": query, "variables": {"after": str(self.cursor)}}
            try:
                async with aclosing(WAYS[self.transport](session, self.replicas[0], token, asked)) as told:
                    async for payload in told:
                        if not self._takes(payload):
                            break
            except (aiohttp.ClientError, ConnectionError):
                pass
            self.replicas.rotate()

    def expected(self, log: Sequence[Logged]) -> list[int]:
        """What of the log it is to hear."""
        return [one.cursor.position for one in log if one.event.kind in KINDS[self.subscription]]

    def _takes(self, payload: dict[str, Any]) -> bool:
        told = (payload.get("data") or {}).get(self.subscription)
        if told is None:
            codes = [error.get("extensions", {}).get("code") for error in payload.get("errors", ())]
            self.refused += [code for code in codes or [payload] if code != "GOING_AWAY"]
            self._follow(followed_by(payload))
            return False
        self.cursor = cursor_of(told["cursor"])
        self.heard.append(self.cursor.position)
        self.places.add(self.replicas[0])
        return True

    def _follow(self, cursor: str | None) -> None:
        if self.follows and cursor is not None:
            self.cursor, self.followed = cursor_of(cursor), self.followed + 1
