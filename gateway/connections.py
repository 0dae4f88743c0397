"""The connections that are open in this process: how many there may be, and how all of them are sent away."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from time import monotonic
from typing import Any, Final, Protocol

from starlette.types import Send

from canonical.principal import Principal
from gateway.request import RefusedError
from gateway.subscription import EndedError

ABORT: Final = "revgraph.abort"
"""In a scope's state: ends the connection without waiting for a client that does not read (gateway/serving.py)."""
MOST_PENDING: Final = 2_000
"""Sockets that have not said yet who they are."""

Owner = tuple[str, str]
Event = dict[str, Any]


class GoneError(Exception):
    """The client is not there any more, or was cut off."""


class Connection(Protocol):
    """What is open for as long as its client likes, or we."""

    def leave(self, ended: EndedError) -> None:
        """Begin to end, once: what is subscribed to ends now, and single answers under way still go out."""

    def abort(self) -> None:
        """End now, without a word; whoever waits to send gets GoneError."""


class Connections:
    """Counts what is open, in all and for each caller, and refuses what is too much."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most, self._most_each = most, most_each
        self._open: dict[Connection, Owner | None] = {}
        self._by_owner: Counter[Owner] = Counter()
        self._pending = 0
        self._emptied = asyncio.Event()
        self.going: EndedError | None = None
        """Why whatever opens now has to leave again; None while this process goes on."""

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def __iter__(self) -> Iterator[Connection]:
        """Each of them."""
        return iter(self._open)

    def open(self, connection: Connection, principal: Principal | None = None) -> None:
        """Count one more; who does not say yet who it is counts as pending. RefusedError where there are too many."""
        if len(self._open) >= self._most or self._pending >= MOST_PENDING:
            raise RefusedError(
                503, "TOO_MANY_CONNECTIONS", "This gateway has as many connections as it takes.", {"Retry-After": "5"}
            )
        if principal is not None:
            self._count(_owner(principal))
        else:
            self._pending += 1
        self._open[connection] = None if principal is None else _owner(principal)

    def recognise(self, connection: Connection, principal: Principal) -> None:
        """A pending connection has said who it is; RefusedError where that one has too many already."""
        self._count(_owner(principal))
        self._pending -= 1
        self._open[connection] = _owner(principal)

    def close(self, connection: Connection) -> None:
        """It is gone; no matter how often that is said."""
        if connection not in self._open:
            return
        owner = self._open.pop(connection)
        if owner is None:
            self._pending -= 1
        elif self._by_owner[owner] > 1:
            self._by_owner[owner] -= 1
        else:
            del self._by_owner[owner]
        if not self._open:
            self._emptied.set()

    async def drain(self, seconds: float) -> None:
        """Send everybody away, each with the cursor to go on from elsewhere; wait for the last, but no longer."""
        self.going = EndedError("GOING_AWAY", "This gateway ends; connect again, and go on behind the cursor.")
        self._emptied.clear()
        for connection in tuple(self._open):
            connection.leave(self.going)
        if self._open:
            try:
                async with asyncio.timeout(seconds):
                    await self._emptied.wait()
            except TimeoutError:
                return

    def _count(self, owner: Owner) -> None:
        if self._by_owner[owner] >= self._most_each:
            raise RefusedError(
                429, "TOO_MANY_CONNECTIONS", f"You have {self._most_each} connections open; close one first."
            )
        self._by_owner[owner] += 1


def _owner(principal: Principal) -> Owner:
    return principal.subject, principal.client


class Patience:
    """Ends connections whose clients do not read what is sent to them. One timer for all, only while somebody waits."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._tickets = count()
        self._waiting: dict[int, tuple[float, Connection]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, send: Send, event: Event, connection: Connection) -> None:
        """Hand an event to the server, which takes it when the client has read enough of those before; or GoneError."""
        ticket = next(self._tickets)
        self._waiting[ticket] = (monotonic(), connection)
        if self._timer is None:
            self._look_again()
        try:
            await send(event)
        except (OSError, RuntimeError) as gone:
            # OSError is what ASGI asks of a server; uvicorn says RuntimeError where it closed the socket by itself.
            raise GoneError from gone
        finally:
            del self._waiting[ticket]

    def _look(self) -> None:
        self._timer = None
        late = monotonic() - self._seconds
        waiting: Mapping[int, tuple[float, Connection]] = dict(self._waiting)
        for since, connection in waiting.values():
            if since > late:
                break
            connection.abort()
        if waiting:
            self._look_again()

    def _look_again(self) -> None:
        # Not asked for each message: on Python 3.11 it is a call of the system to know the loop that runs.
        self._timer = asyncio.get_running_loop().call_later(self._seconds / 4, self._look)
