"""Looks at orders for the intake of changes: what a change is about, and how the order stands now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from canonical.changes import Change
from canonical.errors import Fault, Refused
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
from resolvers.orders_about import orders_about
from resolvers.timeline import happenings_of
from resolvers.timeline_order import merged
from sources.kit.call import Call
from sources.landscape import Landscape
from workflows.looking import Seen, Whose

WANTED = {
    "Order": Wanted.of(
        "timeline_facts", "fulfillment_facts", "invoicing_facts", "payment_facts", "quote_key", "customer_key"
    ),
    "Customer": Wanted.of("name"),
}


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
            told = await orders_about(context, concept, system, list(dict.fromkeys(keys)))
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
    owners = await _owners(context, orders)
    told: list[Seen] = []
    for order, status, (entries, gaps), owner in zip(orders, statuses, happened, owners, strict=True):
        shown, said = merged(entries, None, newest_first=False), {entry.key: entry.at for entry in entries}
        silent = [gap.system for gap in gaps] + ([] if isinstance(owner, Whose) else [owner])
        told.append(
            Seen(
                order=order.ref,
                entries=tuple(shown),
                instants={entry.key: said[entry.key] for entry in shown if entry.at != said[entry.key]},
                status=status if isinstance(status, OrderStatus) else None,
                names=order.names()[1:],
                books={record.ref: record.legal_entity_code for record in order.booked if record.legal_entity_code},
                whose=owner if isinstance(owner, Whose) else None,
                legal_entities=_entities(order),
                silent=tuple(dict.fromkeys(silent)),
            )
        )
    return told


async def _owners(context: Context, orders: Sequence[Order]) -> list[Whose | str]:
    """Whose each order is, or the system that could not be asked about it.

    As long as the CRM is silent nobody knows which of its customers an order is of, though an ERP may name its own.
    """
    refs = [customer_ref(order) for order in orders]
    asked = list(dict.fromkeys(ref for ref in refs if isinstance(ref, Ref)))
    found = dict(zip(asked, await load_customers(context, asked), strict=True))
    crm = context.landscape.crm
    return [_owner(crm, order, ref, found) for order, ref in zip(orders, refs, strict=True)]


def _owner(
    crm: str, order: Order, ref: Ref | Fault | None, found: Mapping[Ref, Customer | Fault | None]
) -> Whose | str:
    customer = found[ref] if isinstance(ref, Ref) else ref
    if crm in order.faults or (isinstance(customer, Customer) and crm in customer.faults):
        return crm
    if isinstance(customer, Refused) and customer.system != crm:
        # An ERP that shows us no customers will not do so later: its word for this one is all there is.
        return Whose(customer=ref if isinstance(ref, Ref) else None)
    if isinstance(customer, Fault):
        return customer.system
    if customer is None:
        return Whose()
    return Whose(customer=customer.ref, names=customer.names()[1:], crm=customer.crm_id)


def _entities(order: Order) -> tuple[str, ...]:
    codes = [record.legal_entity_code for record in order.booked]
    codes = codes or [order.crm.legal_entity_code if order.crm else None]
    return tuple(sorted({code for code in codes if code}))
