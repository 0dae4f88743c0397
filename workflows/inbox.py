"""What systems told us: stored before it is acknowledged, each message once, and looked at in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Row, func, null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.changes import Change, Concept
from workflows.store import event_tables

MOST: Final = 5_000
"""Changes of one statement."""
_table = event_tables.change_in
_LATER: Final = text(
    "update change_in set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => :wait)"
    " where id = any(:ids)"
)


class Waiting(Struct, frozen=True):
    """A change that waits to be looked at, and how often that was tried."""

    id: int
    system: str
    change: Change
    received_at: datetime
    attempts: int


async def store_changes(connection: AsyncConnection, system: str, changes: Sequence[Change]) -> int:
    """Keep what a system told; how many of it were new."""
    fresh = 0
    for start in range(0, len(changes), MOST):
        rows = [
            {
                "system": system,
                "event_id": change.event_id,
                "concept": change.concept.value,
                "key": change.key,
                "order_keys": list(change.order_keys),
                "changed_at": change.changed_at,
                "due_at": func.clock_timestamp(),
            }
            for change in changes[start : start + MOST]
        ]
        stated = insert(_table).values(rows).on_conflict_do_nothing(index_elements=["system", "event_id"])
        # The driver tells no count of rows for a statement of many.
        fresh += len((await connection.execute(stated.returning(_table.c.id))).all())
    return fresh


async def take_waiting(connection: AsyncConnection, most: int) -> list[Waiting]:
    """What is due, the oldest first; nobody else gets it until this transaction ends."""
    due = select(_table).where(_table.c.due_at <= func.clock_timestamp()).order_by(_table.c.id).limit(most)
    return [_waiting(row) for row in await connection.execute(due.with_for_update(skip_locked=True))]


async def done_with(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """They were looked at."""
    await connection.execute(update(_table).where(_table.c.id.in_(ids)).values(due_at=null()))


async def look_later(connection: AsyncConnection, ids: Sequence[int], seconds: float) -> None:
    """They could not be looked at; try again after so many seconds."""
    await connection.execute(_LATER, {"ids": list(ids), "wait": seconds})


async def forget_changes(connection: AsyncConnection, days: float) -> None:
    """Drop what was looked at so many days ago: what a system tells again by then is read anew, and found told."""
    old = _table.c.received_at < func.clock_timestamp() - timedelta(days=days)
    await connection.execute(_table.delete().where(old, _table.c.due_at.is_(None)))


def _waiting(row: Row[Any]) -> Waiting:
    change = Change(
        event_id=row.event_id,
        concept=Concept(row.concept),
        key=row.key,
        changed_at=row.changed_at,
        order_keys=tuple(row.order_keys),
    )
    return Waiting(row.id, row.system, change, row.received_at, row.attempts)
