"""The step that sends identical reads once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

from canonical.deadline import Deadline
from canonical.errors import Fault, Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Step
from sources.kit.http.flights import Flights


class Shared:
    """Identical reads in flight are sent once: same question, same identity, same view; each a call where not `shares`.

    A follower waits until its own deadline; where it was the leader's deadline that passed, it asks for itself.
    """

    def __init__(self, system: str, identity: Callable[[], str], below: Step, *, shares: bool = True) -> None:
        self._system = system
        self._shares = shares
        self._identity = identity
        self._below = below
        self._flights: Flights[Hashable, Answer] = Flights()
        self._leaders: dict[Hashable, Deadline] = {}

    async def ask(self, call: Call, ask: Ask) -> tuple[Answer, bool]:
        """The answer, and whether another's call brought it."""
        if ask.safety != "read" or not ask.shareable or not self._shares:
            return await self._below(call, ask), False
        key = (ask.method, ask.path, ask.query, ask.headers, ask.content, self._identity(), call.view)
        while key in self._flights:
            leader = self._leaders[key]
            try:
                return await self._follow(call, key), True
            except Fault as fault:
                if not leader.passed() or call.deadline.passed():
                    raise again(fault) from fault
        self._leaders[key] = call.deadline
        try:
            return await self._flights.join(key, lambda: self._below(call, ask)), False
        finally:
            if key not in self._flights:
                self._leaders.pop(key, None)

    async def _follow(self, call: Call, key: Hashable) -> Answer:
        try:
            async with asyncio.timeout(call.deadline.left()):
                return await self._flights.join(key, _never)
        except TimeoutError as late:
            raise Unavailable(self._system, f"{self._system} did not answer in time.") from late
        finally:
            if key not in self._flights:
                self._leaders.pop(key, None)


def again(fault: Fault) -> Fault:
    """The same fault for another asker: one exception raised in two places would mix their tracebacks."""
    return type(fault)(
        fault.system, fault.sentence, detail=fault.detail, retry_after=fault.retry_after, category=fault.category
    )


async def _never() -> Answer:
    raise AssertionError("only joined while another's work is under way")
