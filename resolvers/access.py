"""Who may see what, in pure functions: nothing here asks a system.

A scope opens a concept. Legal entities and accounts narrow the rows: both in the source query (`view_of`) and again on
what came back, since a system may give more than it was asked for.
"""

from __future__ import annotations

from msgspec.structs import replace

from canonical.errors import Mistake, ProblemCategory
from canonical.events import Event
from canonical.joined import Customer, Order
from canonical.principal import Principal, View
from canonical.timeline import TimelineArea, TimelineKind

SCOPES = {
    "customers:read": "customers and what they owe",
    "products:read": "products and prices",
    "quotes:read": "quotes",
    "orders:read": "orders, their shipments and their timeline",
    "invoices:read": "invoices, credit memos and payments",
    "systems:read": "the health of the connected systems",
    "submissions:read": "what was submitted, and where it stands",
    "exceptions:read": "what people have to look at",
    "audit:read": "who did what, and when",
    "kpis:read": "the numbers of how well orders get through",
    "orders:write": "submitting, changing and cancelling orders",
    "customers:write": "creating customers",
    "exceptions:write": "retrying, resolving and assigning what people have to look at",
}
"""Every scope, and what it opens."""


def require(principal: Principal, scope: str) -> None:
    """Pass when the principal holds the scope; else a Mistake with code FORBIDDEN that says which one is missing."""
    if scope not in principal.scopes:
        raise Mistake(
            "FORBIDDEN",
            f"Your access does not include {SCOPES[scope]} (scope {scope}). Ask your administrator for it.",
            ProblemCategory.PERMISSION,
        )


def is_narrowed(principal: Principal) -> bool:
    """Whether the principal may touch some records of the tenant and not others."""
    return principal.legal_entities is not None or principal.accounts is not None


def view_of(principal: Principal) -> View:
    """What a principal's source queries are narrowed to."""
    return View(legal_entities=principal.legal_entities, accounts=principal.accounts)


def sees_entity(principal: Principal, code: str | None) -> bool:
    """Whether rows of this legal entity are visible; rows that name none are visible to those with all entities."""
    return principal.legal_entities is None or (code is not None and code in principal.legal_entities)


def sees_order(principal: Principal, order: Order) -> bool:
    """Whether any part of the order is in the principal's legal entities, and its customer in its accounts."""
    if principal.legal_entities is not None and not _in_entities(principal, order):
        return False
    if principal.accounts is None:
        return True
    return order.crm is not None and order.crm.customer_key in principal.accounts


def _in_entities(principal: Principal, order: Order) -> bool:
    codes = {record.legal_entity_code for record in order.booked} or {
        order.crm.legal_entity_code if order.crm else None
    }
    return any(sees_entity(principal, code) for code in codes)


_OF_AREA = {
    TimelineArea.QUOTE: "quotes:read",
    TimelineArea.INVOICE: "invoices:read",
    TimelineArea.PAYMENT: "invoices:read",
    TimelineArea.EXCEPTION: "exceptions:read",
}
"""What opens a part of the business, beside what opens its orders."""
_OF_KIND = {
    TimelineKind.QUOTE_CREATED: "quotes:read",
    TimelineKind.QUOTE_APPROVED: "quotes:read",
    TimelineKind.QUOTE_ACCEPTED: "quotes:read",
    TimelineKind.INVOICE_GENERATED: "invoices:read",
    TimelineKind.INVOICE_OVERDUE: "invoices:read",
    TimelineKind.PAYMENT_RECEIVED: "invoices:read",
    TimelineKind.PAYMENT_APPLIED: "invoices:read",
    TimelineKind.PAYMENT_FAILED: "invoices:read",
    TimelineKind.CREDIT_MEMO_ISSUED: "invoices:read",
}
"""What opens the cause of a status; that the status is another one is for whoever sees orders."""


def sees_event(principal: Principal, event: Event) -> bool:
    """Whether the event is of the principal's tenant, books and accounts, and of a part that its scopes open."""
    if event.tenant != principal.tenant:
        return False
    scope = _OF_AREA.get(event.happening.area) if event.happening is not None else None
    if scope is not None and scope not in principal.scopes:
        return False
    if principal.legal_entities is not None and principal.legal_entities.isdisjoint(event.legal_entities):
        return False
    return principal.accounts is None or event.crm_customer in principal.accounts


def sees_cause(principal: Principal, event: Event) -> bool:
    """Whether the principal may know what changed an order's status; True of an event that tells no cause."""
    cause = event.status.cause if event.status is not None else None
    scope = _OF_KIND.get(cause) if cause is not None else None
    return scope is None or scope in principal.scopes


def as_seen(principal: Principal, event: Event) -> Event:
    """The event, without what the principal may not know of it."""
    if event.status is None or sees_cause(principal, event):
        return event
    return replace(event, status=replace(event.status, cause=None))


def sees_customer(principal: Principal, customer: Customer) -> bool:
    """Whether the customer is one of the principal's accounts."""
    if principal.accounts is None:
        return True
    return customer.crm_id is not None and customer.crm_id in principal.accounts
