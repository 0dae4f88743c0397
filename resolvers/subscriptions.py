"""Subscriptions: which events somebody asks for, from where on, and what hangs on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from canonical.errors import Fault, Mistake, ProblemCategory
from canonical.events import Event, EventKind, Happening, Logged, cursor_of, happening_id
from canonical.identity import global_id
from canonical.integration_exception import IntegrationException
from canonical.joined import Customer, Order
from canonical.money import Money
from canonical.order import OrderStatus
from canonical.refs import Ref, SystemReference
from canonical.submission import Submission, SubmissionState
from canonical.timeline import TimelineArea, TimelineKind
from canonical.wanted import Wanted
from resolvers.access import require, sees_cause, sees_event
from resolvers.at_desk import desk_of, told
from resolvers.context import Context
from resolvers.customer_loading import load_customers
from resolvers.customer_naming import customer_ref
from resolvers.naming import CustomerNamed, DocumentNamed, OrderNamed
from resolvers.order_reading import load_orders
from resolvers.orders import order_by_number, order_ref
from resolvers.own_records import own_id, own_key
from workflows.exception_queue import ExceptionFilter
from workflows.hub import Hub
from workflows.listening import Interest

T = TypeVar("T")

MOST_NAMED = 100
"""Orders or customers of one filter."""
_STATUS = frozenset({EventKind.STATUS_CHANGED})
_HAPPENINGS = frozenset({EventKind.HAPPENING, EventKind.EXCEPTION_RAISED})


class EventFilterAsked(Struct, frozen=True, kw_only=True):
    """What events are narrowed to, as it was asked: all that is given must fit, of each any value."""

    orders: tuple[OrderNamed, ...] | None = None
    customers: tuple[CustomerNamed, ...] | None = None
    kinds: frozenset[TimelineKind] | None = None
    legal_entities: frozenset[str] | None = None


async def order_status_changed(
    context: Context, by: OrderNamed | None, filter: EventFilterAsked, after: str | None
) -> AsyncIterator[Logged]:
    """Each change of an order's status, of one order or of all that fit."""
    require(context.principal, "orders:read")
    _resume(context, after)
    return _events(context, await _interest(context, _STATUS, filter, (by,) if by else ()))


async def revenue_events(context: Context, filter: EventFilterAsked, after: str | None) -> AsyncIterator[Logged]:
    """Everything that happens, as far as it may be seen."""
    require(context.principal, "orders:read")
    _resume(context, after)
    return _events(context, await _interest(context, _HAPPENINGS, filter, ()))


async def submission_updated(context: Context, id: str, after: str | None) -> AsyncIterator[Logged]:
    """Each change of where one submission stands."""
    require(context.principal, "submissions:read")
    _resume(context, after)
    kinds = frozenset({EventKind.SUBMISSION_UPDATED})
    return _events(context, _mine(context, Interest(kinds=kinds, submission_id=own_key(id, "Submission"))))


async def exception_raised(context: Context, by: ExceptionFilter, after: str | None) -> AsyncIterator[Logged]:
    """Each exception that fits by what it was when it was raised."""
    require(context.principal, "exceptions:read")
    _resume(context, after)
    return _events(context, _mine(context, Interest(kinds=frozenset({EventKind.EXCEPTION_RAISED})), by.fits))


def _resume(context: Context, after: str | None) -> None:
    """Note behind which cursor it is to begin, before anything can go wrong, so that it can be told to come again."""
    resumed = context.resumes_after or after
    context.resumed = None if resumed is None else cursor_of(resumed)


def _mine(context: Context, interest: Interest, fits: Callable[[Event], bool] | None = None) -> Interest:
    """The same, as far as whoever asks may see it; `fits` is what else it is narrowed by."""
    principal, by_cause = context.principal, interest.happenings is not None

    def admits(event: Event) -> bool:
        if by_cause and not sees_cause(principal, event):
            return False
        return sees_event(principal, event) and (fits is None or fits(event))

    return replace(interest, accounts=principal.accounts, books=principal.legal_entities, admits=admits)


def _events(context: Context, interest: Interest) -> AsyncIterator[Logged]:
    """The hub's own events, from now on or behind the cursor that was given."""
    return hub_of(context).events(interest, context.resumed)


def hub_of(context: Context) -> Hub:
    """The process's ear on the event log; a Mistake that says what to do where there is none."""
    if context.hub is None:
        raise Mistake(
            "NO_EVENTS",
            "This gateway reads only: it has no store for events. Set DATABASE_URL to a PostgreSQL, start it again, "
            "and start a worker beside it.",
            ProblemCategory.SYSTEM_UNAVAILABLE,
        )
    return context.hub


async def _interest(
    context: Context, kinds: frozenset[EventKind], filter: EventFilterAsked, also: Sequence[OrderNamed]
) -> Interest:
    orders = None if filter.orders is None and not also else (*also, *(filter.orders or ()))
    for named, what in ((orders, "orders"), (filter.customers, "customers")):
        if named is not None and len(named) > MOST_NAMED:
            raise Mistake("TOO_MANY", f"A subscription is narrowed to at most {MOST_NAMED} {what}.")
    for code in filter.legal_entities or ():
        context.landscape.entity(code)
    interest = Interest(
        kinds=kinds,
        orders=None if orders is None else await _all(context, _order, orders),
        customers=None if filter.customers is None else await _all(context, _customer, filter.customers),
        happenings=filter.kinds,
        legal_entities=filter.legal_entities,
    )
    return _mine(context, interest)


async def _all(
    context: Context, names_of: Callable[[Context, T], Awaitable[tuple[Ref, ...]]], named: Sequence[T]
) -> frozenset[Ref]:
    return frozenset([name for one in named for name in await names_of(context, one)])


async def _order(context: Context, by: OrderNamed) -> tuple[Ref, ...]:
    """What the order goes by that is named. Our ids and the CRM's will do; for other names its systems are asked."""
    if isinstance(by.document, DocumentNamed):
        found = await order_by_number(context, by.document)
    else:
        ref = order_ref(context, by)
        if by.id is not None or ref.system == context.landscape.crm:
            return (ref,)
        [found] = await load_orders(context, [ref])
    return _names(found, "order")


async def _customer(context: Context, by: CustomerNamed) -> tuple[Ref, ...]:
    ref = customer_ref(context, by)
    if by.id is not None or ref.system == context.landscape.crm:
        return (ref,)
    [found] = await load_customers(context, [ref])
    return _names(found, "customer")


def _names(found: Order | Customer | Fault | None, what: str) -> tuple[Ref, ...]:
    if isinstance(found, Fault):
        raise found
    if found is None:
        raise Mistake("NOT_FOUND", f"There is no such {what} that your access includes.")
    return found.names()


async def orders_of(context: Context, parents: Sequence[Logged], _: Wanted) -> Sequence[Order | Exception | None]:
    """The order of each event as it is now; None where there is none that may be seen."""
    asked = list(dict.fromkeys(one.event.order for one in parents if one.event.order))
    found = dict(zip(asked, await load_orders(context, asked), strict=True))
    return [found[one.event.order] if one.event.order else None for one in parents]


async def submissions_of(
    context: Context, parents: Sequence[Logged], _: Wanted
) -> Sequence[Submission | Exception | None]:
    """The submission of each event as it is now."""
    ids = [one.event.submission_id or "" for one in parents]
    return await told(context, desk_of(context).submissions(context.principal, ids))


async def exceptions_of(
    context: Context, parents: Sequence[Logged], _: Wanted
) -> Sequence[IntegrationException | Exception | None]:
    """The exception of each event as it is now."""
    ids = [one.event.exception_id or "" for one in parents]
    return await told(context, desk_of(context).exceptions.fetch(context.principal, ids))


async def resume_from(context: Context, parents: Sequence[object], _: Wanted) -> Sequence[str]:
    """The log's position before anything of this operation was read."""
    return [str(context.resume_from)] * len(parents)


def cursor(logged: Logged) -> str:
    """Behind this event."""
    return str(logged.cursor)


def order_id(logged: Logged) -> str | None:
    """The id of the event's order; None where it is of none."""
    return global_id("Order", logged.event.order) if logged.event.order else None


def customer_id(logged: Logged) -> str | None:
    """The id of the event's customer; None where it is not known."""
    return global_id("Customer", logged.event.customer) if logged.event.customer else None


def submission_id(logged: Logged) -> str:
    """The id of the event's submission."""
    return own_id("Submission", logged.event.submission_id or "")


def event_id(logged: Logged) -> str:
    """The id of an event: of what happens once, the id that it has in its order's timeline."""
    return happening_id(logged.event)


def status(logged: Logged) -> OrderStatus | None:
    """The status at the event."""
    return logged.event.status.status if logged.event.status else None


def previous_status(logged: Logged) -> OrderStatus | None:
    """The status before it; None where it was not known."""
    return logged.event.status.previous if logged.event.status else None


def cause(logged: Logged) -> TimelineKind | None:
    """What changed it, where that is known."""
    return logged.event.status.cause if logged.event.status else None


def at(logged: Logged) -> datetime:
    """When it happened."""
    return logged.event.at


def submission_state(logged: Logged) -> SubmissionState | None:
    """Where the submission stood at the event."""
    return logged.event.submission_state


def area(logged: Logged) -> TimelineArea:
    """The part of the business."""
    return _happening(logged).area


def kind(logged: Logged) -> TimelineKind:
    """What happened."""
    return _happening(logged).kind


def title(logged: Logged) -> str:
    """One line for a salesperson."""
    return _happening(logged).title


def system(logged: Logged) -> str:
    """Which system told it."""
    return _happening(logged).system


def amount(logged: Logged) -> Money | None:
    """The money that it is about."""
    return _happening(logged).amount


def reference(logged: Logged) -> SystemReference | None:
    """The record that it is about."""
    return _happening(logged).reference


def _happening(logged: Logged) -> Happening:
    if logged.event.happening is None:
        raise ValueError(f"{logged.event.key} is no happening")
    return logged.event.happening
