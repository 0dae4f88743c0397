"""The desk's questions over aiohttp: one GET each, kept connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import aiohttp
import msgspec

from bench.peers.plain import wire

T = TypeVar("T")
_SALES, _SALES_PAGE = msgspec.json.Decoder(list[wire.Sale]), msgspec.json.Decoder(wire.Sales)
_BOOKINGS, _BOOKINGS_PAGE = msgspec.json.Decoder(list[wire.Booking]), msgspec.json.Decoder(wire.Bookings)
_DELIVERIES, _BILLS = msgspec.json.Decoder(list[wire.Delivery]), msgspec.json.Decoder(list[wire.Bill])
_RECEIPTS = msgspec.json.Decoder(list[wire.Receipt])


class Desk:
    """The company's CRM and ERP."""

    def __init__(self, address: str) -> None:
        """Open nothing yet."""
        self._address = address
        self._session: aiohttp.ClientSession | None = None

    async def open_sales(self, to: str, first: int) -> list[wire.Sale]:
        """Sales that are not booked."""
        return (await self._ask(f"/crm/orders?open=true&to={to}&first={first}", _SALES_PAGE)).rows

    async def listed_bookings(self, to: str, first: int) -> list[wire.Booking]:
        """Bookings, newest first."""
        return (await self._ask(f"/erp/orders?to={to}&first={first}", _BOOKINGS_PAGE)).rows

    async def sales(self, keys: Iterable[str]) -> list[wire.Sale]:
        """Sales by key."""
        return await self._ask(f"/crm/orders?keys={','.join(keys)}", _SALES)

    async def bookings_of_sales(self, keys: Iterable[str]) -> list[wire.Booking]:
        """Bookings by the sale they refer to."""
        return await self._ask(f"/erp/orders?refs={','.join(keys)}", _BOOKINGS)

    async def deliveries(self, orders: Iterable[str]) -> list[wire.Delivery]:
        """Deliveries by order."""
        return await self._ask(f"/erp/shipments?orders={','.join(orders)}", _DELIVERIES)

    async def bills(self, orders: Iterable[str]) -> list[wire.Bill]:
        """Invoices by order."""
        return await self._ask(f"/erp/invoices?orders={','.join(orders)}", _BILLS)

    async def receipts(self, invoices: Iterable[str]) -> list[wire.Receipt]:
        """Payments by invoice."""
        return await self._ask(f"/erp/payments?invoices={','.join(invoices)}", _RECEIPTS)

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, path: str, decoder: msgspec.json.Decoder[T]) -> T:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=128)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        async with self._session.get(self._address + path) as response:
            response.raise_for_status()
            return decoder.decode(await response.read())


class OfOrder(Protocol):
    """A document of an order."""

    order: str


D = TypeVar("D", bound=OfOrder)


def by_order(rows: Iterable[D]) -> Mapping[str, Sequence[D]]:
    """Documents by the order they are about."""
    found: dict[str, list[D]] = {}
    for row in rows:
        found.setdefault(row.order, []).append(row)
    return found


def by_invoice(rows: Iterable[wire.Receipt]) -> Mapping[str, Sequence[wire.Receipt]]:
    """Payments by the invoice they are for."""
    found: dict[str, list[wire.Receipt]] = {}
    for row in rows:
        found.setdefault(row.invoice, []).append(row)
    return found
