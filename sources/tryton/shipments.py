"""Asking Tryton for shipments and returns: of sales, and by their own keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from canonical.order import OrderRecord
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.tryton import wire
from sources.tryton.client import Search, TrytonClient, side_by_side
from sources.tryton.domain import every, identities, one_of
from sources.tryton.fields import shipment_paths, shipments_of_sale_paths
from sources.tryton.mapping_shipment import shipment_ids, to_shipment
from sources.tryton.orders import Read
from sources.tryton.reading import RETURN, SALE, SHIPMENT
from sources.tryton.settings import Entities

_SALES: Final = msgspec.json.Decoder(list[wire.SaleShipments])
_SHIPMENTS: Final = msgspec.json.Decoder(list[wire.Shipment])
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


class Shipments:
    """Shipments to customers and returns from them."""

    def __init__(self, client: TrytonClient, entities: Entities, reading: Read) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._entities, self._reading = client, entities, reading

    async def of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> dict[str, tuple[Shipment, ...]]:
        """Shipments and returns by sale, oldest first: one HTTP call."""
        companies = self._entities.companies(call.view.legal_entities)
        keys = identities(order.ref.key for order in orders)
        if not keys or companies == ():
            return {}
        search, seen = (
            Search(SALE, shipments_of_sale_paths(wanted)),
            one_of("company", companies) if companies else None,
        )
        rows = await self._client.every(call, search, _SALES, keys, lambda run: every(one_of("id", run), seen))
        reading, found = self._reading(None), dict[str, tuple[Shipment, ...]]()
        for row in rows:
            held = [to_shipment(each, reading, wanted, is_return=False) for each in row.shipments or ()]
            held += [to_shipment(each, reading, wanted, is_return=True) for each in row.shipment_returns or ()]
            if held:
                found[str(row.id)] = tuple(sorted(held, key=_age))
        return found

    async def fetch(self, call: Call, keys: Sequence[str], wanted: Wanted) -> dict[str, Shipment]:
        """By their own keys: one HTTP call for shipments, one for returns."""
        sent, returned = shipment_ids(keys)
        parts = await side_by_side(
            (
                self._read(call, Search(SHIPMENT, shipment_paths(wanted, "outgoing_moves")), sent),
                self._read(call, Search(RETURN, shipment_paths(wanted, "incoming_moves")), returned),
            )
        )
        reading = self._reading(None)
        shipments = [
            to_shipment(row, reading, wanted, is_return=is_return)
            for rows, is_return in zip(parts, (False, True), strict=True)
            for row in rows
        ]
        return {shipment.ref.key: shipment for shipment in shipments}

    async def _read(self, call: Call, search: Search, ids: Sequence[int]) -> list[wire.Shipment]:
        companies = self._entities.companies(call.view.legal_entities)
        if not ids or companies == ():
            return []
        seen = one_of("company", companies) if companies else None
        return await self._client.every(call, search, _SHIPMENTS, ids, lambda run: every(one_of("id", run), seen))


def _age(shipment: Shipment) -> tuple[datetime, bool, int]:
    created = shipment.created_at if isinstance(shipment.created_at, datetime) else _BEGINNING
    return created, shipment.is_return, int(shipment.ref.key.rpartition("-")[2])
