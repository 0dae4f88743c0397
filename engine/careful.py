"""The shape that is taken where something is unusual: it walks the plan with paths, and says errors as graphql-core.

It reads the same values as the fast shape, so nothing is fetched again, and gives each object below the fast shape's
chance anew: one bad order of fifty costs one object.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    GraphQLError,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    located_error,
)
from graphql.pyutils import is_iterable
from graphql.type import GraphQLOutputType

from engine.kinds import Kinds
from engine.leaves import completed
from engine.marks import Batch
from engine.plan import Shape, Site, TypeName
from engine.reading import read

Path: TypeAlias = "tuple[Path, str | int] | None"


class Careful:
    """One answer's careful shape; the errors it meets are added to `errors`, depth first."""

    def __init__(
        self,
        shapes: Sequence[Callable[[Any], dict[str, Any]]],
        results: Sequence[Mapping[int, Any]],
        failing: Collection[int],
        kinds: Kinds,
        errors: list[GraphQLError],
        absent: object,
    ) -> None:
        self._shapes = shapes
        self._results = results
        self._failing = frozenset(failing)
        self._kinds = kinds
        self._errors = errors
        self._absent = absent

    def shaped(self, shape: Shape, value: object, path: Path) -> dict[str, Any]:
        """The object's part of the answer. Raises a located GraphQLError where a non-null field is null."""
        out: dict[str, Any] = {}
        for site in shape.sites:
            if isinstance(site.reach, TypeName):
                out[site.key] = shape.type.name
                continue
            here = (path, site.key)
            try:
                found = self._value(site, value)
                out[site.key] = None if found is _PRUNED else self._completed(site, site.type, found, here)
            except Exception as raw:  # noqa: BLE001 - every failure of a field is told at the field
                self._tell(raw, site, site.type, here)
                out[site.key] = None
        return out

    def _value(self, site: Site, parent: object) -> Any:
        values = self._results[site.step] if site.step is not None else {}
        if id(parent) in values:
            return values[id(parent)]
        # No call was made below a list that a bad neighbour makes null, yet what is not called is read.
        return _PRUNED if isinstance(site.reach, Batch) else read(site, parent, self._absent)

    def _tell(self, raw: Exception, site: Site, kind: GraphQLOutputType, path: Path) -> None:
        error = located_error(raw, site.nodes, _steps(path))
        if is_non_null_type(kind):
            raise error
        self._errors.append(error)

    def _completed(self, site: Site, kind: GraphQLOutputType, value: Any, path: Path) -> Any:
        if isinstance(value, Exception):
            raise value
        if is_non_null_type(kind):
            out = self._completed(site, kind.of_type, value, path)
            if out is None:
                raise TypeError(f"Cannot return null for non-nullable field {site.parent.name}.{site.name}.")
            return out
        if value is None or value is Undefined:
            return None
        if is_list_type(kind):
            return self._list(site, kind.of_type, value, path)
        if is_leaf_type(kind):
            return completed(kind, value)
        return self._object(self._kinds.expect(site, value), value, path)

    def _list(self, site: Site, item: GraphQLOutputType, values: Any, path: Path) -> list[Any]:
        if not is_iterable(values):
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{site.parent.name}.{site.name}'.")
        out: list[Any] = []
        for index, value in enumerate(values):
            here = (path, index)
            try:
                out.append(self._completed(site, item, value, here))
            except Exception as raw:  # noqa: BLE001 - told at its index
                self._tell(raw, site, item, here)
                out.append(None)
        return out

    def _object(self, shape: Shape, value: Any, path: Path) -> dict[str, Any]:
        if self._failing.isdisjoint(shape.touched):
            try:
                return self._shapes[shape.number](value)
            except Exception:  # noqa: BLE001, S110 - told below, where it is found again
                pass
        return self.shaped(shape, value, path)


_PRUNED = object()


def _steps(path: Path) -> list[str | int]:
    out: list[str | int] = []
    while path is not None:
        path, key = path
        out.append(key)
    return out[::-1]
