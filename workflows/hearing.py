"""One subscriber's way along the event log: what it missed, then what comes; and where it stands at any time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from canonical.errors import Unavailable
from canonical.events import Cursor, Logged
from workflows.listening import CutOffError, Interest, Listener
from workflows.store.faults import in_words

if TYPE_CHECKING:
    from workflows.hub import Hub

A_TURN: Final = 50
"""Events of the log that one subscriber is told before others have their turn."""
ASK_AGAIN: Final = 0.25
"""Seconds until a store that was away is asked again; twice as long each time, up to LONGEST, and half of it chance."""
LONGEST: Final = 2.0
T = TypeVar("T")


class Hearing:
    """Events behind a cursor, each once and in order, for ever; without a cursor those from now on.

    A store that is away is waited for, `patience` seconds, and is Unavailable then. CutOffError where the subscriber
    has to go on elsewhere; Mistake CURSOR_EXPIRED or CURSOR_UNKNOWN where it cannot go on. Whoever opened it closes it.
    """

    __slots__ = ("_at", "_events", "_hub", "_listener", "_patience")

    def __init__(self, hub: Hub, interest: Interest, after: Cursor | None, queue: int, patience: float) -> None:
        """Nothing is asked yet."""
        self._hub, self._at, self._patience = hub, after, patience
        self._listener = Listener(interest, queue)
        self._events = self._tell()

    @property
    def place(self) -> Cursor | None:
        """Behind all that was handed out, and all that this subscriber did not want; None where it has no place yet.

        What was handed out last may not have reached its client: whoever asks while it is under way knows better.
        """
        listener, head = self._listener, self._hub.cursor
        waits = listener.attached and not listener.queue and not listener.cut and not listener.leaving
        return head if waits and self._at is not None and self._at.epoch == head.epoch else self._at

    def __aiter__(self) -> Hearing:
        """Itself."""
        return self

    def __anext__(self) -> Awaitable[Logged]:
        """The next event."""
        return self._events.__anext__()

    async def aclose(self) -> None:
        """Listen no more."""
        await self._events.aclose()

    async def _tell(self) -> AsyncGenerator[Logged, None]:
        hub, listener = self._hub, self._listener
        admits = listener.interest.admits
        self._at = at = await self._begin()
        try:
            while hub.has_more(at):
                page, end = await self._patiently(partial(hub.behind, at))
                for number, logged in enumerate(page, 1):
                    self._at = logged.cursor
                    if hub.tells(logged.event) and listener.interest.fits(logged.event) and admits(logged.event):
                        yield logged
                    if number % A_TURN == 0:
                        await asyncio.sleep(0)
                self._at = at = end
            # Nothing was awaited since we looked whether there is more, so that nothing is missed or told twice.
            hub.attach(listener)
            while (heard := await listener.next()) is not None:
                self._at = heard.cursor
                if admits(heard.event):
                    yield heard
            behind = self._at if listener.cut else listener.left_behind or self._at
            raise CutOffError(behind, leaving=listener.leaving)
        finally:
            # Where it stands now is where it stood, whoever asks later.
            self._at = self.place
            hub.detach(listener)

    async def _begin(self) -> Cursor:
        """Where to begin, as far as the log can be told from there."""
        if self._at is None:
            return await self._patiently(self._hub.place)
        await self._patiently(partial(self._hub.check, self._at))
        return self._at

    async def _patiently(self, question: Callable[[], Awaitable[T]]) -> T:
        away_since, wait = None, ASK_AGAIN
        while True:
            try:
                with in_words():
                    return await question()
            except Unavailable:
                now = monotonic()
                away_since = now if away_since is None else away_since
                if self._hub.leaving or now - away_since >= self._patience:
                    raise
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - nobody is to guess it
                wait = min(2 * wait, LONGEST)
