"""New customers into SAP: business partners in the books of one legal entity, found again by what they carry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from canonical.errors import Fault, OutcomeUnknown, ProblemCategory, Refused
from canonical.intake import CustomerAcknowledgment, CustomerRequest
from sources.kit.call import Call
from sources.kit.odata.filters import either, eq, every, one_of, runs
from sources.kit.odata.payload import Collection, Entity
from sources.kit.odata.query import Query, Shape
from sources.s4hana.bookings import may_write
from sources.s4hana.client import Decoder, S4Client
from sources.s4hana.customer_bodies import CustomerBodies
from sources.s4hana.faults import locks_told_as_waits
from sources.s4hana.masters import PARTNER_SET
from sources.s4hana.reading import CUSTOMER, Reading, with_field
from sources.s4hana.selling import SalesAreas
from sources.s4hana.services import PARTNERS
from sources.s4hana.settings import Settings
from sources.s4hana.settings_intake import LENGTHS
from sources.s4hana.values import number
from sources.s4hana.wire_masters import BusinessPartner

IDENTIFICATION_SET: Final = "A_BuPaIdentification"
LONGEST_IDENTIFICATION: Final = 60
_IDENTIFICATION: Final = Shape(("BusinessPartner", "BPIdentificationNumber"))


class Identification(Struct, frozen=True):
    """A number that a business partner goes by elsewhere."""

    BusinessPartner: str
    BPIdentificationNumber: str


class Onboarding:
    """Creates customers in one system."""

    def __init__(self, client: S4Client, settings: Settings, areas: SalesAreas, reading: Callable[[], Reading]) -> None:
        """Write through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._areas, self._reading = client, settings, areas, reading
        self._bodies = CustomerBodies(client.system, settings)
        self._field = settings.customer_reference_field
        row = with_field(BusinessPartner, self._field)
        self._partners: Decoder[BusinessPartner] = msgspec.json.Decoder(Collection[row])  # type: ignore[valid-type]
        self._partner = msgspec.json.Decoder(Entity[BusinessPartner])
        self._identifications = msgspec.json.Decoder(Collection[Identification])

    async def find(self, call: Call, references: Sequence[str]) -> dict[str, list[CustomerAcknowledgment]]:
        """The customers that carry these references, in their own field or as an identification, by reference.

        Not narrowed to what the asker may see: a customer that is not found is created again.
        """
        plain = [reference for reference in dict.fromkeys(references) if 0 < len(reference) <= LONGEST_IDENTIFICATION]
        if not plain:
            return {}
        carried = await self._carrying(call, plain)
        found: dict[str, list[CustomerAcknowledgment]] = {}
        for reference in plain:
            held = {row.BusinessPartner: row for row in carried.get(reference.casefold(), ())}
            if held:
                found[reference] = [self._told(row) for row in held.values()]
        return found

    async def create(self, call: Call, request: CustomerRequest) -> CustomerAcknowledgment:
        """Create the customer in one piece."""
        may_write(self._client.system, self._settings)
        body = self._bodies.partner(request, self._areas.of(request.legal_entity_code))
        with locks_told_as_waits():
            answer = await self._client.create(call, PARTNERS, PARTNER_SET, body)
        try:
            row = self._partner.decode(answer.content).d
        except msgspec.DecodeError as wrong:
            raise self._unclear(str(wrong)[:200]) from wrong
        return self._told(row if number(row.Customer) else await self._read_again(call, row))

    async def _read_again(self, call: Call, row: BusinessPartner) -> BusinessPartner:
        """The customer's number is given by another part of SAP, which may be a moment behind."""
        try:
            rows = await self._numbered(call, [row.BusinessPartner])
        except Fault as fault:
            raise self._unclear(fault.sentence) from fault
        if not rows or number(rows[0].Customer) is None:
            raise self._unclear(f"business partner {row.BusinessPartner} without customer")
        return rows[0]

    async def _carrying(self, call: Call, references: Sequence[str]) -> dict[str, list[BusinessPartner]]:
        most = LENGTHS.get(self._field, LONGEST_IDENTIFICATION)
        fitting = [eq(self._field, reference) for reference in references if len(reference) <= most]
        owned = [Query(PARTNER_SET, self._shape, either(run), ("BusinessPartner",)) for run in runs(fitting)]
        identified = self._identified(references)
        decoders: list[Decoder[Any]] = [self._partners] * len(owned)
        decoders += [self._identifications] * len(identified)
        if not decoders:
            return {}
        parts = await self._client.read_each(call, PARTNERS, [*owned, *identified], decoders)
        carried: dict[str, list[BusinessPartner]] = {}
        for row in (row for part in parts[: len(owned)] for row in part):
            carried.setdefault(str(getattr(row, self._field)).casefold(), []).append(row)
        names = [row for part in parts[len(owned) :] for row in part]
        partners = {row.BusinessPartner: row for row in await self._numbered(call, [n.BusinessPartner for n in names])}
        for name in names:
            if name.BusinessPartner in partners:
                carried.setdefault(name.BPIdentificationNumber.casefold(), []).append(partners[name.BusinessPartner])
        return carried

    def _identified(self, references: Sequence[str]) -> list[Query]:
        kind = self._settings.identification_type
        if not kind:
            return []
        conditions = [eq("BPIdentificationNumber", reference) for reference in references]
        of_kind = eq("BPIdentificationType", kind)
        return [
            Query(IDENTIFICATION_SET, _IDENTIFICATION, every(of_kind, either(run)), ("BusinessPartner",))
            for run in runs(conditions)
        ]

    async def _numbered(self, call: Call, partners: Sequence[str]) -> list[BusinessPartner]:
        if not partners:
            return []
        query = Query(PARTNER_SET, self._shape, one_of("BusinessPartner", partners), ("BusinessPartner",))
        (rows,) = await self._client.read(call, PARTNERS, [query], self._partners)
        return rows

    @property
    def _shape(self) -> Shape:
        return Shape.of("BusinessPartner", "Customer", self._field)

    def _told(self, row: BusinessPartner) -> CustomerAcknowledgment:
        customer, reading = number(row.Customer), self._reading()
        if customer is None:
            sentence = f"Business partner {row.BusinessPartner} carries this reference, and is no customer yet."
            raise Refused(self._client.system, sentence, category=ProblemCategory.CUSTOMER_MASTER)
        return CustomerAcknowledgment(
            customer=reading.ref(customer), reference=reading.reference(CUSTOMER, customer), number=customer
        )

    def _unclear(self, detail: str) -> OutcomeUnknown:
        sentence = f"{self._client.system} created a business partner, but did not tell its customer number."
        return OutcomeUnknown(self._client.system, sentence, detail=detail)
