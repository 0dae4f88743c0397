"""What each field of the graph will ask, for so many parents: the counterpart of the resolver of the same field.

A Mistake is raised where the field itself would raise it before it asks anybody. Fields that are not here ask nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from canonical.errors import Mistake
from canonical.identity import expect_id
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers import forecast_lists as lists
from resolvers import forecast_loads as loads
from resolvers.access import require
from resolvers.collecting import ROUNDS
from resolvers.connections import MAX_PAGE, page_size
from resolvers.context import Context
from resolvers.customer_naming import configured, customer_ref
from resolvers.customers import MAX_FAMILIES
from resolvers.delivery_and_billing import invoices_wanted
from resolvers.forecast import Ask, Shared
from resolvers.forecast_loads import Named, in_crm, in_every_erp
from resolvers.naming import CustomerNamed, InvoiceFilterAsked, InvoiceNamed, OrderFilterAsked, OrderNamed, QuoteNamed
from resolvers.nodes import LOADS
from resolvers.order_reading import record_wanted
from resolvers.orders import order_ref
from resolvers.own_documents import PAYER
from resolvers.quotes import quote_wanted
from sources.kit.forecast import Need, Question
from sources.ports import CustomerQuery

Asks = Sequence[Ask]
LINES_OF_AN_ORDER = 5
"""How many lines an order is taken to have."""


def page(_: Context, parents: int, first: int = 20, *__: object, **___: object) -> int:
    """The most items of a page each of so many parents."""
    return parents * first


def timeline_page(_: Context, parents: int, first: int = 100, *__: object, **___: object) -> int:
    """The most happenings of so many orders."""
    return parents * first


def scanned(context: Context, parents: int, first: int = 20, *_: object, **__: object) -> int:
    """The most items of pages that are filled from one scan over the systems, however many parents there are."""
    return min(parents * first, ROUNDS * MAX_PAGE * len(context.landscape.instances))


def records(context: Context, found: Sequence[tuple[str, Ref] | Mistake]) -> Asks:
    """Records of any concept by reference."""
    return loads.records(context, found)


def customer(context: Context, by: CustomerNamed) -> Asks:
    """The customer that is named."""
    require(context.principal, "customers:read")
    return loads.customers(context, _one(customer_ref(context, by)))


def customers(context: Context, first: int, after: str | None, query: CustomerQuery) -> Asks:
    """A page of customers."""
    require(context.principal, "customers:read")
    return lists.customers(context, first, after, query)


def product(context: Context) -> Asks:
    """The product of one sku."""
    require(context.principal, "products:read")
    return loads.products(context, 1)


def products(context: Context, first: int, after: str | None, search: str | None) -> Asks:
    """A page of products."""
    require(context.principal, "products:read")
    return lists.products(context, first, after, search)


def quote(context: Context, by: QuoteNamed) -> Asks:
    """The quote that is named; only an id goes through the load."""
    require(context.principal, "quotes:read")
    if by.document is None and by.crm_id is None:
        return loads.quotes(context, 1)
    need = Need(question=Question.FETCH_QUOTES, wanted=quote_wanted(context), keys=1)
    return [Ask(system=context.landscape.crm, needs=(need,))]


def order(context: Context, by: OrderNamed) -> Asks:
    """The order that is named: by a number every system is asked, and then those that hold its partners."""
    require(context.principal, "orders:read")
    if by.document is None:
        return loads.orders(context, _one(order_ref(context, by)))
    entity = context.landscape.entity(by.document.legal_entity) if by.document.legal_entity else None
    crm, erps, wanted = context.landscape.crm, context.landscape.erps, record_wanted(context)
    number = Need(question=Question.FETCH_ORDERS, wanted=wanted, numbers=1)
    head = Need(question=Question.FETCH_ORDERS, wanted=wanted, keys=1)
    partner = Need(question=Question.FETCH_ORDERS, wanted=wanted, partner_keys=1)
    first = (crm, entity.erp) if entity and entity.erp else (crm, *erps)
    return [
        *(Ask(system=name, needs=(number,)) for name in first),
        Ask(system=crm, needs=(head,)),
        *(Ask(system=erp, needs=(partner,)) for erp in erps),
    ]


def orders(context: Context, first: int, after: str | None, by: OrderFilterAsked | None) -> Asks:
    """A page of all orders."""
    require(context.principal, "orders:read")
    return lists.orders(context, first, after, by)


def invoice(context: Context, by: InvoiceNamed) -> Asks:
    """The invoice that is named: by a number every ERP is asked."""
    require(context.principal, "invoices:read")
    if by.document is not None:
        need = Need(question=Question.FETCH_INVOICES, wanted=invoices_wanted(context) | PAYER, numbers=1)
        return [*(Ask(system=erp, needs=(need,)) for erp in context.landscape.erps), *loads.own_keys(context)]
    ref = expect_id(by.id, "Invoice") if by.id is not None else by.reference
    return loads.invoices(context, _one(configured(context, ref))) if ref else []


def invoices(context: Context, first: int, after: str | None, by: InvoiceFilterAsked | None) -> Asks:
    """A page of all invoices."""
    require(context.principal, "invoices:read")
    return lists.invoices(context, first, after, by)


def systems(context: Context, _: Wanted, __: int) -> Asks:
    """One look at each system."""
    require(context.principal, "systems:read")
    return [Ask(system=name, needs=(Need(question=Question.CHECK),)) for name in context.landscape.instances]


def parents_of_customers(context: Context, _: Wanted, parents: int) -> Asks:
    """Customers above others, by the CRM's key."""
    return loads.customers(context, in_crm(context, parents))


def children_of_customers(context: Context, parents: int, first: int, after: str | None) -> Asks:
    """Pages of children."""
    require(context.principal, "customers:read")
    return lists.children(context, first, after, min(parents, MAX_FAMILIES))


def billing_accounts(context: Context, _: Wanted, parents: int) -> Asks:
    """What customers owe, in every ERP."""
    need = Need(question=Question.FETCH_BILLING_ACCOUNTS, wanted=context.wants_of("BillingAccount"), keys=parents)
    return [Ask(system=erp, needs=(need,)) for erp in context.landscape.erps]


def orders_of_customers(
    context: Context, parents: int, first: int, after: str | None, by: OrderFilterAsked | None
) -> Asks:
    """Pages of customers' orders."""
    require(context.principal, "orders:read")
    return lists.orders(context, first, after, by, parents)


def invoices_of_customers(
    context: Context, parents: int, first: int, after: str | None, by: InvoiceFilterAsked | None
) -> Asks:
    """Pages of customers' invoices."""
    require(context.principal, "invoices:read")
    return lists.invoices(context, first, after, by, parents)


def customers_of_orders(context: Context, _: Wanted, parents: int) -> Asks:
    """The CRM's customers came along with their orders; an order that it lacks names one of an ERP."""
    require(context.principal, "customers:read")
    named = {**in_crm(context, parents), **in_every_erp(context, parents)}
    return loads.customers(context, named, at_hand=True)


def quotes_of_orders(context: Context, _: Wanted, parents: int) -> Asks:
    """The quotes that orders came from."""
    require(context.principal, "quotes:read")
    return loads.quotes(context, parents, shared=Shared.SAME_KEYS)


def shipments_of_orders(context: Context, _: Wanted, parents: int) -> Asks:
    """Shipments, or how much of an order has gone."""
    return loads.shipments_of_orders(context, parents)


def invoices_of_orders(context: Context, _: Wanted, parents: int) -> Asks:
    """Invoices and what was paid of them, where they are told themselves."""
    require(context.principal, "invoices:read")
    return loads.invoices_of_orders(context, parents)


def billed_of_orders(context: Context, _: Wanted, parents: int) -> Asks:
    """Invoices, where only how much of an order was billed or paid is told."""
    return loads.invoices_of_orders(context, parents)


def shipments_of_lines(context: Context, _: Wanted, parents: int) -> Asks:
    """Shipments of the orders that lines are of."""
    return loads.shipments_of_orders(context, _orders_of(parents))


def billed_of_lines(context: Context, _: Wanted, parents: int) -> Asks:
    """Invoices of the orders that lines are of."""
    return loads.invoices_of_orders(context, _orders_of(parents))


def status_of_orders(context: Context, _: Wanted, parents: int) -> Asks:
    """The one lifecycle: of what was shipped, billed and paid."""
    return [*loads.shipments_of_orders(context, parents), *loads.invoices_of_orders(context, parents)]


def timelines_of_orders(
    context: Context, _: Wanted, parents: int, first: int = 100, *__: object, **___: object
) -> Asks:
    """All that happened, of what the principal may read."""
    page_size(first)
    scopes = context.principal.scopes
    quotes = loads.quotes(context, parents, shared=Shared.SAME_KEYS) if "quotes:read" in scopes else []
    return [
        *loads.shipments_of_orders(context, parents),
        *(loads.invoices_of_orders(context, parents) if "invoices:read" in scopes else ()),
        *quotes,
        *loads.contracts(context, parents, along=bool(quotes)),
    ]


def customers_of_documents(context: Context, _: Wanted, parents: int) -> Asks:
    """Who pays documents, by an ERP's number."""
    require(context.principal, "customers:read")
    return loads.customers(context, in_every_erp(context, parents))


def customers_of_quotes(context: Context, _: Wanted, parents: int) -> Asks:
    """Who was offered something, by the CRM's key."""
    require(context.principal, "customers:read")
    return loads.customers(context, in_crm(context, parents))


def orders_of_quotes(context: Context, _: Wanted, parents: int) -> Asks:
    """The orders that quotes became."""
    require(context.principal, "orders:read")
    return lists.orders_of_quotes(context, parents)


def orders_of_documents(context: Context, _: Wanted, parents: int) -> Asks:
    """The orders that shipments, invoices or their lines are about, as far as they are not at hand."""
    require(context.principal, "orders:read")
    return loads.orders(context, in_every_erp(context, parents))


def invoices_of_payments(context: Context, _: Wanted, parents: int) -> Asks:
    """The invoices that money was used for, or that were credited."""
    require(context.principal, "invoices:read")
    return loads.invoices(context, in_every_erp(context, parents))


def applications_of_payments(context: Context, _: Wanted, parents: int) -> Asks:
    """What payments were used for, of payments that came along with one invoice only."""
    require(context.principal, "invoices:read")
    return loads.payments(context, in_every_erp(context, parents))


def orders_of_events(context: Context, _: Wanted, parents: int) -> Asks:
    """The orders that events are about, by their anchors."""
    require(context.principal, "orders:read")
    return loads.LOADS["Order"](context, {**in_crm(context, parents), **in_every_erp(context, parents)})


def subjects(context: Context, _: Wanted, parents: int) -> Asks:
    """The records that happenings are about: of any concept that is in a timeline and the principal may read."""
    told: dict[str, Named] = {
        "Quote": in_crm(context, parents),
        "Order": {**in_crm(context, parents), **in_every_erp(context, parents)},
        **dict.fromkeys(("Shipment", "Invoice", "CreditMemo", "Payment"), in_every_erp(context, parents)),
    }
    scopes = context.principal.scopes
    seen = [concept for concept in told if LOADS[concept][0] in scopes]
    return [ask for concept in seen for ask in loads.LOADS[concept](context, told[concept])]


def _orders_of(lines: int) -> int:
    return ceil(lines / LINES_OF_AN_ORDER)


def _one(ref: Ref) -> Named:
    return {ref.system: 1}
