"""The step that reads an answer as the vendor means it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from canonical.errors import ContractBroken, Fault, OutcomeUnknown, Throttled, Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask, Step
from sources.kit.http.redaction import Redactor
from sources.kit.http.statuses import plain_fault, retry_after

Translate: TypeAlias = Callable[[Answer], Fault | None]
"""A vendor's own reading of an answer: the fault it tells, None when it is an answer; never raises."""


class Translated:
    """Raises the fault that an answer tells; a write whose fate the answer leaves open is OutcomeUnknown."""

    def __init__(self, system: str, translate: Translate, redactor: Redactor, below: Step) -> None:
        self._system = system
        self._translate = translate
        self._redactor = redactor
        self._below = below

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer, when it is one."""
        try:
            answer = await self._below(call, ask)
        except ContractBroken as broken:
            broken.detail = self._redactor.detail(broken.detail)
            if ask.safety == "read":
                raise
            raise OutcomeUnknown(broken.system, broken.sentence, detail=broken.detail) from broken
        except Fault as fault:
            fault.detail = self._redactor.detail(fault.detail)
            raise
        told = self._translate(answer) or plain_fault(self._system, answer)
        if told is None:
            return answer
        raise self._told(told, answer, ask)

    def _told(self, fault: Fault, answer: Answer, ask: Ask) -> Fault:
        fault.detail = self._redactor.detail(fault.detail)
        if fault.retry_after is None and isinstance(fault, Throttled | Unavailable):
            fault.retry_after = retry_after(answer)
        # A status of 4xx is a clear no; 5xx, and a 200 that says so inside, leave it open what became of a write.
        clear = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if ask.safety != "read" and not clear and isinstance(fault, Unavailable | ContractBroken):
            return OutcomeUnknown(fault.system, fault.sentence, detail=fault.detail, retry_after=fault.retry_after)
        return fault
