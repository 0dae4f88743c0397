"""What the bus delivers, event by event: whose record is another, and what means nothing here, as it came."""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

import msgspec

from canonical.changes import LONGEST_PAYLOAD, Change, Changes, Unreadable
from canonical.deadline import Deadline
from canonical.principal import Principal, View
from sources.kit.call import Call
from sources.salesforce.bitmaps import Schema
from sources.salesforce.bus import ANSWERS_WITHIN, Bus
from sources.salesforce.mapping_changes import (
    LINE,
    entity_of,
    happened_at,
    is_heeded,
    names_them_all,
    records_of,
    to_changes,
)
from sources.salesforce.polling import Polling
from sources.salesforce.pubsub import eventbus_pb2 as bus
from sources.salesforce.settings import Settings
from sources.salesforce.wire_events import Event, UndecodableError, decode, parsed

SCHEMAS_KEPT: Final = 500
LONGEST_KEPT: Final = LONGEST_PAYLOAD * 3 // 4 - 1_000
"""Bytes of an event that a person is shown: in base64, with what stands around them, no more than may be kept."""
_LONGEST_NAME: Final = 150
_MEANS_NOTHING: Final = (UndecodableError, ArithmeticError, LookupError, TypeError, ValueError)
"""What an event raises whose values are not what they should be. No fault of the org is among these."""


class Understanding:
    """Makes changes of what one org's bus delivers. One event that means nothing never holds the others up."""

    def __init__(self, settings: Settings, polling: Polling, now: Callable[[], datetime]) -> None:
        """Keep all; `now` is our own clock (UTC)."""
        self._field, self._unheeded = settings.pubsub_record_field, settings.unheeded_fields
        self._polling = polling
        self._now = now
        self._schemas: OrderedDict[str, Schema] = OrderedDict()

    async def read(self, opened: Bus, topic: str, sent: Sequence[bus.ConsumerEvent], since: int) -> Changes:
        """What was delivered on a topic, without a position; record changes from before `since` (ms) are left out.

        Raises a Fault where the org has to be asked and cannot be, PositionLostError where that is too much to tell.
        """
        events: list[tuple[bus.ConsumerEvent, Event]] = []
        changes: list[Change] = []
        unreadable: list[Unreadable] = []
        for one in sent:
            try:
                event = decode(_name(topic, one), topic, await self._schema(opened, one), one.event.payload)
                if self._is_told(event, since):
                    events.append((one, event))
            except _MEANS_NOTHING as error:
                unreadable.append(_unreadable(topic, one, error))
        orders = await self._orders([event for _, event in events])
        for one, event in events:
            try:
                changes += await self._changes(event, orders)
            except _MEANS_NOTHING as error:
                unreadable.append(_unreadable(topic, one, error))
        return Changes(changes=tuple(changes), unreadable=tuple(unreadable))

    def _is_told(self, event: Event, since: int) -> bool:
        """Of record changes what is ours and no older. A platform event was made for us: it is told, or shown."""
        header = event.header
        if header is None:
            return True
        ours = entity_of(event, self._field) is not None and header.commit_timestamp >= since
        return ours and is_heeded(event, self._unheeded)

    async def _orders(self, events: Sequence[Event]) -> Mapping[str, str]:
        """The orders of those lines whose event does not say it, in one question."""
        lines = [
            record
            for event in events
            if entity_of(event, self._field) == LINE and event.text("OrderId") is None
            for record in records_of(event, self._field)
        ]
        return await self._polling.orders_of(asking(), lines) if lines else {}

    async def _changes(self, event: Event, orders: Mapping[str, str]) -> Sequence[Change]:
        at = happened_at(event, self._now())
        told = list(to_changes(event, at, self._field, orders))
        if event.header is None and not told:
            raise UndecodableError(f"its field {self._field} names no record of which anything is read here")
        if event.header is not None and not names_them_all(event, self._field):
            told += await self._polling.changed_around(asking(), event.header.entity_name, at)
        return told

    async def _schema(self, opened: Bus, one: bus.ConsumerEvent) -> Schema:
        name = one.event.schema_id
        known = self._schemas.get(name)
        if known is None:
            told = await opened.schema(name)
            if not told:
                raise UndecodableError("its schema is not known")
            known = self._schemas[name] = parsed(told)
            if len(self._schemas) > SCHEMAS_KEPT:
                self._schemas.popitem(last=False)
        return known


def asking() -> Call:
    """The question that the feed itself asks: with all rights that we have in the org."""
    principal = Principal("event feed", "", "revgraph", frozenset())
    return Call(principal, View(), Deadline.after(ANSWERS_WITHIN), f"feed-{uuid4()}", urgency="bulk")


def _name(topic: str, one: bus.ConsumerEvent) -> str:
    """The event's own name; of a platform event its place on its topic.

    pubsub_api.proto, ProducerEvent.id: "Either a user-provided ID or a system generated guid". Only the platform
    publishes record changes; who publishes platform events may give any number of them the same id.
    """
    if one.event.id and not topic.startswith("/event/"):
        return one.event.id[:_LONGEST_NAME]
    return f"{topic}:{one.replay_id.hex()}"[-_LONGEST_NAME:]


def _unreadable(topic: str, one: bus.ConsumerEvent, why: Exception) -> Unreadable:
    payload = one.event.payload
    told = {
        "topic": topic,
        "id": one.event.id[:_LONGEST_NAME],
        "replayId": base64.b64encode(one.replay_id).decode(),
        "schemaId": one.event.schema_id[:_LONGEST_NAME],
        "bytes": len(payload),
        "kept": min(len(payload), LONGEST_KEPT),
        "payload": base64.b64encode(payload[:LONGEST_KEPT]).decode(),
    }
    because = str(why) if isinstance(why, UndecodableError) else f"{type(why).__name__}: {why}"[:200]
    return Unreadable(
        event_id=_name(topic, one),
        sentence=f"An event on {topic} cannot be read: {because}.",
        payload=msgspec.json.encode(told).decode()[:LONGEST_PAYLOAD],
    )
