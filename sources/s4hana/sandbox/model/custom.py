"""Fields that a company added to published sets itself, as its key users do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sources.s4hana.sandbox.model.edm import EntitySet, Service
from sources.s4hana.sandbox.model.notation import entity

CustomFields = Sequence[tuple[str, str]]
"""Pairs of a set's name and properties in the notation of the model; names begin with YY1_."""


def with_custom_fields(services: Sequence[Service], fields: CustomFields) -> tuple[Service, ...]:
    """The services, and in their sets the company's own fields behind the published ones."""
    own = {name: entity(name, notation).properties for name, notation in fields}

    def added(one: EntitySet) -> EntitySet:
        return replace(one, properties=one.properties + own[one.name]) if one.name in own else one

    return tuple(replace(service, sets=tuple(map(added, service.sets))) for service in services)
