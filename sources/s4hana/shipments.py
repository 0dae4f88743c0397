"""Asking SAP for deliveries: by their numbers, which an order's document flow names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from canonical.order import OrderRecord
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.odata.filters import either, eq, every, one_of, runs
from sources.kit.odata.payload import Collection
from sources.kit.odata.query import Query, Shape
from sources.s4hana.client import S4Client
from sources.s4hana.faults import contract
from sources.s4hana.mapping_order import SapOrder
from sources.s4hana.mapping_shipment import by_order, to_shipment
from sources.s4hana.reading import Reading
from sources.s4hana.services import DELIVERIES
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.shapes import delivery_shape
from sources.s4hana.values import is_document, unpadded
from sources.s4hana.wire import Delivery, DeliveryItem

HEADERS: Final = "A_OutbDeliveryHeader"
ITEMS: Final = "A_OutbDeliveryItem"
REFERENCE: Final = Shape(("DeliveryDocument", "DeliveryDocumentItem", "ReferenceSDDocument"))
_HEADERS: Final = msgspec.json.Decoder(Collection[Delivery])
_ITEMS: Final = msgspec.json.Decoder(Collection[DeliveryItem])


class Shipments:
    """Deliveries of one system."""

    def __init__(
        self, client: S4Client, settings: Settings, entities: Entities, reading: Callable[[], Reading]
    ) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading

    async def of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Shipment]]:
        """Deliveries by order: one HTTP call where the orders came with their document flow, one more where not."""
        found_by = await self._numbers(call, orders)
        rows = await self._read(call, list(found_by))
        reading = self._reading()
        with contract(self._client.system):
            shipments = [
                to_shipment(row, reading, wanted, found_by.get(unpadded(row.DeliveryDocument), ())) for row in rows
            ]
        return by_order(shipments, (order.ref.key for order in orders))

    async def fetch(self, call: Call, keys: Sequence[str], wanted: Wanted) -> dict[str, Shipment]:
        """Deliveries by their own number."""
        rows = await self._read(call, [unpadded(key) for key in keys if is_document(key)])
        reading = self._reading()
        with contract(self._client.system):
            shipments = [to_shipment(row, reading, wanted) for row in rows]
        return {shipment.ref.key: shipment for shipment in shipments}

    async def _numbers(self, call: Call, orders: Sequence[OrderRecord]) -> dict[str, list[str]]:
        """Keys of the orders that each delivery number follows from."""
        found: dict[str, list[str]] = {}
        unknown: list[str] = []
        for order in orders:
            followers = order.deliveries if isinstance(order, SapOrder) else None
            if followers is None:
                unknown.append(order.ref.key)
            for delivery in followers or ():
                found.setdefault(delivery, []).append(order.ref.key)
        if unknown:
            await self._refer(call, unknown, found)
        return found

    async def _refer(self, call: Call, orders: Sequence[str], found: dict[str, list[str]]) -> None:
        """Without a document flow: by the items that refer to the orders; they have no way to their header."""
        conditions = [eq("ReferenceSDDocument", order) for order in orders]
        queries = [Query(ITEMS, REFERENCE, either(run), ("DeliveryDocument",)) for run in runs(conditions)]
        for part in await self._client.read(call, DELIVERIES, queries, _ITEMS):
            for item in part:
                held = found.setdefault(unpadded(item.DeliveryDocument), [])
                order = unpadded(item.ReferenceSDDocument)
                if order not in held:
                    held.append(order)

    async def _read(self, call: Call, numbers: Sequence[str]) -> list[Delivery]:
        organizations = self._entities.organizations(call.view.legal_entities)
        if not numbers or organizations == ():
            return []
        seen = one_of("SalesOrganization", organizations) if organizations else None
        shape = delivery_shape(self._settings)
        conditions = [eq("DeliveryDocument", number) for number in numbers]
        queries = [Query(HEADERS, shape, every(either(run), seen), ("DeliveryDocument",)) for run in runs(conditions)]
        return [row for part in await self._client.read(call, DELIVERIES, queries, _HEADERS) for row in part]
