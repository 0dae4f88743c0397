"""Orders as the graph asks for them: one, a page, and what hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from canonical.absence import known
from canonical.errors import Fault, Mistake
from canonical.identity import expect_id
from canonical.invoice import Invoice
from canonical.joined import Customer, Order
from canonical.payment import PaymentApplication
from canonical.quote import QuoteRecord
from canonical.refs import Ref
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.connections import Connection
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.customer_naming import configured
from resolvers.delivery_and_billing import invoices_of_orders, shipments_of_orders
from resolvers.naming import DocumentNamed, OrderFilterAsked, OrderNamed, only_one
from resolvers.order_filter import narrow
from resolvers.order_listing import list_orders
from resolvers.order_reading import ask, complete, load_orders, record_wanted, serve
from resolvers.quotes import load_quotes
from sources.ports import Lookup, OrderSource

T = TypeVar("T")
MAX_ITEMS = 1000
"""The most items that a list inside an object may have; more is an error of that section, never a cut."""


async def order(
    context: Context, parents: Sequence[object], _: Wanted, by: OrderNamed
) -> Sequence[Order | Exception | None]:
    """The order that is named; None where no system has it."""
    require(context.principal, "orders:read")
    found = await _find(context, by)
    return [found] * len(parents)


async def _find(context: Context, by: OrderNamed) -> Order | Fault | None:
    match by:
        case OrderNamed(document=DocumentNamed() as document):
            return await order_by_number(context, document)
        case _:
            [found] = await load_orders(context, [order_ref(context, by)])
            return found


def order_ref(context: Context, by: OrderNamed) -> Ref:
    """The record that an id, a CRM id or a system's own key names. A Mistake when it cannot be one."""
    if by.id is not None:
        return configured(context, expect_id(by.id, "Order"))
    if by.crm_id is not None:
        return crm_ref(context, by.crm_id)
    if by.reference is not None:
        ref = configured(context, by.reference)
        return crm_ref(context, ref.key) if ref.system == context.landscape.crm else ref
    raise Mistake("BAD_ARGUMENT", "Name the order by id, crmId, document or reference.")


def crm_ref(context: Context, crm_id: str) -> Ref:
    """The CRM order of a 15 or 18 character id; a Mistake when the text cannot be one."""
    crm = context.system(context.landscape.crm, OrderSource)
    key = crm.named_order(crm_id) if crm else crm_id
    if key is None:
        raise Mistake("BAD_ID", f"{crm_id[:40]!r} is not the id of an order in {context.landscape.crm}.")
    return Ref(context.landscape.crm, key)


async def order_by_number(context: Context, document: DocumentNamed) -> Order | Fault | None:
    """The order of this number; an ambiguous number is a Mistake that lists the candidates."""
    entity = context.landscape.entity(document.legal_entity) if document.legal_entity else None
    erps = [entity.erp] if entity and entity.erp else list(context.landscape.erps)
    lookups = {name: Lookup(numbers=(document.value,)) for name in (context.landscape.crm, *erps)}
    wanted = record_wanted(context)
    harvest = await complete(context, await ask(context, lookups, wanted), wanted)
    orders = [o for o in serve(context, harvest) if _numbered(o, document)]
    labels = [
        f"{r.legal_entity_code or r.ref.system} ({r.ref.system} {r.ref.key})" for o in orders for r in o.records()
    ]
    found = only_one(orders, document.value, labels)
    return found or next(iter(harvest.faults.values()), None)


def _numbered(order: Order, document: DocumentNamed) -> bool:
    return any(
        document.value in (record.number, record.ref.key) and document.legal_entity in (None, record.legal_entity_code)
        for record in order.records()
    )


async def orders(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, by: OrderFilterAsked | None
) -> Sequence[Connection[Order] | Exception | None]:
    """A page of all orders, newest first."""
    require(context.principal, "orders:read")
    page = await list_orders(context, first, after, await narrow(context, by))
    return [page] * len(parents)


async def customers_of(context: Context, parents: Sequence[Order], _: Wanted) -> Sequence[Customer | Exception | None]:
    """Each order's customer: the CRM's, or the booking ERP's where the CRM has no such order."""
    require(context.principal, "customers:read")
    refs = [customer_ref(order) for order in parents]
    asked = list(dict.fromkeys(ref for ref in refs if isinstance(ref, Ref)))
    found = dict(zip(asked, await load_customers(context, asked), strict=True))
    return [found[ref] if isinstance(ref, Ref) else ref for ref in refs]


def customer_ref(order: Order) -> Ref | Fault | None:
    """Whose order it is: the customer's record in the first system that names it; the Fault of one that is silent."""
    for record in order.records():
        if key := known(record.customer_key):
            return Ref(record.ref.system, key)
    return next(iter(order.faults.values()), None)


async def quotes_of(context: Context, parents: Sequence[Order], _: Wanted) -> Sequence[QuoteRecord | Exception | None]:
    """The quote each order came from; None where it came from none."""
    require(context.principal, "quotes:read")
    keys = [known(order.crm.quote_key) if order.crm else None for order in parents]
    asked = list(dict.fromkeys(key for key in keys if key))
    found = dict(zip(asked, await load_quotes(context, asked), strict=True))
    return [found[key] if key else _crm_fault(context, o) for key, o in zip(keys, parents, strict=True)]


def _crm_fault(context: Context, order: Order) -> Fault | None:
    return order.faults.get(context.landscape.crm) if order.crm is None else None


async def shipments_of(
    context: Context, parents: Sequence[Order], _: Wanted
) -> Sequence[tuple[Shipment, ...] | Exception]:
    """Each order's shipments, oldest first."""
    return [capped(held, "shipments") for held in await shipments_of_orders(context, parents)]


async def invoices_of(
    context: Context, parents: Sequence[Order], _: Wanted
) -> Sequence[tuple[Invoice, ...] | Exception]:
    """Each order's invoices, oldest first."""
    require(context.principal, "invoices:read")
    return [capped(held, "invoices") for held in await invoices_of_orders(context, parents)]


async def payments_of(
    context: Context, parents: Sequence[Order], _: Wanted
) -> Sequence[tuple[PaymentApplication, ...] | Exception]:
    """What was applied to each order's invoices, oldest first."""
    require(context.principal, "invoices:read")
    return [
        held if isinstance(held, Fault) else capped(_applications(held), "payments")
        for held in await invoices_of_orders(context, parents)
    ]


def _applications(invoices: Sequence[Invoice]) -> tuple[PaymentApplication, ...]:
    applied = [application for invoice in invoices for application in known(invoice.payments) or ()]
    return tuple(sorted(applied, key=lambda a: a.applied_at.timestamp() if a.applied_at else 0.0))


def capped(held: tuple[T, ...] | Fault, what: str) -> tuple[T, ...] | Exception:
    """The list, or a Mistake where it is longer than a list inside an object may be."""
    if not isinstance(held, Fault) and len(held) > MAX_ITEMS:
        return Mistake(
            "LIST_TOO_LONG", f"There are {len(held)} {what} here; at most {MAX_ITEMS} are listed in one answer."
        )
    return held
