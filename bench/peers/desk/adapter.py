"""The desk as sources of the gateway: its CRM and its ERP serve what a page of orders and one order take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.peers.desk import wire
from bench.peers.desk.client import DeskClient
from bench.peers.desk.mapping import Telling
from canonical.errors import Refused
from canonical.invoice import CreditMemo, Invoice
from canonical.order import OrderRecord
from canonical.shipment import Shipment
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.landscape import Instance
from sources.ports import (
    Checkup,
    InvoiceQuery,
    InvoiceSource,
    Lookup,
    OrderQuery,
    OrderSource,
    Page,
    ShipmentSource,
    Source,
)

KIND = "desk"


class _Desk(Source):
    """What both systems have in common."""

    def __init__(self, instance: Instance) -> None:
        """Open nothing yet."""
        self.name, self.kind = instance.name, KIND
        self._client = DeskClient(instance)

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """Nobody asks."""
        return Checkup(status=SystemHealth.UNKNOWN, latency_ms=None, calls_remaining=None, message=None)

    def origin(self, concept: str, field: str) -> str | None:
        """Nobody asks."""
        return None

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    def _not_here(self, what: str) -> Refused:
        return Refused(self.name, f"The desk does not tell {what}.")


class DeskCrm(_Desk, OrderSource):
    """The desk's CRM: sales, each with its customer."""

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """Sales by key: one call."""
        telling = Telling(self.name)
        return [telling.sale(row) for row in await self._client.sales(call, lookup.keys)]

    async def list_orders(
        self,
        call: Call,
        query: OrderQuery,
        wanted: Wanted,
        also: Lookup | None = None,
    ) -> Page[OrderRecord]:
        """Sales that are not booked: one call."""
        page, telling = await self._client.open_sales(call, query), Telling(self.name)
        return Page(tuple(map(telling.sale, page.rows)), more=page.more)

    def named_order(self, reference: str) -> str | None:
        """The key as it stands."""
        return reference if reference.startswith("801") else None


class DeskErp(_Desk, OrderSource, ShipmentSource, InvoiceSource):
    """The desk's ERP: bookings and their documents."""

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """Bookings by their key or the CRM's: one call for each kind."""
        return list(map(Telling(self.name).booking, await self._client.bookings(call, lookup)))

    async def list_orders(
        self,
        call: Call,
        query: OrderQuery,
        wanted: Wanted,
        also: Lookup | None = None,
    ) -> Page[OrderRecord]:
        """One page of bookings: one call, and another where some are looked up beside it."""
        page = await self._client.listed_bookings(call, query)
        beside = await self._client.bookings(call, also) if also else []
        tell = Telling(self.name).booking
        return Page(tuple(map(tell, page.rows)), more=page.more, also=tuple(map(tell, beside)))

    def named_order(self, reference: str) -> str | None:
        """None: nothing refers to it."""
        return None

    async def fetch_shipments_of_orders(
        self,
        call: Call,
        orders: Sequence[OrderRecord],
        wanted: Wanted,
    ) -> Mapping[str, Sequence[Shipment]]:
        """Deliveries of bookings: one call."""
        telling, found = Telling(self.name), dict[str, list[Shipment]]()
        for row in await self._client.deliveries(call, (order.ref.key for order in orders)):
            found.setdefault(row.order, []).append(telling.delivery(row))
        return found

    async def fetch_invoices_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Invoice]]:
        """Invoices of bookings: one call, and another for their payments where those are read."""
        bills = await self._client.bills(call, (order.ref.key for order in orders))
        receipts = await self._receipts(call, bills) if "payments" in wanted else {}
        telling, found = Telling(self.name), dict[str, list[Invoice]]()
        for row in bills:
            found.setdefault(row.order, []).append(telling.bill(row, receipts))
        return found

    async def _receipts(self, call: Call, bills: Sequence[wire.Bill]) -> dict[str, list[wire.Receipt]]:
        found: dict[str, list[wire.Receipt]] = {}
        for row in await self._client.receipts(call, (bill.key for bill in bills)):
            found.setdefault(row.invoice, []).append(row)
        return found

    async def fetch_shipments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Shipment]:
        """Nobody asks."""
        raise self._not_here("shipments by key")

    async def fetch_invoices(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[Invoice]:
        """Nobody asks."""
        raise self._not_here("invoices by key")

    async def list_invoices(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """Nobody asks."""
        raise self._not_here("lists of invoices")

    async def fetch_credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, CreditMemo]:
        """Nobody asks."""
        raise self._not_here("credit memos")
