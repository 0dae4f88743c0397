"""One read of an entity set: which fields, which rows, in what order, as a URL relative to the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sources.kit.odata.literals import encoded
from sources.kit.odata.metadata import Metadata


class Shape(NamedTuple):
    """The fields read of an entity, and the shapes of what is expanded below it."""

    fields: tuple[str, ...] = ()
    below: tuple[tuple[str, Shape], ...] = ()

    @staticmethod
    def of(*paths: str) -> Shape:
        """From paths such as "Name" and "to_Item/Material", in their order, without repetition."""
        fields: dict[str, None] = {}
        below: dict[str, list[str]] = {}
        for path in paths:
            head, _, rest = path.partition("/")
            if rest:
                below.setdefault(head, []).append(rest)
            else:
                fields[head] = None
        return Shape(tuple(fields), tuple((name, Shape.of(*rest)) for name, rest in below.items()))

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Every field with the way to it, for `$select`."""
        for field in self.fields:
            yield prefix + field
        for name, shape in self.below:
            yield from shape.paths(f"{prefix}{name}/")

    def expansions(self, prefix: str = "") -> Iterator[str]:
        """The ways to expand; a longer one includes the shorter ones it passes through."""
        for name, shape in self.below:
            if shape.below:
                yield from shape.expansions(f"{prefix}{name}/")
            else:
                yield prefix + name

    def known_to(self, metadata: Metadata, entity: str) -> Shape:
        """What of it this service has, by the name of the entity type; a navigation that it lacks goes whole."""
        known = metadata.types.get(entity)
        if known is None:
            return self
        fields = tuple(field for field in self.fields if field in known.properties)
        below = (
            (name, shape.known_to(metadata, known.navigations[name]))
            for name, shape in self.below
            if name in known.navigations
        )
        # An expansion of which nothing is selected would bring everything.
        return Shape(fields, tuple((name, shape) for name, shape in below if shape.fields or shape.below))


@dataclass(frozen=True, slots=True)
class Query:
    """A read of one entity set. `order` holds entries of `$orderby`; `where` is a condition in OData's words."""

    entity_set: str
    shape: Shape
    where: str | None = None
    order: tuple[str, ...] = ()
    top: int | None = None

    def url(self) -> str:
        """The URL relative to the service root, percent-encoded."""
        parts = {
            "$filter": self.where,
            "$orderby": ",".join(self.order),
            "$top": None if self.top is None else str(self.top),
            "$select": ",".join(self.shape.paths()),
            "$expand": ",".join(self.shape.expansions()),
        }
        return f"{self.entity_set}?{_joined(parts)}"

    def known_to(self, metadata: Metadata) -> Query:
        """The same read, of the fields that this service has."""
        entity = metadata.sets.get(self.entity_set)
        return self if entity is None else replace(self, shape=self.shape.known_to(metadata, entity))


def _joined(parts: Mapping[str, str | None]) -> str:
    return "&".join(f"{name}={encoded(value)}" for name, value in parts.items() if value)
