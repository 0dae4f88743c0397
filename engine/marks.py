"""How a field is reached: an attribute of its parent, one call for all parents, or a pure function of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry.types.field import StrawberryField


class Batch(NamedTuple):
    """A field that one call answers for all its parents; `needs` are the parents' fields that the call reads.

    `reads` tells beforehand what the call will ask, `most` how many objects it may bring for so many parents together.
    """

    resolver: Callable[..., Awaitable[Sequence[Any]]]
    needs: tuple[str, ...]
    reads: Callable[..., Sequence[Any]] | None = None
    most: Callable[..., int] | None = None


def wrong_count(mark: Batch, answers: int, parents: int, type_name: str) -> RuntimeError:
    """What each parent gets where a resolver broke its promise of one answer a parent."""
    name = getattr(mark.resolver, "__qualname__", repr(mark.resolver))
    return RuntimeError(f"{name} gave {answers} answers for {parents} parents of {type_name}.")


class Derived(NamedTuple):
    """A field computed from its parent alone, at once; `needs` are the parent's fields that it reads."""

    function: Callable[[Any], Any]
    needs: tuple[str, ...]


Mark: TypeAlias = Batch | Derived | str
"""A batch, a derivation, or the name of a plain attribute."""

MARK = "engine.mark"
"""Where a field's metadata holds its mark: metadata is what Strawberry carries along when it copies a field."""

# Federation's entry point for records, answered by Strawberry where the schema has none of its own.
_FEDERATION = frozenset({"_entities"})


def mark_of(field: GraphQLField) -> Mark | None:
    """How the engine reaches the field, or None where only graphql-core can answer it."""
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField):
        return None
    mark = definition.metadata.get(MARK)
    if isinstance(mark, Batch | Derived):
        return mark
    if definition.is_basic_field:
        return definition.python_name
    return _standing(definition)


def _standing(definition: StrawberryField) -> Derived | None:
    """A plain function without any parameter gives the same for every parent: federation's `_service` is one."""
    resolver = definition.base_resolver
    if resolver is None or resolver.is_async or definition.arguments or resolver.signature.parameters:
        return None
    return Derived(lambda _: resolver(), ())


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
