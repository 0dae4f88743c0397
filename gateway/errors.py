"""How errors leave the gateway: what a person must know is kept, what only we should know is written to the log."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import FieldNode, GraphQLError

from canonical.errors import Fault, Mistake, Outcome, ProblemCategory
from canonical.events import CursorExpiredError
from canonical.problem import OWNERS
from gateway.subscription import EndedError

MOST_ERRORS = 100
SOMETHING_WENT_WRONG = "Something went wrong inside the gateway"

_log = logging.getLogger("revgraph.errors")

_REFUSALS: Mapping[str, ProblemCategory] = {
    "UNAUTHENTICATED": ProblemCategory.PERMISSION,
    "DEADLINE_EXCEEDED": ProblemCategory.SYSTEM_UNAVAILABLE,
    "TOO_MANY_CONNECTIONS": ProblemCategory.SYSTEM_UNAVAILABLE,
    "TOKEN_EXPIRED": ProblemCategory.PERMISSION,
}
_ENDS: Mapping[bool, ProblemCategory] = {
    True: ProblemCategory.SYSTEM_UNAVAILABLE,
    False: ProblemCategory.INVALID_INPUT,
}


def formatted(errors: Iterable[GraphQLError], correlation_id: str) -> list[dict[str, Any]]:
    """The errors of an execution as they are sent, in their order and at most MOST_ERRORS."""
    return [_formatted(error, correlation_id) for _, error in zip(range(MOST_ERRORS), errors, strict=False)]


def refused(errors: Iterable[GraphQLError], code: str, correlation_id: str) -> list[dict[str, Any]]:
    """The errors of a request that was not executed at all."""
    category = _REFUSALS.get(code, ProblemCategory.INVALID_INPUT)
    mistake = {
        "code": code,
        "category": category.value,
        "outcome": Outcome.NOT_APPLIED.value,
        "retryable": category is ProblemCategory.SYSTEM_UNAVAILABLE,
        "correlationId": correlation_id,
    }
    return [
        {**_plain(error), "extensions": {**(error.extensions or {}), **mistake}}
        for _, error in zip(range(MOST_ERRORS), errors, strict=False)
    ]


def ended(error: EndedError, correlation_id: str) -> dict[str, Any]:
    """Why a subscription ended before its client wanted it to, and behind which cursor it can be taken up again."""
    category = _REFUSALS.get(error.code, _ENDS[error.again])
    return {
        "message": error.sentence,
        "extensions": {
            "code": error.code,
            "category": category.value,
            "outcome": Outcome.NOT_APPLIED.value,
            "retryable": error.again,
            "cursor": error.cursor,
            "correlationId": correlation_id,
        },
    }


def internal(error: BaseException, correlation_id: str) -> dict[str, Any]:
    """The masked form of anything unexpected; the log has the whole of it under the correlation id."""
    _log.error(
        "unexpected %s", type(error).__name__, exc_info=error, extra={"fields": {"correlationId": correlation_id}}
    )
    return {
        "message": SOMETHING_WENT_WRONG,
        "extensions": {
            "code": "INTERNAL",
            "category": ProblemCategory.SYSTEM_UNAVAILABLE.value,
            "outcome": Outcome.UNCERTAIN.value,
            "retryable": False,
            "correlationId": correlation_id,
        },
    }


def _formatted(error: GraphQLError, correlation_id: str) -> dict[str, Any]:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, Fault):
        return {**_plain(error), "message": cause.sentence, "extensions": _of_fault(cause, correlation_id)}
    if isinstance(cause, Mistake):
        return {**_plain(error), "message": cause.sentence, "extensions": _of_mistake(cause, correlation_id)}
    if (cause is None or isinstance(cause, GraphQLError)) and _is_about_the_question(error):
        [said] = refused([error], "GRAPHQL_VALIDATION_FAILED", correlation_id)
        return said
    return {**_plain(error), **internal(cause or error, correlation_id)}


def _is_about_the_question(error: GraphQLError) -> bool:
    # What graphql-core finds wrong with an answer points at the fields; with an argument, at the value in the query.
    return bool(error.nodes) and not any(isinstance(node, FieldNode) for node in error.nodes or ())


def _plain(error: GraphQLError) -> dict[str, Any]:
    said: dict[str, Any] = {"message": error.message}
    if error.locations:
        said["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        said["path"] = list(error.path)
    return said


def _of_fault(fault: Fault, correlation_id: str) -> dict[str, Any]:
    return {
        "code": fault.code,
        "category": fault.category.value,
        "system": fault.system,
        "owner": OWNERS[fault.category],
        "outcome": fault.outcome.value,
        "retryable": fault.retryable,
        "retryAfter": None if fault.retry_after is None else math.ceil(fault.retry_after),
        "correlationId": correlation_id,
    }


def _of_mistake(mistake: Mistake, correlation_id: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": mistake.code,
        "category": mistake.category.value,
        "owner": OWNERS[mistake.category],
        "outcome": Outcome.NOT_APPLIED.value,
        "retryable": False,
        "correlationId": correlation_id,
    }
    return {**told, "oldestCursor": str(mistake.oldest)} if isinstance(mistake, CursorExpiredError) else told
