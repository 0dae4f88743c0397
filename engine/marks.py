"""How a field is reached: an attribute of its parent, one call for all parents, or a pure function of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry.types.field import StrawberryField


class Batch(NamedTuple):
    """A field that one call answers for all its parents; `needs` are the parents' fields that the call reads."""

    resolver: Callable[..., Awaitable[Sequence[Any]]]
    needs: tuple[str, ...]


class Derived(NamedTuple):
    """A field computed from its parent alone, at once; `needs` are the parent's fields that it reads."""

    function: Callable[[Any], Any]
    needs: tuple[str, ...]


Mark: TypeAlias = Batch | Derived | str
"""A batch, a derivation, or the name of a plain attribute."""

MARK = "engine.mark"
"""Where a field's metadata holds its mark: metadata is what Strawberry carries along when it copies a field."""

# Federation's own two entry points, answered by Strawberry.
_FEDERATION = frozenset({"_service", "_entities"})


def mark_of(field: GraphQLField) -> Mark | None:
    """How the engine reaches the field, or None where only graphql-core can answer it."""
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField):
        return None
    mark = definition.metadata.get(MARK)
    if isinstance(mark, Batch | Derived):
        return mark
    return definition.python_name if definition.is_basic_field else None


def uncompilable_fields(schema: GraphQLSchema) -> list[str]:
    """Every `Type.field`, sorted, that is neither a plain attribute nor a batch nor derived.

    Introspection, federation's own types and entry points do not count, nor do subscriptions: a stream is no value.
    """
    return sorted(
        f"{object_type.name}.{name}"
        for object_type in schema.type_map.values()
        if isinstance(object_type, GraphQLObjectType)
        and not object_type.name.startswith("_")
        and object_type is not schema.subscription_type
        for name, field in object_type.fields.items()
        if name not in _FEDERATION and mark_of(field) is None
    )
