"""Salesforce's ports: customers, opportunities, quotes, contracts, orders and products, as sales people see them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime

import httpx

from canonical.changes import Changes
from canonical.contract import ContractRecord
from canonical.customer import CustomerRecord
from canonical.intake import CrmOrderRequest, WriteBack
from canonical.opportunity import OpportunityRecord
from canonical.order import OrderRecord
from canonical.product import ProductRecord
from canonical.quote import QuoteRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.feeds import Bulletin, BulletinBoard, ChangePolling, ChangeStream, Delivery, Receipt, Webhook
from sources.intake import CustomerWriteBack, OrderWriteBack
from sources.kit.call import Call, chunks
from sources.landscape import Instance
from sources.ports import (
    Checkup,
    ContractSource,
    CustomerQuery,
    CustomerSource,
    Lookup,
    OpportunitySource,
    OrderQuery,
    OrderSource,
    Page,
    ProductQuery,
    ProductSource,
    QuoteSource,
)
from sources.salesforce import ids, narrowing
from sources.salesforce.bulletins import Board
from sources.salesforce.checkup import listened, look
from sources.salesforce.client import Org, Reader
from sources.salesforce.mapping import Telling, to_customer, to_order
from sources.salesforce.mapping_deal import to_contract, to_opportunity
from sources.salesforce.mapping_offer import to_product, to_quote
from sources.salesforce.outbound import read_message
from sources.salesforce.polling import Polling
from sources.salesforce.reading import (
    origin_of,
    select_contracts,
    select_customers,
    select_opportunities,
    select_orders,
    select_products,
    select_quotes,
)
from sources.salesforce.registering import Registering
from sources.salesforce.settings import WEBHOOK_SECRET, WEBHOOK_SECRET_BEFORE, Settings, settings_of
from sources.salesforce.shapes import Shapes, api_name
from sources.salesforce.signing_in import sign_in
from sources.salesforce.soql import is_in
from sources.salesforce.standing import Standing
from sources.salesforce.streaming import Streaming
from sources.salesforce.wire import Contact
from sources.salesforce.writing import Writing
from sources.salesforce.writing_back import WritingBack


def open_source(instance: Instance, *, transport: httpx.AsyncBaseTransport | None = None) -> Salesforce:
    """The adapter of one configured org; nothing is sent. ValueError where its settings are wrong."""
    settings = settings_of(instance)
    org = Org(instance, settings, sign_in(instance, settings), transport)
    kind = Salesforce if settings.pubsub_endpoint is None else ListenedSalesforce
    return kind(instance, settings, org)


class Salesforce(
    OrderSource,
    CustomerSource,
    QuoteSource,
    OpportunitySource,
    ContractSource,
    ProductSource,
    OrderWriteBack,
    CustomerWriteBack,
    ChangePolling,
    Webhook,
    BulletinBoard,
):
    """One org. Partner keys of its orders and customers are the ERP numbers that were written back to them."""

    kind = "salesforce"

    def __init__(
        self,
        instance: Instance,
        settings: Settings,
        org: Org,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the org's client; `now` stamps what is read."""
        self.name = instance.name
        self._instance = instance
        self._settings = settings
        self._org = org
        self._shapes = shapes = Shapes.of(settings)
        self._quote_field = api_name(shapes.order, "quote_key") or ""
        self._orders = Reader(shapes.order, "query Order", ("order_items", shapes.item))
        self._customers = Reader(shapes.account, "query Account", ("contacts", Contact))
        self._quotes = Reader(shapes.quote, f"query {shapes.quote_object}", ("lines", shapes.quote_line))
        self._opportunities = Reader(shapes.opportunity, "query Opportunity")
        self._contracts = Reader(shapes.contract, "query Contract")
        self._products = Reader(shapes.product, "query Product2", ("pricebook_entries", shapes.price))
        writing = Writing(org, instance.name, settings.api, read_only=settings.read_only)
        standing = Standing.of(settings)
        self._now = now
        self._polling = Polling(org, settings, now)
        self._board = Board(org, instance.name, settings, writing)
        names = (WEBHOOK_SECRET, WEBHOOK_SECRET_BEFORE)
        self._webhook_secrets = tuple(found for name in names if (found := instance.credentials.get(name)))
        self._registering = Registering(org, writing, standing, instance.name)
        self._writing_back = WritingBack(org, writing, standing, instance.name)

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """Look whether the org answers, what is left of its calls and, `thorough`, whether every field is readable."""
        return await look(self._org, call, self._settings, self._shapes, thorough=thorough)

    def origin(self, concept: str, field: str) -> str | None:
        """The API name behind a canonical field."""
        return origin_of(self._shapes, concept, field)

    async def close(self) -> None:
        """Give back the connections."""
        await self._org.close()

    async def fetch_orders(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OrderRecord]:
        """Orders by id, by OrderNumber, or by an ERP number written back to them; one call for up to five queries."""
        return (await self._ask_orders(call, wanted, None, lookup))[1]

    async def list_orders(
        self, call: Call, query: OrderQuery, wanted: Wanted, also: Lookup | None = None
    ) -> Page[OrderRecord]:
        """One page by CreatedDate, and what is looked up beside it, in one call."""
        listed, beside = await self._ask_orders(call, wanted, query, also)
        return Page(tuple(listed[: query.first]), more=len(listed) > query.first, also=tuple(beside))

    def named_order(self, reference: str) -> str | None:
        """The 18-character id of an Order that a text is; None for other text."""
        return ids.named(reference, ids.ORDER)

    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        """Accounts by id, by AccountNumber, or by an ERP customer number written back to them."""
        needed = wanted | Wanted.of("number") if lookup.numbers else wanted
        select = narrowing.customers_seen(select_customers(self._shapes, needed), call.view)
        if select is None:
            return ()
        partner_field = self._settings.erp_customer_number_field
        selects = narrowing.looked_up(select, lookup, "AccountNumber", partner_field)
        found = await self._org.query(call, selects, self._customers)
        telling = self._telling()
        records = {row.id: to_customer(row, wanted, telling) for rows in found for row in rows}
        return tuple(
            record
            for record in records.values()
            if narrowing.is_meant(lookup, record.ref.key, _text(record.number), record.partner_keys)
        )

    async def list_customers(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """One page of accounts by id."""
        select = narrowing.customers_seen(select_customers(self._shapes, wanted), call.view)
        if select is None:
            return Page((), more=False)
        found = await self._org.query(call, [narrowing.customers_listed(select, query)], self._customers)
        telling = self._telling()
        records = tuple(to_customer(row, wanted, telling) for row in found[0])
        return Page(records[: query.first], more=len(records) > query.first)

    def named_customer(self, reference: str) -> str | None:
        """The 18-character id of an Account that a text is; None for other text."""
        return ids.named(reference, ids.ACCOUNT)

    async def fetch_quotes(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[QuoteRecord]:
        """Quotes of the org's model by id or number; a quote carries no partner's key."""
        shapes = self._shapes
        number_field, account_field = api_name(shapes.quote, "number") or "", api_name(shapes.quote, "account_id") or ""
        select = narrowing.deals_seen(select_quotes(shapes, wanted), call.view, account_field)
        if select is None:
            return ()
        selects = narrowing.looked_up(select, lookup, number_field, None)
        found = await self._org.query(call, selects, self._quotes)
        telling = self._telling()
        records = {row.id: to_quote(row, shapes.quote_object, wanted, telling) for rows in found for row in rows}
        return tuple(records.values())

    async def fetch_opportunities(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OpportunityRecord]:
        """Opportunities by id: they carry neither a number nor a partner's key."""
        select = narrowing.deals_seen(select_opportunities(self._shapes, wanted), call.view, "AccountId")
        if select is None:
            return ()
        selects = narrowing.looked_up(select, Lookup(keys=lookup.keys), "Id", None)
        found = await self._org.query(call, selects, self._opportunities)
        telling = self._telling()
        rows = {row.id: row for rows in found for row in rows if narrowing.is_meant(lookup, row.id, None, ())}
        return tuple(to_opportunity(row, wanted, telling) for row in rows.values())

    async def fetch_contracts(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[ContractRecord]:
        """Contracts by id or ContractNumber; a contract carries no partner's key."""
        select = narrowing.deals_seen(select_contracts(self._shapes, wanted), call.view, "AccountId")
        if select is None:
            return ()
        selects = narrowing.looked_up(select, lookup, "ContractNumber", None)
        found = await self._org.query(call, selects, self._contracts)
        telling = self._telling()
        rows = {row.id: row for rows in found for row in rows}
        return tuple(
            to_contract(row, wanted, telling)
            for row in rows.values()
            if narrowing.is_meant(lookup, row.id, _text(row.contract_number), ())
        )

    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> Mapping[str, ProductRecord]:
        """Products by sku; of several with one sku the active one, else the oldest id."""
        field = self._settings.sku_field
        select = select_products(self._shapes, wanted | Wanted.of("active"))
        selects = [select.also_where(is_in(field, run)) for run in chunks(skus, narrowing.KEYS_A_QUERY)]
        found = await self._org.query(call, selects, self._products)
        rows = sorted((row for rows in found for row in rows), key=lambda row: (row.is_active is not True, row.id))
        telling, asked = self._telling(), frozenset(skus)
        records: dict[str, ProductRecord] = {}
        for row in rows:
            record = to_product(row, wanted, telling)
            if record.sku in asked:
                records.setdefault(record.sku, record)
        return records

    async def list_products(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """One page of products by sku."""
        select = narrowing.products_listed(select_products(self._shapes, wanted), query, self._settings.sku_field)
        found = await self._org.query(call, [select], self._products)
        telling = self._telling()
        records = tuple(to_product(row, wanted, telling) for row in found[0])
        return Page(records[: query.first], more=len(records) > query.first)

    async def register_order(self, call: Call, request: CrmOrderRequest) -> Ref:
        """Let an order stand in the org, made as a draft and then activated; safe to repeat, see `Registering`.

        A line without a price has the price book's. Refused where the org does not activate it: it is a draft then,
        from which a repeat goes on.
        """
        return Ref(self.name, await self._registering.register(call, request))

    async def write_back(self, call: Call, told: WriteBack) -> None:
        """Write numbers, state and lines' keys into the fields of our settings, where they do not stand there already.

        Safe to repeat: fields are set to what is told. Empty numbers and lines that are gone leave everything as it is.
        """
        await self._writing_back.tell_order(call, told)

    async def write_back_customer(self, call: Call, crm_key: str, numbers: Sequence[str]) -> None:
        """Add ERP numbers to those that an account carries; safe to repeat, since it looks first.

        Unavailable where somebody changed the account meanwhile: nothing was written, and a repeat looks again.
        """
        await self._writing_back.tell_account(call, crm_key, numbers)

    def position_at(self, at: datetime) -> str:
        """The stamp of this instant, and a little before it."""
        return self._polling.position_at(at)

    async def poll_changes(self, call: Call, position: str) -> Changes:
        """What of orders, lines, accounts, quotes and contracts was saved or deleted behind the position; one call."""
        return await self._polling.poll(call, position)

    def read_delivery(self, delivery: Delivery) -> Receipt:
        """An outbound message; acknowledged as the platform wants it."""
        return read_message(delivery, self._webhook_secrets, self._settings.organization_id)

    async def publish(self, call: Call, bulletins: Sequence[Bulletin]) -> Mapping[str, str]:
        """Publish a platform event for each; 200 a call."""
        return await self._board.publish(call, bulletins)

    async def _ask_orders(
        self, call: Call, wanted: Wanted, query: OrderQuery | None, lookup: Lookup | None
    ) -> tuple[list[OrderRecord], list[OrderRecord]]:
        """What is listed and what is looked up, in one round; each record of the lookup once."""
        select = narrowing.orders_seen(select_orders(self._shapes, wanted), call.view, self._settings)
        if select is None:
            return [], []
        lookup = lookup or Lookup()
        listings = (
            [narrowing.orders_listed(select, query, self._settings, self._quote_field)] if query is not None else []
        )
        lookups = narrowing.looked_up(select, lookup, "OrderNumber", self._settings.erp_order_number_field)
        found = await self._org.query(call, [*listings, *lookups], self._orders)
        telling = self._telling()
        listed = [to_order(row, wanted, telling) for rows in found[: len(listings)] for row in rows]
        records = {row.id: to_order(row, wanted, telling) for rows in found[len(listings) :] for row in rows}
        meant = [
            record
            for record in records.values()
            if narrowing.is_meant(lookup, record.ref.key, record.number, record.partner_keys)
        ]
        return listed, meant

    def _telling(self) -> Telling:
        settings = self._settings
        return Telling(
            self.name,
            self._instance.base_url,
            self._now(),
            settings.currency,
            settings.multi_currency,
            frozenset(settings.service_families),
        )


class ListenedSalesforce(Salesforce, ChangeStream):
    """An org whose settings name the event bus: it tells of changes by itself."""

    def __init__(
        self,
        instance: Instance,
        settings: Settings,
        org: Org,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """As the org; nothing is opened. ValueError where the bus's certificates cannot be read."""
        super().__init__(instance, settings, org, now)
        self._streaming = Streaming(org, instance.name, instance.base_url, settings, self._polling, now)

    async def check(self, call: Call, *, thorough: bool = False) -> Checkup:
        """As the org; `thorough`, also whether we may listen to each topic, where the landscape wants that."""
        found = await super().check(call, thorough=thorough)
        if not (thorough and self._instance.feed.stream):
            return found
        return await listened(self._streaming, call, self._settings.topics, found)

    def stream_changes(self, position: str | None) -> AsyncIterator[Changes]:
        """Change events and what else is listened to; a batch for each that the bus sends."""
        return self._streaming.stream(position)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
