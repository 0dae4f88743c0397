"""Stand-ins for what sales looks up again and again: customers and what they owe, deals, and what is sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from canonical.contract import ContractRecord
from canonical.customer import BillingAccount, CustomerRecord
from canonical.opportunity import OpportunityRecord
from canonical.product import ProductRecord
from canonical.quote import QuoteRecord
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import (
    ContractSource,
    CustomerQuery,
    CustomerSource,
    Lookup,
    OpportunitySource,
    Page,
    ProductQuery,
    ProductSource,
    QuoteSource,
    ReceivablesSource,
)
from sources.shelf.questions import ACCOUNTS, CONTRACTS, CUSTOMERS, OPPORTUNITIES, PRODUCTS, QUOTES
from sources.shelf.standing import Standing


class StandingCustomers(Standing[CustomerSource], CustomerSource):
    """Customers by name from the shelf; lists are live."""

    async def fetch_customers(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[CustomerRecord]:
        """Held, or asked live."""
        spelled = self._source.named_customer
        return await self.looked_up(CUSTOMERS, self._source.fetch_customers, (call, lookup, wanted), spelled)

    async def list_customers(self, call: Call, query: CustomerQuery, wanted: Wanted) -> Page[CustomerRecord]:
        """Live."""
        return await self._source.list_customers(call, query, wanted)

    def named_customer(self, reference: str) -> str | None:
        """The system's own."""
        return self._source.named_customer(reference)


class StandingReceivables(Standing[ReceivablesSource], ReceivablesSource):
    """Billing accounts from the shelf."""

    async def fetch_billing_accounts(
        self, call: Call, customer_keys: Sequence[str], wanted: Wanted
    ) -> Mapping[str, Sequence[BillingAccount]]:
        """Held, or asked live."""
        ask, to = self._source.fetch_billing_accounts, (call, customer_keys, wanted)
        return await self.several_by_key(ACCOUNTS, ask, to, "customer")


class StandingQuotes(Standing[QuoteSource], QuoteSource):
    """Quotes from the shelf."""

    async def fetch_quotes(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[QuoteRecord]:
        """Held, or asked live."""
        return await self.looked_up(QUOTES, self._source.fetch_quotes, (call, lookup, wanted))


class StandingOpportunities(Standing[OpportunitySource], OpportunitySource):
    """Opportunities from the shelf."""

    async def fetch_opportunities(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[OpportunityRecord]:
        """Held, or asked live."""
        return await self.looked_up(OPPORTUNITIES, self._source.fetch_opportunities, (call, lookup, wanted))


class StandingContracts(Standing[ContractSource], ContractSource):
    """Contracts from the shelf."""

    async def fetch_contracts(self, call: Call, lookup: Lookup, wanted: Wanted) -> Sequence[ContractRecord]:
        """Held, or asked live."""
        return await self.looked_up(CONTRACTS, self._source.fetch_contracts, (call, lookup, wanted))


class StandingProducts(Standing[ProductSource], ProductSource):
    """Products by sku from the shelf; lists are live."""

    async def fetch_products(self, call: Call, skus: Sequence[str], wanted: Wanted) -> Mapping[str, ProductRecord]:
        """Held, or asked live."""
        return await self.by_key(PRODUCTS, self._source.fetch_products, (call, skus, wanted), "sku")

    async def list_products(self, call: Call, query: ProductQuery, wanted: Wanted) -> Page[ProductRecord]:
        """Live."""
        return await self._source.list_products(call, query, wanted)
