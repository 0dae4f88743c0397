"""Booked orders in SAP changed and cancelled: one changeset each, bound to the version that was read."""

from __future__ import annotations

import msgspec

from canonical.errors import Fault, OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import Amendment, OrderAcknowledgment
from sources.kit.call import Call
from sources.s4hana.bookings import may_write
from sources.s4hana.changing import Changes
from sources.s4hana.client import S4Client
from sources.s4hana.faults import locks_told_as_waits
from sources.s4hana.mapping_intake import version_of
from sources.s4hana.messages import Message
from sources.s4hana.services import ORDERS
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.standing import DAYS, PRICES, Standing, warnings_of
from sources.s4hana.wire_intake import WrittenOrder


class Alterations:
    """Changes and cancels orders of one system."""

    def __init__(self, client: S4Client, settings: Settings, entities: Entities, standing: Standing) -> None:
        """Write through this client."""
        self._client, self._settings, self._entities, self._standing = client, settings, entities, standing
        self._changes = Changes(client.system, settings)

    async def amend(self, call: Call, amendment: Amendment) -> OrderAcknowledgment:
        """All of the amendment, or nothing; nothing again where the order carries the amendment's reference already."""
        may_write(self._client.system, self._settings)
        standing = await self._standing.existing(call, amendment.order_key, *PRICES, *DAYS)
        field = self._settings.amendment_field
        if field and self._standing.carries(standing, field, amendment.reference):
            return self._standing.told(standing)
        self._may_amend(standing, amendment)
        changes = self._changes.amendment(standing, amendment)
        if not changes:
            return self._standing.told(standing)
        with locks_told_as_waits():
            answers = await self._client.change(call, ORDERS, changes)
        return await self._standing.afterwards(call, self._standing.told(standing), warnings_of(*answers))

    async def cancel(self, call: Call, order_key: str, reference: str, reason: str) -> OrderAcknowledgment:
        """Every item that stands, rejected; an order of which nothing stands is left as it is."""
        may_write(self._client.system, self._settings)
        standing = await self._standing.existing(call, order_key)
        told = self._standing.told(standing)
        if told.cancelled:
            return told
        warnings: list[Message] = []
        for place, changes in enumerate(self._changes.cancellation(standing, reference, reason)):
            try:
                with locks_told_as_waits():
                    warnings += warnings_of(*await self._client.change(call, ORDERS, changes))
            except Fault as fault:
                if place == 0:
                    raise
                sentence = "A part of the order is cancelled; cancel it again to go on."
                raise OutcomeUnknown(self._client.system, sentence, detail=fault.detail) from fault
        cancelled = msgspec.structs.replace(told, cancelled=True, state="Cancelled")
        return await self._standing.afterwards(call, cancelled, warnings)

    def _may_amend(self, standing: WrittenOrder, amendment: Amendment) -> None:
        system = self._client.system
        if self._entities.of_organization(standing.SalesOrganization) != amendment.legal_entity_code:
            sentence = f"Order {amendment.order_key} is not one of the legal entity {amendment.legal_entity_code!r}."
            raise Refused(system, sentence, category=ProblemCategory.ROUTING)
        if amendment.expected_version not in (None, version_of(standing)):
            sentence = "The order was changed in the meantime: look at it again before you change it."
            raise Refused(system, sentence, category=ProblemCategory.CONFLICT)
