"""What a service's `$metadata` says it has: entity sets, their fields, and where their navigations lead."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Read by pattern and not by an XML parser: all we need are names in attributes, and a parser would also have to be
# kept from following what a document may declare.
_TYPE = re.compile(r"<EntityType\b([^>]*)>(.*?)</EntityType>", re.DOTALL)
_SET = re.compile(r"<EntitySet\b([^>]*)>")
_PROPERTY = re.compile(r"<Property\b([^>]*)>")
_NAVIGATION = re.compile(r"<NavigationProperty\b([^>]*)>")
_ASSOCIATION = re.compile(r"<Association\b([^>]*)>(.*?)</Association>", re.DOTALL)
_END = re.compile(r"<End\b([^>]*)>")
_ATTRIBUTE = re.compile(r'(?<![\w:])(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class EntityType:
    """The fields of one type, and the types its navigations lead to."""

    properties: frozenset[str]
    navigations: dict[str, str]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Entity types by name without namespace, and the type's name by entity set."""

    types: dict[str, EntityType]
    sets: dict[str, str]

    def of_set(self, entity_set: str) -> EntityType | None:
        """The type behind an entity set; None where the service has no such set."""
        return self.types.get(self.sets.get(entity_set, ""))


def read_metadata(document: str) -> Metadata:
    """An EDMX document of version 2 or 4; ValueError where it declares no entity type."""
    ends = _association_ends(document)
    types: dict[str, EntityType] = {}
    for attributes, body in _TYPE.findall(document):
        properties = frozenset(_attributes(found)["Name"] for found in _PROPERTY.findall(body))
        navigations = dict(_navigation(_attributes(found), ends) for found in _NAVIGATION.findall(body))
        types[_attributes(attributes)["Name"]] = EntityType(properties, navigations)
    if not types:
        raise ValueError("no entity type in the metadata")
    sets = {found["Name"]: _last(found["EntityType"]) for found in map(_attributes, _SET.findall(document))}
    return Metadata(types, sets)


def _association_ends(document: str) -> dict[tuple[str, str], str]:
    ends: dict[tuple[str, str], str] = {}
    for attributes, body in _ASSOCIATION.findall(document):
        name = _attributes(attributes)["Name"]
        for end in map(_attributes, _END.findall(body)):
            ends[name, end.get("Role", "")] = _last(end.get("Type", ""))
    return ends


def _navigation(found: dict[str, str], ends: dict[tuple[str, str], str]) -> tuple[str, str]:
    """Version 4 names the type itself, version 2 by way of an association's role."""
    if "Type" in found:
        return found["Name"], _last(found["Type"].removeprefix("Collection(").removesuffix(")"))
    return found["Name"], ends.get((_last(found.get("Relationship", "")), found.get("ToRole", "")), "")


def _attributes(text: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(text))


def _last(name: str) -> str:
    return name.rpartition(".")[2]
