"""The judge of order: a twin of a schema whose batch fields ask for one parent at a time, at once, without a loop.

A context may bring answers to be replayed: where a resolver's answer depends on who else is asked for (the cursor of a
page that one scan filled for several parents), the judge is given what the engine was given.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
)
from strawberry.schema import BaseSchema
from strawberry.types.arguments import convert_arguments

from engine.loading import learn
from engine.marks import Batch, mark_of, wrong_count
from tests.engine.proof.recording import key

Drive = Callable[[Any], Any]
"""Runs a coroutine to its end."""


def twin_of(schema: BaseSchema, drive: Drive) -> GraphQLSchema:
    """The schema itself, turned into its twin: give it one that nobody else uses."""
    core: GraphQLSchema = schema._schema  # type: ignore[attr-defined]
    for kind in core.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                mark = mark_of(field)
                if isinstance(mark, Batch):
                    field.resolve = _one_at_a_time(schema, field, mark, drive)
    return core


def _one_at_a_time(schema: BaseSchema, field: GraphQLField, mark: Batch, drive: Drive) -> Callable[..., Any]:
    definition = field.extensions["strawberry-definition"]
    registry = schema.schema_converter.scalar_registry

    def resolve(parent: object, info: GraphQLResolveInfo[Any], **raw: Any) -> Any:
        arguments = convert_arguments(raw, definition.arguments, scalar_registry=registry, config=schema.config)
        known = getattr(info.context, "replayed", {}).get(key(mark.resolver, arguments, parent))
        if known is not None:
            return _given(known[1])
        wanted = info.context.wanted(learn(info).below(get_named_type(info.return_type), info.field_nodes))
        answers = drive(mark.resolver(info.context, [parent], wanted, **arguments))
        if len(answers) != 1:
            raise wrong_count(mark, len(answers), 1, info.parent_type.name)
        return _given(answers[0])

    return resolve


def _given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Drive a coroutine that waits for nothing but its next turn."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
