"""Tryton as a source: which needs it serves, and who asks for what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx

from canonical.changes import Changes
from canonical.customer import BillingAccount, CustomerRecord
from canonical.intake import (
    Amendment,
    CustomerAcknowledgment,
    CustomerRequest,
    OrderAcknowledgment,
    OrderQuotation,
    OrderRequest,
)
from canonical.invoice import CreditMemo, Invoice
from canonical.order import OrderRecord
from canonical.payment import Payment
from canonical.product import ProductRecord
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from sources.feeds import ChangePolling, Delivery, Receipt, Webhook
from sources.intake import CustomerIntake, OrderIntake
from sources.kit.call import Call
from sources.kit.webhook.door import Door
from sources.landscape import Instance
from sources.ports import (
    Checkup,
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
    ReceivablesSource,
    ShipmentSource,
    Source,
)
from sources.tryton.checkup import Doctor
from sources.tryton.client import TrytonClient
from sources.tryton.intake import Intake
from sources.tryton.invoices import Invoices
from sources.tryton.mapping_changes import meaning_of
from sources.tryton.masters import Accounts, Customers, Products
from sources.tryton.orders import Orders
from sources.tryton.origins import origin_of
from sources.tryton.polling import polling_of
from sources.tryton.reading import Reading
from sources.tryton.settings import Entities, Settings, settings_of
from sources.tryton.shipments import Shipments

KIND: Final = "tryton"


class Tryton(
    OrderSource,
    CustomerSource,
    ProductSource,
    ShipmentSource,
    InvoiceSource,
    PaymentSource,
    ReceivablesSource,
    OrderIntake,
    CustomerIntake,
    ChangePolling,
    Webhook,
):
    """One Tryton database: its sales, shipments, invoices, payments, receivables, parties and products, read live.

    Orders are booked, changed and cancelled in it, and customers created.
    """

    def __init__(
        self, instance: Instance, client: TrytonClient, settings: Settings, now: Callable[[], datetime] | None = None
    ) -> None:
        """Put the askers together; nothing is called yet."""
        self.name, self.kind = instance.name, KIND
        self._client, self._settings, self._now = client, settings, now or _now
        self._entities = entities = Entities(instance)
        self._doctor = Doctor(client, settings, entities)
        self._orders = Orders(client, settings, entities, self._reading)
        self._shipments = Shipments(client, entities, self._reading)
        self._invoices = Invoices(client, entities, self._reading)
        self._customers = Customers(client, settings, entities, self._reading)
        self._products = Products(client, settings, entities, self._reading)
        self._accounts = Accounts(client, settings, entities, self._reading)
        self._intake = Intake(client, settings, entities, self._reading)
        self._polling, self._door = polling_of(client, settings, entities, self._now), Door(instance, meaning_of)

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """Whether it answers and the key opens it; thorough: whether each field that is read can be."""
        return await self._doctor.check(call, thorough=thorough)

    def origin(self, concept: str, field: str) -> str | None:
        """Tryton's own name of the field that a canonical field is read from."""
        return origin_of(concept, field, self._settings)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """Sales by id, number or reference: one call, two where a quotation could be held for credit."""
        return await self._orders.fetch(call, lookup, wanted)

    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        """One page of sales, newest first, and others by name: at most two calls."""
        return await self._orders.stream(call, query, wanted, also)

    def named_order(self, reference: str) -> str | None:  # noqa: ARG002 - the port's
        """None: a sale's number is text of any form, and its id is not what people write down."""
        return None

    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        """Parties by code or reference: one call."""
        return await self._customers.fetch(call, lookup, wanted)

    async def list_customers(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """One page of parties by code: one call."""
        return await self._customers.stream(call, query, wanted)

    def named_customer(self, reference: str) -> str | None:
        """The party's code, as it stands."""
        return reference.strip() or None

    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> Mapping[str, ProductRecord]:
        """Variants by code: one call."""
        return await self._products.fetch(call, skus, wanted)

    async def list_products(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """One page of variants by code: one call."""
        return await self._products.stream(call, query, wanted)

    async def fetch_shipments_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Shipment]]:
        """Shipments and returns of sales: one call."""
        return await self._shipments.of_orders(call, orders, wanted)

    async def fetch_shipments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Shipment]:
        """Shipments and returns by key: one call for each of both."""
        return await self._shipments.fetch(call, keys, wanted)

    async def fetch_invoices_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Invoice]]:
        """Invoices of sales with their payments and credit notes: one call."""
        return await self._invoices.of_orders(call, orders, wanted)

    async def fetch_invoices(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[Invoice]:
        """Invoices by id or number: one call."""
        return await self._invoices.fetch(call, lookup, wanted)

    async def list_invoices(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """One page of invoices, newest first: one call, one more for credit notes."""
        return await self._invoices.stream(call, query, wanted)

    async def fetch_credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, CreditMemo]:
        """Credit notes by id: one call."""
        return await self._invoices.credit_memos(call, keys, wanted)

    async def fetch_payments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Payment]:
        """Payments by the id of their entry in the books: one call."""
        return await self._invoices.payments(call, keys, wanted)

    async def fetch_billing_accounts(
        self, call: Call, customer_keys: Sequence[str], wanted: Wanted
    ) -> Mapping[str, Sequence[BillingAccount]]:
        """Parties in the books: one call a legal entity."""
        return await self._accounts.fetch(call, customer_keys, wanted)

    async def quote_order(self, call: Call, request: OrderRequest) -> OrderQuotation:
        """Prices, taxes, credit and stock as Tryton has them: reads alone, so repeating it changes nothing."""
        return await self._intake.quoting.quote(call, request)

    async def find_orders(self, call: Call, references: Sequence[str]) -> Mapping[str, Sequence[OrderAcknowledgment]]:
        """Sales by our reference, or by that of an amendment. A booking that stopped halfway is not among them."""
        return await self._intake.finding.orders(call, references)

    async def book_order(self, call: Call, request: OrderRequest) -> OrderAcknowledgment:
        """A draft, a quotation, a confirmed sale. Asked once more it goes on with what carries our reference.

        Tryton keeps no reference unique: only the lease, and the wait before it is asked again, keep it to one.
        """
        return await self._intake.booking.book(call, request)

    async def amend_order(self, call: Call, amendment: Amendment) -> OrderAcknowledgment:
        """As the sale's state allows. The reference that it leaves in Tryton says once more that it is done."""
        return await self._intake.amending.amend(call, amendment)

    async def cancel_order(self, call: Call, order_key: str, reference: str, reason: str) -> OrderAcknowledgment:
        """As the sale's state allows. Asked once more it takes the steps that are left, if any."""
        return await self._intake.cancelling.cancel(call, order_key, reference, reason)

    async def find_created_customers(
        self, call: Call, references: Sequence[str]
    ) -> Mapping[str, Sequence[CustomerAcknowledgment]]:
        """Parties by an identifier or code that is our reference, or the CRM's key: one call."""
        return await self._intake.onboarding.find(call, references)

    async def create_customer(self, call: Call, request: CustomerRequest) -> CustomerAcknowledgment:
        """A party with our reference for its code, of which Tryton takes one: the one that is there is acknowledged."""
        return await self._intake.onboarding.create(call, request)

    def position_at(self, at: datetime) -> str:
        """From a while before this instant on: transactions are stamped when they begin."""
        return self._polling.position_at(at)

    async def poll_changes(self, call: Call, position: str) -> Changes:
        """One page of each model that the settings choose: one call each, side by side."""
        return await self._polling.poll(call, position)

    def read_delivery(self, delivery: Delivery) -> Receipt:
        """Messages of a module of the company's own; see README.md for what they say."""
        return self._door.read(delivery)

    def _reading(self, company: int | None) -> Reading:
        return Reading(self.name, self._settings, self._entities, self._now(), company)


def open_source(instance: Instance, *, transport: httpx.AsyncBaseTransport | None = None) -> Source:
    """The adapter of one configured database; ValueError where its settings, codes or key are not right."""
    settings = settings_of(instance)
    return Tryton(instance, TrytonClient(instance, settings, transport), settings)


def _now() -> datetime:
    return datetime.now(UTC)
