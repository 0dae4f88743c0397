"""What Revgraph needs of a system, one Protocol a need; an adapter keeps those its vendor can.

Every method takes many and answers many, matched by key and never by position: what a system does not have is absent
from the answer. A method raises a `canonical.errors.Fault` when its system could not be asked or said no. Every answer
is narrowed to `call.view`, and holds the fields of `wanted` and whatever else came with them for free; a field that was
not asked for is UNSET.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from canonical.contract import ContractRecord
from canonical.customer import BillingAccount, CustomerRecord
from canonical.invoice import CreditMemo, Invoice
from canonical.opportunity import OpportunityRecord
from canonical.order import OrderRecord, Stage
from canonical.payment import Payment
from canonical.product import ProductRecord
from canonical.quote import QuoteRecord
from canonical.shipment import Shipment
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.call import Call

T = TypeVar("T")


class Lookup(Struct, frozen=True, kw_only=True):
    """Which records to fetch; a record is meant when any of these names it.

    `keys` are the system's own keys, `partner_keys` references the records carry to a partner elsewhere (an ERP order's
    reference to the CRM order), `numbers` the numbers people quote. Each at most a few hundred; adapters send them in
    as few calls as their system's limits allow.
    """

    keys: tuple[str, ...] = ()
    partner_keys: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


class Position(Struct, frozen=True):
    """The last record a reader took from a stream: its instant (UTC) and key."""

    at: datetime
    key: str


class Page(Struct, Generic[T], frozen=True):
    """Records in the stream's order, and whether more follow; `also` are those asked for beside the page."""

    items: tuple[T, ...]
    more: bool
    also: tuple[T, ...] = ()


class OrderQuery(Struct, frozen=True, kw_only=True):
    """A stream of one system's orders, newest first by (ordered_at, key) descending, behind `after`.

    Days are inclusive. A filter that the system cannot express is not narrowed by (the answer is then a superset).
    `unlinked_only`: in a CRM, only orders to which no ERP number was written back. `customer_keys`, `quote_keys`,
    `opportunity_keys` and `contract_keys` are keys of the same system.
    """

    first: int
    after: Position | None = None
    stages: frozenset[Stage] | None = None
    customer_keys: tuple[str, ...] | None = None
    quote_keys: tuple[str, ...] | None = None
    opportunity_keys: tuple[str, ...] | None = None
    contract_keys: tuple[str, ...] | None = None
    legal_entity_code: str | None = None
    ordered_from: date | None = None
    ordered_to: date | None = None
    search: str | None = None
    unlinked_only: bool = False


class InvoiceQuery(Struct, frozen=True, kw_only=True):
    """A stream of one ERP's invoices (no credit memos), newest first by (issued_on at midnight UTC, key) descending."""

    first: int
    after: Position | None = None
    customer_keys: tuple[str, ...] | None = None
    legal_entity_code: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    open_only: bool = False


class CustomerQuery(Struct, frozen=True, kw_only=True):
    """A stream of one system's customers, by key ascending behind `after_key`; `parent_key` keeps only its children."""

    first: int
    after_key: str | None = None
    search: str | None = None
    parent_key: str | None = None
    legal_entity_code: str | None = None
    updated_since: datetime | None = None


class ProductQuery(Struct, frozen=True, kw_only=True):
    """A stream of one system's products, by sku ascending behind `after_sku`."""

    first: int
    after_sku: str | None = None
    search: str | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One thing a check looked at: `name` in few words, whether it is well, and what to do in words if not."""

    name: str
    well: bool
    advice: str | None = None


class Checkup(Struct, frozen=True, kw_only=True):
    """What a look at a system found; `latency_ms` of one small authorised call, None where none got through."""

    status: SystemHealth
    latency_ms: int | None
    calls_remaining: int | None
    message: str | None
    findings: tuple[Finding, ...] = ()


@runtime_checkable
class Source(Protocol):
    """Any system: who it is, whether it is well, and where its values come from."""

    name: str
    """The configured name of this instance."""
    kind: str
    """The vendor folder's name."""

    @abstractmethod
    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """Look whether the system is reachable and authorised; `thorough` also its fields and permissions.

        Never raises a Fault: what went wrong is in the answer.
        """

    @abstractmethod
    def origin(self, concept: str, field: str) -> str | None:
        """The vendor's own name of the field that a canonical field of a concept ('Order', ...) is read from."""

    @abstractmethod
    async def close(self) -> None:
        """Give back what the adapter holds."""


@runtime_checkable
class OrderSource(Source, Protocol):
    """Orders: a CRM's sales, an ERP's bookings.

    `customer` in `wanted` asks for each customer's record as far as the same call can bring it (UNSET otherwise): what
    it tells, `CustomerSource` tells too. `shipments` and `invoices` in `wanted` announce that those of these orders
    will be asked for next: an ERP that finds them by something it keeps beside the order may bring that along.
    """

    @abstractmethod
    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """Every order that the lookup names, each once, in no promised order."""

    @abstractmethod
    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        """One page of the stream. `also`: orders to fetch in the same round where the system can take both at once.

        The `also` records come in `Page.also`, even where one of them is in `Page.items` too.
        """

    @abstractmethod
    def named_order(self, reference: str) -> str | None:
        """The key of the order in this system that a reference found elsewhere names; None when it is other text."""


@runtime_checkable
class CustomerSource(Source, Protocol):
    """Customers, one master record each."""

    @abstractmethod
    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        """Every customer that the lookup names, each once, in no promised order."""

    @abstractmethod
    async def list_customers(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """One page of the stream."""

    @abstractmethod
    def named_customer(self, reference: str) -> str | None:
        """The key of the customer in this system that a reference found elsewhere names; None when it is other text."""


@runtime_checkable
class QuoteSource(Source, Protocol):
    """Offers."""

    @abstractmethod
    async def fetch_quotes(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[QuoteRecord]:
        """Every quote that the lookup names, each once, in no promised order."""


@runtime_checkable
class OpportunitySource(Source, Protocol):
    """Deals before they are orders."""

    @abstractmethod
    async def fetch_opportunities(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OpportunityRecord]:
        """Every opportunity that the lookup names, each once, in no promised order."""


@runtime_checkable
class ContractSource(Source, Protocol):
    """What was agreed for a term."""

    @abstractmethod
    async def fetch_contracts(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[ContractRecord]:
        """Every contract that the lookup names, each once, in no promised order."""


@runtime_checkable
class ProductSource(Source, Protocol):
    """What is sold."""

    @abstractmethod
    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> Mapping[str, ProductRecord]:
        """Products by sku."""

    @abstractmethod
    async def list_products(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """One page of the stream."""


@runtime_checkable
class ShipmentSource(Source, Protocol):
    """What left for whom."""

    @abstractmethod
    async def fetch_shipments_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Shipment]]:
        """Shipments and returns by order key, oldest first; orders without any are absent."""

    @abstractmethod
    async def fetch_shipments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Shipment]:
        """Shipments by their own key."""


@runtime_checkable
class InvoiceSource(Source, Protocol):
    """What was billed, and what was paid of it."""

    @abstractmethod
    async def fetch_invoices_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Invoice]]:
        """Invoices by order key, oldest first, a collective one under each of its orders; credit memos only within."""

    @abstractmethod
    async def fetch_invoices(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[Invoice]:
        """Every invoice that the lookup names by key or number, each once."""

    @abstractmethod
    async def list_invoices(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """One page of the stream."""

    @abstractmethod
    async def fetch_credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, CreditMemo]:
        """Credit memos by their own key."""


@runtime_checkable
class PaymentSource(Source, Protocol):
    """Money that came in."""

    @abstractmethod
    async def fetch_payments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Payment]:
        """Payments by their own key, with their applications where wanted."""


@runtime_checkable
class ReceivablesSource(Source, Protocol):
    """What customers owe, a legal entity at a time."""

    @abstractmethod
    async def fetch_billing_accounts(
        self, call: Call, customer_keys: Sequence[str], wanted: Wanted
    ) -> Mapping[str, Sequence[BillingAccount]]:
        """Billing accounts by customer key, ordered by legal entity code."""
