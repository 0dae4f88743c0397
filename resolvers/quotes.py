"""Quotes as the graph asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.absence import known
from canonical.errors import Fault, Mistake
from canonical.identity import expect_id
from canonical.joined import Customer, Order
from canonical.quote import QuoteRecord, Signature
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.customer_naming import configured
from resolvers.loading import load_all
from resolvers.naming import QuoteNamed, only_one
from resolvers.sold_from import orders_sold_from
from sources.ports import Lookup, QuoteSource

_TIMELINE = Wanted.of("number", "created_at", "approved_at", "accepted_at", "total", "status")


def quote_wanted(context: Context) -> Wanted:
    """What the operation reads of quotes, itself or for a timeline."""
    wanted = context.wants_of("Quote").only(QuoteRecord.__struct_fields__)
    if context.principal.accounts is not None:
        wanted |= Wanted.of("customer_key")  # whose a quote is decides who sees it, asked for or not
    return wanted | _TIMELINE if "timeline_facts" in context.wants_of("Order") else wanted


async def load_quotes(context: Context, keys: Sequence[str]) -> list[QuoteRecord | Fault | None]:
    """Quotes by CRM key; None where there is none that the principal may see."""

    async def fetch(asked: Sequence[str]) -> Sequence[QuoteRecord | Fault | None]:
        found = await _fetch(context, Lookup(keys=tuple(asked)))
        by_key = {quote.ref.key: quote for quote in found}
        return [by_key.get(key) for key in asked]

    return await load_all(context, "quotes", fetch, keys)


async def _fetch(context: Context, lookup: Lookup) -> list[QuoteRecord]:
    source = context.system(context.landscape.crm, QuoteSource)
    found = await source.fetch_quotes(context.call, lookup, quote_wanted(context)) if source else ()
    accounts = context.principal.accounts
    return [quote for quote in found if accounts is None or known(quote.customer_key) in accounts]


async def quote(
    context: Context, parents: Sequence[object], _: Wanted, by: QuoteNamed
) -> Sequence[QuoteRecord | Exception | None]:
    """The quote that is named; None where there is none."""
    require(context.principal, "quotes:read")
    if by.document is not None:
        number = by.document.value
        found = await _fetch(context, Lookup(numbers=(number,)))
        return [only_one(found, number, [record.ref.key for record in found])] * len(parents)
    if by.crm_id is not None:
        # The CRM knows its own ids, also in another spelling than its records carry.
        return [next(iter(await _fetch(context, Lookup(keys=(by.crm_id,)))), None)] * len(parents)
    [one] = await load_quotes(context, [_key(context, by)])
    return [one] * len(parents)


def _key(context: Context, by: QuoteNamed) -> str:
    if by.id is None and by.reference is None:
        raise Mistake("BAD_ARGUMENT", "Name the quote by id, crmId, document or reference.")
    ref = expect_id(by.id, "Quote") if by.id is not None else by.reference
    return configured(context, ref).key if ref else ""


async def customers_of(
    context: Context, parents: Sequence[QuoteRecord], _: Wanted
) -> Sequence[Customer | Exception | None]:
    """Each quote's customer."""
    require(context.principal, "customers:read")
    refs = [Ref(p.ref.system, key) if (key := known(p.customer_key)) else None for p in parents]
    asked = list(dict.fromkeys(ref for ref in refs if ref))
    found = dict(zip(asked, await load_customers(context, asked), strict=True))
    return [found[ref] if ref else None for ref in refs]


async def orders_of(
    context: Context, parents: Sequence[QuoteRecord], _: Wanted
) -> Sequence[tuple[Order, ...] | Exception]:
    """The orders that came from each quote, newest first."""
    require(context.principal, "orders:read")
    found = await orders_sold_from(context, tuple(dict.fromkeys(parent.ref.key for parent in parents)))
    if isinstance(found, Exception):
        return [found] * len(parents)
    return [tuple(order for order in found if _sold_from(order) == parent.ref.key) for parent in parents]


def _sold_from(order: Order) -> str | None:
    return known(order.crm.quote_key) if order.crm else None


def signature_of(_: QuoteRecord) -> Signature | None:
    """None: no system that signs quotes is connected."""
    return None
