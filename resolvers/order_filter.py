"""From a filter as it was asked to what each system's stream is narrowed by."""

from __future__ import annotations

from collections.abc import Mapping

from canonical.errors import Fault, Mistake
from canonical.joined import Customer
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.at_desk import desk_of
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.customer_naming import customer_ref
from resolvers.naming import CustomerNamed, OrderFilterAsked
from resolvers.order_narrowing import OrderFilterBy
from sources.ports import CustomerSource, Lookup, QuoteSource


async def narrow(context: Context, asked: OrderFilterAsked | None) -> OrderFilterBy:
    """The filter, with the customer and the source it names looked up. Raises Mistake or Fault where that fails."""
    if asked is None:
        return OrderFilterBy()
    if asked.with_exceptions is not None:
        require(context.principal, "exceptions:read")
        desk_of(context)
    if asked.legal_entity is not None:
        context.landscape.entity(asked.legal_entity)
    if asked.ordered_from and asked.ordered_to and asked.ordered_from > asked.ordered_to:
        raise Mistake("BAD_ARGUMENT", "`orderedFrom` is after `orderedTo`.")
    customers = await customer_keys(context, asked.customer) if asked.customer else None
    quotes: tuple[str, ...] | None = None
    opportunities: tuple[str, ...] | None = None
    if asked.source is not None:
        customers, quotes, opportunities = await _sold_from(context, asked.source, customers)
    return OrderFilterBy(
        statuses=frozenset(asked.status) if asked.status is not None else None,
        customer_keys=customers,
        quote_keys=quotes,
        opportunity_keys=opportunities,
        legal_entity_code=asked.legal_entity,
        ordered_from=asked.ordered_from,
        ordered_to=asked.ordered_to,
        search=asked.search or None,
        with_exceptions=asked.with_exceptions,
    )


async def customer_keys(context: Context, named: CustomerNamed) -> Mapping[str, tuple[str, ...]]:
    """The keys of a customer by system; empty where no system has it. Raises the Fault of a silent CRM."""
    [customer] = await load_customers(context, [customer_ref(context, named)])
    if isinstance(customer, Fault):
        raise customer
    return keys_of(context, customer) if customer else {}


def keys_of(context: Context, customer: Customer) -> dict[str, tuple[str, ...]]:
    """A joined customer's keys by system: those its CRM record carries hold in any ERP."""
    keys: dict[str, tuple[str, ...]] = {customer.ref.system: (customer.ref.key,)}
    for erp in context.landscape.erps:
        own = tuple(record.ref.key for record in customer.accounts if record.ref.system == erp)
        carried = customer.crm.partner_keys if customer.crm else ()
        numbers = tuple(dict.fromkeys((*keys.get(erp, ()), *own, *carried)))
        if numbers:
            keys[erp] = numbers
    return keys


async def _sold_from(
    context: Context, source: Ref, customers: Mapping[str, tuple[str, ...]] | None
) -> tuple[Mapping[str, tuple[str, ...]] | None, tuple[str, ...] | None, tuple[str, ...] | None]:
    """Which of account, quote and opportunity the reference names; only the CRM knows."""
    crm_name = context.landscape.crm
    if source.system != crm_name:
        raise Mistake("BAD_ARGUMENT", f"`source` names a record of {crm_name}: an opportunity, a quote or an account.")
    accounts = context.system(crm_name, CustomerSource)
    if accounts and accounts.named_customer(source.key):
        return await customer_keys(context, CustomerNamed(reference=source)), None, None
    quotes = context.system(crm_name, QuoteSource)
    lookup = Lookup(keys=(source.key,))
    if quotes and await quotes.fetch_quotes(context.call, lookup, Wanted()):
        return customers, (source.key,), None
    return customers, None, (source.key,)
