"""What the intake of changes needs to see: orders as they stand over all systems, with all that is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from canonical.changes import Change
from canonical.errors import Fault
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineEntry
from sources.kit.call import Call


class Whose(Struct, frozen=True, kw_only=True):
    """Whose order it is: the customer's anchor, its records' names in other systems, and its key in the CRM."""

    customer: Ref | None = None
    names: tuple[Ref, ...] = ()
    crm: str | None = None


class Seen(Struct, frozen=True, kw_only=True):
    """One order as it stands. `order` is its anchor, `entries` its whole timeline, the oldest first.

    `names` are what its records in other systems than the anchor's are called, and `books` the legal entities in whose
    books they stand. `whose` is None where that could not be asked.
    `instants`: when a system says that something was, by the entry's key, where only the day is known and the timeline
    shows it at another instant of it. `silent` names the systems of which a part could not be read: what they lack is
    not known to be gone.
    """

    order: Ref
    entries: tuple[TimelineEntry, ...]
    status: OrderStatus | None
    names: tuple[Ref, ...] = ()
    books: Mapping[Ref, str] = {}
    whose: Whose | None = Whose()
    legal_entities: tuple[str, ...] = ()
    instants: Mapping[str, datetime] = {}
    silent: tuple[str, ...] = ()


class Looking(Protocol):
    """Reads orders live, with every right. Implemented where orders are joined, and given to the worker."""

    async def orders_of(self, call: Call, system: str, changes: Sequence[Change]) -> Sequence[tuple[Ref, ...] | Fault]:
        """The orders that each change of a system is about, as many answers as changes; none for a record that is gone.

        Names of the records that were read; an order may have several.
        """

    async def look(self, call: Call, orders: Sequence[Ref]) -> Mapping[Ref, Seen | Fault]:
        """Orders by any of their records' names; absent where no system has such an order."""
