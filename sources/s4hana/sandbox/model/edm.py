"""The entity data model of OData V2, as far as this system uses it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

Cardinality = Literal["1", "?", "*"]


class Kind(StrEnum):
    """How a property is stored, compared and written."""

    TEXT = "t"
    ALPHA = "a"
    DIGITS = "n"
    DECIMAL = "d"
    INTEGER = "int"
    DAY = "day"
    MOMENT = "moment"
    CLOCK = "clock"
    FLAG = "flag"
    GUID = "guid"


@dataclass(frozen=True)
class Property:
    """One typed property. ALPHA is text kept with leading zeros inside and shown without, DIGITS likewise, never empty.

    `length` counts characters (None: any) or fraction digits of a MOMENT; `newer` marks what only newer releases have.
    """

    name: str
    kind: Kind
    length: int | None = None
    scale: int = 0
    key: bool = False
    etag: bool = False
    computed: bool = False
    filterable: bool = True
    indexed: bool = False
    newer: bool = False


@dataclass(frozen=True)
class Navigation:
    """A way from one set to another; `on` pairs own property names with the target's."""

    name: str
    target: str
    cardinality: Cardinality
    on: tuple[tuple[str, str], ...]
    newer: bool = False

    @property
    def many(self) -> bool:
        """Whether it leads to a collection."""
        return self.cardinality == "*"


@dataclass(frozen=True)
class EntitySet:
    """A set of entities of one type."""

    name: str
    properties: tuple[Property, ...]
    navigations: tuple[Navigation, ...] = ()
    newer: bool = False

    @cached_property
    def keys(self) -> tuple[Property, ...]:
        """The key properties, in order."""
        return tuple(one for one in self.properties if one.key)

    @cached_property
    def etag(self) -> Property | None:
        """The property whose value is the entity tag, if the type has one."""
        return next((one for one in self.properties if one.etag), None)

    @cached_property
    def by_name(self) -> dict[str, Property]:
        """Properties by name."""
        return {one.name: one for one in self.properties}

    @cached_property
    def ways(self) -> dict[str, Navigation]:
        """Navigations by name."""
        return {one.name: one for one in self.navigations}

    @property
    def type_name(self) -> str:
        """The entity type's name, without namespace."""
        return f"{self.name}Type"


@dataclass(frozen=True)
class Service:
    """A published service; only version 0001 may be called without naming the version in the path."""

    name: str
    version: str
    sets: tuple[EntitySet, ...]

    @cached_property
    def by_name(self) -> dict[str, EntitySet]:
        """Entity sets by name."""
        return {one.name: one for one in self.sets}

    @property
    def segment(self) -> str:
        """The service's path segment."""
        return self.name if self.version == "0001" else f"{self.name};v={self.version}"

    def older(self) -> Service:
        """The service as releases before the newer fields and sets published it."""
        return Service(self.name, self.version, tuple(_older(one) for one in self.sets if not one.newer))


def _older(entity: EntitySet) -> EntitySet:
    properties = tuple(one for one in entity.properties if not one.newer)
    return EntitySet(entity.name, properties, tuple(one for one in entity.navigations if not one.newer))
