"""SAP S/4HANA as a source: which needs it serves, and who asks for what."""

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
from sources.kit.auth.authorization import Authorization
from sources.kit.auth.fixed import basic
from sources.kit.auth.oauth import client_credentials
from sources.kit.call import Call
from sources.kit.webhook.door import Door
from sources.landscape import Instance, Secret
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
from sources.s4hana.alterations import Alterations
from sources.s4hana.bookings import Bookings
from sources.s4hana.checkup import Doctor
from sources.s4hana.client import S4Client
from sources.s4hana.invoices import Invoices
from sources.s4hana.ledgers import Ledgers
from sources.s4hana.mapping_events import meaning_of
from sources.s4hana.masters import Accounts, Customers, Products
from sources.s4hana.onboarding import Onboarding
from sources.s4hana.orders import Orders
from sources.s4hana.origins import origin_of
from sources.s4hana.polling import polling_of
from sources.s4hana.reading import Reading
from sources.s4hana.selling import SalesAreas
from sources.s4hana.settings import Entities, Settings, settings_of
from sources.s4hana.shipments import Shipments
from sources.s4hana.standing import Standing
from sources.s4hana.values import LONGEST_DOCUMENT, unpadded

KIND: Final = "s4hana"
TOKEN_PATH: Final = "/sap/bc/sec/oauth2/token"  # noqa: S105 - a path


class S4Hana(
    OrderIntake,
    CustomerIntake,
    OrderSource,
    CustomerSource,
    ProductSource,
    ShipmentSource,
    InvoiceSource,
    PaymentSource,
    ReceivablesSource,
    ChangePolling,
    Webhook,
):
    """One SAP system: its orders, deliveries, billing documents, receivables, customers and products, read live.

    Orders and customers are written too. No write is sent twice by itself; what makes it safe to be sent again, each
    method says.
    """

    def __init__(
        self, instance: Instance, client: S4Client, settings: Settings, now: Callable[[], datetime] | None = None
    ) -> None:
        """Put the askers together; nothing is called yet."""
        self.name, self.kind = instance.name, KIND
        self._client, self._settings, self._now = client, settings, now or _now
        self._entities = entities = Entities(instance)
        self._doctor = Doctor(client, settings)
        self._orders = Orders(client, settings, entities, self._reading)
        self._shipments = Shipments(client, settings, entities, self._reading)
        self._ledgers = Ledgers(client, settings, entities, self._reading)
        self._invoices = Invoices(client, settings, entities, self._reading, self._ledgers)
        self._customers = Customers(client, settings, entities, self._reading)
        self._products = Products(client, settings, self._reading)
        self._accounts = Accounts(client, settings, entities, self._reading, self._ledgers)
        areas, self._standing = SalesAreas(instance, settings), Standing(client, settings, self._reading)
        self._bookings = Bookings(client, settings, areas, self._standing, self._reading)
        self._alterations = Alterations(client, settings, entities, self._standing)
        self._onboarding = Onboarding(client, settings, areas, self._reading)
        self._polling, self._door = polling_of(client, settings, entities, self._now), Door(instance, meaning_of)

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """Whether it answers; thorough: whether each service is switched on and which fields it lacks."""
        return await self._doctor.check(call, thorough=thorough)

    def origin(self, concept: str, field: str) -> str | None:
        """SAP's own name of the field that a canonical field is read from."""
        return origin_of(concept, field, self._settings)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """Sales orders by number or reference: one call."""
        return await self._orders.fetch(call, lookup, wanted)

    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        """One page of sales orders, newest first, and others by name: one call."""
        return await self._orders.stream(call, query, wanted, also)

    def named_order(self, reference: str) -> str | None:
        """A number of up to ten digits, without its leading zeros."""
        return _number(reference)

    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        """Customers by number or external id: one call."""
        return await self._customers.fetch(call, lookup, wanted)

    async def list_customers(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """One page of customers by number: one call."""
        return await self._customers.stream(call, query, wanted)

    def named_customer(self, reference: str) -> str | None:
        """A number of up to ten digits, without its leading zeros."""
        return _number(reference)

    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> Mapping[str, ProductRecord]:
        """Products by sku: one call."""
        return await self._products.fetch(call, skus, wanted)

    async def list_products(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """One page of products by sku: one call, two for a search."""
        return await self._products.stream(call, query, wanted)

    async def fetch_shipments_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Shipment]]:
        """Deliveries of orders: one call."""
        return await self._shipments.of_orders(call, orders, wanted)

    async def fetch_shipments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Shipment]:
        """Deliveries by number: one call."""
        return await self._shipments.fetch(call, keys, wanted)

    async def fetch_invoices_of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> Mapping[str, Sequence[Invoice]]:
        """Invoices of orders: one call, and one to the ledger for what is open and paid."""
        return await self._invoices.of_orders(call, orders, wanted)

    async def fetch_invoices(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[Invoice]:
        """Invoices by number: one call, and one to the ledger for what is open and paid."""
        return await self._invoices.fetch(call, lookup, wanted)

    async def list_invoices(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """One page of invoices, newest first: one call, and one to the ledger for what is open and paid."""
        return await self._invoices.stream(call, query, wanted)

    async def fetch_credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, CreditMemo]:
        """Credit memos by number: one call, and one to the ledger for what is open."""
        return await self._invoices.credit_memos(call, keys, wanted)

    async def fetch_payments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Payment]:
        """Payments by company code, year and number: one call, two with what they were used for."""
        return await self._ledgers.payments(call, keys, wanted)

    async def fetch_billing_accounts(
        self, call: Call, customer_keys: Sequence[str], wanted: Wanted
    ) -> Mapping[str, Sequence[BillingAccount]]:
        """Customers in the books: one call, one more each for balances and credit."""
        return await self._accounts.fetch(call, customer_keys, wanted)

    async def quote_order(self, call: Call, request: OrderRequest) -> OrderQuotation:
        """What SAP would make of the order: one call. Safe to repeat: SAP keeps nothing of a simulation."""
        return await self._bookings.quote(call, request)

    async def find_orders(self, call: Call, references: Sequence[str]) -> Mapping[str, Sequence[OrderAcknowledgment]]:
        """Orders by our references: one call. Safe to repeat: it reads.

        A lost answer is only found by a user who may read what it writes: SAP leaves out other rows without a word.
        """
        return await self._standing.find(call, references)

    async def book_order(self, call: Call, request: OrderRequest) -> OrderAcknowledgment:
        """Book in one deep insert, and one changeset more where single lines have days of their own.

        Not safe to repeat: SAP books the same reference as often as it is sent, so look it up first. With `numbering =
        "external"` it is safe: the number hangs on the reference, and SAP takes a number once.
        """
        return await self._bookings.book(call, request)

    async def amend_order(self, call: Call, amendment: Amendment) -> OrderAcknowledgment:
        """Change in one changeset, all or none.

        Safe to repeat with `amendment_field`: the order carries the reference of its last amendment. Without it, only
        what adds lines is not: the changeset is bound to the version that was read, and a second one reads a new one.
        With an expected version it is never applied twice.
        """
        return await self._alterations.amend(call, amendment)

    async def cancel_order(self, call: Call, order_key: str, reference: str, reason: str) -> OrderAcknowledgment:
        """Reject every item, with the code that the settings have for the reason; the words themselves have no place.

        Safe to repeat: what is rejected is left as it is.
        """
        return await self._alterations.cancel(call, order_key, reference, reason)

    async def find_created_customers(
        self, call: Call, references: Sequence[str]
    ) -> Mapping[str, Sequence[CustomerAcknowledgment]]:
        """Customers by external id, and by identification where a type is configured: one call, two for the latter."""
        return await self._onboarding.find(call, references)

    async def create_customer(self, call: Call, request: CustomerRequest) -> CustomerAcknowledgment:
        """Create in one deep insert. Not safe to repeat: SAP takes an external id as often as it comes."""
        return await self._onboarding.create(call, request)

    def position_at(self, at: datetime) -> str:
        """From a while before this instant on, and of deliveries and receivables from the day before it."""
        return self._polling.position_at(at)

    async def poll_changes(self, call: Call, position: str) -> Changes:
        """One page of each set that the settings choose: one call each, side by side."""
        return await self._polling.poll(call, position)

    def read_delivery(self, delivery: Delivery) -> Receipt:
        """SAP's business events, as an event mesh forwards them."""
        return self._door.read(delivery)

    def _reading(self) -> Reading:
        return Reading(self.name, self._settings, self._entities, self._now())


def open_source(instance: Instance, *, transport: httpx.AsyncBaseTransport | None = None) -> Source:
    """The adapter of one configured system; ValueError where its settings, codes or credentials are not right."""
    settings = settings_of(instance)
    client = S4Client(instance, settings, _authorization(instance, settings), transport)
    return S4Hana(instance, client, settings)


def _authorization(instance: Instance, settings: Settings) -> Authorization:
    if settings.auth == "basic":
        username = settings.username or _credential(instance, "username").reveal()
        return basic(username, _credential(instance, "password"))
    client_id = settings.client_id or _credential(instance, "client_id").reveal()
    token_url = settings.token_url or f"{instance.base_url}{TOKEN_PATH}"
    secret = _credential(instance, "client_secret")
    return client_credentials(instance.name, token_url, client_id, secret, scope=settings.scope)


def _credential(instance: Instance, name: str) -> Secret:
    found = instance.credentials.get(name)
    if found is None:
        raise ValueError(f"{instance.name} needs the credential {name!r}")
    return found


def _number(reference: str) -> str | None:
    text = reference.strip()
    fits = text.isascii() and text.isdigit() and len(text) <= LONGEST_DOCUMENT
    return unpadded(text) if fits and text.strip("0") else None


def _now() -> datetime:
    return datetime.now(UTC)
