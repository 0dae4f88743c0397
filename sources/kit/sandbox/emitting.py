"""What a sandbox says by itself: messages that it posts to one address until they are taken, well or badly.

Its faults go by lines such as "EVENT sap.s4.beh.salesorder.v1.SalesOrder.Changed.v1 4711": lose_events sends a message
never, duplicate_events sends it twice, shuffle_events behind the one that comes after it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import httpx

from sources.kit.sandbox.faults import Faults

MOST_WAITING: Final = 1000
ATTEMPTS: Final = 8
FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 2.0
HELD_BACK: Final = 0.5
"""Seconds that a message waits for another to overtake it."""
TIMEOUT: Final = 5.0
_OK: Final = range(200, 300)


@dataclass(frozen=True)
class Message:
    """One message: `line` names it to people and faults, `headers` say what it is; what proves it is added later."""

    line: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Address:
    """Where messages go, and the secret that was agreed on."""

    url: str
    secret: str


Prove = Callable[[Address, Message], Mapping[str, str]]
"""The headers with which a vendor proves a message."""


class Emitter:
    """Posts what happens, one message after another; what is not taken after `ATTEMPTS` is lost.

    Nothing is sent, and nothing waits, as long as there is no address.
    """

    def __init__(self, faults: Faults, prove: Prove) -> None:
        self._faults, self._prove = faults, prove
        self._waiting: deque[Message] = deque()
        self._held: deque[Message] = deque()
        self._running: asyncio.Task[None] | None = None
        self.address: Address | None = None
        self.counts: Counter[str] = Counter()

    def send_to(self, address: Address | None) -> None:
        """From now on there, or nowhere; what waits is forgotten."""
        self.close()
        self.address = address

    def emit(self, messages: Sequence[Message]) -> None:
        """Send these, from the running loop; without an address or a loop nobody hears of them."""
        if self.address is None:
            return
        for message in messages:
            self._take(message)
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            if self._running is None or self._running.done():
                self._running = loop.create_task(self._send_all(self.address))

    def close(self) -> None:
        """Send nothing more."""
        self._waiting.clear()
        self._held.clear()
        if self._running is not None and not self._running.done():
            with suppress(RuntimeError):  # its loop may be gone already, and the task with it
                self._running.cancel()
        self._running = None

    def _take(self, message: Message) -> None:
        kinds = {fault.kind for fault in self._faults.take_events(f"EVENT {message.line}")}
        if "lose_events" in kinds or len(self._waiting) >= MOST_WAITING:
            self.counts["lost"] += 1
            return
        if "shuffle_events" in kinds:
            self._held.append(message)
            return
        self._waiting.extend([message] * (2 if "duplicate_events" in kinds else 1))
        self._waiting.extend(self._held)
        self._held.clear()

    async def _send_all(self, address: Address) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            while self._waiting or self._held:
                if not self._waiting:
                    await asyncio.sleep(HELD_BACK)
                    self._waiting.extend(self._held)
                    self._held.clear()
                message = self._waiting.popleft()
                taken = await self._send(client, address, message)
                self.counts["sent" if taken else "lost"] += 1

    async def _send(self, client: httpx.AsyncClient, address: Address, message: Message) -> bool:
        wait = FIRST_WAIT
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            headers = {**message.headers, **self._prove(address, message)}
            with suppress(httpx.HTTPError):
                answer = await client.post(address.url, content=message.body, headers=headers)
                if answer.status_code in _OK:
                    return True
        return False
