"""What an operation reads, as trees of the names that resolvers know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, GroupedFieldSet, collect_fields
from graphql.execution.collect_fields import collect_subfields as collect
from graphql.execution.values import VariableValues
from graphql.type import GraphQLNamedType

from engine.marks import mark_of

Tree: TypeAlias = "tuple[tuple[str, Tree | None], ...]"
"""Name and subtree pairs, sorted by name; None below a leaf."""

_Names: TypeAlias = "dict[str, _Names]"
_Place: TypeAlias = tuple[str, tuple[int, ...]]


class Wants:
    """One operation's trees, walked once: per place of the document and per object type.

    Merging, fragments, type conditions, @skip and @include are graphql-core's own (`collect_fields`), so that what is
    asked for is what will be answered. Places are known by the identity of their nodes, which the operation keeps.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDetails],
        variables: VariableValues,
    ) -> None:
        self.node = node
        self._schema = schema
        self._variables = variables
        self._fragments = dict(fragments)
        self._by_type: dict[str, _Names] = {}
        self._by_place: dict[_Place, _Names] = {}
        self._walk_from_root()

    def by_type(self) -> dict[str, Tree]:
        """For each object type that the operation can meet, everything it reads of that type anywhere."""
        return {name: _frozen(names) for name, names in self._by_type.items()}

    def below(self, field_type: GraphQLNamedType, nodes: Sequence[FieldNode]) -> Tree:
        """What is read of a field's value; of an abstract type, what is read of any of its types."""
        return _frozen(self._below(field_type, [FieldDetails(node, None) for node in nodes]))

    def _walk_from_root(self) -> None:
        root = self._schema.get_root_type(self.node.operation)
        if root is not None:
            grouped = collect_fields(self._schema, self._fragments, self._variables, root, self.node)
            self._read(root, grouped.grouped_field_set)

    def _below(self, named: GraphQLNamedType, details: list[FieldDetails]) -> _Names:
        place = (named.name, tuple(id(detail.node) for detail in details))
        known = self._by_place.get(place)
        if known is None:
            known = self._by_place[place] = {}
            for object_type in self._possible(named):
                _merge(known, self._read(object_type, self._collected(object_type, details)))
        return known

    def _collected(self, object_type: GraphQLObjectType, details: list[FieldDetails]) -> GroupedFieldSet:
        try:
            found = collect(self._schema, self._fragments, self._variables, self.node, object_type, details)
        except GraphQLError:  # null for a condition that has a default: nothing below is read, and the answer says why
            return {}
        return found.grouped_field_set

    def _read(self, object_type: GraphQLObjectType, grouped: GroupedFieldSet) -> _Names:
        """What these fields read of their parent; what is read behind a call belongs to that call's own tree."""
        names: _Names = {}
        for field, details in _known_fields(object_type, grouped):
            below = self._below(get_named_type(field.type), details)
            mark = mark_of(field)
            if isinstance(mark, str):
                _merge(names.setdefault(mark, {}), below)
            elif mark is not None:
                _need(names, mark.needs)
        _merge(self._by_type.setdefault(object_type.name, {}), names)
        return names

    def _possible(self, named: GraphQLNamedType) -> Iterable[GraphQLObjectType]:
        if is_object_type(named):
            return [named]
        return self._schema.get_possible_types(named) if is_abstract_type(named) else []


def _known_fields(
    object_type: GraphQLObjectType, grouped: GroupedFieldSet
) -> Iterator[tuple[GraphQLField, list[FieldDetails]]]:
    for details in grouped.values():
        field = object_type.fields.get(details[0].node.name.value)
        if field is not None:  # __typename is read of no parent
            yield field, details


def _need(names: _Names, needs: Iterable[str]) -> None:
    for need in needs:
        level = names
        for name in need.split("."):
            level = level.setdefault(name, {})


def _merge(into: _Names, other: _Names) -> None:
    for name, below in other.items():
        _merge(into.setdefault(name, {}), below)


def _frozen(names: _Names) -> Tree:
    return tuple((name, _frozen(below) or None) for name, below in sorted(names.items()))
