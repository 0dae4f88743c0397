"""What systems say of themselves: that a record is another than before. No fact yet, but a reason to look."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from msgspec import Struct


class Concept(Enum):
    """Whose record a change is about."""

    ORDER = "Order"
    SHIPMENT = "Shipment"
    INVOICE = "Invoice"
    PAYMENT = "Payment"
    CUSTOMER = "Customer"
    QUOTE = "Quote"
    CONTRACT = "Contract"
    PRODUCT = "Product"


class Change(Struct, frozen=True, kw_only=True):
    """One record is another now. `key` is its system's own, as an adapter's fetch takes it.

    `event_id`: the system's name of this message, the same when it is told again, at most 200 characters. `changed_at`:
    UTC, by the system's clock. `order_keys`: the orders of the same system that it is about, where the message says.
    """

    event_id: str
    concept: Concept
    key: str
    changed_at: datetime
    order_keys: tuple[str, ...] = ()


class Unreadable(Struct, frozen=True, kw_only=True):
    """A message that means nothing here: why, in a sentence for people, and the message as it came, secrets taken out.

    At most LONGEST_PAYLOAD characters of it.
    """

    event_id: str
    sentence: str
    payload: str


LONGEST_PAYLOAD = 100_000


class Changes(Struct, frozen=True, kw_only=True):
    """What one look, or one message, brought, in the system's order.

    `position`: what the feed resumes behind once all of this is stored, opaque to everybody but its system; None where
    nothing is to be remembered. `more`: looking again at once will bring more. `trouble`: what could not be looked at
    this time though the rest is here, in a sentence.
    """

    changes: tuple[Change, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    position: str | None = None
    more: bool = False
    trouble: str | None = None
