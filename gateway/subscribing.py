"""Subscriptions as every transport asks for them: events become answers, and equal answers are made once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final, cast

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType, StringValueNode, VariableNode

from canonical.errors import Fault, Mistake
from canonical.events import Cursor, Logged
from canonical.principal import Principal, View
from engine.documents import Documents, WrongDocumentError
from engine.loom import Loom
from engine.operation import Operation
from gateway import errors
from gateway.execution import GRACE_SECONDS, new_call
from gateway.request import GraphQLRequest, RefusedError
from gateway.subscription import Caller, EndedError, Message
from resolvers.context import Context
from sources.kit.call import Call
from workflows.listening import CutOffError

log = logging.getLogger(__name__)

MOST_ANSWERS: Final = 2_000
"""Answers that are kept for those who want the same of the same event."""

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
    ) -> None:
        """Nobody has subscribed yet."""
        self._loom, self._documents, self._new_context = loom, documents, new_context
        self._view_of, self._seconds, self._clock = view_of, deadline_seconds, clock
        self._answers: OrderedDict[object, asyncio.Task[Message] | Message] = OrderedDict()

    async def __call__(self, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
        """As promised by `Operate`."""
        operation = self._documents.operation(asked.query, asked.operation_name)
        if operation.kind is not OperationType.SUBSCRIPTION:
            raise RefusedError(400, "OPERATION_NOT_SUPPORTED", "This is not a subscription.")
        context = self._context(caller)
        context.resumes_after = after
        events = await self._loom.events(operation, context, asked.variables)
        if isinstance(events, ExecutionResult):
            messages = _only(_not_begun(events.errors or [], caller))
        else:
            messages = self._messages(operation, asked.variables, caller, cast("AsyncGenerator[Logged, None]", events))
        # Whoever is sent away before the first event still has a place to come back to.
        return Telling(messages, after or _after(operation, asked.variables) or str(context.resume_from))

    async def _messages(
        self, operation: Operation, variables: Mapping[str, Any], caller: Caller, events: AsyncGenerator[Logged, None]
    ) -> AsyncGenerator[Message, None]:
        which = (operation, _spoken(operation, variables), _rights(caller.principal))
        at_once = self._loom.immediate(operation, variables)
        cursor: str | None = None
        async with aclosing(events):
            try:
                async for logged in events:
                    if self._clock() >= caller.expires_at:
                        raise _expired(cursor or _before(logged))
                    key = (logged.cursor.position, logged.cursor.epoch, *which)
                    message = self._answers.get(key)
                    if not isinstance(message, Message):
                        making = self._make(operation, variables, caller, logged)
                        message = self._made(key, making) if at_once else await self._answer(key, making)
                    cursor = message.cursor
                    yield message
            except CutOffError as cut:
                raise _cut_off(cut, cursor) from cut
            except (Mistake, Fault) as error:
                yield Message(_broken(operation, error, caller))

    def _context(self, caller: Caller) -> Context:
        view = self._view_of(caller.principal)
        call = new_call(caller.principal, view, self._seconds, caller.correlation_id, caller.traceparent)
        return self._new_context(call)

    def _made(self, key: object, making: Coroutine[Any, Any, Message]) -> Message:
        """The answer to an event that hangs on the event alone: nobody has to wait for it."""
        try:
            making.send(None)
        except StopIteration as made:
            message: Message = made.value
            self._keep(key, message)
            return message
        making.close()
        raise RuntimeError("An answer that waits for nothing has waited.")

    async def _answer(self, key: object, making: Coroutine[Any, Any, Message]) -> Message:
        """The answer to an event, made by whoever comes first; it goes on being made when that one has gone."""
        held = self._answers.get(key)
        if isinstance(held, asyncio.Task):
            making.close()
        else:
            held = asyncio.create_task(making)
            self._keep(key, held)
        return held.result() if held.done() else await asyncio.shield(held)

    def _keep(self, key: object, answer: asyncio.Task[Message] | Message) -> None:
        self._answers[key] = answer
        while len(self._answers) > MOST_ANSWERS:
            self._answers.popitem(last=False)

    async def _make(
        self, operation: Operation, variables: Mapping[str, Any], caller: Caller, logged: Logged
    ) -> Message:
        cursor = str(logged.cursor)
        try:
            async with asyncio.timeout(self._seconds + GRACE_SECONDS):
                result = await self._loom.run(operation, self._context(caller), variables, logged)
        except TimeoutError:
            return Message(_late(caller.correlation_id), cursor)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = errors.formatted(result.errors, caller.correlation_id)
        return Message(orjson.dumps(answer), cursor)


class Telling:
    """The messages of one subscription, and its place in the log while there is none yet."""

    __slots__ = ("_messages", "cursor")

    def __init__(self, messages: AsyncGenerator[Message, None], cursor: str | None) -> None:
        """Nothing is asked yet."""
        self._messages, self.cursor = messages, cursor

    def __aiter__(self) -> Telling:
        """Itself."""
        return self

    def __anext__(self) -> Awaitable[Message]:
        """The next message, from where it is made: whoever waits for it waits there."""
        return self._messages.__anext__()

    async def aclose(self) -> None:
        """End the subscription at once."""
        await self._messages.aclose()


def _not_begun(said: Sequence[GraphQLError], caller: Caller) -> Message:
    """Why a subscription has no events, as its only answer; raises where the document or we are wrong."""
    cause = said[0].original_error if said else None
    if cause is None:
        raise WrongDocumentError("GRAPHQL_VALIDATION_FAILED", said)
    if not isinstance(cause, Mistake | Fault):
        raise cause
    return Message(orjson.dumps({"data": None, "errors": errors.formatted(said, caller.correlation_id)}))


async def _only(message: Message) -> AsyncGenerator[Message, None]:
    yield message


def _broken(operation: Operation, error: Mistake | Fault, caller: Caller) -> bytes:
    """What ended a subscription, told at its field."""
    said = GraphQLError(error.sentence, path=[operation.first_key], original_error=error)
    return orjson.dumps({"data": None, "errors": errors.formatted([said], caller.correlation_id)})


def _after(operation: Operation, variables: Mapping[str, Any]) -> str | None:
    """The cursor that the subscription itself names."""
    for argument in operation.first_field.arguments or ():
        if argument.name.value == "after":
            value = argument.value
            named = variables.get(value.name.value) if isinstance(value, VariableNode) else None
            found = value.value if isinstance(value, StringValueNode) else named
            return found if isinstance(found, str) else None
    return None


def _spoken(operation: Operation, variables: Mapping[str, Any]) -> bytes:
    """The variables that an answer hangs on: those of the root field alone choose events, and are left out."""
    names = operation.below_root
    told = {name: value for name, value in variables.items() if name in names}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS) if told else b""


def _rights(principal: Principal) -> Rights:
    return principal.tenant, principal.scopes, principal.legal_entities, principal.accounts


def _before(logged: Logged) -> str:
    """The cursor behind which the event itself is told."""
    return str(Cursor(logged.cursor.epoch, logged.cursor.position - 1))


def _expired(cursor: str) -> EndedError:
    sentence = "Your token has expired. Connect again with a fresh one, and go on behind the cursor."
    return EndedError("TOKEN_EXPIRED", sentence, cursor)


def _cut_off(cut: CutOffError, cursor: str | None) -> EndedError:
    behind = cursor or str(cut.cursor)
    if cut.leaving:
        sentence = "This gateway is about to end, or its event log began anew. Connect again, behind the cursor."
        return EndedError("GOING_AWAY", sentence, behind)
    sentence = "Events came faster than you took them. Connect again, and go on behind the cursor."
    return EndedError("SLOW_CONSUMER", sentence, behind)


def _late(correlation_id: str) -> bytes:
    said = GraphQLError("The answer took longer than it may.")
    return orjson.dumps({"data": None, "errors": errors.refused([said], "DEADLINE_EXCEEDED", correlation_id)})
