"""Whether a request wants one answer or a stream, and of which kind: by what its Accept header likes best."""

from __future__ import annotations

from enum import Enum

from starlette.types import Scope

from gateway.request import LEGACY, MODERN, quality_of


class Wanted(Enum):
    """How an answer may come."""

    ONE = "one"
    EVENTS = "text/event-stream"
    PARTS = "multipart/mixed;subscriptionSpec=1.0"


def may_want_a_stream(scope: Scope) -> bool:
    """A first, cheap look at the headers, which spares almost every request a closer one."""
    for name, value in scope["headers"]:
        if name == b"accept":
            return b"event-stream" in value or b"multipart" in value
    return False


def wanted(accept: str) -> Wanted:
    """What is liked best, the first of those liked alike. urql names a stream last in the Accept of every query."""
    best, weight = Wanted.ONE, 0.0
    for part in accept.split(","):
        name, _, rest = part.strip().partition(";")
        offered = _offered(name.strip().lower(), rest)
        quality = quality_of(rest)
        if offered and quality > weight:
            best, weight = offered, quality
    return best


def _offered(name: str, rest: str) -> Wanted | None:
    if name == "text/event-stream":
        return Wanted.EVENTS
    if name == "multipart/mixed":
        named = [parameter.replace('"', "").replace(" ", "").lower() for parameter in rest.split(";")]
        return Wanted.PARTS if "subscriptionspec=1.0" in named else None
    return Wanted.ONE if name in {"*/*", "application/*", LEGACY, MODERN} else None
