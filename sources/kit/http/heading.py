"""The headers of a request, as the bytes that go out."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from sources.kit.call import Call
from sources.kit.http.ask import Ask

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Raw: TypeAlias = list[tuple[bytes, bytes]]

_STANDING: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": "revgraph",
}
_OF_THE_CALL: Final = ("host", "content-length", "x-correlation-id", "traceparent")
_WITH_BODY: Final = ("POST", "PUT", "PATCH")


def heading(call: Call, ask: Ask, host: bytes, authorization: Pairs) -> Raw:
    """The standing headers, the question's own, those that authorize, and who asks; the later ones win."""
    raw: Raw = [(b"host", host), *_standing(ask.headers, authorization)]
    raw.append((b"x-correlation-id", call.correlation_id.encode("ascii")))
    traceparent = _traceparent() or call.traceparent
    if traceparent:
        raw.append((b"traceparent", traceparent.encode("ascii")))
    if ask.content is not None or ask.method in _WITH_BODY:
        raw.append((b"content-length", b"%d" % len(ask.content or b"")))
    return raw


@lru_cache(maxsize=128)
def _standing(own: Pairs, authorization: Pairs) -> tuple[tuple[bytes, bytes], ...]:
    headers = dict(_STANDING)
    headers.update((name.lower(), value) for name, value in (*own, *authorization))
    return tuple(
        (name.encode("ascii"), value.encode("ascii")) for name, value in headers.items() if name not in _OF_THE_CALL
    )


def _traceparent() -> str | None:
    """The span of this call (W3C), so that the system's own spans hang below it; None where nobody traces."""
    span = get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{format_trace_id(span.trace_id)}-{format_span_id(span.span_id)}-{span.trace_flags:02x}"
