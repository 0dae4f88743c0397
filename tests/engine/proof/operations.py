"""Writes operations over any schema that are valid as they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLString,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_interface_type,
    is_object_type,
    is_union_type,
)
from hypothesis import strategies as st

from tests.engine.proof.arguments import Arguments, Samples
from tests.engine.proof.choosing import STREAM, Choosing
from tests.engine.proof.response_keys import ResponseKeys

_DEPTH = 5
_FIELDS = 24
_TYPENAME = GraphQLNonNull(GraphQLString)
_INTROSPECTION = ("__schema { queryType { name } }", '__type(name: "Query") { kind }')


@dataclass(frozen=True)
class Asked:
    """An operation, and the variables that two clients send with it."""

    text: str
    variables: dict[str, Any]
    others: dict[str, Any]
    name: str | None = None


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, samples: Samples | None = None, kind: str = "query") -> Asked:
    """Operations of this kind; `samples` are literals that mean something to the schema's resolvers."""
    stream = draw(st.binary(min_size=STREAM, max_size=STREAM))
    return _Writer(schema, Choosing(stream), samples or {}).operation(kind)


class _Writer:
    def __init__(self, schema: GraphQLSchema, choosing: Choosing, samples: Samples) -> None:
        self._schema, self._choosing = schema, choosing
        self._arguments = Arguments(choosing, samples)
        self._keys = ResponseKeys(choosing)
        self._said: dict[tuple[str, str], list[str]] = {}
        self._fragments: list[tuple[GraphQLNamedType, str]] = []
        self._overlaps: dict[str, list[GraphQLNamedType]] = {}
        self._left = _FIELDS

    def operation(self, kind: str) -> Asked:
        root = self._schema.mutation_type if kind == "mutation" else self._schema.query_type
        assert root is not None
        body = self._selections(root, _DEPTH, introspection=kind == "query" and self._choosing.percent(1))
        several = self._choosing.percent(5)
        declared = ", ".join(map(str, self._arguments.variables.values()))
        head = f"{kind} Main" if several else kind
        text = f"{head}{f'({declared})' if declared else ''} {body}"
        fragments = [f"fragment F{number} on {on} {fields}" for number, (on, fields) in enumerate(self._fragments)]
        others = ["query Other { __typename }"] if several else []
        return Asked(
            "\n".join([text, *fragments, *others]),
            self._arguments.values(0),
            self._arguments.values(1),
            "Main" if several else None,
        )

    def _selections(self, parent: GraphQLNamedType, depth: int, *, introspection: bool = False) -> str:
        count = 1 + self._choosing.below(max(1, min(5 if depth > 2 else 3, self._left)))  # wide above, narrow below
        chosen = [self._selection(parent, depth) for _ in range(count)]
        if introspection:
            chosen.append(self._choosing.one_of(_INTROSPECTION))
        return f"{{ {' '.join(chosen)} }}"

    def _selection(self, parent: GraphQLNamedType, depth: int) -> str:
        way = self._choosing.below(100)
        if way >= 88 or (is_union_type(parent) and way >= 8):
            return self._inline(parent, depth) if self._choosing.percent(60) else self._spread(parent, depth)
        if way >= 80 or is_union_type(parent):
            return f"{self._alias(parent, '__typename', '', _TYPENAME)}__typename{self._conditions()}"
        return self._field(parent, depth)

    def _field(self, parent: GraphQLNamedType, depth: int) -> str:
        self._left -= 1
        deep = depth > 0 and self._left > 0
        leaves, composites = _fields(parent)
        likely = 90 if depth == _DEPTH else 50  # a root's leaves are soon told
        known = composites if deep and composites and (not leaves or self._choosing.percent(likely)) else leaves
        if not known:
            return "__typename"
        name = self._choosing.one_of(list(known))
        field, kind = known[name], get_named_type(known[name].type)
        arguments = self._arguments_of(parent, name, field)
        alias = self._alias(parent, name, arguments, field.type)
        below = f" {self._selections(kind, depth - 1)}" if is_composite_type(kind) else ""
        return f"{alias}{name}{arguments}{self._conditions()}{below}"

    def _alias(self, parent: GraphQLNamedType, name: str, arguments: str, kind: GraphQLOutputType) -> str:
        key = self._keys.key(parent, name, arguments, kind)
        return "" if key == name else f"{key}: "

    def _arguments_of(self, parent: GraphQLNamedType, name: str, field: GraphQLField) -> str:
        """New arguments, or those that the field has elsewhere, so that places can merge."""
        said = self._said.setdefault((parent.name, name), [])
        if said and self._choosing.percent(50):
            return self._choosing.one_of(said)
        said.append(self._arguments.of(field.args))
        return said[-1]

    def _inline(self, parent: GraphQLNamedType, depth: int) -> str:
        condition = self._choosing.one_of([None, *self._overlapping(parent)])
        on = f" on {condition}" if condition else ""
        return f"...{on}{self._conditions()} {self._selections(condition or parent, depth)}"

    def _spread(self, parent: GraphQLNamedType, depth: int) -> str:
        possible = self._overlapping(parent)
        known = [number for number, (on, _) in enumerate(self._fragments) if on in possible]
        if known and self._choosing.percent(60):
            return f"...F{self._choosing.one_of(known)}{self._conditions()}"
        condition = self._choosing.one_of(possible)
        body = self._selections(condition, depth)  # fragments within it are finished before it: no circle
        self._fragments.append((condition, body))
        return f"...F{len(self._fragments) - 1}{self._conditions()}"

    def _conditions(self) -> str:
        names = [name for name in ("skip", "include") if self._choosing.percent(6)]
        return "".join(f" @{name}(if: {self._arguments.condition()})" for name in names)

    def _overlapping(self, parent: GraphQLNamedType) -> Sequence[GraphQLNamedType]:
        """The types that a value of the parent's type can have, by any of their names; its own first."""
        held = self._overlaps.get(parent.name)
        if held is None:
            possible = self._possible(parent)
            others = [kind for kind in self._schema.type_map.values() if not kind.name.startswith("_")]
            fitting = [kind for kind in others if kind is not parent and self._possible(kind) & possible]
            held = self._overlaps[parent.name] = [parent, *fitting]
        return held

    def _possible(self, kind: GraphQLNamedType) -> set[str]:
        if is_object_type(kind):
            return {kind.name}
        return {each.name for each in self._schema.get_possible_types(kind)} if is_abstract_type(kind) else set()


def _fields(parent: GraphQLNamedType) -> tuple[dict[str, GraphQLField], dict[str, GraphQLField]]:
    """The type's fields by name: leaves, and what has fields below it."""
    fields = parent.fields if is_object_type(parent) or is_interface_type(parent) else {}
    known = {name: field for name, field in fields.items() if not name.startswith("_")}
    deep = {name for name, field in known.items() if is_composite_type(get_named_type(field.type))}
    return (
        {name: field for name, field in known.items() if name not in deep},
        {name: field for name, field in known.items() if name in deep},
    )
