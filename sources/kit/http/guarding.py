"""The step that leaves a failing system alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from canonical.errors import Fault, OutcomeUnknown, Throttled, Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Step
from sources.kit.http.breaker import Breaker
from sources.landscape import Limits

Kind: TypeAlias = Literal["read", "write"]
"""What a breaker stands for: a system may well answer queries and choke on writes."""


class Guarded:
    """Asks the breaker of the question's kind first, and tells it how it went.

    A call that had less than half of its usual time and ran into its own deadline tells nothing about the system.
    """

    def __init__(self, system: str, breakers: Mapping[Kind, Breaker], limits: Limits, below: Step) -> None:
        self._system = system
        self._breakers = breakers
        self._limits = limits
        self._below = below

    def look(self, ask: Ask) -> None:
        """Raise Unavailable when the breaker would refuse now; takes no place."""
        self._refuse(self._breakers[kind_of(ask)].refusal())

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer of the step below."""
        breaker = self._breakers[kind_of(ask)]
        self._refuse(breaker.enter())
        hurried = call.deadline.left() < self._limits.timeout_seconds / 2
        try:
            answer = await self._below(call, ask)
        except (Unavailable, Throttled, OutcomeUnknown):
            if hurried and call.deadline.passed():
                breaker.told_nothing()
            else:
                breaker.failed()
            raise
        except Fault:
            breaker.fine()
            raise
        except BaseException:
            breaker.told_nothing()
            raise
        breaker.fine()
        return answer

    def _refuse(self, after: float | None) -> None:
        if after is not None:
            sentence = f"{self._system} failed too often just now and is left alone for a moment."
            raise CutOff(self._system, sentence, retry_after=after)


class CutOff(Unavailable):
    """Not asked at all: the breaker is open."""


def kind_of(ask: Ask) -> Kind:
    """Whose breaker a question belongs to."""
    return "read" if ask.safety == "read" else "write"
