"""What the event bus answers when something is wrong: gRPC's status, and a code of its own in the trailers.

Codes: Pub/Sub API guide, "Handle Errors", each under "sfdc.platform.eventbus.grpc.".
"""

from __future__ import annotations

from typing import Final

import grpc
from grpc.aio import AioRpcError

from canonical.errors import ContractBroken, Fault, ProblemCategory, Refused, Throttled, Unavailable
from sources.feeds import PositionLostError

Status = grpc.StatusCode

DAY_USED: Final = 3600.0
"""Seconds to wait when a day's deliveries are used up: the window slides, so some come back within the hour."""
_PREFIX: Final = "sfdc.platform.eventbus.grpc."
_LOST: Final = (
    "subscription.fetch.replayid.corrupted",
    "subscription.fetch.replayid.validation.failed",
)
_NOT_ALLOWED: Final = ("topic.meta.permission", "subscription.topic.cannot.subscribe")
_SLOW_DOWN: Final = ("subscription.fetch.overflow", "service.protection", "concurrent.client.limit.exceeded")
_LATER: Final = frozenset(
    {Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED, Status.INTERNAL, Status.UNKNOWN, Status.ABORTED, Status.CANCELLED}
)


def to_failure(system: str, error: AioRpcError, asked: str) -> Fault | PositionLostError:
    """What an error means to whoever `asked`, in few words ("listen to /data/OrderChangeEvent")."""
    code, status = _code(error), error.code()
    detail = f"{status.name} {code} at: {asked}".replace("  ", " ")
    if code.startswith(_LOST):
        return PositionLostError(f"{system} does not keep any more what is behind the position ({detail})")
    if code.startswith("subscription.limit.exceeded"):
        sentence = f"{system} has delivered all events of a day: it is only asked until some are free again."
        return Throttled(system, sentence, detail=detail, retry_after=DAY_USED)
    if status is Status.RESOURCE_EXHAUSTED or code.startswith(_SLOW_DOWN):
        return Throttled(system, f"{system} asks us to listen more slowly.", detail=detail)
    if status is Status.UNAUTHENTICATED:
        sentence = f"{system} does not let us listen: its credentials or permissions need a look."
        return Refused(system, sentence, detail=detail, category=ProblemCategory.PERMISSION)
    if status in {Status.NOT_FOUND, Status.PERMISSION_DENIED} or code.startswith(("topic.", *_NOT_ALLOWED)):
        sentence = (
            f"{system} does not let us {asked}: Change Data Capture has to be on for it, and our user may read it."
        )
        return Refused(system, sentence, detail=detail, category=ProblemCategory.PERMISSION)
    if status in _LATER:
        return Unavailable(system, f"{system} does not tell of changes just now.", detail=detail)
    return ContractBroken(system, f"{system} did not understand how we listen.", detail=detail)


def _code(error: AioRpcError) -> str:
    """The bus's own code without its prefix; of the status's text where a proxy dropped the trailers."""
    trailers = error.trailing_metadata() or ()
    for name, value in trailers:
        if name == "error-code":
            told = value if isinstance(value, str) else bytes(value).decode("ascii", "replace")
            return told.removeprefix(_PREFIX)[:80]
    return "subscription.fetch.replayid.corrupted" if "replay id" in (error.details() or "").lower() else ""
