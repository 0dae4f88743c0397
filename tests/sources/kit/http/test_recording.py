"""What is written down of a call: a row for the asker, and a span where somebody traces."""

from __future__ import annotations

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from canonical.errors import Fault, Unavailable
from sources.kit.call import Call
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.clockwork import Clockwork
from sources.kit.http.recording import Recorded
from tests.sources.kit.http.pretend import AskAs

READ = Ask(path="/orders", operation="read orders")


class Below:
    """Answers or fails, and remembers the span that it ran in."""

    def __init__(self, wrong: Fault | None = None) -> None:
        self.wrong = wrong
        self.span = 0

    async def ask(self, call: Call, ask: Ask) -> tuple[Answer, bool]:
        self.span = get_current_span().get_span_context().span_id
        if self.wrong is not None:
            raise self.wrong
        return Answer(200, httpx.Headers(), b"{}"), False


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider


async def test_a_traced_call_runs_in_a_span_of_its_own(
    spans: InMemorySpanExporter, provider: TracerProvider, ask_as: AskAs
) -> None:
    below, call = Below(), ask_as()

    await Recorded("northwind", Clockwork(), below, provider.get_tracer("test"))(call, READ)

    [span] = spans.get_finished_spans()
    assert (span.name, span.kind, span.context.span_id) == ("northwind: read orders", SpanKind.CLIENT, below.span)
    assert dict(span.attributes or {}) == {
        "revgraph.system": "northwind",
        "revgraph.correlation_id": call.correlation_id,
        "revgraph.outcome": "ok",
    }


async def test_a_traced_fault_is_told_in_its_sentence_and_without_its_causes(
    spans: InMemorySpanExporter, provider: TracerProvider, ask_as: AskAs
) -> None:
    below = Below(Unavailable("northwind", "northwind is away.", detail="secret"))

    with pytest.raises(Unavailable):
        await Recorded("northwind", Clockwork(), below, provider.get_tracer("test"))(ask_as(), READ)

    [span] = spans.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "northwind is away.")
    assert span.events == ()


async def test_a_call_that_is_not_traced_is_in_the_askers_record_all_the_same(ask_as: AskAs) -> None:
    below, call = Below(), ask_as()
    tracer = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False).get_tracer("test")

    answer = await Recorded("northwind", Clockwork(), below, tracer)(call, READ)
    answer.tell_rows(3)

    assert below.span == 0
    assert [(one.operation, one.outcome, one.rows) for one in call.record.calls] == [("read orders", "ok", 3)]
