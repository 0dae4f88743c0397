"""What lists will ask: rounds over the systems' streams, until a page is full or the scan has been far enough."""

from __future__ import annotations

from collections.abc import Sequence

from canonical.wanted import Wanted
from resolvers import forecast_loads as loads
from resolvers import sold_from
from resolvers.collecting import ROUNDS, rows_a_round
from resolvers.connections import MAX_PAGE, page_size
from resolvers.context import Context
from resolvers.cursors import decode_key, decode_positions
from resolvers.customer_loading import customer_wanted, reads_every_record
from resolvers.customer_naming import customer_ref
from resolvers.delivery_and_billing import invoices_wanted, shipments_wanted
from resolvers.forecast import Ask
from resolvers.invoices import LIST_FACTS
from resolvers.naming import CustomerNamed, InvoiceFilterAsked, OrderFilterAsked
from resolvers.order_bookmark import Bookmark
from resolvers.order_narrowing import OrderFilterBy, question
from resolvers.order_status import STATUS_FACTS
from resolvers.order_streams import listing_wanted
from resolvers.own_documents import PAYER
from sources.kit.forecast import Need, Question
from sources.ports import CustomerQuery

ORDERS_OF_A_QUOTE = 5
"""How many orders a quote is taken to have become."""


def orders(
    context: Context, first: int, after: str | None, asked: OrderFilterAsked | None, pages: int = 1
) -> list[Ask]:
    """Pages of orders that are filled from one scan.

    One round fills a page as a rule. It may take as many as are ever made where several pages are to be filled, and
    where rows are left out that no system can leave out: by a status, or as those of accounts that are not seen.
    """
    asked = asked or OrderFilterAsked()
    if asked.status is not None:
        context.also_wants("Order", STATUS_FACTS)
    doubtful = bool(Bookmark(after, context.landscape.crm, context.landscape.erps).blind)
    scan = _Scan(context, page_size(first), asked, pages, doubtful=doubtful)
    return [*_narrowing(context, asked), *scan.streams(), *scan.partners(), *scan.facts()]


class _Scan:
    """The turns of a round over the streams of orders."""

    def __init__(self, context: Context, size: int, asked: OrderFilterAsked, pages: int, *, doubtful: bool) -> None:
        self.context, self.crm = context, context.landscape.crm
        self.by = OrderFilterBy(
            statuses=frozenset(asked.status) if asked.status is not None else None,
            legal_entity_code=asked.legal_entity,
            search=asked.search or None,
        )
        self.erps = _erps(context, asked.legal_entity)
        self.rows = rows_a_round(size, pages) + 1
        narrowed = loads.is_narrowed(context)
        hidden = context.principal.accounts is not None or (narrowed and asked.search is not None)
        self.rounds = 1 if pages == 1 and asked.status is None and not hidden else ROUNDS
        self.shown = size if pages == 1 else self.rows * (1 + len(self.erps))
        self.doubtful = doubtful or narrowed or (asked.legal_entity, asked.search) != (None, None)
        self.payers = size if pages == 1 else pages
        self.wanted = listing_wanted(context, self.by)

    def streams(self) -> list[Ask]:
        """The CRM's next rows; then the ERPs', and beside them what they hold of the CRM's."""
        by, wanted = self.by, self.wanted
        listed = question(by, self.crm, self.rows, None, is_crm=True) is not None
        beside, numbers = self.rows if listed else 0, self.rows if listed and by.by_sale() else 0
        page = Need(question=Question.LIST_ORDERS, wanted=wanted)
        both = Need(question=Question.LIST_ORDERS, wanted=wanted, partner_keys=beside, numbers=numbers)
        asks = [self._ask(self.crm, page)] if listed else []
        asked = [erp for erp in self.erps if question(by, erp, self.rows, None, is_crm=False) is not None]
        return asks + [self._ask(erp, both) for erp in asked]

    def partners(self) -> list[Ask]:
        """The sales of what ERPs listed, with customers of those that have none; and bookings that are missing."""
        heads = [Need(question=Question.FETCH_ORDERS, wanted=self.wanted, keys=self.shown)]
        if "customer" in self.context.wants_of("Order") and not reads_every_record(self.context):
            wanted = customer_wanted(self.context)
            heads.append(Need(question=Question.FETCH_CUSTOMERS, wanted=wanted, partner_keys=self.payers))
        missing = Need(question=Question.FETCH_ORDERS, wanted=self.wanted, partner_keys=self.shown)
        odd = self.rounds if self.doubtful else 0
        return [
            self._ask(self.crm, *heads),
            *(Ask(system=erp, needs=(missing,), times=odd, most=ROUNDS) for erp in self.context.landscape.erps),
        ]

    def facts(self) -> list[Ask]:
        """What a status is computed from, where orders are told apart by it."""
        if self.by.statuses is None:
            return []
        sent, billed = shipments_wanted(self.context), invoices_wanted(self.context)
        needs = (
            Need(question=Question.FETCH_SHIPMENTS_OF_ORDERS, wanted=sent, keys=self.shown),
            Need(question=Question.FETCH_INVOICES_OF_ORDERS, wanted=billed, keys=self.shown),
        )
        return [self._ask(erp, need) for erp in self.context.landscape.erps for need in needs]

    def _ask(self, system: str, *needs: Need) -> Ask:
        return Ask(system=system, needs=needs, times=self.rounds, most=ROUNDS)


def orders_of_quotes(context: Context, quotes: int) -> list[Ask]:
    """Every order that came from the quotes: the CRM lists them, the ERPs are asked for what they hold of them."""
    wanted = listing_wanted(context, OrderFilterBy(quote_keys=()))
    rows, most = min(MAX_PAGE, quotes * ORDERS_OF_A_QUOTE), sold_from.ROUNDS
    crm, erps = context.landscape.crm, context.landscape.erps
    listed = Need(question=Question.LIST_ORDERS, wanted=wanted)
    heads = Need(question=Question.FETCH_ORDERS, wanted=wanted, keys=rows)
    held = Need(question=Question.FETCH_ORDERS, wanted=wanted, partner_keys=rows, numbers=rows)
    missing = Need(question=Question.FETCH_ORDERS, wanted=wanted, partner_keys=rows)
    return [
        Ask(system=crm, needs=(listed,), most=most),
        *(Ask(system=erp, needs=(held,), most=most) for erp in erps),
        Ask(system=crm, needs=(heads,), times=0, most=most),
        *(Ask(system=erp, needs=(missing,), times=0, most=most) for erp in erps),
    ]


def invoices(
    context: Context, first: int, after: str | None, asked: InvoiceFilterAsked | None, pages: int = 1
) -> list[Ask]:
    """Pages of invoices that are filled from one scan; what no ERP narrows by may take every round that is made."""
    page_size(first)
    decode_positions("invoices", after)
    asked = asked or InvoiceFilterAsked()
    told_apart = (asked.status, asked.due_from, asked.due_to, asked.overdue) != (None, None, None, None)
    rounds = ROUNDS if pages > 1 or told_apart else 1
    need = Need(question=Question.LIST_INVOICES, wanted=invoices_wanted(context) | LIST_FACTS | PAYER)
    return [
        *_customer(context, asked.customer),
        *loads.own_keys(context),
        *(Ask(system=erp, needs=(need,), times=rounds, most=ROUNDS) for erp in _erps(context, asked.legal_entity)),
    ]


def customers(context: Context, first: int, after: str | None, query: CustomerQuery) -> list[Ask]:
    """A page of the CRM's customers; those of one legal entity are told apart by its ERP."""
    decode_key("customers", after)
    size, crm = page_size(first), context.landscape.crm
    asks = [Ask(system=crm, needs=(Need(question=Question.LIST_CUSTOMERS, wanted=customer_wanted(context)),))]
    erp = context.landscape.entity(query.legal_entity_code).erp if query.legal_entity_code else None
    if erp is None:
        return asks
    accounts = Need(
        question=Question.FETCH_CUSTOMERS, wanted=Wanted.of("number"), keys=size, partner_keys=size, numbers=size
    )
    return [*asks, Ask(system=erp, needs=(accounts,))]


def children(context: Context, first: int, after: str | None, families: int) -> list[Ask]:
    """A page of each customer's children: one question a customer, all of them in one turn."""
    page_size(first)
    decode_key("customers", after)
    need = Need(question=Question.LIST_CUSTOMERS, wanted=customer_wanted(context))
    return [Ask(system=context.landscape.crm, needs=(need,) * families)]


def products(context: Context, first: int, after: str | None, search: str | None) -> list[Ask]:
    """A page of the owner's products, completed from the other systems."""
    decode_key("products", after)
    owner = context.landscape.owner("product")
    names = context.landscape.erps if owner == "erp" else (owner,)
    need = Need(question=Question.LIST_PRODUCTS, wanted=context.wants_of("Product"), searched=bool(search))
    completed = loads.later(loads.products(context, page_size(first)))
    return [*(Ask(system=name, needs=(need,)) for name in names), *completed]


def _narrowing(context: Context, asked: OrderFilterAsked) -> list[Ask]:
    """The lookups of a filter, which come before the list itself."""
    if asked.legal_entity is not None:
        context.landscape.entity(asked.legal_entity)
    asks = _customer(context, asked.customer)
    if asked.source is not None:
        # Only the CRM knows whether this is one of its accounts, which is looked up as such, or a quote.
        asks += [*loads.customers(context, loads.in_crm(context, 1)), *loads.quotes(context, 1)]
    return asks


def _customer(context: Context, named: CustomerNamed | None) -> list[Ask]:
    return loads.customers(context, {customer_ref(context, named).system: 1}) if named else []


def _erps(context: Context, code: str | None) -> Sequence[str]:
    entity = context.landscape.entity(code) if code else None
    return (entity.erp,) if entity and entity.erp else context.landscape.erps
