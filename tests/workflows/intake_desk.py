"""A worker's intake over an eye that sees what a test says, and an order whose life it can look at step by step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from canonical.changes import Change
from canonical.events import Event
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineArea, TimelineEntry, TimelineKind
from tests.fakes.company import NOW
from tests.fakes.events import Telling
from tests.fakes.feeds import Eye
from tests.workflows.house import House
from workflows import inbox
from workflows.intake import Intake
from workflows.looking import Seen
from workflows.relay import Relay

SALE = Ref("crm", "sale1")
STEPS = [
    (OrderStatus.SUBMITTED, TimelineKind.ORDER_SUBMITTED),
    (OrderStatus.BOOKED, TimelineKind.ORDER_BOOKED),
    (OrderStatus.IN_FULFILLMENT, TimelineKind.SHIPMENT_POSTED),
    (OrderStatus.FULFILLED, TimelineKind.SHIPMENT_DELIVERED),
    (OrderStatus.COMPLETED, TimelineKind.PAYMENT_APPLIED),
]


class Desk:
    """A worker's intake over an eye, and the log that it ends in."""

    def __init__(self, house: House) -> None:
        self.house, self.eye = house, Eye()
        self.intake = Intake(house.shop, self.eye)
        self.telling = Telling(house.store, Relay(house.store, "acme"))

    async def hear(self, *changes: Change, system: str = "crm") -> int:
        """A system tells of this."""
        async with self.house.store.transaction() as transaction:
            return await inbox.store_changes(transaction, system, changes)

    async def told(self) -> Sequence[Event]:
        """What was told so far, in its order."""
        await self.telling.log()
        return [logged.event for logged in await self.telling.everything()]

    async def waits(self) -> list[str]:
        """The keys of the changes that wait."""
        return [
            row[0] for row in await self.house.ask("select key from change_in where due_at is not null order by id")
        ]

    async def listens_since(self, at: datetime, system: str = "crm") -> None:
        """We began to listen to the system then."""
        await self.house.say("insert into listened (system, began_at) values (:system, :at)", system=system, at=at)

    async def due(self) -> None:
        """Let the time come at which what waits is looked at again."""
        await self.house.say("update change_in set due_at = now() - interval '1 second' where due_at is not null")


def stands(step: int, ref: Ref = SALE, silent: tuple[str, ...] = ()) -> Seen:
    """The order after so many steps of its life."""
    entries = tuple(_entry(ref, kind, number) for number, (_, kind) in enumerate(STEPS[: step + 1]))
    return Seen(order=ref, entries=entries, status=STEPS[step][0], legal_entities=("DE01",), silent=silent)


def _entry(ref: Ref, kind: TimelineKind, number: int) -> TimelineEntry:
    return TimelineEntry(
        key=f"{kind.value}:{ref.key}",
        at=NOW + timedelta(minutes=number),
        area=TimelineArea.ORDER,
        kind=kind,
        title=kind.value.title(),
        system="erp-eu",
    )


def kinds(events: Sequence[Event]) -> list[TimelineKind | OrderStatus]:
    """What was told, in short."""
    found: list[TimelineKind | OrderStatus] = []
    for event in events:
        if event.status is not None:
            found.append(event.status.status)
        elif event.happening is not None:
            found.append(event.happening.kind)
    return found
