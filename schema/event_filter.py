"""What events are narrowed to, and how it becomes canonical."""

from __future__ import annotations

import strawberry

from resolvers.subscriptions import EventFilterAsked
from schema.enums import TimelineKind
from schema.inputs import CustomerBy, OrderBy, customer_named, order_named


@strawberry.input(description="At most 100 orders or customers.")
class EventFilter:
    """All that is given must fit, of each any value."""

    orders: list[OrderBy] | None = None
    customers: list[CustomerBy] | None = None
    kinds: list[TimelineKind] | None = None
    legal_entities: list[str] | None = None


def event_filter(given: EventFilter | None) -> EventFilterAsked:
    """The same filter in canonical form."""
    if given is None:
        return EventFilterAsked()
    return EventFilterAsked(
        orders=None if given.orders is None else tuple(order_named(one) for one in given.orders),
        customers=None if given.customers is None else tuple(customer_named(one) for one in given.customers),
        kinds=None if given.kinds is None else frozenset(given.kinds),
        legal_entities=None if given.legal_entities is None else frozenset(given.legal_entities),
    )
