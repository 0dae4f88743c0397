"""How systems tell of changes, and are told: one Protocol a way; an adapter keeps those its vendor has.

Whatever way a change is learnt, the record is read anew before anything is said of it: hence a change may be told
twice, late or out of order, and nothing is wrong. What may not happen is that one is never told.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from canonical.changes import Changes
from canonical.order import OrderStatus
from sources.kit.call import Call
from sources.ports import Source


class PositionLostError(Exception):
    """The system does not keep any more what is behind the position that was given."""


@runtime_checkable
class ChangePolling(Source, Protocol):
    """Is asked what was changed; the floor under every other way."""

    @abstractmethod
    def position_at(self, at: datetime) -> str:
        """The position from which everything that is changed after this instant (UTC) will be told."""

    @abstractmethod
    async def poll_changes(self, call: Call, position: str) -> Changes:
        """What was changed behind the position, the oldest first, in a bounded step; always with the next position.

        Steps overlap, so that a transaction that was committed late is not missed: the same change is then told with
        the same `event_id`. Raises a Fault where the system cannot be asked; the position stays good. Raises
        PositionLostError.
        """


@runtime_checkable
class ChangeStream(Source, Protocol):
    """Tells of changes on a connection that is kept open."""

    @abstractmethod
    def stream_changes(self, position: str | None) -> AsyncIterator[Changes]:
        """Batches as they come, from behind the position, None: from now on; some hold a position alone.

        Ends, or raises a Fault, where the connection does; whoever listens begins anew from the last position it
        stored. Raises PositionLostError. Closing the iterator closes the connection.
        """


class Delivery(Struct, frozen=True, kw_only=True):
    """One request that a system sent to our door: header names in lower case, the body whole, `received_at` UTC."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    received_at: datetime


class Receipt(Struct, frozen=True, kw_only=True):
    """What a delivery says, and what is answered once that is stored. `status` is HTTP's."""

    changes: Changes = Changes()
    status: int = 200
    media: str = "application/json"
    body: bytes = b""
    headers: Mapping[str, str] = {}


class DeliveryRefusedError(Exception):
    """A delivery that is not taken: HTTP's `status`, and a sentence that tells no secret."""

    def __init__(self, status: int, sentence: str) -> None:
        """Keep both."""
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@runtime_checkable
class Webhook(Source, Protocol):
    """Sends what was changed to our door, at /webhooks/<name of the instance>."""

    @abstractmethod
    def read_delivery(self, delivery: Delivery) -> Receipt:
        """Verify and read one delivery, a handshake too; pure, and quick. Raises DeliveryRefusedError.

        What is verified and means nothing here is among `unreadable`: stored, shown to a person, and acknowledged.
        """


class Bulletin(Struct, frozen=True, kw_only=True):
    """One order's status for screens in the CRM: thin, for they ask the graph for the rest. `at` is UTC.

    `id` is the same when it is published again; `order_key` is the CRM's own; `version` grows with each of an order.
    """

    id: str
    order_key: str
    order_id: str
    status: OrderStatus
    previous: OrderStatus | None
    version: int
    at: datetime
    cursor: str


@runtime_checkable
class BulletinBoard(Source, Protocol):
    """Is told of statuses, and shows them to its own users at once."""

    @abstractmethod
    async def publish(self, call: Call, bulletins: Sequence[Bulletin]) -> Mapping[str, str]:
        """Publish them, each once; why not, in a sentence, by the id of each that the system refused.

        A Fault is about all: its outcome tells whether none was published or nobody knows. A bulletin that is
        published twice is shown twice, and counted twice: whoever shows it goes by `version`.
        """
