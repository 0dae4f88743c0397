"""What is told as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import TypeVar, cast

import strawberry
from strawberry.types import Info

from canonical.events import Logged
from engine.seam import batch, derived
from resolvers import forecast_fields as forecast
from resolvers import subscriptions
from resolvers.context import Context
from schema.enums import OrderStatus, SubmissionState, TimelineArea, TimelineKind
from schema.event_filter import EventFilter, event_filter
from schema.inputs import OrderBy, order_named
from schema.integration_exception import IntegrationException
from schema.order import Order
from schema.own_filters import ExceptionFilter, exception_filter
from schema.scalars import EventCursor
from schema.submission import Submission
from schema.values import Money, SystemReference


@strawberry.type(description="`status` is the status at the event; `order` is the order as it is now.")
class OrderStatusChange:
    """An order's status is another now."""

    cursor: EventCursor = derived(subscriptions.cursor, needs=["cursor"])
    at: datetime = derived(subscriptions.at, needs=["event"])
    order_id: strawberry.ID = derived(subscriptions.order_id, needs=["event"])
    previous_status: OrderStatus | None = derived(subscriptions.previous_status, needs=["event"])
    status: OrderStatus = derived(subscriptions.status, needs=["event"])
    cause: TimelineKind | None = derived(subscriptions.cause, needs=["event"])
    order: Order | None = batch(subscriptions.orders_of, needs=["event"], reads=forecast.orders_of_events)


@strawberry.type
class RevenueEvent:
    """Something happened, from quote to cash."""

    cursor: EventCursor = derived(subscriptions.cursor, needs=["cursor"])
    id: strawberry.ID = derived(subscriptions.event_id, needs=["event"])
    at: datetime = derived(subscriptions.at, needs=["event"])
    area: TimelineArea = derived(subscriptions.area, needs=["event"])
    kind: TimelineKind = derived(subscriptions.kind, needs=["event"])
    title: str = derived(subscriptions.title, needs=["event"])
    system: str = derived(subscriptions.system, needs=["event"])
    order_id: strawberry.ID | None = derived(subscriptions.order_id, needs=["event"])
    customer_id: strawberry.ID | None = derived(subscriptions.customer_id, needs=["event"])
    amount: Money | None = derived(subscriptions.amount, needs=["event"])
    reference: SystemReference | None = derived(subscriptions.reference, needs=["event"])
    order: Order | None = batch(subscriptions.orders_of, needs=["event"], reads=forecast.orders_of_events)


@strawberry.type
class SubmissionUpdate:
    """A submission stands somewhere else now."""

    cursor: EventCursor = derived(subscriptions.cursor, needs=["cursor"])
    at: datetime = derived(subscriptions.at, needs=["event"])
    submission_id: strawberry.ID = derived(subscriptions.submission_id, needs=["event"])
    state: SubmissionState = derived(subscriptions.submission_state, needs=["event"])
    submission: Submission | None = batch(subscriptions.submissions_of, needs=["event"])


@strawberry.type
class ExceptionNotice:
    """Something has to be looked at."""

    cursor: EventCursor = derived(subscriptions.cursor, needs=["cursor"])
    at: datetime = derived(subscriptions.at, needs=["event"])
    integration_exception: IntegrationException | None = batch(subscriptions.exceptions_of, needs=["event"])


T = TypeVar("T")


def _told(events: AsyncIterator[Logged], _: type[T]) -> AsyncGenerator[T, None]:
    """The events, which the graph shows as this type. Nothing stands between them and whoever listens."""
    return cast("AsyncGenerator[T, None]", events)


async def _order_status_changed(
    info: Info[Context, None],
    order: OrderBy | None = None,
    filter: EventFilter | None = None,
    after: EventCursor | None = None,
) -> AsyncGenerator[OrderStatusChange, None]:
    by = order_named(order) if order else None
    events = await subscriptions.order_status_changed(info.context, by, event_filter(filter), after)
    return _told(events, OrderStatusChange)


async def _revenue_events(
    info: Info[Context, None], filter: EventFilter | None = None, after: EventCursor | None = None
) -> AsyncGenerator[RevenueEvent, None]:
    events = await subscriptions.revenue_events(info.context, event_filter(filter), after)
    return _told(events, RevenueEvent)


async def _submission_updated(
    info: Info[Context, None], id: strawberry.ID, after: EventCursor | None = None
) -> AsyncGenerator[SubmissionUpdate, None]:
    return _told(await subscriptions.submission_updated(info.context, id, after), SubmissionUpdate)


async def _exception_raised(
    info: Info[Context, None], filter: ExceptionFilter | None = None, after: EventCursor | None = None
) -> AsyncGenerator[ExceptionNotice, None]:
    events = await subscriptions.exception_raised(info.context, exception_filter(filter), after)
    return _told(events, ExceptionNotice)


@strawberry.type
class Subscription:
    """Everything that can be listened to. The events are the values; what is asked of them is read when they come."""

    order_status_changed: AsyncGenerator[OrderStatusChange, None] = strawberry.subscription(
        resolver=_order_status_changed,
        description="Each change of an order's status. One order, or all that a filter matches; `after` resumes behind "
        "that position without gap or repetition.",
    )
    revenue_events: AsyncGenerator[RevenueEvent, None] = strawberry.subscription(resolver=_revenue_events)
    submission_updated: AsyncGenerator[SubmissionUpdate, None] = strawberry.subscription(resolver=_submission_updated)
    exception_raised: AsyncGenerator[ExceptionNotice, None] = strawberry.subscription(resolver=_exception_raised)
