"""The step that asks once more where that can do no harm and may help."""

from __future__ import annotations

from typing import Final

import stamina

from canonical.errors import Throttled, Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Step
from sources.kit.http.clockwork import Clockwork
from sources.kit.http.guarding import CutOff

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 2.0
LEAST_LEFT: Final = 0.1


class Retried:
    """Repeats reads and replayable writes that found the system unavailable or throttled, within the deadline.

    A plain write is never repeated. A wait the system asked for is kept to, and when it does not fit into the deadline
    the fault is raised at once. Other waits double from `FIRST_WAIT`, half of each by chance.
    """

    def __init__(self, attempts: int, clockwork: Clockwork, below: Step) -> None:
        self._attempts = attempts
        self._clockwork = clockwork
        self._below = below

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer of the first try that got one."""
        if ask.safety == "write":
            return await self._below(call, ask)
        wait: float | None = None
        tries = 0

        def once_more(fault: Exception) -> bool | float:
            nonlocal wait
            wait = self._wait(call, fault, tries)
            # Zero, and not the wait itself: we sleep below, on the injected clock, where cancelling is seen at once.
            return wait is not None and 0.0

        async for attempt in stamina.retry_context(on=once_more, attempts=self._attempts, timeout=None):
            with attempt:
                tries = attempt.num
                if wait:
                    await self._clockwork.sleep(wait)
                return await self._below(call, ask)
        raise AssertionError("stamina ends with an answer or a fault")

    def _wait(self, call: Call, fault: Exception, tries: int) -> float | None:
        if isinstance(fault, CutOff) or not isinstance(fault, Unavailable | Throttled):
            return None
        if fault.retry_after is not None:
            wait = fault.retry_after
        else:
            wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT) * (0.5 + 0.5 * self._clockwork.random())
        return wait if call.deadline.left() - wait > LEAST_LEFT else None
