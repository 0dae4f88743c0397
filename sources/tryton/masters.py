"""Asking Tryton for parties, products and what customers owe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from canonical.customer import BillingAccount, CustomerRecord
from canonical.product import ProductRecord
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import CustomerQuery, Lookup, Page, ProductQuery
from sources.tryton.client import Search, TrytonClient, side_by_side
from sources.tryton.domain import Domain, behind_code, clause, either, every, holds, named, one_of, texts
from sources.tryton.fields import account_paths, customer_paths, product_paths
from sources.tryton.mapping_masters import to_billing_account, to_customer, to_product
from sources.tryton.orders import Read
from sources.tryton.reading import PARTY, PRODUCT
from sources.tryton.settings import Entities, Settings, first_of
from sources.tryton.wire import Party, Product, parties_under

BY_CODE: Final = (("code", "ASC"),)
_PARTIES: Final = msgspec.json.Decoder(list[Party])
_PRODUCTS: Final = msgspec.json.Decoder(list[Product])
_EVEN_INACTIVE: Final = clause("active", "in", (True, False))
"""Tryton hides inactive records unless a domain speaks of them."""


class Customers:
    """Parties. They belong to no company: every one that sees anything of this database sees them."""

    def __init__(self, client: TrytonClient, settings: Settings, entities: Entities, reading: Read) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading
        self._decoder: msgspec.json.Decoder[list[Party]] = msgspec.json.Decoder(
            list[parties_under(settings.customer_reference_field)]  # type: ignore[misc]
        )

    async def fetch(self, call: Call, lookup: Lookup, wanted: Wanted) -> list[CustomerRecord]:
        """Every customer that the lookup names by code or by its key in the CRM: one HTTP call."""
        pairs = [("code", code) for code in texts((*lookup.keys, *lookup.numbers))]
        field = self._settings.customer_reference_field or "identifiers.code"
        pairs += [(field, reference) for reference in texts(lookup.partner_keys)]
        if not pairs or self._entities.companies(call.view.legal_entities) == ():
            return []

        def domain(run: Sequence[tuple[str, str]]) -> Domain:
            return every(named(run), _EVEN_INACTIVE)

        search = Search(PARTY, customer_paths(wanted, self._settings))
        return self._records(await self._client.every(call, search, self._decoder, pairs, domain), wanted)

    async def stream(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """One page by code, shorter codes first, as Tryton sorts them; none below a parent: parties have none here."""
        companies = self._entities.companies(call.view.legal_entities, query.legal_entity_code)
        if companies == () or query.parent_key is not None:
            return Page((), more=False)
        search, found = Search(PARTY, customer_paths(wanted, self._settings)), texts([query.search or ""])
        since = query.updated_since
        where = every(
            clause("code", "!=", None),
            behind_code("code", query.after_key, by_length=True) if query.after_key else None,
            either((holds("name", found[0]), holds("code", found[0]))) if found else None,
            either((clause("write_date", ">=", since), clause("create_date", ">=", since))) if since else None,
        )
        rows = await self._client.page(call, search, self._decoder, where, BY_CODE, query.first + 1)
        return Page(tuple(self._records(rows[: query.first], wanted)), more=len(rows) > query.first)

    def _records(self, rows: Sequence[Party], wanted: Wanted) -> list[CustomerRecord]:
        reading = self._reading(None)
        records = (to_customer(row, reading, wanted) for row in rows)
        return [record for record in records if record is not None]


class Products:
    """Variants, by their code."""

    def __init__(self, client: TrytonClient, settings: Settings, entities: Entities, reading: Read) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading

    async def fetch(self, call: Call, skus: Sequence[str], wanted: Wanted) -> dict[str, ProductRecord]:
        """Products by sku, also those no longer sold: one HTTP call."""
        company = self._company(call)

        def domain(run: Sequence[str]) -> Domain:
            return every(one_of("code", run), _EVEN_INACTIVE)

        search = Search(PRODUCT, product_paths(wanted), company)
        rows = await self._client.every(call, search, _PRODUCTS, texts(skus), domain)
        return {record.sku: record for record in self._records(rows, company, wanted)}

    async def stream(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """One page by sku, as Tryton sorts them (setting product_codes): one HTTP call."""
        company, found = self._company(call), texts([query.search or ""])
        by_length = self._settings.product_codes == "numbered"
        where = every(
            clause("code", "!=", None),
            _EVEN_INACTIVE,
            behind_code("code", query.after_sku, by_length=by_length) if query.after_sku else None,
            either((holds("code", found[0]), holds("template.name", found[0]))) if found else None,
        )
        search = Search(PRODUCT, product_paths(wanted), company)
        rows = await self._client.page(call, search, _PRODUCTS, where, BY_CODE, query.first + 1)
        return Page(tuple(self._records(rows[: query.first], company, wanted)), more=len(rows) > query.first)

    def _records(self, rows: Sequence[Product], company: int | None, wanted: Wanted) -> list[ProductRecord]:
        reading = self._reading(company)
        records = (to_product(row, reading, wanted) for row in rows)
        return [record for record in records if record is not None]

    def _company(self, call: Call) -> int | None:
        return first_of(self._entities.companies(call.view.legal_entities), self._entities)


class Accounts:
    """Parties in the books of our legal entities."""

    def __init__(self, client: TrytonClient, settings: Settings, entities: Entities, reading: Read) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading

    async def fetch(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, Sequence[BillingAccount]]:
        """Billing accounts by customer, by legal entity code: one HTTP call a company, as Tryton tells them."""
        seen, codes = self._entities.companies(call.view.legal_entities), texts(keys)
        companies = self._entities.known() if seen is None else seen
        if not codes or not companies:
            return {}
        parts = await side_by_side(self._of_company(call, company, codes, wanted) for company in companies)
        found: dict[str, list[BillingAccount]] = {}
        for account in sorted((each for part in parts for each in part), key=lambda each: each.legal_entity_code):
            found.setdefault(account.customer.key, []).append(account)
        return found

    async def _of_company(self, call: Call, company: int, codes: Sequence[str], wanted: Wanted) -> list[BillingAccount]:
        def domain(run: Sequence[str]) -> Domain:
            return every(one_of("code", run), _EVEN_INACTIVE)

        search = Search(PARTY, account_paths(wanted, self._settings), company)
        rows = await self._client.every(call, search, _PARTIES, codes, domain)
        reading, entity = self._reading(company), self._entities.of_company(company)
        records = (to_billing_account(row, entity, reading, wanted) for row in rows if entity is not None)
        return [record for record in records if record is not None]
