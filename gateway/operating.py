"""Answers operations of every kind for the transports: a query or a mutation once, a subscription as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import orjson
from graphql import OperationType

from canonical.principal import Principal, View
from engine.documents import Documents
from gateway.execution import Execute, answer_of, new_call
from gateway.request import GraphQLRequest
from gateway.subscription import Caller, Message, Operate


class Once:
    """The one message of a query or a mutation."""

    __slots__ = ("_message",)

    def __init__(self, message: Message) -> None:
        self._message: Message | None = message

    def __aiter__(self) -> Once:
        """Itself."""
        return self

    async def __anext__(self) -> Message:
        """The message, the first time."""
        message, self._message = self._message, None
        if message is None:
            raise StopAsyncIteration
        return message


@dataclass(frozen=True, slots=True)
class Operating:
    """Executes queries and mutations as the HTTP door does, and leaves subscriptions to `subscribe`."""

    execute: Execute
    documents: Documents
    view_of: Callable[[Principal], View]
    deadline_seconds: float
    subscribe: Operate

    async def __call__(self, asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
        """As Operate promises; what answers once comes back as Once, executed already."""
        if self.kind_of(asked) is OperationType.SUBSCRIPTION:
            return await self.subscribe(asked, caller, after)
        principal, correlation_id = caller.principal, caller.correlation_id
        view = self.view_of(principal)
        call = new_call(principal, view, self.deadline_seconds, correlation_id, caller.traceparent)
        result = await self.execute(asked, call)
        return Once(Message(orjson.dumps(answer_of(result, correlation_id))))

    def kind_of(self, asked: GraphQLRequest) -> OperationType:
        """Of which kind the operation is; WrongDocumentError where it is none of this graph."""
        return self.documents.operation(asked.query, asked.operation_name).kind
