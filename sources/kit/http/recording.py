"""The step that writes every call down: for the asker's own record, and faults for the log."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Protocol

from canonical.errors import Fault
from sources.kit.call import Call, SourceCall
from sources.kit.http.ask import Answer, Ask, Row
from sources.kit.http.clockwork import Clockwork

log = logging.getLogger("revgraph.sources")


class Asks(Protocol):
    """The step below: an answer, and whether another's call brought it."""

    async def ask(self, call: Call, ask: Ask) -> tuple[Answer, bool]:
        """Ask."""


class Recorded:
    """Writes each call into `call.record` when it ends; outcome 'shared' where another's call brought it."""

    def __init__(self, system: str, clockwork: Clockwork, below: Asks) -> None:
        self._system = system
        self._clockwork = clockwork
        self._below = below

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer, tied to its place in the record."""
        began = self._clockwork.clock()
        try:
            answer, shared = await self._below.ask(call, ask)
        except Fault as fault:
            self._write(call, ask, began, fault.code)
            log.warning(
                "%s: %s failed: %s: %s (%s) [%s]",
                self._system,
                ask.operation,
                fault.code,
                fault.sentence,
                fault.detail,
                call.correlation_id,
            )
            raise
        return replace(answer, row=self._write(call, ask, began, "shared" if shared else "ok"))

    def _write(self, call: Call, ask: Ask, began: float, outcome: str) -> Row:
        position = len(call.record.calls)
        milliseconds = (self._clockwork.clock() - began) * 1000
        call.record.add(SourceCall(self._system, ask.operation, milliseconds, 0, outcome))
        return Row(call.record, position)
