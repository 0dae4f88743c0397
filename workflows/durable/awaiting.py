"""What other workflows wait for: one worker looks at all of it together, however many wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import Context

Look = Callable[[Sequence[str]], Awaitable[Collection[str]]]
"""Those of the workflows that have ended, however they did."""


class Awaiting:
    """One question for all that is waited for, as long as something is; nothing is asked otherwise.

    A question a waiting run would cost a worker with a hundred submissions in its hands a fifth of a core.
    """

    def __init__(self, look: Look, every: float) -> None:
        """`every`: seconds between two looks."""
        self._look, self._every = look, every
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def ended(self, id: str) -> None:
        """Come back once it has ended; raises what a look raised meanwhile."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(id, set()).add(future)
        if self._looking is None or self._looking.done():
            # Outside of whoever waits: a look is none of its steps.
            self._looking = asyncio.create_task(self._look_on(), context=Context())
        try:
            await future
        finally:
            self._leave(id, future)

    def _leave(self, id: str, future: asyncio.Future[None]) -> None:
        held = self._waiting.get(id, set())
        held.discard(future)
        if not held:
            self._waiting.pop(id, None)

    async def _look_on(self) -> None:
        while asked := list(self._waiting):
            try:
                ended = await self._look(asked)
            except Exception as error:  # noqa: BLE001 - whoever waits has to hear it, whatever it is
                self._tell(asked, error)
            else:
                self._tell(ended)
            await asyncio.sleep(self._every)

    def _tell(self, ids: Collection[str], error: Exception | None = None) -> None:
        for future in [one for each in ids for one in self._waiting.get(each, ())]:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
