"""Customers as the graph asks for them: one, a page, their family, and what they owe where."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.absence import known
from canonical.customer import BillingAccount, CustomerRecord
from canonical.errors import Fault, Mistake
from canonical.invoice import Invoice
from canonical.joined import Customer, Order
from canonical.refs import Ref
from canonical.system import SourceGap
from canonical.wanted import Wanted
from resolvers.access import require, sees_entity
from resolvers.asking import side_by_side
from resolvers.connections import Connection, Edge, PageInfo, gap, page_size
from resolvers.context import Context
from resolvers.cursors import decode_key, encode_key
from resolvers.customer_loading import CustomerHarvest, customer_wanted, load_customers, serve_customers
from resolvers.customer_naming import customer_ref
from resolvers.invoices import list_invoices
from resolvers.naming import CustomerNamed, InvoiceFilterAsked, OrderFilterAsked
from resolvers.order_filter import keys_of, narrow
from resolvers.order_listing import list_orders_of
from sources.ports import CustomerQuery, CustomerSource, Lookup, ReceivablesSource

MAX_FAMILIES = 25
"""Of how many customers the children may be asked for at once."""


async def customer(
    context: Context, parents: Sequence[object], _: Wanted, by: CustomerNamed
) -> Sequence[Customer | Exception | None]:
    """The customer that is named; None where no system has it."""
    require(context.principal, "customers:read")
    [found] = await load_customers(context, [customer_ref(context, by)])
    return [found] * len(parents)


async def customers(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, query: CustomerQuery
) -> Sequence[Connection[Customer] | Exception | None]:
    """A page of the CRM's customers, by key."""
    require(context.principal, "customers:read")
    return [await _list(context, first, after, query)] * len(parents)


async def _list(context: Context, first: int, after: str | None, query: CustomerQuery) -> Connection[Customer]:
    size = page_size(first)
    if query.legal_entity_code:
        context.landscape.entity(query.legal_entity_code)
    crm = context.landscape.crm
    source = context.system(crm, CustomerSource)
    asked = CustomerQuery(
        first=size,
        after_key=decode_key("customers", after),
        search=query.search,
        parent_key=query.parent_key,
        legal_entity_code=query.legal_entity_code,
        updated_since=query.updated_since,
    )
    if source is None:
        return Connection(edges=(), page_info=PageInfo(has_next_page=False, end_cursor=None))
    try:
        page = await source.list_customers(context.call, asked, customer_wanted(context))
    except Fault as fault:
        empty = PageInfo(has_next_page=True, end_cursor=after)
        return Connection(edges=(), page_info=empty, gaps=(gap(crm, fault, "customers"),))
    records, gaps = await _of_entity(context, page.items, query.legal_entity_code)
    seen = serve_customers(context, CustomerHarvest(crm=records))
    edges = tuple(Edge(encode_key("customers", c.ref.key), c) for c in seen)
    end = encode_key("customers", page.items[-1].ref.key) if page.items else after
    return Connection(edges=edges, page_info=PageInfo(page.more, end), gaps=gaps)


async def _of_entity(
    context: Context, records: tuple[CustomerRecord, ...], code: str | None
) -> tuple[tuple[CustomerRecord, ...], tuple[SourceGap, ...]]:
    """Those customers that have an account in the books of the legal entity, as its ERP says: the CRM keeps no books.

    The page may then be short. A silent ERP is a gap, and nobody is left out on its account.
    """
    erp = context.landscape.entity(code).erp if code else None
    source = context.system(erp, CustomerSource) if erp else None
    if source is None or erp is None:
        return records, ()
    numbers = tuple(dict.fromkeys(number for record in records for number in record.partner_keys))
    lookup = Lookup(keys=numbers, numbers=numbers, partner_keys=tuple(record.ref.key for record in records))
    try:
        held = await source.fetch_customers(context.call, lookup, Wanted.of("number"))
    except Fault as fault:
        return records, (gap(erp, fault, f"which customers have an account in {code}"),)
    names = {name for account in held for name in (account.ref.key, known(account.number), *account.partner_keys)}
    return tuple(r for r in records if r.ref.key in names or names.intersection(r.partner_keys)), ()


async def parents_of(context: Context, parents: Sequence[Customer], _: Wanted) -> Sequence[Customer | Exception | None]:
    """The customer above each; None at the top."""
    asked = list(dict.fromkeys(parent.parent_ref for parent in parents if parent.parent_ref))
    found = dict(zip(asked, await load_customers(context, asked), strict=True))
    return [found[parent.parent_ref] if parent.parent_ref else _crm_silent(context, parent) for parent in parents]


def _crm_silent(context: Context, customer: Customer) -> Fault | None:
    return customer.faults.get(context.landscape.crm) if customer.crm is None else None


async def children_of(
    context: Context, parents: Sequence[Customer], _: Wanted, first: int, after: str | None
) -> Sequence[Connection[Customer] | Exception | None]:
    """A page of the customers below each.

    One question a parent, since a system pages through one parent's children at a time: one list over all of them
    would be ordered by key and show the first parents' only. So the parents are bounded.
    """
    require(context.principal, "customers:read")
    families = {parent.ref: parent for parent in parents if parent.crm}
    if len(families) > MAX_FAMILIES:
        raise Mistake("TOO_MANY_PARENTS", f"Ask for the children of at most {MAX_FAMILIES} customers at a time.")
    pages = {ref: _list(context, first, after, CustomerQuery(first=first, parent_key=ref.key)) for ref in families}
    found = await side_by_side(pages)
    nothing: Connection[Customer] = Connection(edges=(), page_info=PageInfo(has_next_page=False, end_cursor=None))
    return [found.get(parent.ref) or _crm_silent(context, parent) or nothing for parent in parents]


async def orders_of(
    context: Context, parents: Sequence[Customer], _: Wanted, first: int, after: str | None, by: OrderFilterAsked | None
) -> Sequence[Connection[Order] | Exception | None]:
    """A page of each customer's orders, newest first."""
    require(context.principal, "orders:read")
    keys = {parent.ref: keys_of(context, parent) for parent in parents}
    found = await list_orders_of(context, first, after, await narrow(context, by), list(keys.values()))
    pages = dict(zip(keys, found, strict=True))
    return [pages[parent.ref] for parent in parents]


async def invoices_of(
    context: Context,
    parents: Sequence[Customer],
    _: Wanted,
    first: int,
    after: str | None,
    by: InvoiceFilterAsked | None,
) -> Sequence[Connection[Invoice] | Exception | None]:
    """A page of each customer's invoices over all legal entities, newest first."""
    require(context.principal, "invoices:read")
    keys = {parent.ref: keys_of(context, parent) for parent in parents}
    found = await list_invoices(context, first, after, by or InvoiceFilterAsked(), list(keys.values()))
    pages = dict(zip(keys, found, strict=True))
    return [pages[parent.ref] for parent in parents]


async def billing_accounts_of(
    context: Context, parents: Sequence[Customer], _: Wanted
) -> Sequence[tuple[BillingAccount, ...] | Exception]:
    """What each customer owes in each legal entity's books, by legal entity code."""
    keys = {parent.ref: keys_of(context, parent) for parent in parents}
    wanted = context.wants_of("BillingAccount")
    questions = {
        erp: source.fetch_billing_accounts(context.call, asked, wanted)
        for erp in context.landscape.erps
        if (source := context.system(erp, ReceivablesSource))
        and (asked := list(dict.fromkeys(key for held in keys.values() for key in held.get(erp, ()))))
    }
    answers = await side_by_side(questions)
    silent = next((answer for answer in answers.values() if isinstance(answer, Fault)), None)
    if silent is not None:
        return [silent] * len(parents)
    accounts = {
        Ref(erp, key): held
        for erp, answer in answers.items()
        if not isinstance(answer, Fault)
        for key, held in answer.items()
    }
    return [_accounts(context, keys[parent.ref], accounts) for parent in parents]


def _accounts(
    context: Context, keys: dict[str, tuple[str, ...]], accounts: dict[Ref, Sequence[BillingAccount]]
) -> tuple[BillingAccount, ...]:
    mine = [account for erp, held in keys.items() for key in held for account in accounts.get(Ref(erp, key), ())]
    seen = [account for account in mine if sees_entity(context.principal, account.legal_entity_code)]
    return tuple(sorted(seen, key=lambda account: (account.legal_entity_code, account.reference.key)))
