"""The step that writes every call down: for the asker's own record, as a span, and faults for the log."""

from __future__ import annotations

import logging
from typing import Protocol

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, get_tracer, use_span

from canonical.errors import Fault
from sources.kit.call import Call, SourceCall
from sources.kit.http.ask import Answer, Ask, Row
from sources.kit.http.clockwork import Clockwork

log = logging.getLogger("revgraph.sources")
_tracer = get_tracer("revgraph.sources")


class Asks(Protocol):
    """The step below: an answer, and whether another's call brought it."""

    async def ask(self, call: Call, ask: Ask) -> tuple[Answer, bool]:
        """Ask."""


class Recorded:
    """Writes each call into `call.record` when it ends; outcome 'shared' where another's call brought it."""

    def __init__(self, system: str, clockwork: Clockwork, below: Asks, tracer: Tracer = _tracer) -> None:
        self._system = system
        self._clockwork = clockwork
        self._below = below
        self._tracer = tracer

    async def __call__(self, call: Call, ask: Ask) -> Answer:
        """The answer, tied to its place in the record."""
        span = self._tracer.start_span(f"{self._system}: {ask.operation}", kind=SpanKind.CLIENT)
        if not span.is_recording():
            # Whoever traces above is still the current span, so its trace goes out with the call.
            return await self._asked(call, ask, span)
        span.set_attribute("revgraph.system", self._system)
        span.set_attribute("revgraph.correlation_id", call.correlation_id)
        # A fault's causes have not been redacted; what it says itself is in the log, cleaned.
        with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            return await self._asked(call, ask, span)

    async def _asked(self, call: Call, ask: Ask, span: Span) -> Answer:
        began = self._clockwork.clock()
        try:
            answer, shared = await self._below.ask(call, ask)
        except Fault as fault:
            self._write(call, ask, began, fault.code)
            span.set_attribute("revgraph.outcome", fault.code)
            span.set_status(StatusCode.ERROR, fault.sentence)
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
        outcome = "shared" if shared else "ok"
        span.set_attribute("revgraph.outcome", outcome)
        return Answer(answer.status, answer.headers, answer.content, self._write(call, ask, began, outcome))

    def _write(self, call: Call, ask: Ask, began: float, outcome: str) -> Row:
        position = len(call.record.calls)
        milliseconds = (self._clockwork.clock() - began) * 1000
        call.record.add(SourceCall(self._system, ask.operation, milliseconds, 0, outcome))
        return Row(call.record, position)
