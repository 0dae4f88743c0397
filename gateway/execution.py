"""Executes an operation for a caller: its call budget of time, its context, and what it cost the systems."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, OperationType

from canonical.deadline import Deadline
from canonical.principal import Principal, View
from engine.documents import Documents, WrongDocumentError
from engine.loom import Loom
from engine.operation import Operation
from gateway import errors
from gateway.planning import Plan, Planner
from gateway.request import GraphQLRequest, RefusedError
from resolvers.context import Context
from sources.kit.call import SERVED_WITHOUT, Call, CallRecord, SourceCall

GRACE_SECONDS = 0.4
"""How long after the deadline an answer may still be put together: the systems' time-outs come first."""

HOW_TO_SUBSCRIBE = (
    "Subscriptions are answered over a WebSocket, or with Accept: text/event-stream or "
    "multipart/mixed;subscriptionSpec=1.0; this request asked for one answer in JSON."
)

Execute = Callable[[GraphQLRequest, Call], Awaitable[ExecutionResult]]
"""Answers a request for a call; WrongDocumentError or RefusedError when it is not executed."""

Foretell = Callable[[GraphQLRequest, Call], Plan]
"""What executing a request will ask of the systems; the same errors."""


@dataclass(frozen=True, slots=True)
class Executor:
    """The loom and its operation cache. `new_context` makes the context that one operation's resolvers share.

    What would ask more of the systems than their budgets allow is refused before the first call.
    """

    loom: Loom
    documents: Documents
    new_context: Callable[[Call], Context]
    planner: Planner

    async def __call__(self, request: GraphQLRequest, call: Call) -> ExecutionResult:
        """Execute; errors of the systems are in the result at their places, and the call's deadline ends it."""
        operation = self._operation(request)
        self.planner.allow(operation, request.variables, call)
        try:
            async with asyncio.timeout(call.deadline.left() + GRACE_SECONDS):
                result = await self.loom.run(operation, self.new_context(call), request.variables)
        except TimeoutError as error:
            raise RefusedError(504, "DEADLINE_EXCEEDED", "The answer took longer than it may.") from error
        return _settled(result)

    def plan(self, request: GraphQLRequest, call: Call) -> Plan:
        """What executing the request will ask of the systems."""
        return self.planner.plan(self._operation(request), request.variables, call)

    def _operation(self, request: GraphQLRequest) -> Operation:
        operation = self.documents.operation(request.query, request.operation_name)
        if operation.kind is OperationType.SUBSCRIPTION:
            raise RefusedError(400, "OPERATION_NOT_SUPPORTED", HOW_TO_SUBSCRIBE)
        return operation


def answer_of(result: ExecutionResult, correlation_id: str) -> dict[str, Any]:
    """The GraphQL response of an execution, ready to be JSON."""
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = errors.formatted(result.errors, correlation_id)
    if result.extensions:
        answer["extensions"] = result.extensions
    return answer


def _settled(result: ExecutionResult) -> ExecutionResult:
    # Variables that do not fit are found before the first field: nothing has a path then, and nothing was executed.
    found = result.errors or []
    if result.data is None and found and all(error.path is None for error in found):
        raise WrongDocumentError("GRAPHQL_VALIDATION_FAILED", found)
    return result


def new_call(
    principal: Principal, view: View, seconds: float, correlation_id: str, traceparent: str | None = None
) -> Call:
    """A call that ends in that many seconds from now, with an empty record."""
    return Call(principal, view, Deadline.after(seconds), correlation_id, traceparent, CallRecord())


def cost(record: CallRecord) -> Mapping[str, Any]:
    """`extensions.sources`: each call to a system in the order they ended, the systems, and all their time together.

    What was served without a call stands apart, under `kept`, and only where there is any.
    """
    calls = [call for call in record.calls if call.outcome not in SERVED_WITHOUT]
    kept = [call for call in record.calls if call.outcome in SERVED_WITHOUT]
    return {
        "calls": [_told(call) for call in calls],
        "systems": sorted({call.system for call in calls}),
        "totalMilliseconds": round(sum(call.milliseconds for call in calls), 1),
        **({"kept": [_told(call) for call in kept]} if kept else {}),
    }


def _told(call: SourceCall) -> Mapping[str, Any]:
    return {
        "system": call.system,
        "operation": call.operation,
        "milliseconds": round(call.milliseconds, 1),
        "rows": call.rows,
        "outcome": call.outcome,
    }
