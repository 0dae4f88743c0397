"""How the desk is asked: one GET a question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import httpx

from bench.peers.desk import wire
from canonical.errors import Fault
from sources.kit.auth.fixed import no_authorization
from sources.kit.call import Call, chunks
from sources.kit.http.ask import Answer, Ask
from sources.kit.http.client import SystemClient
from sources.kit.http.decoding import JsonDecoder
from sources.kit.http.statuses import plain_fault
from sources.landscape import Instance
from sources.ports import Lookup, OrderQuery

T = TypeVar("T")
KEYS_A_CALL = 400

_SALES, _SALES_PAGE = JsonDecoder(list[wire.Sale]), JsonDecoder(wire.Sales)
_BOOKINGS, _BOOKINGS_PAGE = JsonDecoder(list[wire.Booking]), JsonDecoder(wire.Bookings)
_DELIVERIES, _BILLS = JsonDecoder(list[wire.Delivery]), JsonDecoder(list[wire.Bill])
_RECEIPTS = JsonDecoder(list[wire.Receipt])


class DeskClient:
    """One of the desk's two systems."""

    def __init__(self, instance: Instance, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Open nothing yet."""
        self.system = instance.name
        self._http = SystemClient(instance, no_authorization(), self._translate, transport=transport)

    async def open_sales(self, call: Call, query: OrderQuery) -> wire.Sales:
        """The CRM's orders that are not booked yet, newest first."""
        return await self._ask(call, "/orders", f"open=true&{_page(query)}", _SALES_PAGE)

    async def sales(self, call: Call, keys: Iterable[str]) -> list[wire.Sale]:
        """The CRM's orders by key."""
        return await self._each(call, "/orders", "keys", keys, _SALES)

    async def listed_bookings(self, call: Call, query: OrderQuery) -> wire.Bookings:
        """The ERP's orders, newest first."""
        return await self._ask(call, "/orders", _page(query), _BOOKINGS_PAGE)

    async def bookings(self, call: Call, lookup: Lookup) -> list[wire.Booking]:
        """The ERP's orders by their own key and by the CRM's."""
        found = await self._each(call, "/orders", "keys", lookup.keys, _BOOKINGS)
        return found + await self._each(call, "/orders", "refs", lookup.partner_keys, _BOOKINGS)

    async def deliveries(self, call: Call, orders: Iterable[str]) -> list[wire.Delivery]:
        """Deliveries by order."""
        return await self._each(call, "/shipments", "orders", orders, _DELIVERIES)

    async def bills(self, call: Call, orders: Iterable[str]) -> list[wire.Bill]:
        """Invoices by order."""
        return await self._each(call, "/invoices", "orders", orders, _BILLS)

    async def receipts(self, call: Call, invoices: Iterable[str]) -> list[wire.Receipt]:
        """Payments by invoice."""
        return await self._each(call, "/payments", "invoices", invoices, _RECEIPTS)

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()

    async def _each(
        self, call: Call, path: str, name: str, keys: Iterable[str], decoder: JsonDecoder[list[T]]
    ) -> list[T]:
        runs = chunks(tuple(keys), KEYS_A_CALL)
        parts = [await self._ask(call, path, f"{name}={','.join(run)}", decoder) for run in runs]
        return parts[0] if len(parts) == 1 else [row for part in parts for row in part]

    async def _ask(self, call: Call, path: str, query: str, decoder: JsonDecoder[T]) -> T:
        ask = Ask(path=path, query=query, operation=f"read {path}")
        return decoder.decode(self.system, await self._http.send(call, ask))

    def _translate(self, answer: Answer) -> Fault | None:
        return plain_fault(self.system, answer)


def _page(query: OrderQuery) -> str:
    return f"to={query.ordered_to}&first={query.first}"
