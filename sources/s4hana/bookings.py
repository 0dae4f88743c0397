"""Sales orders into SAP: simulated, and booked in one piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from canonical.errors import Fault, ProblemCategory, Refused
from canonical.intake import OrderAcknowledgment, OrderQuotation, OrderRequest
from sources.kit.call import Call
from sources.kit.odata.payload import Entity
from sources.s4hana.changing import ORDER_SET, Changes, untaken
from sources.s4hana.client import S4Client
from sources.s4hana.faults import Locked, Said, contract, locks_told_as_waits
from sources.s4hana.mapping_intake import priced_otherwise, refused_quotation, to_quotation
from sources.s4hana.messages import UNSAVED, Message
from sources.s4hana.numbering import numbers_for
from sources.s4hana.order_bodies import STEP, OrderBodies
from sources.s4hana.reading import Reading
from sources.s4hana.selling import SalesAreas
from sources.s4hana.sendable import Body
from sources.s4hana.services import ORDERS, SIMULATION
from sources.s4hana.settings import Settings
from sources.s4hana.standing import DAYS, Standing, warnings_of
from sources.s4hana.wire_intake import SimulatedOrder, WrittenOrder

SIMULATED_SET: Final = "A_SalesOrderSimulation"
_SIMULATED: Final = msgspec.json.Decoder(Entity[SimulatedOrder])


class Bookings:
    """Books orders in one system."""

    def __init__(
        self,
        client: S4Client,
        settings: Settings,
        areas: SalesAreas,
        standing: Standing,
        reading: Callable[[], Reading],
    ) -> None:
        """Write through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._areas = client, settings, areas
        self._standing, self._reading = standing, reading
        self._bodies = OrderBodies(client.system, settings)
        self._changes = Changes(client.system, settings)

    async def quote(self, call: Call, request: OrderRequest) -> OrderQuotation:
        """What SAP would make of the order: it is simulated, and nothing is kept.

        The simulation takes less than an order: what could not be sent with that is Refused here already.
        """
        area = self._areas.of(request.legal_entity_code)
        self._bodies.order(request, area)
        body = self._bodies.simulation(request, area)
        asked_at = self._reading().fetched_at
        try:
            with locks_told_as_waits():
                answer = await self._client.simulate(call, SIMULATION, SIMULATED_SET, body)
        except Said as said:
            if not said.messages or said.category is ProblemCategory.PERMISSION:
                raise
            return refused_quotation(request, said.messages)
        told = [message for message in warnings_of(answer) if message.code in UNSAVED]
        with contract(self._client.system):
            return to_quotation(_SIMULATED.decode(answer.content).d, request, told, asked_at)

    async def book(self, call: Call, request: OrderRequest) -> OrderAcknowledgment:
        """Book the order in one piece; days of single lines follow, since SAP takes them for existing items only."""
        may_write(self._client.system, self._settings)
        body = self._bodies.order(request, self._areas.of(request.legal_entity_code))
        with locks_told_as_waits():
            numbered = self._settings.numbering == "external"
            row, told = await (self._numbered(call, request, body) if numbered else self._post(call, body))
        with self._standing.unreadable_is_unknown():
            booked = self._standing.told(row, told, priced_otherwise(row, request))
        return await self._dated(call, request, booked)

    async def _post(self, call: Call, body: Body) -> tuple[WrittenOrder, Sequence[Message]]:
        answer = await self._client.create(call, ORDERS, ORDER_SET, body)
        return self._standing.created(answer), warnings_of(answer)

    async def _numbered(self, call: Call, request: OrderRequest, body: Body) -> tuple[WrittenOrder, Sequence[Message]]:
        """Book under a number that hangs on the reference alone; where it stands already, that is the booking.

        What exactly SAP says of a number that is taken is not published, so a number that was refused is looked at.
        """
        for number in numbers_for(request.reference, self._settings):
            try:
                return await self._post(call, {"SalesOrder": number, **body})
            except Locked:
                raise
            except Said:
                standing = await self._standing.one(call, number)
                if standing is None:
                    raise
            if self._standing.carries(standing, self._settings.reference_field, request.reference):
                return standing, ()
        sentence = f"The numbers for this order are taken at {self._client.system}: its number range is nearly full."
        raise Refused(self._client.system, sentence, category=ProblemCategory.CONFLICT)

    async def _dated(self, call: Call, request: OrderRequest, booked: OrderAcknowledgment) -> OrderAcknowledgment:
        """Give single lines the days that they were asked for. The order stands, whatever becomes of that."""
        usual = request.requested_delivery_date
        asked = {str(place * STEP): line.requested_delivery_date for place, line in enumerate(request.lines, start=1)}
        days = {key: day for key, day in asked.items() if day is not None and day != usual}
        if not days:
            return booked
        try:
            changes, undated = self._changes.dates(await self._standing.existing(call, booked.order.key, *DAYS), days)
            if changes:
                await self._client.change(call, ORDERS, changes)
        except Fault as fault:
            words = f"The requested dates of lines {', '.join(days)} were not kept: {fault.sentence}"
            return msgspec.structs.replace(booked, warnings=(*booked.warnings, words))
        dated = msgspec.structs.replace(booked, warnings=(*booked.warnings, *untaken(undated)))
        return await self._standing.afterwards(call, dated) if changes else dated


def may_write(system: str, settings: Settings) -> None:
    """Refused where the landscape says that the system is only read."""
    if not settings.writes:
        raise Refused(system, f"{system} is only read: nothing is written to it.", category=ProblemCategory.ROUTING)
