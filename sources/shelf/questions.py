"""The questions whose answers can be kept: what each is about, and what makes a kept answer untrue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from canonical.absence import known
from canonical.contract import ContractRecord
from canonical.customer import BillingAccount, CustomerRecord
from canonical.invoice import CreditMemo, Invoice
from canonical.opportunity import OpportunityRecord
from canonical.order import OrderRecord
from canonical.payment import Payment
from canonical.product import ProductRecord
from canonical.quote import QuoteRecord
from canonical.refs import Ref
from canonical.shipment import Shipment

R = TypeVar("R", bound=Struct)
Mark = tuple[str, str]
"""A record that a kept answer hangs on: its concept, and its key in the system that was asked."""

CONCEPTS: Final = (
    "customer", "quote", "opportunity", "contract", "product", "order", "shipment", "invoice", "credit_memo", "payment"
)  # fmt: skip
"""What a change can be about."""


class Anchored(Protocol):
    """Any record with a key of its own."""

    @property
    def ref(self) -> Ref:
        """The key, and the system that gave it."""


@dataclass(frozen=True)
class Question(Generic[R]):
    """One question to a system, under its name in the landscape.

    `marks` tells which records one record of the answer hangs on; `embeds` are their concepts besides `concept`. Any
    change to a record of `moved_by` moves every answer: an invoice is paid by payments whose events do not name it.
    What is told for a name of the kinds in `complete` changes with its own marks alone; what is told for any other name
    may grow by a record that is new.
    """

    name: str
    concept: str
    record: type[R]
    marks: Callable[[R], Iterable[Mark]]
    embeds: tuple[str, ...] = ()
    moved_by: tuple[str, ...] = ()
    complete: frozenset[str] = frozenset({"key"})

    @cached_property
    def decoder(self) -> msgspec.msgpack.Decoder[tuple[R, ...]]:
        """Bytes to records; msgspec.DecodeError where they are none."""
        return msgspec.msgpack.Decoder(self._records)

    @cached_property
    def shape(self) -> bytes:
        """Another one for every other form of the record, so that bytes of one form are never read as another."""
        form = msgspec.json.schema(self._records)
        return blake2b(msgspec.json.encode(form, order="sorted"), digest_size=8).digest()

    @property
    def _records(self) -> type[tuple[R, ...]]:
        record: Any = self.record
        return tuple[record, ...]


def _own(concept: str) -> Callable[[Anchored], Iterable[Mark]]:
    return lambda record: ((concept, record.ref.key),)


def _of_account(account: BillingAccount) -> Iterable[Mark]:
    return (("customer", account.customer.key),)


def _of_product(product: ProductRecord) -> Iterable[Mark]:
    # People and feeds know a product by its sku, some systems by a key of their own.
    return (("product", product.ref.key), ("product", product.sku))


def _of_order(order: OrderRecord) -> Iterable[Mark]:
    yield ("order", order.ref.key)
    if customer := known(order.customer_key):
        yield ("customer", customer)
    if embedded := known(order.customer):
        yield ("customer", embedded.ref.key)


CUSTOMERS: Final = Question("customer", "customer", CustomerRecord, _own("customer"))
ACCOUNTS: Final = Question(
    "customer.billing_accounts", "customer", BillingAccount, _of_account,
    moved_by=("invoice", "credit_memo", "payment", "order"), complete=frozenset({"customer"}),
)  # fmt: skip
QUOTES: Final = Question("quote", "quote", QuoteRecord, _own("quote"))
OPPORTUNITIES: Final = Question("opportunity", "opportunity", OpportunityRecord, _own("opportunity"))
CONTRACTS: Final = Question("contract", "contract", ContractRecord, _own("contract"))
PRODUCTS: Final = Question("product", "product", ProductRecord, _of_product, complete=frozenset({"sku"}))
ORDERS: Final = Question(
    "order", "order", OrderRecord, _of_order,
    embeds=("customer",), moved_by=("shipment", "invoice", "credit_memo", "payment"),
)  # fmt: skip
SHIPMENTS_OF_ORDERS: Final = Question(
    "order.shipments", "shipment", Shipment, _own("shipment"), embeds=("order",), complete=frozenset()
)
INVOICES_OF_ORDERS: Final = Question(
    "order.invoices", "invoice", Invoice, _own("invoice"),
    embeds=("order",), moved_by=("credit_memo", "payment"), complete=frozenset(),
)  # fmt: skip
SHIPMENTS: Final = Question("shipment", "shipment", Shipment, _own("shipment"))
INVOICES: Final = Question("invoice", "invoice", Invoice, _own("invoice"), moved_by=("credit_memo", "payment"))
MEMOS: Final = Question("credit_memo", "credit_memo", CreditMemo, _own("credit_memo"), moved_by=("invoice", "payment"))
PAYMENTS: Final = Question("payment", "payment", Payment, _own("payment"), moved_by=("invoice", "credit_memo"))

QUESTIONS: Final[Mapping[str, Question[Any]]] = {
    question.name: question
    for question in (
        CUSTOMERS, ACCOUNTS, QUOTES, OPPORTUNITIES, CONTRACTS, PRODUCTS, ORDERS, SHIPMENTS_OF_ORDERS,
        INVOICES_OF_ORDERS, SHIPMENTS, INVOICES, MEMOS, PAYMENTS,
    )
}  # fmt: skip
"""Every question whose answer can be kept, by its name in the landscape."""
