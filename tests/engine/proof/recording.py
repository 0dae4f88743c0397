"""Answers that are kept while the engine asks, so that a judge can be given the very same ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from functools import wraps
from typing import Any, Protocol

from graphql import GraphQLObjectType, GraphQLSchema

from engine.marks import MARK, Batch, mark_of

Key = tuple[str, str, int]
"""A resolver, its arguments, and the identity of a parent."""


class Recorder(Protocol):
    """A context that keeps what its resolvers answer."""

    answers: dict[Key, tuple[Any, Any]]
    """Parents with their answers; a parent is kept, as its identity is only its own while it lives."""


def record(schema: GraphQLSchema) -> None:
    """Let every batch of this schema write its answers into its context. Other schemas of the classes do not."""
    for kind in schema.type_map.values():
        for field in kind.fields.values() if isinstance(kind, GraphQLObjectType) else ():
            mark = mark_of(field)
            if isinstance(mark, Batch):
                own = copy(field.extensions["strawberry-definition"])
                own.metadata = {**own.metadata, MARK: mark._replace(resolver=_recorded(mark.resolver))}
                field.extensions = {**field.extensions, "strawberry-definition": own}


def key(resolver: Callable[..., Any], arguments: Mapping[str, Any], parent: object) -> Key:
    """Where an answer is kept."""
    return resolver.__qualname__, repr(sorted(arguments.items())), id(parent)


def _recorded(resolver: Callable[..., Awaitable[Sequence[Any]]]) -> Callable[..., Awaitable[Sequence[Any]]]:
    @wraps(resolver)
    async def recorded(context: Recorder, parents: Sequence[Any], wanted: Any, **arguments: Any) -> Sequence[Any]:
        try:
            answers = await resolver(context, parents, wanted, **arguments)
        except Exception as error:
            _keep(context, resolver, arguments, parents, [error] * len(parents))
            raise
        _keep(context, resolver, arguments, parents, answers)
        return answers

    return recorded


def _keep(
    context: Recorder,
    resolver: Callable[..., Any],
    arguments: Mapping[str, Any],
    parents: Sequence[Any],
    answers: Sequence[Any],
) -> None:
    for parent, answer in zip(parents, answers, strict=True):
        context.answers[key(resolver, arguments, parent)] = parent, answer
