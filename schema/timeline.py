"""What happened to an order."""

from __future__ import annotations

from datetime import datetime

import strawberry

from engine.seam import batch, derived
from resolvers import forecast_fields as forecast
from resolvers import identities, subjects, subscriptions
from schema.enums import TimelineArea, TimelineKind
from schema.scalars import Cursor, EventCursor
from schema.values import Money, Node, PageInfo, SourceGap, SystemReference


@strawberry.type
class TimelineEntry:
    """One happening."""

    id: strawberry.ID = derived(
        identities.entry_id,
        needs=["key"],
        description="The same for the same happening, whichever way it was learnt.",
    )
    at: datetime
    area: TimelineArea
    kind: TimelineKind
    title: str = strawberry.field(
        description="One line for a salesperson: 'Shipment 8003214 left Hamburg with 2 of 4 units'."
    )
    detail: str | None
    amount: Money | None
    system: str
    reference: SystemReference | None
    subject: Node | None = batch(subjects.of_parents, needs=["subject"], reads=forecast.subjects)


@strawberry.type
class TimelineEdge:
    """A happening in a page."""

    cursor: Cursor
    node: TimelineEntry


@strawberry.type
class TimelineConnection:
    """A page of a timeline."""

    edges: list[TimelineEdge]
    nodes: list[TimelineEntry]
    page_info: PageInfo
    gaps: list[SourceGap]
    resume_from: EventCursor = batch(
        subscriptions.resume_from,
        description="The log's position before this was read: subscribe from here, and nothing falls between.",
    )
