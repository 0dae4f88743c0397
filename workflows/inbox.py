"""What systems told us: stored before it is acknowledged, each message once, and looked at in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Row, func, null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.changes import Change, Concept
from workflows.store import event_tables

MOST: Final = 5_000
"""Changes of one statement."""
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""No system that we listen to changed anything before."""
AHEAD: Final = timedelta(days=1)
"""So far a system's clock may go before ours."""
_table = event_tables.change_in
_AS_IT_CAME: Final = text(
    "select system, event_id, concept || ' ' || key as what, received_at, attempts,"
    " to_jsonb(change_in)::text as payload from change_in where id = :id"
)
_LATER: Final = text(
    "update change_in set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => :wait)"
    " where id = any(:ids)"
)


class Waiting(Struct, frozen=True):
    """A change that waits to be looked at."""

    id: int
    system: str
    change: Change


class Kept(Struct, frozen=True):
    """A change as the store holds it, whether or not anything can be made of it; `payload` is all of it, as JSON."""

    system: str
    event_id: str
    what: str
    received_at: datetime
    attempts: int
    payload: str


async def store_changes(connection: AsyncConnection, system: str, changes: Sequence[Change]) -> int:
    """Keep what a system told; how many of it were new.

    An instant of change that cannot be meant is taken for the one at which we heard of it.
    """
    fresh, now = 0, datetime.now(UTC)
    for start in range(0, len(changes), MOST):
        rows = [
            {
                "system": system,
                "event_id": change.event_id,
                "concept": change.concept.value,
                "key": change.key,
                "order_keys": list(change.order_keys),
                "changed_at": _meant(change.changed_at, now),
                "due_at": func.clock_timestamp(),
            }
            for change in changes[start : start + MOST]
        ]
        stated = insert(_table).values(rows).on_conflict_do_nothing(index_elements=["system", "event_id"])
        # The driver tells no count of rows for a statement of many.
        fresh += len((await connection.execute(stated.returning(_table.c.id))).all())
    return fresh


async def take_due(connection: AsyncConnection, most: int) -> list[int]:
    """The numbers of what is due, the oldest first; nobody else gets it until this transaction ends."""
    due = select(_table.c.id).where(_table.c.due_at <= func.clock_timestamp()).order_by(_table.c.id).limit(most)
    return list((await connection.execute(due.with_for_update(skip_locked=True))).scalars())


async def read_changes(connection: AsyncConnection, ids: Sequence[int]) -> list[Waiting]:
    """The changes of these numbers, the oldest first."""
    rows = await connection.execute(select(_table).where(_table.c.id.in_(ids)).order_by(_table.c.id))
    return [_waiting(row) for row in rows]


async def read_as_it_came(connection: AsyncConnection, number: int) -> Kept:
    """One change, without making anything of it."""
    row = (await connection.execute(_AS_IT_CAME, {"id": number})).one()
    return Kept(row.system, row.event_id, row.what, row.received_at, row.attempts, row.payload)


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


def _meant(at: datetime, now: datetime) -> datetime:
    """Programs that know no instant send their calendar's first or last one, and reckoning from those leaves ours."""
    return at if at.tzinfo is not None and EARLIEST <= at <= now + AHEAD else now


def _waiting(row: Row[Any]) -> Waiting:
    change = Change(
        event_id=row.event_id,
        concept=Concept(row.concept),
        key=row.key,
        changed_at=row.changed_at,
        order_keys=tuple(row.order_keys),
    )
    return Waiting(row.id, row.system, change)
