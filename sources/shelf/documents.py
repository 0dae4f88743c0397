"""Stand-ins for orders and the documents that follow from them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from canonical.invoice import CreditMemo, Invoice
from canonical.order import OrderRecord
from canonical.payment import Payment
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import (
    InvoiceQuery,
    InvoiceSource,
    Lookup,
    OrderQuery,
    OrderSource,
    Page,
    PaymentSource,
    ShipmentSource,
)
from sources.shelf.questions import (
    INVOICES,
    INVOICES_OF_ORDERS,
    MEMOS,
    ORDERS,
    PAYMENTS,
    SHIPMENTS,
    SHIPMENTS_OF_ORDERS,
)
from sources.shelf.standing import AskSeveral, Standing

D = TypeVar("D", Shipment, Invoice)


class StandingOrders(Standing[OrderSource], OrderSource):
    """Orders by name from the shelf; lists are live."""

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """Held, or asked live."""
        return await self.looked_up(ORDERS, self._source.fetch_orders, (call, lookup, wanted), self._source.named_order)

    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        """Live."""
        return await self._source.list_orders(call, query, wanted, also)

    def named_order(self, reference: str) -> str | None:
        """The system's own."""
        return self._source.named_order(reference)


class StandingShipments(Standing[ShipmentSource], ShipmentSource):
    """Shipments from the shelf, by order and by key."""

    async def fetch_shipments_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Shipment]]:
        """Held, or asked live."""
        ask = _of(orders, self._source.fetch_shipments_of_orders)
        return await self.several_by_key(SHIPMENTS_OF_ORDERS, ask, (call, _keys(orders), wanted), "order")

    async def fetch_shipments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Shipment]:
        """Held, or asked live."""
        return await self.by_key(SHIPMENTS, self._source.fetch_shipments, (call, keys, wanted))


class StandingInvoices(Standing[InvoiceSource], InvoiceSource):
    """Invoices and credit memos from the shelf, by order and by name; lists are live."""

    async def fetch_invoices_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Invoice]]:
        """Held, or asked live."""
        ask = _of(orders, self._source.fetch_invoices_of_orders)
        return await self.several_by_key(INVOICES_OF_ORDERS, ask, (call, _keys(orders), wanted), "order")

    async def fetch_invoices(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[Invoice]:
        """Held, or asked live."""
        return await self.looked_up(INVOICES, self._source.fetch_invoices, (call, lookup, wanted))

    async def list_invoices(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """Live."""
        return await self._source.list_invoices(call, query, wanted)

    async def fetch_credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, CreditMemo]:
        """Held, or asked live."""
        return await self.by_key(MEMOS, self._source.fetch_credit_memos, (call, keys, wanted))


class StandingPayments(Standing[PaymentSource], PaymentSource):
    """Payments from the shelf."""

    async def fetch_payments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Payment]:
        """Held, or asked live."""
        return await self.by_key(PAYMENTS, self._source.fetch_payments, (call, keys, wanted))


def _keys(orders: Sequence[OrderRecord]) -> list[str]:
    return [order.ref.key for order in orders]


def _of(
    orders: Sequence[OrderRecord],
    ask: Callable[[Call, Sequence[OrderRecord], Wanted], Awaitable[Mapping[str, Sequence[D]]]],
) -> AskSeveral[D]:
    """The same question by the orders' keys: a system may find what it needs in the orders themselves."""
    by_key = {order.ref.key: order for order in orders}

    async def asked(call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Sequence[D]]:
        return await ask(call, [by_key[key] for key in keys], wanted)

    return asked
