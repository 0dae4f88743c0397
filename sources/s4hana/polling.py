"""Asking SAP what was changed, set by set, as far as its published fields say.

Orders and billing documents carry an instant (`LastChangeDateTime`, API_SALES_ORDER_SRV and API_BILLING_DOCUMENT_SRV).
Deliveries and ledger lines carry days alone (`LastChangeDate`, API_OUTBOUND_DELIVERY_SRV;v=0002 and
API_OPLACCTGDOCITEMCUBE_SRV): of these a whole day is looked through, and told apart by what is in the rows. A clearing
leaves an invoice's own `LastChangeDate` alone, so `ClearingCreationDate` is asked for too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from sources.kit.call import Call
from sources.kit.odata.filters import behind, either, every, one_of
from sources.kit.odata.literals import day, instant
from sources.kit.odata.payload import Collection
from sources.kit.odata.query import Query, Shape
from sources.kit.polling.places import Page, Place, Seen
from sources.kit.polling.polling import Lane, Polling
from sources.s4hana.client import Decoder, S4Client
from sources.s4hana.faults import contract
from sources.s4hana.ledgers import CUSTOMERS
from sources.s4hana.mapping_changes import of_bill, of_delivery, of_line, of_order, of_partner
from sources.s4hana.services import BILLING, DELIVERIES, LEDGER, ORDERS, PARTNERS, Service
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.wire_changes import ChangedBill, ChangedDelivery, ChangedLine, ChangedOrder, ChangedPartner

T = TypeVar("T")
Where = Callable[[Call, Place], "str | None"]
Look = Callable[[Call, Place], Awaitable[Page]]

A_DAY: Final = timedelta(days=1)

ORDER: Final = Shape.of("SalesOrder", "LastChangeDateTime")
BILL: Final = Shape.of(
    *("BillingDocument", "SDDocumentCategory", "CancelledBillingDocument", "LastChangeDateTime"),
    *("to_Item/SalesDocument", "to_Item/ReferenceSDDocument", "to_Item/ReferenceSDDocumentCategory"),
)
DELIVERY: Final = Shape.of(
    *(name for name in ChangedDelivery.__struct_fields__ if name[0].isupper()),
    *("to_DeliveryDocumentItem/ReferenceSDDocument", "to_DeliveryDocumentItem/ActualDeliveryQuantity"),
)
LINE: Final = Shape.of(*ChangedLine.__struct_fields__)
PARTNER: Final = Shape.of(*ChangedPartner.__struct_fields__)
LINE_KEY: Final = ("CompanyCode", "FiscalYear", "AccountingDocument", "AccountingDocumentItem")

_ORDERS: Final = msgspec.json.Decoder(Collection[ChangedOrder])
_BILLS: Final = msgspec.json.Decoder(Collection[ChangedBill])
_DELIVERIES: Final = msgspec.json.Decoder(Collection[ChangedDelivery])
_LINES: Final = msgspec.json.Decoder(Collection[ChangedLine])
_PARTNERS: Final = msgspec.json.Decoder(Collection[ChangedPartner])


def polling_of(client: S4Client, settings: Settings, entities: Entities, now: Callable[[], datetime]) -> Polling:
    """The sets that the settings choose, each looked through in one HTTP call a step."""
    looking = _Looking(client, settings, entities)
    overlap = timedelta(minutes=settings.poll_overlap_minutes)
    lanes = {
        "orders": Lane(name="orders", look=looking.orders(), overlap=overlap, rising=True),
        "bills": Lane(name="bills", look=looking.bills(), overlap=overlap, rising=True),
        "deliveries": Lane(name="deliveries", look=looking.deliveries(), overlap=A_DAY, rising=False),
        "receivables": Lane(name="receivables", look=looking.receivables(), overlap=A_DAY, rising=False),
        "customers": Lane(name="customers", look=looking.customers(), overlap=A_DAY, rising=False),
    }
    return Polling([lanes[name] for name in dict.fromkeys(settings.polled)], now)


class _Looking:
    """How each set is read."""

    def __init__(self, client: S4Client, settings: Settings, entities: Entities) -> None:
        self._client, self._settings, self._entities = client, settings, entities

    def orders(self) -> Look:
        def where(call: Call, place: Place) -> str | None:
            return every(self._seller(call), f"LastChangeDateTime ge {instant(place.since)}")

        return self._look(ORDERS, "A_SalesOrder", ORDER, ("SalesOrder",), _ORDERS, where, of_order)

    def bills(self) -> Look:
        def where(call: Call, place: Place) -> str | None:
            return every(self._keeper(call), f"LastChangeDateTime ge {instant(place.since)}")

        return self._look(BILLING, "A_BillingDocument", BILL, ("BillingDocument",), _BILLS, where, of_bill)

    def deliveries(self) -> Look:
        def where(call: Call, place: Place) -> str | None:
            return every(self._seller(call), self._since(place, "LastChangeDate", "CreationDate"))

        def seen(row: ChangedDelivery) -> Seen:
            return of_delivery(row, self._settings.zone)

        key = ("DeliveryDocument",)
        return self._look(DELIVERIES, "A_OutbDeliveryHeader", DELIVERY, key, _DELIVERIES, where, seen)

    def receivables(self) -> Look:
        def where(call: Call, place: Place) -> str | None:
            days = self._since(place, "LastChangeDate", "AccountingDocumentCreationDate", "ClearingCreationDate")
            # The set is a cube: without company codes it is slow.
            books = self._keeper(call) or one_of("CompanyCode", self._entities.known_companies())
            return every(CUSTOMERS, books, days)

        def seen(row: ChangedLine) -> Seen:
            return of_line(row, self._settings)

        return self._look(LEDGER, "A_OperationalAcctgDocItemCube", LINE, LINE_KEY, _LINES, where, seen)

    def customers(self) -> Look:
        def where(call: Call, place: Place) -> str | None:  # noqa: ARG001 - partners belong to no legal entity
            return every("Customer ne ''", self._since(place, "LastChangeDate", "CreationDate"))

        def seen(row: ChangedPartner) -> Seen:
            return of_partner(row, self._settings.zone)

        return self._look(PARTNERS, "A_BusinessPartner", PARTNER, ("BusinessPartner",), _PARTNERS, where, seen)

    def _look(
        self,
        service: Service,
        entity_set: str,
        shape: Shape,
        key: Sequence[str],
        decoder: Decoder[T],
        where: Where,
        seen: Callable[[T], Seen],
    ) -> Look:
        top = self._settings.page_size

        async def look(call: Call, place: Place) -> Page:
            condition = every(where(call, place), behind(key, place.behind))
            query = Query(entity_set, shape, condition, tuple(key), top)
            (rows,) = await self._client.read(call, service, [query], decoder)
            with contract(self._client.system):
                return Page(tuple(seen(row) for row in rows[:top]), len(rows) >= top)

        return look

    def _since(self, place: Place, *fields: str) -> str:
        on = place.since.astimezone(self._settings.zone).date()
        return either(f"{field} ge {day(on)}" for field in fields)

    def _seller(self, call: Call) -> str | None:
        """Narrowed to what the asker may see; the empty choice matches nothing."""
        organizations = self._entities.organizations(call.view.legal_entities)
        return None if organizations is None else one_of("SalesOrganization", organizations or ("",))

    def _keeper(self, call: Call) -> str | None:
        companies = self._entities.companies(call.view.legal_entities)
        return None if companies is None else one_of("CompanyCode", companies or ("",))
