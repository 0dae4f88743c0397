"""Equal answers to one event are made once, for everybody who wants the same with the same rights."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine, Hashable
from typing import Any, Final

from gateway.subscription import Message

MOST_KEPT: Final = 2_000
"""Answers that hang on their event alone, and are kept for whoever comes later."""
FRESH_SECONDS: Final = 5.0
"""For so long an answer that was read from systems is shared: it tells how things are, and they change."""


class Shared:
    """The answers of one process. A key names the event, what is asked of it, and the rights of whoever asks."""

    def __init__(self, fresh_seconds: float = FRESH_SECONDS) -> None:
        """Nothing was answered yet; what is read from systems is shared for so long."""
        self._fresh = fresh_seconds
        self._made: OrderedDict[Hashable, Message] = OrderedDict()
        self._read: dict[Hashable, asyncio.Task[Message]] = {}

    def get(self, key: Hashable) -> Message | None:
        """The answer of an event that hangs on the event alone, where it is kept."""
        return self._made.get(key)

    def make(self, key: Hashable, making: Coroutine[Any, Any, Message]) -> Message:
        """The answer to an event that hangs on the event alone: nobody has to wait for it."""
        try:
            making.send(None)
        except StopIteration as made:
            message: Message = made.value
            self._made[key] = message
            if len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
            return message
        making.close()
        raise RuntimeError("An answer that waits for nothing has waited.")

    def holds(self, key: Hashable) -> bool:
        """Whether an answer that is read from systems is shared just now."""
        return key in self._read

    async def read(self, key: Hashable, making: Coroutine[Any, Any, Message]) -> Message:
        """The answer to an event that is read from systems, by whoever comes first; it is read on when that one goes.

        One that failed, wholly or in part, is nobody's but of those who waited for it.
        """
        held = self._read.get(key)
        if held is not None:
            making.close()
        else:
            held = self._read[key] = asyncio.create_task(making)
            held.add_done_callback(lambda task: self._keep_for_a_moment(key, task))
        return held.result() if held.done() else await asyncio.shield(held)

    def _keep_for_a_moment(self, key: Hashable, task: asyncio.Task[Message]) -> None:
        whole = not task.cancelled() and task.exception() is None and task.result().whole
        if whole:
            task.get_loop().call_later(self._fresh, self._read.pop, key, None)
        else:
            self._read.pop(key, None)
