"""The whole way of one delivery: allowed, proven, read as CloudEvents, told in our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from msgspec import Struct

from canonical.changes import LONGEST_PAYLOAD, Change, Changes, Concept, Unreadable
from sources.feeds import Delivery, DeliveryRefusedError, Receipt
from sources.kit.http.redaction import Redactor
from sources.kit.webhook.cloudevents import CloudEvent, NotAnEvent, events_of
from sources.kit.webhook.handshake import shake_hands
from sources.kit.webhook.proofs import Proofs
from sources.landscape import Instance

LARGEST_BODY: Final = 1_048_576
LONGEST_KEY: Final = 100


class Meaning(Struct, frozen=True):
    """Which record an event is about, as the adapter's fetch takes its key, and the orders that it names."""

    concept: Concept
    key: str
    order_keys: tuple[str, ...] = ()


Mean: TypeAlias = Callable[[CloudEvent], "Meaning | str"]
"""A vendor's own: what an event says, or in a sentence for people why it says nothing here."""


class Told(Struct, frozen=True):
    """How events of one type say it: the fields of their data with the record's key and its orders' keys.

    Without a `key` field the event's subject is the key.
    """

    concept: Concept
    key: str | None = None
    orders: tuple[str, ...] = ()


class Door:
    """One system's webhook; open as soon as one of its credentials (see proofs.py) is there."""

    def __init__(self, instance: Instance, mean: Mean) -> None:
        """Read the credentials once; ValueError for a secret that can be guessed."""
        self._proofs, self._mean = Proofs(instance), mean
        self._redactor = Redactor(self._proofs.all)

    def read(self, delivery: Delivery) -> Receipt:
        """As `Webhook.read_delivery` promises it."""
        self._proofs.require_any()
        if delivery.method == "OPTIONS":
            return shake_hands(delivery)
        if delivery.method != "POST":
            raise DeliveryRefusedError(405, "Deliveries are posted.")
        if len(delivery.body) > LARGEST_BODY:
            raise DeliveryRefusedError(413, f"A delivery has at most {LARGEST_BODY} bytes.")
        self._proofs.require(delivery)
        told = [self._told(event, delivery.received_at) for event in events_of(delivery.headers, delivery.body)]
        changes = tuple(one for one in told if isinstance(one, Change))
        unreadable = tuple(one for one in told if isinstance(one, Unreadable))
        return Receipt(changes=Changes(changes=changes, unreadable=unreadable))

    def _told(self, event: CloudEvent | NotAnEvent, received_at: datetime) -> Change | Unreadable:
        if isinstance(event, NotAnEvent):
            return Unreadable(event_id=event.name, sentence=event.why, payload=self._shown(event.raw))
        meaning = self._mean(event)
        if isinstance(meaning, Meaning) and not all(_can_be_key(key) for key in (meaning.key, *meaning.order_keys)):
            meaning = "It names its record by something that cannot be a key."
        if isinstance(meaning, str):
            return Unreadable(event_id=event.name, sentence=meaning, payload=self._shown(event.raw))
        return Change(
            event_id=event.name,
            concept=meaning.concept,
            key=meaning.key,
            changed_at=event.time or received_at,
            order_keys=meaning.order_keys,
        )

    def _shown(self, payload: bytes) -> str:
        """As it came, without secrets, and without what no database takes."""
        text = payload[: 4 * LONGEST_PAYLOAD].decode("utf-8", "replace").replace("\0", "\ufffd")
        return self._redactor.clean(text[: 2 * LONGEST_PAYLOAD])[:LONGEST_PAYLOAD]


def by_type(table: Mapping[str, Told]) -> Mean:
    """Events whose type says all: the way for a system that sends what we agreed on with it."""

    def mean(event: CloudEvent) -> Meaning | str:
        told = table.get(event.type)
        if told is None:
            return f"Events of the type {event.type[:100]} say nothing here."
        key = event.subject if told.key is None else event.text(told.key)
        if not key:
            return f"It names no record: {'its subject' if told.key is None else told.key} is missing."
        orders = (event.text(field) for field in told.orders)
        return Meaning(told.concept, key, tuple(dict.fromkeys(order for order in orders if order)))

    return mean


def _can_be_key(key: str) -> bool:
    return 0 < len(key) <= LONGEST_KEY and key.isprintable()
