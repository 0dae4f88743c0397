"""The shape of a landscape file's rules for events, and what they become."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from canonical.order import OrderStatus
from sources.landscape_events import Bulletins, EventRules, Feed, Receiver

_FEED = Feed()
_BULLETINS = Bulletins()

Status = Literal["DRAFT", "SUBMITTED", "BOOKED", "ON_HOLD", "IN_FULFILLMENT", "FULFILLED", "COMPLETED", "CANCELLED"]


class EventForm(BaseModel):
    """Strict: nothing is converted, and an unknown key is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FeedForm(EventForm):
    """How one system is listened to."""

    poll_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = Field(
        default=_FEED.poll_seconds, description="seconds between two looks at what was changed, from 0.1 to a day"
    )
    stream: bool = Field(
        default=_FEED.stream, description="true or false: whether a connection is kept open for changes"
    )


class BulletinsForm(EventForm):
    """The [bulletins] table."""

    on: bool = Field(default=_BULLETINS.on, description="true or false: whether the CRM's screens are told at once")
    a_day: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        default=_BULLETINS.a_day, description="bulletins in 24 hours, a whole number from 1 up"
    )
    coalesce_seconds: Annotated[float, Field(ge=0, le=3_600)] = Field(
        default=_BULLETINS.coalesce_seconds, description="seconds between two bulletins of one order, up to 3600"
    )
    statuses: list[Status] = Field(
        default=sorted(status.value for status in _BULLETINS.statuses), description="a list of statuses such as BOOKED"
    )


class EventsForm(EventForm):
    """The [events] table."""

    keep_days: Annotated[float, Field(gt=0, le=3_650)] = Field(
        default=EventRules().keep_days, description="days that events are kept, more than 0"
    )


def event_rules_of(events: EventsForm, bulletins: BulletinsForm, receivers: tuple[Receiver, ...]) -> EventRules:
    """The rules as they are used."""
    statuses = frozenset(OrderStatus(name) for name in bulletins.statuses)
    told = Bulletins(bulletins.on, bulletins.a_day, bulletins.coalesce_seconds, statuses)
    return EventRules(events.keep_days, told, receivers)
