"""Entities as OData writes them in JSON: one query a level, expanded rows attached by their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from sources.s4hana.sandbox.model import EntitySet, Kind, Navigation, Property, Service
from sources.s4hana.sandbox.permissions import Permissions, visible
from sources.s4hana.sandbox.query.clause import Clause, one_of
from sources.s4hana.sandbox.query.shape import Shape
from sources.s4hana.sandbox.store import Row, Store
from sources.s4hana.sandbox.values import Stored, Written, etag_text, moment_text, writer

Entity = dict[str, object]
MOST_PARAMETERS: Final = 10_000
QUOTE: Final = "'"

_writer = lru_cache(maxsize=4096)(writer)


@dataclass(frozen=True)
class Reader:
    """Reads one service of one system for one caller; `root` is the service's absolute address, with a slash."""

    store: Store
    service: Service
    root: str
    permissions: Permissions

    def entities(self, shape: Shape, where: Clause, order: str, limit: int = -1, offset: int = 0) -> list[Entity]:
        """The entities that meet the condition and may be seen, in the shape asked for."""
        needed = _needed(shape)
        rows = self.store.select(shape.entity, needed, self.seen(shape.entity, where), order, limit, offset)
        return self._written(shape, needed, rows)

    def count(self, entity: EntitySet, where: Clause) -> int:
        """How many entities meet the condition and may be seen."""
        return self.store.count(entity, self.seen(entity, where))

    def seen(self, entity: EntitySet, where: Clause) -> Clause:
        """The condition, narrowed to what the caller may see."""
        return where & visible(entity, self.permissions)

    def _written(self, shape: Shape, needed: Sequence[str], rows: list[Row]) -> list[Entity]:
        places = {name: place for place, name in enumerate(needed)}
        columns = [(one.name, places[one.name], _writer(one)) for one in shape.columns]
        identify = _identity(shape.entity, self.service, self.root, places)
        written: list[Entity] = []
        for row in rows:
            metadata = identify(row)
            entity: Entity = {"__metadata": metadata}
            for name, place, write in columns:
                entity[name] = write(row[place])
            for link in shape.links:
                entity[link.name] = {"__deferred": {"uri": f"{metadata['uri']}/{link.name}"}}
            written.append(entity)
        for way, below in shape.expanded:
            self._attach(way, below, written, [tuple(row[places[own]] for own, _ in way.on) for row in rows])
        return written

    def _attach(self, way: Navigation, shape: Shape, parents: list[Entity], joins: list[Row]) -> None:
        """Give each parent its children. The query asks by the first join column only; strangers drop out here."""
        children: defaultdict[Row, list[Entity]] = defaultdict(list)
        firsts = list(dict.fromkeys(join[0] for join in joins))
        needed = _needed(shape, [theirs for _, theirs in way.on])
        order = ", ".join(f'"{key.name}"' for key in shape.entity.keys)
        wanted = set(joins)
        for start in range(0, len(firsts), MOST_PARAMETERS):
            where = one_of(way.on[0][1], firsts[start : start + MOST_PARAMETERS])
            rows = self.store.select(shape.entity, needed, self.seen(shape.entity, where), order)
            places = [needed.index(theirs) for _, theirs in way.on]
            rows = [row for row in rows if tuple(row[place] for place in places) in wanted]
            for row, entity in zip(rows, self._written(shape, needed, rows), strict=True):
                children[tuple(row[place] for place in places)].append(entity)
        for parent, join in zip(parents, joins, strict=True):
            found = children.get(join, [])
            parent[way.name] = {"results": found} if way.many else (found[0] if found else None)


def key_text(entity: EntitySet, values: Sequence[Stored]) -> str:
    """A key predicate's inside, encoded for an address: '1' or SalesOrder='1',SalesOrderItem='10'."""
    parts = [_literal(prop, _writer(prop)(value), value) for prop, value in zip(entity.keys, values, strict=True)]
    if len(parts) == 1:
        return parts[0]
    return ",".join(f"{prop.name}={part}" for prop, part in zip(entity.keys, parts, strict=True))


def _needed(shape: Shape, extra: Sequence[str] = ()) -> list[str]:
    entity = shape.entity
    names = [one.name for one in shape.columns]
    names += [one.name for one in entity.keys]
    names += [entity.etag.name] if entity.etag else []
    names += [own for way, _ in shape.expanded for own, _ in way.on]
    return list(dict.fromkeys([*names, *extra]))


def _identity(
    entity: EntitySet, service: Service, root: str, places: dict[str, int]
) -> Callable[[Row], dict[str, str]]:
    """How a row becomes its `__metadata`."""
    keys = [places[one.name] for one in entity.keys]
    tag = places[entity.etag.name] if entity.etag else None
    type_name = f"{service.name}.{entity.type_name}"

    def identify(row: Row) -> dict[str, str]:
        uri = f"{root}{entity.name}({key_text(entity, [row[place] for place in keys])})"
        metadata = {"id": uri, "uri": uri, "type": type_name}
        if tag is not None:
            metadata["etag"] = etag_text(row[tag])
        return metadata

    return identify


def _literal(prop: Property, shown: Written, value: Stored) -> str:
    match prop.kind:
        case Kind.GUID:
            return f"guid'{shown}'"
        case Kind.DAY:
            return f"datetime'{moment_text(int(value or 0) * 1000)}'"
        case Kind.MOMENT:
            return f"datetimeoffset'{moment_text(value)}Z'"
        case _:
            text = str(shown)
            plain = text.isascii() and text.isalnum()
            return f"'{text if plain else quote(text.replace(QUOTE, QUOTE * 2), safe='')}'"
