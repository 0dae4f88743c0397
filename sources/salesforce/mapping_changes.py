"""Events of the bus as changes: of whose records, and of which orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Final

from canonical.changes import Change, Concept
from sources.salesforce import ids
from sources.salesforce.bitmaps import fields_in
from sources.salesforce.wire_events import Event

LINE: Final = "OrderItem"
CONCEPTS: Final = {
    "Order": Concept.ORDER,
    LINE: Concept.ORDER,
    "Account": Concept.CUSTOMER,
    "Quote": Concept.QUOTE,
    "SBQQ__Quote__c": Concept.QUOTE,
    "Contract": Concept.CONTRACT,
}
_PREFIXES: Final = {
    ids.ORDER: "Order",
    ids.ORDER_ITEM: LINE,
    ids.ACCOUNT: "Account",
    ids.QUOTE: "Quote",
    ids.CONTRACT: "Contract",
}
_STAMPS: Final = frozenset({"LastModifiedDate", "LastModifiedById"})
"""They change with every change, and say nothing of what it was."""
_AWAY: Final = timedelta(days=7)
"""How far from now a publication may say that it was: the bus keeps events for 72 hours."""


def entity_of(event: Event, record_field: str) -> str | None:
    """The object whose records an event is about; None where it is none of ours."""
    if event.header is not None:
        return event.header.entity_name if event.header.entity_name in CONCEPTS else None
    named = event.text(record_field)
    return _PREFIXES.get(named[:3]) if named else None


def records_of(event: Event, record_field: str) -> list[str]:
    """The ids of those records, in 18 characters; what is no id of one record is left out."""
    named = event.header.record_ids if event.header is not None else [event.text(record_field) or ""]
    return list(dict.fromkeys(key for key in ids.well_formed(named) if _is_one(key)))


def names_them_all(event: Event, record_field: str) -> bool:
    """Whether each record that changed is named. An overflow names none, and some gaps only the object's prefix."""
    if event.header is None:
        return True
    return bool(event.header.record_ids) and len(records_of(event, record_field)) == len(set(event.header.record_ids))


def is_heeded(event: Event, unheeded: AbstractSet[str]) -> bool:
    """Whether an update is of any field that somebody wants to hear of."""
    header = event.header
    if not unheeded or header is None or header.change_type != "UPDATE":
        return True
    try:
        changed = {_column(name) for name in fields_in(header.changed_fields, event.schema)} - _STAMPS
    except ValueError:
        return True
    return not changed or not changed <= unheeded


def happened_at(event: Event, heard_at: datetime) -> datetime:
    """When it was committed or published; when it was heard, where a publisher says nothing that can be believed.

    Over gRPC a publisher fills in CreatedDate itself: seconds, nanoseconds and nothing at all come too, and none of
    them makes its record any less worth a look. ValueError, OverflowError: the platform's own instant is none.
    """
    if event.header is not None:
        return datetime.fromtimestamp(event.header.commit_timestamp / 1000, UTC)
    told = event.values.get("CreatedDate")
    now = heard_at.timestamp() * 1000
    if not isinstance(told, int) or abs(told - now) > _AWAY.total_seconds() * 1000:
        return heard_at
    return datetime.fromtimestamp(told / 1000, UTC)


def to_changes(event: Event, at: datetime, record_field: str, orders: Mapping[str, str]) -> Iterator[Change]:
    """A change for each record; `orders` by the id of the line. A line whose order nobody knows any more is left out.

    Such an order is not lost: it changed with its line, and says so itself.
    """
    entity = entity_of(event, record_field)
    if entity is None:
        return
    records = records_of(event, record_field)
    for record in records:
        event_id = event.id if len(records) == 1 else f"{event.id}:{record}"
        told = to_change(event_id, entity, record, at, order_of(event, record, orders))
        if told is not None:
            yield told


def order_of(event: Event, record: str, orders: Mapping[str, str]) -> str | None:
    """The order of a line: as the event says it, or as it was looked up."""
    return event.text("OrderId") or orders.get(record)


def to_change(event_id: str, entity: str, record: str, at: datetime, order: str | None) -> Change | None:
    """One record's change under its order's key where it is a line; None for a line without an order."""
    concept = CONCEPTS[entity]
    key = record if entity != LINE else order
    if key is None:
        return None
    key = ids.long_id(key)
    orders = (key,) if concept is Concept.ORDER else ()
    return Change(event_id=event_id, concept=concept, key=key, changed_at=at, order_keys=orders)


def _column(name: str) -> str:
    """A field as it is named elsewhere: an event has the parts of an address inside it ("BillingAddress.City")."""
    compound, dot, part = name.partition(".")
    return compound.removesuffix("Address") + part if dot else name


def _is_one(key: str) -> bool:
    """Not the id of all zeros that an overflow carries, whatever its prefix."""
    return bool(key[3:15].strip("0"))
