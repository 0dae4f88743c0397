"""What people do about what is sent outside: look at it, let dead letters be sent again, and go back in the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.events import Cursor
from workflows import audit, delivery_log
from workflows.bulletin_budget import SPENT
from workflows.delivery_log import DeliveryState
from workflows.log import begin_epoch, standing
from workflows.store import event_tables

OPERATOR = "operator"
"""The actor of what is done at a shell."""
_table = event_tables.delivery
_BACK = text("update outbound set position = least(position, :position) where receiver = :receiver returning position")


class Delivery(Struct, frozen=True, kw_only=True):
    """One event on its way to one receiver; instants are UTC. `kind` and `event_id` are what the receiver sees."""

    id: int
    receiver: str
    state: str
    kind: str
    event_id: str
    lane: str
    position: int
    attempts: int
    first_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    answer: str | None


async def list_deliveries(
    connection: AsyncConnection, receiver: str | None, state: DeliveryState | None, most: int
) -> list[Delivery]:
    """The newest, of one receiver or of all, in one state or in any."""
    names = Delivery.__struct_fields__
    asked = select(*(_table.c[name] for name in names)).where(_table.c.receiver != SPENT)
    asked = asked.order_by(_table.c.id.desc()).limit(most)
    asked = asked if receiver is None else asked.where(_table.c.receiver == receiver)
    asked = asked if state is None else asked.where(_table.c.state == state.value)
    return [Delivery(**row._mapping) for row in await connection.execute(asked)]  # noqa: SLF001 - its public name


async def retry_dead(
    connection: AsyncConnection, tenant: str, ids: Sequence[int] | None, receiver: str | None = None
) -> list[int]:
    """Let dead letters be sent again, these or every one: as if they had just come; which there were."""
    chosen = [_table.c.state == DeliveryState.DEAD.value]
    chosen += [] if ids is None else [_table.c.id.in_(list(ids))]
    chosen += [] if receiver is None else [_table.c.receiver == receiver]
    now = func.clock_timestamp()
    anew = {"state": DeliveryState.WAITING.value, "attempts": 0, "first_at": now, "due_at": now, "ended_at": null()}
    rows = await connection.execute(update(_table).where(*chosen).values(**anew).returning(_table.c.id))
    found = sorted(row.id for row in rows)
    if found:
        await _write_down(
            connection, tenant, "RETRY_DELIVERIES", f"Receiver {receiver or 'any'}", {"count": len(found)}
        )
    return found


async def replay(connection: AsyncConnection, tenant: str, receiver: str, cursor: Cursor) -> int:
    """Let everything behind the cursor be sent again, under the same ids; how many events of the log that are.

    What has not been sent at all yet stays where it is. Mistake CURSOR_EXPIRED or CURSOR_UNKNOWN.
    """
    at = await standing(connection)
    at.check(cursor)
    await delivery_log.begin(connection, receiver)
    row = (await connection.execute(_BACK, {"receiver": receiver, "position": cursor.position})).one()
    await _write_down(connection, tenant, "REPLAY_EVENTS", f"Receiver {receiver}", {"position": row.position})
    return int(at.head - row.position)


async def renew(connection: AsyncConnection, tenant: str) -> Cursor:
    """Begin another epoch of the log; the cursor from which on everybody goes on."""
    before = (await standing(connection)).epoch
    epoch = await begin_epoch(connection)
    await _write_down(connection, tenant, "RENEW_EVENT_LOG", "EventLog", {"epoch": epoch}, {"epoch": before})
    return (await standing(connection)).cursor


async def _write_down(
    connection: AsyncConnection, tenant: str, action: str, subject: str, after: object, before: object = None
) -> None:
    act = audit.Act(tenant=tenant, actor=OPERATOR, action=action, subject=subject, before=before, after=after)
    await audit.write_down(connection, act)
