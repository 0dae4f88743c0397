"""The events behind a subscription, found as graphql-core finds them."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, GraphQLSchema
from graphql.execution.execute import create_source_event_stream
from graphql.execution.executor import Executor

from engine.contexts import Context
from engine.operation import Operation


async def events_of(
    schema: GraphQLSchema, operation: Operation, context: Context[Any], variables: Mapping[str, Any], *, hide: bool
) -> AsyncIterable[Any] | ExecutionResult:
    """The source stream of a subscription's root field; an answer with errors where it does not begin."""
    executor = Executor.build(
        schema,
        operation.document,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=operation.name,
        hide_suggestions=hide,
    )
    if not isinstance(executor, Executor):
        return ExecutionResult(None, executor)
    stream = create_source_event_stream(executor)
    return await stream if isawaitable(stream) else stream
