"""Subscriptions as every transport asks for them: events become answers, and equal answers are made once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, cast

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType

from canonical.errors import Fault, Mistake
from canonical.events import Logged
from canonical.principal import Principal, View
from engine.documents import Documents, WrongDocumentError
from engine.loom import Loom
from engine.operation import Operation
from gateway import errors
from gateway.execution import GRACE_SECONDS, new_call
from gateway.request import GraphQLRequest, RefusedError
from gateway.sharing import Shared
from gateway.subscription import Caller, EndedError, Message
from gateway.telling import Telling, before
from resolvers.access import as_seen
from resolvers.context import Context
from sources.kit.call import Call
from workflows.hearing import Hearing
from workflows.hub import PATIENCE
from workflows.listening import CutOffError

ASK_AGAIN: Final = 1.0
"""Seconds, at least, until a system that was away is asked again by whom a subscription is narrowed."""
Rights = tuple[str, frozenset[str], frozenset[str] | None, frozenset[str] | None]


class Subscribing:
    """One process's. What a subscription selects is read when an event comes: once for all with equal rights."""

    def __init__(
        self,
        loom: Loom,
        documents: Documents,
        new_context: Callable[[Call], Context],
        view_of: Callable[[Principal], View],
        deadline_seconds: float,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        """Nobody has subscribed yet."""
        self._patience = patience
        self._loom, self._documents, self._new_context = loom, documents, new_context
        self._view_of, self._seconds, self._clock = view_of, deadline_seconds, clock
        self._shared = Shared()

    async def __call__(self, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
        """As promised by `Operate`."""
        operation = self._documents.operation(asked.query, asked.operation_name)
        if operation.kind is not OperationType.SUBSCRIPTION:
            raise RefusedError(400, "OPERATION_NOT_SUPPORTED", "This is not a subscription.")
        telling = Telling(after)
        telling.messages = self._messages(operation, asked.variables, caller, telling)
        return telling

    async def _begin(
        self, operation: Operation, variables: Mapping[str, Any], caller: Caller, telling: Telling
    ) -> Hearing | Message:
        """Its events, or why there are none. Whoever resumes is waited with for what is away just now.

        Then it is told to come again: a last word would end it for good.
        """
        until, after = self._clock() + self._patience, telling.behind
        while True:
            context = self._context(caller)
            context.resumes_after = after
            events = await self._loom.events(operation, context, variables)
            telling.behind = None if context.resumed is None else str(context.resumed)
            if not isinstance(events, ExecutionResult):
                return cast("Hearing", events)
            cause = _cause(said := events.errors or [])
            if not (isinstance(cause, Fault) and cause.retryable and context.resumed is not None):
                told = {"data": None, "errors": errors.formatted(said, caller.correlation_id)}
                return Message(orjson.dumps(told), whole=False)
            if self._clock() >= until:
                raise _away(cause, str(context.resumed))
            await asyncio.sleep(max(ASK_AGAIN, min(cause.retry_after or 0.0, self._patience)))

    async def _messages(
        self, operation: Operation, variables: Mapping[str, Any], caller: Caller, telling: Telling
    ) -> AsyncGenerator[Message, None]:
        # Begun by whoever waits for the first message, so that it can be stopped while it begins.
        hearing = await self._begin(operation, variables, caller, telling)
        if isinstance(hearing, Message):
            yield hearing
            return
        telling.hearing = hearing
        which = (operation, _spoken(operation, variables), _rights(caller.principal))
        shared, at_once = self._shared, self._loom.immediate(operation, variables)
        async with aclosing(hearing):
            try:
                async for logged in hearing:
                    telling.current = logged
                    if self._clock() >= caller.expires_at:
                        raise _expired(before(logged))
                    key = (logged.cursor.position, logged.cursor.epoch, *which)
                    message = shared.get(key)
                    if message is None:
                        making = self._make(operation, variables, caller, logged)
                        message = shared.make(key, making) if at_once else await shared.read(key, making)
                    yield message
                    telling.current = None
            except CutOffError as cut:
                raise _cut_off(cut) from cut
            except (Mistake, Fault) as error:
                if isinstance(error, Fault) and error.retryable:
                    raise _away(error, telling.cursor) from error
                yield Message(_broken(operation, error, caller), whole=False)

    def _context(self, caller: Caller) -> Context:
        view = self._view_of(caller.principal)
        call = new_call(caller.principal, view, self._seconds, caller.correlation_id, caller.traceparent)
        return self._new_context(call)

    async def _make(
        self, operation: Operation, variables: Mapping[str, Any], caller: Caller, logged: Logged
    ) -> Message:
        # The cursor is in the body, too: only streams of events have another place for it, and a client whose line
        # breaks has no other, whatever it selects.
        cursor = str(logged.cursor)
        try:
            async with asyncio.timeout(self._seconds + GRACE_SECONDS):
                shown = Logged(logged.cursor, as_seen(caller.principal, logged.event))
                result = await self._loom.run(operation, self._context(caller), variables, shown)
        except TimeoutError:
            return Message(_late(caller.correlation_id, cursor), cursor, whole=False)
        answer: dict[str, Any] = {"data": result.data, "extensions": {"cursor": cursor}}
        if result.errors:
            answer["errors"] = errors.formatted(result.errors, caller.correlation_id)
        return Message(orjson.dumps(answer), cursor, whole=not result.errors)


def _cause(said: Sequence[GraphQLError]) -> Mistake | Fault:
    """What kept a subscription from beginning, in business words; raises where the document or we are wrong."""
    cause: Exception | None = said[0] if said else None
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if cause is None:
        raise WrongDocumentError("GRAPHQL_VALIDATION_FAILED", said)
    if not isinstance(cause, Mistake | Fault):
        raise cause
    return cause


def _broken(operation: Operation, error: Mistake | Fault, caller: Caller) -> bytes:
    """What ended a subscription, told at its field."""
    said = GraphQLError(error.sentence, path=[operation.first_key], original_error=error)
    return orjson.dumps({"data": None, "errors": errors.formatted([said], caller.correlation_id)})


def _spoken(operation: Operation, variables: Mapping[str, Any]) -> bytes:
    """The variables that an answer hangs on: those of the root field alone choose events, and are left out."""
    names = operation.below_root
    told = {name: value for name, value in variables.items() if name in names}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS) if told else b""


def _rights(principal: Principal) -> Rights:
    return principal.tenant, principal.scopes, principal.legal_entities, principal.accounts


def _expired(cursor: str) -> EndedError:
    sentence = "Your token has expired. Connect again with a fresh one, and go on behind the cursor."
    return EndedError("TOKEN_EXPIRED", sentence, cursor)


def _cut_off(cut: CutOffError) -> EndedError:
    behind = str(cut.cursor)
    if cut.leaving:
        sentence = "This gateway is about to end, or its event log began anew. Connect again, behind the cursor."
        return EndedError("GOING_AWAY", sentence, behind)
    sentence = "Events came faster than you took them. Connect again, and go on behind the cursor."
    return EndedError("SLOW_CONSUMER", sentence, behind)


def _away(fault: Fault, cursor: str | None) -> EndedError:
    return EndedError(fault.code, f"{fault.sentence} Connect again, and go on behind the cursor.", cursor)


def _late(correlation_id: str, cursor: str) -> bytes:
    said = errors.refused([GraphQLError("The answer took longer than it may.")], "DEADLINE_EXCEEDED", correlation_id)
    return orjson.dumps({"data": None, "errors": said, "extensions": {"cursor": cursor}})
