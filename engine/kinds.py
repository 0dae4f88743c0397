"""Which object type a value is of. Its class decides: it is asked once, and known from then on."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.executor import Executor, default_type_resolver
from graphql.pyutils import inspect

from engine.plan import Anomaly, Shape, Site


class Kinds:
    """The types of one schema's values."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def learn(self, shape: Shape, values: Iterable[Any]) -> None:
        """Let every class among the values become known. Anomaly at the first value that is not of the shape's type."""
        for value in values:
            if type(value) not in shape.known:
                if not is_of(shape, value):
                    raise Anomaly
                shape.known.add(type(value))

    def shape_of(self, site: Site, value: Any) -> Shape | None:
        """The shape that the value is to be given at this site; None for what is no object of its types."""
        if value is None or isinstance(value, Exception):
            return None
        for shape in site.shapes.values():
            if type(value) in shape.known:
                return shape
        try:
            return self.expect(site, value)
        except Exception:  # noqa: BLE001 - whoever has to tell the error asks with `expect` again
            return None

    def expect(self, site: Site, value: Any) -> Shape:
        """The shape that a value, which is neither None nor an exception, is to be given. Raises as graphql-core."""
        named = get_named_type(site.type)
        kind = self._runtime_type(named, site, value) if is_abstract_type(named) else named
        if not is_object_type(kind):  # pragma: no cover - only objects and abstract types have shapes
            raise TypeError(f"{kind} has no fields.")
        if kind.is_type_of and not kind.is_type_of(value, self._info(site)):
            raise GraphQLError(f"Expected value of type '{kind}' but got: {inspect(value)}.", site.nodes)
        shape = site.shapes[kind]
        shape.known.add(type(value))
        return shape

    def _runtime_type(self, abstract: Any, site: Site, value: Any) -> GraphQLObjectType:
        info = self._info(site)
        resolve = abstract.resolve_type or default_type_resolver
        details: Any = [SimpleNamespace(node=node) for node in site.nodes]
        # Borrowed for its words: it reads the schema of the executor that it is called on, and nothing else.
        borrowed: Any = SimpleNamespace(schema=self._schema)
        return Executor.ensure_valid_runtime_type(
            borrowed, resolve(value, info, abstract), abstract, details, info, value
        )

    def _info(self, site: Site) -> Any:
        return SimpleNamespace(
            schema=self._schema,
            field_name=site.name,
            parent_type=site.parent,
            field_nodes=site.nodes,
            is_awaitable=lambda _: False,
        )


def is_of(shape: Shape, value: Any) -> bool:
    """Whether a value is of the shape's type; None and exceptions never are."""
    if value is None or isinstance(value, Exception):
        return False
    return shape.type.is_type_of is None or bool(shape.type.is_type_of(value, None))  # type: ignore[arg-type]
