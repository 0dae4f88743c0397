"""Asking SAP for customers, products and billing accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from canonical.customer import BillingAccount, Credit, CustomerRecord
from canonical.product import ProductRecord
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.odata.filters import either, eq, every, holds, runs
from sources.kit.odata.literals import day, text
from sources.kit.odata.payload import Collection
from sources.kit.odata.query import Query, Shape
from sources.ports import CustomerQuery, Lookup, Page, ProductQuery
from sources.s4hana.client import Decoder, S4Client
from sources.s4hana.faults import NotThere, contract
from sources.s4hana.ledgers import Ledgers
from sources.s4hana.mapping_masters import companies_of, to_billing_accounts, to_credit, to_customer, to_product
from sources.s4hana.reading import Reading, with_field
from sources.s4hana.services import CREDIT, PARTNERS, PRODUCTS
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.shapes import ACCOUNT, PRODUCT, customer_shape
from sources.s4hana.shapes import CREDIT as CREDIT_SHAPE
from sources.s4hana.values import is_document, unpadded
from sources.s4hana.wire_masters import BusinessPartner, CreditAccount, CustomerRole, Product, ProductDescription

PARTNER_SET: Final = "A_BusinessPartner"
CUSTOMER_SET: Final = "A_Customer"
PRODUCT_SET: Final = "A_Product"
DESCRIPTION_SET: Final = "A_ProductDescription"
LONGEST_SKU: Final = 40
LONGEST_EXTERNAL_ID: Final = 20
NAME: Final = Shape(("Product", "Language", "ProductDescription"))
_CUSTOMERS: Final = msgspec.json.Decoder(Collection[CustomerRole])
_PRODUCTS: Final = msgspec.json.Decoder(Collection[Product])
_NAMES: Final = msgspec.json.Decoder(Collection[ProductDescription])
_CREDITS: Final = msgspec.json.Decoder(Collection[CreditAccount])


class Customers:
    """Business partners that are customers."""

    def __init__(
        self, client: S4Client, settings: Settings, entities: Entities, reading: Callable[[], Reading]
    ) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading
        row = with_field(BusinessPartner, settings.customer_reference_field)
        self._decoder: Decoder[BusinessPartner] = msgspec.json.Decoder(Collection[row])  # type: ignore[valid-type]

    async def fetch(self, call: Call, lookup: Lookup, wanted: Wanted) -> list[CustomerRecord]:
        """Every customer that the lookup names, each once: one HTTP call."""
        numbers = [unpadded(key) for key in (*lookup.keys, *lookup.numbers) if is_document(key)]
        references = [key for key in lookup.partner_keys if 0 < len(key) <= LONGEST_EXTERNAL_ID]
        conditions = [eq("Customer", number) for number in numbers]
        conditions += [eq(self._settings.customer_reference_field, reference) for reference in references]
        companies = self._entities.companies(call.view.legal_entities)
        if not conditions or companies == ():
            return []
        shape = customer_shape(wanted, self._settings, companies=companies is not None)
        queries = [Query(PARTNER_SET, shape, either(run), ("BusinessPartner",)) for run in runs(conditions)]
        rows = await self._client.read(call, PARTNERS, queries, self._decoder)
        return self._records([row for part in rows for row in part], companies, wanted)

    async def stream(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """One page by customer number; none below a parent, since SAP's customers have none here."""
        companies = self._companies(call, query.legal_entity_code)
        if companies == () or query.parent_key is not None:
            return Page((), more=False)
        shape = customer_shape(wanted, self._settings, companies=companies is not None)
        where = every(
            f"Customer gt {text(query.after_key or '')}",
            either([holds("BusinessPartnerFullName", query.search), eq("Customer", unpadded(query.search))])
            if query.search
            else None,
            f"LastChangeDate ge {day(query.updated_since.date())}" if query.updated_since else None,
        )
        read = Query(PARTNER_SET, shape, where, ("Customer",), query.first + 1)
        (rows,) = await self._client.read(call, PARTNERS, [read], self._decoder)
        return Page(tuple(self._records(rows[: query.first], companies, wanted)), more=len(rows) > query.first)

    def _records(
        self, rows: Sequence[BusinessPartner], companies: Sequence[str] | None, wanted: Wanted
    ) -> list[CustomerRecord]:
        reading = self._reading()
        seen = [row for row in rows if companies is None or companies_of(row) & set(companies)]
        with contract(self._client.system):
            records = (to_customer(row, reading, wanted) for row in seen)
            return list({record.ref.key: record for record in records if record is not None}.values())

    def _companies(self, call: Call, entity: str | None) -> tuple[str, ...] | None:
        seen = call.view.legal_entities
        if entity is None:
            return self._entities.companies(seen)
        return self._entities.companies(frozenset({entity}) if seen is None else seen & {entity})


class Products:
    """Products, whatever sales organization sells them."""

    def __init__(self, client: S4Client, settings: Settings, reading: Callable[[], Reading]) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._reading = client, settings, reading

    async def fetch(self, call: Call, skus: Sequence[str], wanted: Wanted) -> dict[str, ProductRecord]:
        """Products by sku: one HTTP call."""
        conditions = [eq("Product", sku) for sku in skus if 0 < len(sku) <= LONGEST_SKU]
        queries = [Query(PRODUCT_SET, PRODUCT, either(run), ("Product",)) for run in runs(conditions)]
        if not queries:
            return {}
        parts = await self._client.read(call, PRODUCTS, queries, _PRODUCTS)
        reading = self._reading()
        with contract(self._client.system):
            records = [to_product(row, reading, wanted) for part in parts for row in part]
        return {record.sku: record for record in records}

    async def stream(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """One page by sku. A search looks through the names first, and reads the products that they belong to."""
        behind = f"Product gt {text(query.after_sku)}" if query.after_sku else None
        if query.search:
            return await self._searched(call, query, query.search, behind, wanted)
        read = Query(PRODUCT_SET, PRODUCT, behind, ("Product",), query.first + 1)
        (rows,) = await self._client.read(call, PRODUCTS, [read], _PRODUCTS)
        reading = self._reading()
        with contract(self._client.system):
            records = tuple(to_product(row, reading, wanted) for row in rows[: query.first])
        return Page(records, more=len(rows) > query.first)

    async def _searched(
        self, call: Call, query: ProductQuery, search: str, behind: str | None, wanted: Wanted
    ) -> Page[ProductRecord]:
        language = eq("Language", self._settings.language)
        found = either([holds("ProductDescription", search), holds("Product", search.upper())])
        read = Query(DESCRIPTION_SET, NAME, every(language, found, behind), ("Product",), query.first + 1)
        (names,) = await self._client.read(call, PRODUCTS, [read], _NAMES)
        records = await self.fetch(call, [name.Product for name in names[: query.first]], wanted)
        keys = (unpadded(name.Product) for name in names[: query.first])
        return Page(tuple(records[key] for key in keys if key in records), more=len(names) > query.first)


class Accounts:
    """Customers in the books of our legal entities."""

    def __init__(
        self,
        client: S4Client,
        settings: Settings,
        entities: Entities,
        reading: Callable[[], Reading],
        ledgers: Ledgers,
    ) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities = client, settings, entities
        self._reading, self._ledgers = reading, ledgers

    async def fetch(self, call: Call, keys: Sequence[str], wanted: Wanted) -> dict[str, Sequence[BillingAccount]]:
        """Billing accounts by customer: one HTTP call, one more for balances, and one for credit."""
        seen = self._entities.companies(call.view.legal_entities)
        companies = self._entities.known_companies() if seen is None else seen
        numbers = [unpadded(key) for key in keys if is_document(key)]
        if not numbers or not companies:
            return {}
        reading, visible_to = self._reading(), call.view.legal_entities or frozenset()
        conditions = [eq("Customer", number) for number in numbers]
        queries = [Query(CUSTOMER_SET, ACCOUNT, either(run), ("Customer",)) for run in runs(conditions)]
        roles = await self._client.read(call, PARTNERS, queries, _CUSTOMERS)
        balances = None
        if wanted.any_of("open_balance", "overdue_balance"):
            balances = await self._ledgers.balances(call, numbers, companies, reading.fetched_at.date())
        credit_accounts = await self._credits(call, numbers) if "credit" in wanted and self._settings.credit else {}
        found: dict[str, Sequence[BillingAccount]] = {}
        with contract(self._client.system):
            for role in (role for part in roles for role in part):
                customer = unpadded(role.Customer)
                credit = self._by_company(credit_accounts.get(customer, ()), companies, reading)
                accounts = to_billing_accounts(role, reading, wanted, balances, credit)
                if visible := [a for a in accounts if seen is None or a.legal_entity_code in visible_to]:
                    found[customer] = visible
        return found

    def _by_company(
        self, accounts: Sequence[CreditAccount], companies: Sequence[str], reading: Reading
    ) -> Mapping[str, Credit]:
        segments = self._settings.credit_segments
        told = {code: to_credit(accounts, segments.get(code), reading.fetched_at) for code in companies}
        return {code: credit for code, credit in told.items() if credit is not None}

    async def _credits(self, call: Call, customers: Sequence[str]) -> dict[str, list[CreditAccount]]:
        """Credit accounts by customer; none where the system does not publish the service."""
        conditions = [eq("BusinessPartner", customer) for customer in customers]
        name = self._settings.credit_account_set
        queries = [Query(name, CREDIT_SHAPE, either(run), ("BusinessPartner",)) for run in runs(conditions)]
        try:
            parts = await self._client.read(call, CREDIT, queries, _CREDITS)
        except NotThere:
            return {}
        found: dict[str, list[CreditAccount]] = {}
        for account in (account for part in parts for account in part):
            found.setdefault(unpadded(account.BusinessPartner), []).append(account)
        return found
