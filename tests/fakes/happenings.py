"""Events that tests put into the log as workflows and the intake do."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from canonical.events import Cursor, Event, EventKind, Happening, StatusChange
from canonical.money import Money
from canonical.order import OrderStatus
from canonical.refs import Ref, SystemReference
from canonical.timeline import TimelineArea, TimelineKind
from workflows.log import standing
from workflows.outbox import put
from workflows.relay import Relay
from workflows.store.opening import Store

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
_numbers = count(1)


def invoiced(order: str, title: str, **facts: Any) -> Event:
    """An invoice of an order of the CRM."""
    number = next(_numbers)
    happening = Happening(
        kind=facts.pop("kind", TimelineKind.INVOICE_GENERATED),
        area=TimelineArea.INVOICE,
        title=title,
        system="erp-eu",
        entry=f"INVOICE_GENERATED:erp-eu:{number}",
        amount=Money(Decimal("119.00"), "EUR"),
        reference=SystemReference("erp-eu", "Invoice", str(number), f"https://erp.example/{number}"),
    )
    usual: dict[str, Any] = {"order": Ref("crm", order), "customer": Ref("crm", "acc1"), "legal_entities": ("DE01",)}
    named = {"key": f"crm/{order}:{happening.entry}", "tenant": "acme", "kind": EventKind.HAPPENING, "at": AT}
    return Event(**{**named, **usual, **facts}, happening=happening)


def status_changed(
    order: str, status: OrderStatus, previous: OrderStatus | None = None, system: str = "crm", **facts: Any
) -> Event:
    """An order's status is another now."""
    return Event(
        key=f"{system}/{order}:STATUS:{next(_numbers)}",
        tenant="acme",
        kind=EventKind.STATUS_CHANGED,
        at=AT,
        order=Ref(system, order),
        status=StatusChange(status=status, previous=previous, cause=TimelineKind.ORDER_BOOKED),
        **{"legal_entities": ("DE01",), **facts},
    )


async def happened(store: Store, *events: Event) -> Cursor:
    """Put them into the log; the position behind them."""
    async with store.transaction() as transaction:
        await put(transaction, *events)
    while await Relay(store, "acme").move():
        pass
    return await head(store)


async def head(store: Store) -> Cursor:
    """Behind everything."""
    async with store.transaction() as transaction:
        return (await standing(transaction)).cursor
