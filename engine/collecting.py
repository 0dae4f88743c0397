"""Builds the shapes and sites of an operation; what is merged, skipped and applied is graphql-core's own word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from graphql.type import GraphQLNonNull, GraphQLString

from engine.arguments import coercion
from engine.marks import Batch, mark_of
from engine.plan import Event, NotCompiledError, Reach, Shape, Site, TypeName
from engine.wants import Tree, Wants

MOST_SHAPES = 2_000
"""An abstract type counts as often as it has types; what needs more is left to graphql-core."""

_TYPENAME = GraphQLNonNull(GraphQLString)


@dataclass(frozen=True, slots=True)
class Collected:
    """The parts of a plan before its code is written."""

    roots: list[Shape]
    shapes: list[Shape]
    steps: int
    wants: Mapping[str, Tree]


class Collector:
    """Walks one operation once. `partly`: what only graphql-core can answer is passed over, not a reason to give up."""

    def __init__(
        self,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDetails],
        variables: VariableValues,
        *,
        hide: bool = False,
        partly: bool = False,
    ) -> None:
        self._schema, self._node, self._variables, self._hide = schema, node, variables, hide
        self._partly = partly
        self._fragments = dict(fragments)
        self._wants = Wants(schema, node, fragments, variables)
        self._shapes: list[Shape] = []
        self._steps = 0

    def collected(self) -> Collected:
        """The operation's parts. NotCompiledError where graphql-core has to answer it."""
        root = self._schema.get_root_type(self._node.operation)
        if root is None:
            raise NotCompiledError("no root type")
        grouped = collect_fields(self._schema, self._fragments, self._variables, root, self._node).grouped_field_set
        # A mutation's root fields are one after the other, each with all that is below it.
        serial = self._node.operation is OperationType.MUTATION
        parts = [{key: details} for key, details in grouped.items()] if serial else [grouped]
        roots = [self._shape(root, part) for part in parts]
        return Collected(roots, self._shapes, self._steps, self._wants.by_type())

    def _shape(self, kind: GraphQLObjectType, grouped: GroupedFieldSet) -> Shape:
        if len(self._shapes) >= MOST_SHAPES:
            raise NotCompiledError("too large")
        shape = Shape(len(self._shapes), kind)
        self._shapes.append(shape)
        for key, details in grouped.items():
            name = details[0].node.name.value
            # A field that the type does not have is answered by nothing, should a text come that was never validated.
            if name in kind.fields or name.startswith("__"):
                shape.sites.append(self._site(shape, key, details))
        shape.close()
        return shape

    def _site(self, shape: Shape, key: str, details: list[FieldDetails]) -> Site:
        nodes = [detail.node for detail in details]
        name = nodes[0].name.value
        if any(detail.defer_usage for detail in details):
            self._give_up("defer")
        if name.startswith("__"):
            if name != "__typename":
                self._give_up("introspection")
            return Site(key, name, nodes, shape.type, _TYPENAME, TypeName())
        if any(directive.name.value == "stream" for node in nodes for directive in node.directives or ()):
            self._give_up("stream")
        site = self._declared(shape, key, nodes)
        self._fill(site, details)
        return site

    def _declared(self, shape: Shape, key: str, nodes: list[FieldNode]) -> Site:
        field = shape.type.fields[nodes[0].name.value]
        streams = self._node.operation is OperationType.SUBSCRIPTION and shape.number == 0
        reach: Reach | None = Event() if streams else mark_of(field)
        if reach is None:
            self._give_up(f"{shape.type.name}.{nodes[0].name.value}")
            reach = TypeName()
        site = Site(key, nodes[0].name.value, nodes, shape.type, field.type, reach, field)
        if isinstance(reach, Batch):
            site.coerce = coercion(self._schema, field, nodes[0], hide=self._hide)
            site.tree = self._wants.below(get_named_type(field.type), nodes)
        return site

    def _give_up(self, why: str) -> None:
        if not self._partly:
            raise NotCompiledError(why)

    def _fill(self, site: Site, details: list[FieldDetails]) -> None:
        for kind in self._possible(site):
            grouped = collect_subfields(
                self._schema, self._fragments, self._variables, self._node, kind, details
            ).grouped_field_set
            site.shapes[kind] = self._shape(kind, grouped)
        # An attribute with calls below it is read once: a computed one would give another object each time.
        if isinstance(site.reach, Batch) or site.deep:
            site.step, self._steps = self._steps, self._steps + 1

    def _possible(self, site: Site) -> list[GraphQLObjectType]:
        named = get_named_type(site.type)
        if is_object_type(named):
            return [named]
        return list(self._schema.get_possible_types(named)) if is_abstract_type(named) else []
