"""What an operation becomes: shapes of objects, the sites of their fields, and the steps that fill them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLOutputType
from graphql.execution.values import VariableValues

from engine.marks import Batch, Derived
from engine.wants import Tree


@dataclass(frozen=True, slots=True)
class TypeName:
    """`__typename`: known without reading anything."""


@dataclass(frozen=True, slots=True)
class Event:
    """A subscription's root field: the event itself is its value."""


Reach: TypeAlias = Batch | Derived | TypeName | Event | str
"""How a site's value is come by; a text is the name of the parent's attribute."""

Class: TypeAlias = type
Arguments: TypeAlias = Mapping[str, Any]
Coerce: TypeAlias = Callable[[VariableValues], Arguments]


class Anomaly(Exception):
    """The fast shape met something that it does not do; the careful one goes over the same values again."""


class NotCompiledError(Exception):
    """An operation that graphql-core answers; the text says why in few words, the same words for the same reason."""


@dataclass(slots=True, eq=False)
class Site:
    """A field of one object type, at the place where an operation asks for it: one key of the answer.

    `shapes`: what is asked of its objects, by their possible types; empty for leaves. `step`: where a run keeps its
    values, one a parent; None where the parent's attribute is read as the answer is shaped.
    """

    key: str
    name: str
    nodes: list[FieldNode]
    parent: GraphQLObjectType
    type: GraphQLOutputType
    reach: Reach
    definition: GraphQLField | None = None
    coerce: Coerce | None = None
    tree: Tree = ()
    shapes: dict[GraphQLObjectType, Shape] = field(default_factory=dict)
    step: int | None = None

    @property
    def deep(self) -> bool:
        """Whether there are steps below it."""
        return any(shape.steps for shape in self.shapes.values())


@dataclass(slots=True, eq=False)
class Shape:
    """What is asked of objects of one type at one place, in the order of the answer.

    `steps`: the sites whose values a run has to fetch first. `touched`: the numbers of all steps at and below it.
    `known`: the classes of values that were found to be of this type.
    """

    number: int
    type: GraphQLObjectType
    sites: list[Site] = field(default_factory=list)
    steps: list[Site] = field(default_factory=list)
    touched: frozenset[int] = frozenset()
    known: set[Class] = field(default_factory=set)

    def close(self) -> None:
        """Sum up the sites, when all are there."""
        self.steps = [site for site in self.sites if site.step is not None]
        below = (shape.touched for site in self.sites for shape in site.shapes.values())
        self.touched = frozenset({site.step for site in self.steps if site.step is not None}).union(*below)


Weave: TypeAlias = "Callable[[Sequence[Mapping[int, Any]]], Sequence[Callable[[Any], dict[str, Any]]]]"
"""From the steps' values to one function a shape, which turns an object into its part of the answer."""


@dataclass(slots=True, eq=False)
class Plan:
    """One operation, compiled for one set of values of the variables in its @skip and @include.

    `roots`: one shape of all root fields; of a mutation one shape a root field, in their order.
    """

    roots: list[Shape]
    shapes: list[Shape]
    steps: int
    wants: Mapping[str, Tree]
    weave: Weave
    size: int
    converted: dict[Site, Any] = field(default_factory=dict)
    learned: Mapping[str, Any] | None = None
