"""What an answer shows of each entity: columns, links, expanded navigations."""

from __future__ import annotations

from dataclasses import dataclass

from sources.s4hana.sandbox.model import EntitySet, Navigation, Property, Service
from sources.s4hana.sandbox.refusal import bad_request

Paths = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Shape:
    """An entity as it will be shown: its columns, the navigations left as links, the expanded ones."""

    entity: EntitySet
    columns: tuple[Property, ...]
    links: tuple[Navigation, ...]
    expanded: tuple[tuple[Navigation, Shape], ...]


def shape_of(service: Service, entity: EntitySet, select: Paths, expand: Paths) -> Shape:
    """The shape that $select and $expand ask for; 400 for names that the type does not have.

    With a $select, an expanded navigation is shown only if the $select names it too, whole or by its properties.
    """
    heads = {path[0] for path in select}
    everything = not select or "*" in heads
    for name in heads - {"*"}:
        if name not in entity.by_name and name not in entity.ways:
            raise bad_request(f"Property '{name}' not found in type '{entity.type_name}' ($select).")
    wanted = {path[0]: _way(entity, path[0]) for path in expand}
    return Shape(
        entity,
        tuple(one for one in entity.properties if everything or one.name in heads),
        tuple(way for way in entity.navigations if way.name not in wanted and (everything or way.name in heads)),
        tuple(
            (way, shape_of(service, service.by_name[way.target], _below(select, name), _below(expand, name)))
            for name, way in wanted.items()
            if not select or name in heads
        ),
    )


def _way(entity: EntitySet, name: str) -> Navigation:
    found = entity.ways.get(name)
    if found is None:
        raise bad_request(f"Navigation property '{name}' not found in type '{entity.type_name}' ($expand).")
    return found


def _below(paths: Paths, name: str) -> Paths:
    return tuple(path[1:] for path in paths if path[0] == name and len(path) > 1)
