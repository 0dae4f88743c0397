"""Failures of the event bus as its clients see them: gRPC's status, and the published code in the trailers.

Faults of the box hit calls of the bus as they hit HTTP, by "METHOD path?query": SUBSCRIBE /data/OrderChangeEvent?LATEST
(or EARLIEST, CUSTOM), DELIVER /data/OrderChangeEvent, TOPIC /data/..., SCHEMA /<id>, PUBLISH /event/.... What is
delivered meets the faults of events too, as "EVENT /data/OrderChangeEvent".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final, NoReturn, TypeAlias
from uuid import uuid4

import grpc
from grpc.aio import ServicerContext

from sources.kit.sandbox.faults import Fault, FaultKind, Faults
from sources.salesforce.sandbox.oauth import Tokens

Status = grpc.StatusCode

PREFIX: Final = "sfdc.platform.eventbus.grpc."
AUTH: Final = (Status.UNAUTHENTICATED, "service.auth.error", "An authentication exception occurred.")
LOST: Final = (Status.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted", "The Replay ID validation failed.")
NO_TOPIC: Final = (Status.NOT_FOUND, "topic.not.found", "The topic does not exist.")
_DOWN: Final = (Status.UNAVAILABLE, "service.unavailable", "The service is not available.")
_SPENT: Final = (
    Status.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", "The daily delivery allocation is used up.",
)  # fmt: skip
_BY_STATUS: Final = {
    401: AUTH,
    403: (Status.PERMISSION_DENIED, "topic.meta.permission", "You may not read this topic."),
    404: NO_TOPIC,
    410: LOST,
    429: _SPENT,
}
_BREAKING: Final[frozenset[FaultKind]] = frozenset({"status", "throttle", "timeout", "reset_before"})
Context: TypeAlias = "ServicerContext[Any, Any]"
Failure = tuple[grpc.StatusCode, str, str]


async def fail(context: Context, failure: Failure) -> NoReturn:
    """End the call with a failure."""
    status, code, words = failure
    rpc_id = str(uuid4())
    trailers = (("error-code", PREFIX + code), ("rpc-id", rpc_id))
    await context.abort(status, f"{words} rpcId: {rpc_id}", trailers)
    raise AssertionError("a call that was aborted goes on")


async def meet(context: Context, faults: Faults, tokens: Tokens, line: str) -> list[Fault]:
    """The faults that hit a call; those that break it have done so, delays are over."""
    hit = faults.take(line)
    delay = sum(fault.seconds for fault in hit if fault.kind in {"latency", "slow"})
    if delay:
        await asyncio.sleep(delay)
    if any(fault.kind == "expire_token" for fault in hit):
        tokens.expire()
        await fail(context, AUTH)
    broken = next((fault for fault in hit if fault.kind in _BREAKING), None)
    if broken is not None:
        await fail(context, _meaning(broken))
    return hit


async def break_after(context: Context, hit: Iterable[Fault]) -> None:
    """Break what was done already."""
    if any(fault.kind in {"reset_after", "status_after"} for fault in hit):
        await fail(context, _DOWN)


def _meaning(fault: Fault) -> Failure:
    if fault.kind == "throttle":
        return _SPENT
    return _BY_STATUS.get(fault.status, _DOWN) if fault.kind == "status" else _DOWN
