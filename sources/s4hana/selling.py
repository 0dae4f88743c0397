"""Where an order of a legal entity is booked: its sales area, its company code, its country."""

from __future__ import annotations

from typing import NamedTuple

from canonical.errors import ProblemCategory, Refused
from sources.landscape import Instance
from sources.s4hana.settings import Settings


class SalesArea(NamedTuple):
    """One legal entity as it sells: SAP's codes for it."""

    organization: str
    channel: str
    division: str
    order_type: str
    company: str
    country: str | None


class SalesAreas:
    """The sales areas of one system's legal entities.

    Where an entity has several sales organizations, new orders and customers go to the first. Its codes
    `distribution_channel`, `division` and `order_type` win over the settings of the same names.
    """

    def __init__(self, instance: Instance, settings: Settings) -> None:
        self._system = instance.name
        self._areas = {
            at.entity.code: SalesArea(
                organization=at.codes.get("sales_organization", "").partition(",")[0].strip(),
                channel=at.codes.get("distribution_channel", settings.distribution_channel),
                division=at.codes.get("division", settings.division),
                order_type=at.codes.get("order_type", settings.order_type),
                company=at.codes.get("company_code", ""),
                country=at.entity.country,
            )
            for at in instance.entities
        }

    def of(self, legal_entity_code: str) -> SalesArea:
        """The area of a legal entity; Refused with category ROUTING where this system keeps no books of it."""
        found = self._areas.get(legal_entity_code)
        if found is None:
            sentence = f"{self._system} keeps no books of the legal entity {legal_entity_code!r}."
            raise Refused(self._system, sentence, category=ProblemCategory.ROUTING)
        return found
