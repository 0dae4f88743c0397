"""Logs as one JSON object a line with secrets taken out, and traces where a collector is configured."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import orjson
from fastapi import FastAPI
from starlette.types import Scope

from gateway import correlation

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_SECRETS = re.compile(
    r"(?i)(bearer\s+|basic\s+)[A-Za-z0-9+/._~=-]{8,}"
    r"|((?:secret|password|passwd|token|api[_-]?key|assertion|private[_-]?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}]{3,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
)
_ADDRESSES = frozenset({"http.url", "http.target", "url.full"})
"""What a span calls an address, in the older and in the newer of OpenTelemetry's conventions."""
_QUERY = "url.query"


def redacted(text: str) -> str:
    """The text with tokens, passwords and authorization values replaced by [redacted]."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or ''}[redacted]", text)


class JsonLines(logging.Formatter):
    """One JSON object a record: time (UTC), level, logger, message, the correlation id and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
            "correlationId": correlation.current(),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            said.update(fields)
        if record.exc_info:
            said["exception"] = redacted(self.formatException(record.exc_info))
        return orjson.dumps(said, default=str).decode()


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send everything at this level and above to the stream (stderr), as JSON lines; replaces what was set before."""
    to = logging.StreamHandler(stream or sys.stderr)
    to.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[to], force=True)
    for noisy in ("httpx", "httpcore", "aiohttp.access", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def instrument(app: FastAPI, endpoint: str | None) -> Callable[[], None]:
    """Trace the app's requests to an OTLP/HTTP collector, where there is one; call what comes back to end it."""
    if endpoint is None:
        return lambda: None
    from opentelemetry import trace  # noqa: PLC0415 - what is loaded here costs a gateway that traces nothing nothing

    # Loading the exporters takes a third of a second, which the start of an untraced gateway need not pay.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    # The calls to the systems have spans of their own, below the request's; they ask the global provider.
    provider = TracerProvider(resource=Resource.create({"service.name": "revgraph"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, excluded_urls="healthz,readyz", server_request_hook=_without_query
    )
    return provider.shutdown


def _without_query(span: Span, _: Scope) -> None:
    """Take the query out of a request's span: some systems and clients can prove themselves in no other place."""
    said = getattr(span, "attributes", None) or {}
    for name in _ADDRESSES.intersection(said):
        span.set_attribute(name, str(said[name]).partition("?")[0])
    if _QUERY in said:
        span.set_attribute(_QUERY, "")
