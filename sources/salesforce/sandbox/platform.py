"""Platform events: published like rows, stored on the bus alone, never read back over REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import uuid4

from sources.salesforce.sandbox.avro import EventType, millis, platform_event, told
from sources.salesforce.sandbox.errors import no_such_column
from sources.salesforce.sandbox.eventlog import EventLog
from sources.salesforce.sandbox.ids import new_id
from sources.salesforce.sandbox.model import Field, SObject, long_text, moment, number, text
from sources.salesforce.sandbox.store import Row, Store
from sources.salesforce.sandbox.values import moment_text, to_column

STATUS_EVENT: Final = "Revgraph_Order_Status__e"
LOOK_EVENT: Final = "Revgraph_Look__e"


def usual_events() -> list[SObject]:
    """Those that an administrator makes for the gateway: one that it publishes, one that it listens to."""
    status = [
        text("Bulletin_Id__c"),
        text("Record_Id__c", 18),
        text("Order_Id__c"),
        text("Status__c", 40),
        text("Previous_Status__c", 40),
        number("Version__c", scale=0),
        moment("Changed_At__c"),
        long_text("Cursor__c"),
    ]
    return [_event(STATUS_EVENT, status), _event(LOOK_EVENT, [text("Record_Id__c", 18)])]


class PlatformEvents:
    """The kinds of events that administrators made, and what is published of them."""

    def __init__(self, store: Store, log: EventLog, user: str, events: Sequence[SObject]) -> None:
        self.kinds: Mapping[str, EventType] = {one.name.lower(): platform_event(one) for one in events}
        self._store = store
        self._log = log
        self._user = user
        self._published = 0

    def find(self, name: str) -> EventType | None:
        """The kind of that name, case ignored."""
        return self.kinds.get(name.lower())

    def publish(self, kind: EventType, body: Mapping[str, object]) -> dict[str, object]:
        """Publish one; the answer of the REST API, whose success carries an error that is none [published]."""
        row: Row = {field.name: None for field in kind.one.columns}
        for name, value in body.items():
            if name != "attributes":
                field = kind.one.field(name)
                if field is None or not field.custom:
                    raise no_such_column(name, kind.one.name)
                row[field.name] = to_column(field, value)
        now = moment_text(self._store.clock())
        event_id = str(uuid4())
        values = {**told(kind.one, row, list(row)), "CreatedDate": millis(now), "CreatedById": self._user}
        with self._store.atomic():
            self._log.append(kind.topic, event_id, kind.schema_id, kind.encode(values))
        self._published += 1
        enqueued = {"statusCode": "OPERATION_ENQUEUED", "message": event_id, "fields": []}
        return {"id": new_id("e01", self._published), "success": True, "errors": [enqueued]}


def _event(name: str, fields: Sequence[Field]) -> SObject:
    return SObject(name, "e01", fields)
