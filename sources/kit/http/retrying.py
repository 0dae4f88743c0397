"""The step that asks once more where that can do no harm and may help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import stamina

from canonical.errors import Fault, OutcomeUnknown, Throttled, Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Step
from sources.kit.http.clockwork import Clockwork
from sources.kit.http.guarding import CutOff

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 2.0
LEAST_LEFT: Final = 0.1
_TRANSIENT: Final = (Unavailable, Throttled, OutcomeUnknown)


@dataclass(slots=True)
class _Tries:
    failed: int = 0
    wait: float = 0.0
    unknown: OutcomeUnknown | None = None


class Retried:
    """Repeats reads and replayable writes whose system was unavailable, throttled or silent, within the deadline.

    A plain write is never repeated. A wait the system asked for is kept to, and when it does not fit into the deadline
    the fault is raised at once. Other waits double from `FIRST_WAIT`, half of each by chance.
    """

    def __init__(self, attempts: int, clockwork: Clockwork, below: Step) -> None:
        self._attempts = attempts
        self._clockwork = clockwork
        self._below = below

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer of the first try that got one."""
        # Most calls succeed at once, and stamina's bookkeeping would cost them a quarter of the client's whole time.
        try:
            return await self._below(call, ask)
        except _TRANSIENT as fault:
            tries = _Tries()
            if ask.safety == "write" or self._attempts <= 1 or not self._again(call, tries, fault):
                raise
        try:
            return await self._rest(call, ask, tries)
        except Fault as last:
            # One try that may have acted outweighs a later one that certainly did not.
            if tries.unknown is None or isinstance(last, OutcomeUnknown):
                raise
            raise OutcomeUnknown(last.system, tries.unknown.sentence, detail=tries.unknown.detail) from last

    async def _rest(self, call: Call, ask: Ask, tries: _Tries) -> Answer:
        # The hook says zero, and not the wait itself: the sleep is ours, on the clock that was handed in.
        def once_more(fault: Exception) -> bool | float:
            return self._again(call, tries, fault) and 0.0

        async for attempt in stamina.retry_context(on=once_more, attempts=self._attempts - 1, timeout=None):
            with attempt:
                await self._clockwork.sleep(tries.wait)
                return await self._below(call, ask)
        raise AssertionError("stamina ends with an answer or a fault")

    def _again(self, call: Call, tries: _Tries, fault: Exception) -> bool:
        """Whether to ask once more after this fault, and if so after what wait."""
        if isinstance(fault, CutOff) or not isinstance(fault, Unavailable | Throttled | OutcomeUnknown):
            return False
        if isinstance(fault, OutcomeUnknown):
            tries.unknown = fault
        backoff = min(FIRST_WAIT * 2**tries.failed, LONGEST_WAIT) * (0.5 + 0.5 * self._clockwork.random())
        tries.wait = backoff if fault.retry_after is None else fault.retry_after
        tries.failed += 1
        return call.deadline.left() - tries.wait > LEAST_LEFT
