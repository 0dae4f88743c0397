"""A CRM and ERPs in memory, which keep the ports' promises and count every question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import UNSET, structs

from canonical.absence import known
from canonical.contract import ContractRecord
from canonical.customer import BillingAccount, CustomerRecord
from canonical.errors import Fault
from canonical.invoice import CreditMemo, Invoice
from canonical.order import OrderRecord
from canonical.payment import Payment
from canonical.product import ProductRecord
from canonical.quote import QuoteRecord
from canonical.shipment import Shipment
from canonical.system import SystemHealth
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import (
    Checkup,
    ContractSource,
    CustomerQuery,
    CustomerSource,
    InvoiceQuery,
    InvoiceSource,
    Lookup,
    OrderQuery,
    OrderSource,
    Page,
    PaymentSource,
    ProductQuery,
    ProductSource,
    QuoteSource,
    ReceivablesSource,
    ShipmentSource,
    Source,
)

P = TypeVar("P", bound=Source)
R = TypeVar("R", OrderRecord, CustomerRecord, QuoteRecord, ContractRecord, Invoice)
V = TypeVar("V", OrderRecord, CustomerRecord, QuoteRecord, ContractRecord, Invoice, Shipment, Payment)


def told(records: Iterable[V], wanted: Wanted) -> list[V]:
    """The records as a system tells them that was asked for these fields: what may stay untold and was not is UNSET."""
    return [_untold(record, wanted) for record in records]


def _untold(record: V, wanted: Wanted) -> V:
    fields = {info.name for info in structs.fields(record) if info.default is UNSET and info.name not in wanted}
    return structs.replace(record, **dict.fromkeys(fields, UNSET))


@dataclass
class Books:
    """What a fake system holds."""

    orders: list[OrderRecord] = field(default_factory=list)
    customers: list[CustomerRecord] = field(default_factory=list)
    quotes: list[QuoteRecord] = field(default_factory=list)
    contracts: list[ContractRecord] = field(default_factory=list)
    products: list[ProductRecord] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    memos: list[CreditMemo] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    accounts: list[BillingAccount] = field(default_factory=list)


@dataclass
class Asked:
    """One question that a fake was asked."""

    what: str
    wanted: Wanted
    call: Call
    about: object = None


class FakeSystem:
    """What both kinds of fake share: a name, books, questions, and a fault to raise where one is set."""

    def __init__(self, name: str, books: Books, key_prefix: str = "") -> None:
        """Keep these books; references that start with the prefix name records here."""
        self.name, self.kind, self.books, self.prefix = name, "fake", books, key_prefix
        self.asked: list[Asked] = []
        self.faults: dict[str, Fault] = {}

    def note(self, what: str, call: Call, wanted: Wanted, about: object = None) -> None:
        """Count a question; raise the fault that is set for it or for everything."""
        self.asked.append(Asked(what, wanted, call, about))
        fault = self.faults.get(what) or self.faults.get("*")
        if fault is not None:
            raise fault

    def questions(self) -> list[str]:
        """What was asked, in order."""
        return [asked.what for asked in self.asked]

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """Up, unless a fault is set."""
        down = bool(self.faults) and not thorough
        return Checkup(
            status=SystemHealth.DOWN if down else SystemHealth.UP,
            latency_ms=None if down else 3,
            calls_remaining=None,
            message="It is down." if down else None,
        )

    def origin(self, concept: str, field: str) -> str | None:
        """A made-up vendor word."""
        return f"{concept}.{field}"

    async def close(self) -> None:
        """Nothing to give back."""

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """The orders that the lookup names."""
        self.note("fetch_orders", call, wanted, lookup)
        return told(_named(self.books.orders, lookup), wanted)

    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        """A page of the stream, and the orders asked for beside it."""
        self.note("list_orders", call, wanted, query)
        rows = sorted(self.books.orders, key=lambda r: (r.ordered_at, r.ref.key), reverse=True)
        rows = [row for row in rows if _fits(row, query)]
        beside = tuple(told(_named(self.books.orders, also), wanted)) if also else ()
        return Page(tuple(told(rows[: query.first], wanted)), len(rows) > query.first, beside)

    def named_order(self, reference: str) -> str | None:
        """The reference itself, where it starts with the prefix."""
        return reference if self.prefix and reference.startswith(self.prefix) else None

    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        """The customers that the lookup names."""
        self.note("fetch_customers", call, wanted, lookup)
        return told(_named(self.books.customers, lookup), wanted)

    async def list_customers(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """A page of the stream."""
        self.note("list_customers", call, wanted)
        rows = sorted(self.books.customers, key=lambda record: record.ref.key)
        rows = [r for r in rows if query.after_key is None or r.ref.key > query.after_key]
        rows = [r for r in rows if query.parent_key in (None, r.parent_key)]
        return Page(tuple(told(rows[: query.first], wanted)), len(rows) > query.first)

    def named_customer(self, reference: str) -> str | None:
        """The reference itself, where it looks like an account's."""
        return reference if self.prefix and reference.startswith("acc") else None

    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> Mapping[str, ProductRecord]:
        """Products by sku."""
        self.note("fetch_products", call, wanted, tuple(skus))
        return {record.sku: record for record in self.books.products if record.sku in skus}

    async def list_products(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """A page of the stream."""
        self.note("list_products", call, wanted)
        rows = sorted(self.books.products, key=lambda record: record.sku)
        rows = [r for r in rows if query.after_sku is None or r.sku > query.after_sku]
        return Page(tuple(rows[: query.first]), len(rows) > query.first)


def _named(records: Iterable[R], lookup: Lookup) -> list[R]:
    found = []
    for record in records:
        partners = getattr(record, "partner_keys", ())
        if (
            record.ref.key in lookup.keys
            or set(partners).intersection(lookup.partner_keys)
            or known(record.number) in lookup.numbers
        ):
            found.append(record)
    return found


def _fits(row: OrderRecord, query: OrderQuery) -> bool:
    after = query.after
    return (
        (after is None or (row.ordered_at, row.ref.key) < (after.at, after.key))
        and (query.stages is None or row.stage in query.stages)
        and (query.customer_keys is None or row.customer_key in query.customer_keys)
        and (query.quote_keys is None or row.quote_key in query.quote_keys)
        and (query.opportunity_keys is None or row.opportunity_key in query.opportunity_keys)
        and (query.contract_keys is None or row.contract_key in query.contract_keys)
        and (query.ordered_from is None or row.ordered_at.date() >= query.ordered_from)
        and (query.ordered_to is None or row.ordered_at.date() <= query.ordered_to)
        and not (query.unlinked_only and row.partner_keys)
    )


class FakeCrm(FakeSystem, OrderSource, CustomerSource, QuoteSource, ContractSource, ProductSource):
    """A CRM in memory; its order keys start with 'sale'."""

    def __init__(self, books: Books, name: str = "crm") -> None:
        """Keep these books."""
        super().__init__(name, books, "sale")

    async def fetch_quotes(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[QuoteRecord]:
        """The quotes that the lookup names."""
        self.note("fetch_quotes", call, wanted, lookup)
        return told(_named(self.books.quotes, lookup), wanted)

    async def fetch_contracts(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[ContractRecord]:
        """The contracts that the lookup names."""
        self.note("fetch_contracts", call, wanted, lookup)
        return told(_named(self.books.contracts, lookup), wanted)


class FakeErp(
    FakeSystem,
    OrderSource,
    CustomerSource,
    ProductSource,
    ShipmentSource,
    InvoiceSource,
    PaymentSource,
    ReceivablesSource,
):
    """An ERP in memory."""

    async def fetch_shipments_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Shipment]]:
        """Shipments by order key."""
        self.note("fetch_shipments_of_orders", call, wanted, tuple(order.ref.key for order in orders))
        return {key: told(held, wanted) for key, held in _by_order(self.books.shipments, orders).items()}

    async def fetch_shipments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Shipment]:
        """Shipments by key."""
        self.note("fetch_shipments", call, wanted, tuple(keys))
        return {s.ref.key: s for s in told(self.books.shipments, wanted) if s.ref.key in keys}

    async def fetch_invoices_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Invoice]]:
        """Invoices by order key."""
        self.note("fetch_invoices_of_orders", call, wanted, tuple(order.ref.key for order in orders))
        return {key: told(held, wanted) for key, held in _by_order(self.books.invoices, orders).items()}

    async def fetch_invoices(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[Invoice]:
        """The invoices that the lookup names."""
        self.note("fetch_invoices", call, wanted, lookup)
        return told(_named(self.books.invoices, lookup), wanted)

    async def list_invoices(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """A page of the stream."""
        self.note("list_invoices", call, wanted)
        rows = sorted(self.books.invoices, key=lambda i: (known(i.issued_on), i.ref.key), reverse=True)
        after = query.after
        rows = [r for r in rows if after is None or (known(r.issued_on), r.ref.key) < (after.at.date(), after.key)]
        rows = [r for r in rows if query.customer_keys is None or r.customer_key in query.customer_keys]
        return Page(tuple(told(rows[: query.first], wanted)), len(rows) > query.first)

    async def fetch_credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, CreditMemo]:
        """Credit memos by key."""
        self.note("fetch_credit_memos", call, wanted, tuple(keys))
        return {memo.ref.key: memo for memo in self.books.memos if memo.ref.key in keys}

    async def fetch_payments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Payment]:
        """Payments by key."""
        self.note("fetch_payments", call, wanted, tuple(keys))
        return {payment.ref.key: payment for payment in told(self.books.payments, wanted) if payment.ref.key in keys}

    async def fetch_billing_accounts(
        self, call: Call, customer_keys: Sequence[str], wanted: Wanted
    ) -> Mapping[str, Sequence[BillingAccount]]:
        """Billing accounts by customer key."""
        self.note("fetch_billing_accounts", call, wanted, tuple(customer_keys))
        return {key: [a for a in self.books.accounts if a.customer.key == key] for key in customer_keys}


D = TypeVar("D", Shipment, Invoice)


def _by_order(documents: Iterable[D], orders: Sequence[OrderRecord]) -> dict[str, list[D]]:
    held = {order.ref.key: [d for d in documents if order.ref in d.order_refs] for order in orders}
    return {key: found for key, found in held.items() if found}


class FakeSystems:
    """The opened systems."""

    def __init__(self, *systems: FakeSystem | Source) -> None:
        """Keep them by name."""
        self.by_name: dict[str, Source] = {system.name: _source(system) for system in systems}

    def get(self, name: str, port: type[P]) -> P | None:
        """The system as a keeper of the port."""
        found = self.by_name.get(name)
        return found if isinstance(found, port) else None


def _source(system: FakeSystem | Source) -> Source:
    assert isinstance(system, Source)
    return system


Clock = Callable[[], object]
