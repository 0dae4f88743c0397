"""Looks at orders for the intake of changes: what a change is about, and how the order stands now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from canonical.absence import known
from canonical.changes import Change, Concept
from canonical.errors import Fault
from canonical.joined import Customer, Order
from canonical.order import OrderStatus
from canonical.principal import Principal
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import SCOPES
from resolvers.context import Context, Systems
from resolvers.customer_loading import load_customers
from resolvers.order_reading import load_orders
from resolvers.order_status import statuses_of
from resolvers.orders import customer_ref
from resolvers.timeline import happenings_of
from resolvers.timeline_order import merged
from sources.kit.call import Call
from sources.landscape import Landscape
from sources.ports import InvoiceSource, Lookup, OrderQuery, OrderSource, PaymentSource, ShipmentSource
from workflows.looking import Seen

WANTED = {
    "Order": Wanted.of(
        "timeline_facts", "fulfillment_facts", "invoicing_facts", "payment_facts", "quote_key", "customer_key"
    ),
    "Customer": Wanted.of("name"),
}
MOST_OF_QUOTE = 20
"""Orders of one quote."""


@dataclass(frozen=True)
class Looker:
    """One worker's eye. It sees everything: who may hear of it is decided when it is told."""

    landscape: Landscape
    systems: Systems

    async def orders_of(self, call: Call, system: str, changes: Sequence[Change]) -> Sequence[tuple[Ref, ...] | Fault]:
        """As promised."""
        context = self._context(call)
        found: dict[int, tuple[Ref, ...] | Fault] = {}
        for concept in {change.concept for change in changes}:
            places = [place for place, change in enumerate(changes) if change.concept is concept]
            keys = [changes[place].key for place in places if not changes[place].order_keys]
            try:
                told = await _ORDERS_OF[concept](context, system, list(dict.fromkeys(keys))) if keys else {}
            except Fault as fault:
                told = dict.fromkeys(keys, fault)
            for place in places:
                named = tuple(Ref(system, key) for key in changes[place].order_keys)
                found[place] = named or told.get(changes[place].key, ())
        return [found[place] for place in range(len(changes))]

    async def look(self, call: Call, orders: Sequence[Ref]) -> Mapping[Ref, Seen | Fault]:
        """As promised."""
        context = self._context(call)
        found = dict(zip(orders, await load_orders(context, orders), strict=True))
        there = list({order.ref: order for order in found.values() if isinstance(order, Order)}.values())
        seen = dict(zip([order.ref for order in there], await _seen(context, there), strict=True))
        answers: dict[Ref, Seen | Fault] = {}
        for ref, order in found.items():
            if order is not None:
                answers[ref] = seen[order.ref] if isinstance(order, Order) else order
        return answers

    def _context(self, call: Call) -> Context:
        everything = Principal("revgraph", self.landscape.tenant, "worker", frozenset(SCOPES))
        context = Context(self.landscape, self.systems, replace(call, principal=everything))
        context.learn(WANTED)
        return context


async def _seen(context: Context, orders: Sequence[Order]) -> list[Seen]:
    statuses = await statuses_of(context, orders)
    happened = await happenings_of(context, orders)
    refs = [customer_ref(order) for order in orders]
    asked = list(dict.fromkeys(ref for ref in refs if isinstance(ref, Ref)))
    customers = dict(zip(asked, await load_customers(context, asked), strict=True))
    told: list[Seen] = []
    for order, status, (entries, gaps), ref in zip(orders, statuses, happened, refs, strict=True):
        customer = customers.get(ref) if isinstance(ref, Ref) else None
        known_customer = customer if isinstance(customer, Customer) else None
        shown, said = merged(entries, None, newest_first=False), {entry.key: entry.at for entry in entries}
        told.append(
            Seen(
                order=order.ref,
                entries=tuple(shown),
                instants={entry.key: said[entry.key] for entry in shown if entry.at != said[entry.key]},
                status=status if isinstance(status, OrderStatus) else None,
                customer=known_customer.ref if known_customer else None,
                crm_customer=known_customer.crm_id if known_customer else None,
                legal_entities=_entities(order),
                silent=tuple(dict.fromkeys(gap.system for gap in gaps)),
            )
        )
    return told


def _entities(order: Order) -> tuple[str, ...]:
    codes = [record.legal_entity_code for record in order.booked]
    codes = codes or [order.crm.legal_entity_code if order.crm else None]
    return tuple(sorted({code for code in codes if code}))


Named = Mapping[str, tuple[Ref, ...] | Fault]


async def _itself(_: Context, system: str, keys: Sequence[str]) -> Named:
    return {key: (Ref(system, key),) for key in keys}


async def _nobody(_: Context, __: str, ___: Sequence[str]) -> Named:
    return {}


async def _shipped(context: Context, system: str, keys: Sequence[str]) -> Named:
    source = context.system(system, ShipmentSource)
    found = await source.fetch_shipments(context.call, keys, Wanted.of("number")) if source else {}
    return {key: shipment.order_refs for key, shipment in found.items()}


async def _billed(context: Context, system: str, keys: Sequence[str]) -> Named:
    source = context.system(system, InvoiceSource)
    if source is None:
        return {}
    bills = await source.fetch_invoices(context.call, Lookup(keys=tuple(keys)), Wanted.of("number"))
    told = {bill.ref.key: bill.order_refs for bill in bills}
    missing = [key for key in keys if key not in told]
    memos = await source.fetch_credit_memos(context.call, missing, Wanted.of("number")) if missing else {}
    told.update({key: memo.order_refs for key, memo in memos.items()})
    credited = {ref.key for memo in memos.values() if not memo.order_refs for ref in memo.invoice_refs}
    if credited:
        of_invoice = await _billed(context, system, sorted(credited))
        for key, memo in memos.items():
            told[key] = memo.order_refs or _together(of_invoice, [ref.key for ref in memo.invoice_refs])
    return told


async def _paid(context: Context, system: str, keys: Sequence[str]) -> Named:
    source = context.system(system, PaymentSource)
    found = await source.fetch_payments(context.call, keys, Wanted.of("applications.amount")) if source else {}
    bills = {key: [one.invoice_ref.key for one in known(payment.applications) or ()] for key, payment in found.items()}
    asked = sorted({bill for many in bills.values() for bill in many})
    of_invoice = await _billed(context, system, asked) if asked else {}
    return {key: _together(of_invoice, many) for key, many in bills.items()}


async def _quoted(context: Context, system: str, keys: Sequence[str]) -> Named:
    source = context.system(system, OrderSource)
    told: dict[str, tuple[Ref, ...] | Fault] = {}
    for key in keys if source else ():
        query = OrderQuery(first=MOST_OF_QUOTE, quote_keys=(key,))
        page = await source.list_orders(context.call, query, Wanted.of("number")) if source else None
        told[key] = tuple(record.ref for record in page.items) if page else ()
    return told


def _together(told: Named, keys: Sequence[str]) -> tuple[Ref, ...]:
    held = (told.get(key) for key in keys)
    return tuple(dict.fromkeys(ref for refs in held if isinstance(refs, tuple) for ref in refs))


_ORDERS_OF: Mapping[Concept, Callable[[Context, str, Sequence[str]], Awaitable[Named]]] = {
    Concept.ORDER: _itself,
    Concept.SHIPMENT: _shipped,
    Concept.INVOICE: _billed,
    Concept.PAYMENT: _paid,
    Concept.QUOTE: _quoted,
    Concept.CUSTOMER: _nobody,
    Concept.PRODUCT: _nobody,
}
