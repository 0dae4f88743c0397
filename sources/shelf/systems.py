"""The opened systems, with a stand-in before each port of which something may be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar, cast

from sources.ports import (
    ContractSource,
    CustomerSource,
    InvoiceSource,
    OpportunitySource,
    OrderSource,
    PaymentSource,
    ProductSource,
    QuoteSource,
    ReceivablesSource,
    ShipmentSource,
    Source,
)
from sources.shelf import questions as q
from sources.shelf.documents import StandingInvoices, StandingOrders, StandingPayments, StandingShipments
from sources.shelf.masters import (
    StandingContracts,
    StandingCustomers,
    StandingOpportunities,
    StandingProducts,
    StandingQuotes,
    StandingReceivables,
)
from sources.shelf.shelf import Shelf

P = TypeVar("P")
S = TypeVar("S", bound=Source)

_STANDING: Final[Mapping[object, tuple[Callable[[Any, Shelf], Source], tuple[q.Question[Any], ...]]]] = {
    CustomerSource: (StandingCustomers, (q.CUSTOMERS,)),
    ReceivablesSource: (StandingReceivables, (q.ACCOUNTS,)),
    QuoteSource: (StandingQuotes, (q.QUOTES,)),
    OpportunitySource: (StandingOpportunities, (q.OPPORTUNITIES,)),
    ContractSource: (StandingContracts, (q.CONTRACTS,)),
    ProductSource: (StandingProducts, (q.PRODUCTS,)),
    OrderSource: (StandingOrders, (q.ORDERS,)),
    ShipmentSource: (StandingShipments, (q.SHIPMENTS_OF_ORDERS, q.SHIPMENTS)),
    InvoiceSource: (StandingInvoices, (q.INVOICES_OF_ORDERS, q.INVOICES, q.MEMOS)),
    PaymentSource: (StandingPayments, (q.PAYMENTS,)),
}
"""Who stands before a port, and what of it can be kept."""


class Opened(Protocol):
    """The opened systems themselves."""

    @property
    def by_name(self) -> Mapping[str, Source]:
        """Every opened system."""

    def get(self, name: str, port: type[S]) -> S | None:
        """The system as a keeper of the port."""


class Shelved:
    """The systems as the resolvers ask them: what may be kept goes past the shelf, all else straight through."""

    def __init__(self, opened: Opened, shelf: Shelf) -> None:
        """Stand before these systems."""
        self._opened = opened
        self._shelf = shelf
        self._standing: dict[tuple[str, object], Source] = {}

    @property
    def by_name(self) -> Mapping[str, Source]:
        """Every opened system itself."""
        return self._opened.by_name

    def get(self, name: str, port: Callable[..., P]) -> P | None:
        """The system, or who stands before it for this port; None when it does not keep the port."""
        found = self._opened.get(name, cast("type[Source]", port))
        standing, kept = _STANDING.get(port, (None, ()))
        if found is None or standing is None or not any(one.name in self._shelf.policies for one in kept):
            return cast("P | None", found)
        if (name, port) not in self._standing:
            self._standing[name, port] = standing(found, self._shelf)
        return cast("P", self._standing[name, port])
