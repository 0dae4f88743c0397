"""What Revgraph needs of a system that it writes to, one Protocol a need.

Writes raise a `canonical.errors.Fault`: Refused when the system said no (nothing was written), OutcomeUnknown when it
may have acted and nobody knows, Unavailable and Throttled when nothing was written and it may be tried again. No method
here repeats a write by itself. Each adapter says at each method what makes it safe to repeat in its system.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from canonical.intake import (
    Amendment,
    CrmOrderRequest,
    CustomerAcknowledgment,
    CustomerRequest,
    OrderAcknowledgment,
    OrderQuotation,
    OrderRequest,
    WriteBack,
)
from canonical.refs import Ref
from sources.kit.call import Call
from sources.ports import Source


@runtime_checkable
class OrderIntake(Source, Protocol):
    """Books, changes and cancels orders in one ERP."""

    @abstractmethod
    async def quote_order(self, call: Call, request: OrderRequest) -> OrderQuotation:
        """What the ERP would make of the order: prices, tax, credit, dates. Nothing is written.

        What it would refuse is told in the quotation; a Fault means that it could not be asked.
        """

    @abstractmethod
    async def find_orders(self, call: Call, references: Sequence[str]) -> Mapping[str, Sequence[OrderAcknowledgment]]:
        """The orders that carry these external references, cancelled ones too; absent where there is none.

        More than one for a reference is for a person to settle.
        """

    @abstractmethod
    async def book_order(self, call: Call, request: OrderRequest) -> OrderAcknowledgment:
        """Book the order, once for this call. Whoever calls has looked the reference up first, and holds its lease."""

    @abstractmethod
    async def amend_order(self, call: Call, amendment: Amendment) -> OrderAcknowledgment:
        """Change a booked order. Refused with category CONFLICT when it is not at the expected version any more."""

    @abstractmethod
    async def cancel_order(self, call: Call, order_key: str, reference: str, reason: str) -> OrderAcknowledgment:
        """Cancel a booked order; the acknowledgment again where it is cancelled already."""


@runtime_checkable
class CustomerIntake(Source, Protocol):
    """Creates customers in one ERP."""

    @abstractmethod
    async def find_created_customers(
        self, call: Call, references: Sequence[str]
    ) -> Mapping[str, Sequence[CustomerAcknowledgment]]:
        """The customers that carry these references, our own or the CRM's keys; absent where there is none."""

    @abstractmethod
    async def create_customer(self, call: Call, request: CustomerRequest) -> CustomerAcknowledgment:
        """Create the customer, once for this call. Whoever calls has looked its references up first."""


@runtime_checkable
class CustomerWriteBack(Source, Protocol):
    """Tells a CRM by what numbers the ERPs know its customers."""

    @abstractmethod
    async def write_back_customer(self, call: Call, crm_key: str, numbers: Sequence[str]) -> None:
        """Let the CRM's customer carry these numbers beside those it carries; the same ones again change nothing."""


@runtime_checkable
class OrderWriteBack(Source, Protocol):
    """Tells a CRM what became of its orders."""

    @abstractmethod
    async def register_order(self, call: Call, request: CrmOrderRequest) -> Ref:
        """Let an order that was born elsewhere stand in the CRM: once a reference, however often this is called."""

    @abstractmethod
    async def write_back(self, call: Call, told: WriteBack) -> None:
        """Write numbers and state onto the CRM's order and lines; the same words again change nothing."""


@runtime_checkable
class TaxCalculation(Source, Protocol):
    """Calculates the tax of orders, where it is not left to the ERPs."""

    @abstractmethod
    async def calculate_tax(self, call: Call, request: OrderRequest, quotation: OrderQuotation) -> OrderQuotation:
        """The ERP's quotation with this system's tax in the place of the ERP's. Nothing is written.

        Refused with category TAX when it cannot be calculated as the order stands.
        """
