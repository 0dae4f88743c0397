"""What is spent of the day's budget of bulletins: each publishing is written down before it begins.

It stays spent unless it becomes certain that the CRM did not take it: whoever hears nothing, or dies in between, has
spent it. It is kept apart from the bulletins themselves, which are replaced, sent again and laid aside.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from workflows.store import event_tables

SPENT: Final = "bulletins:spent"
"""Stands as a receiver in the table of what is sent outside, a row a publishing; no receiver can have this name."""
KEPT_DAYS: Final = 1.0
"""For so long what the budget is counted by is kept, however short events are."""
_table = event_tables.delivery
# Only one worker at a time is here, the one who holds the bulletins: the next position is nobody else's.
# Until its outcome is known, it is taken to end as late as it can: the CRM counts from when it takes them.
_SPEND: Final = text(
    "insert into delivery (receiver, position, lane, state, kind, event_id, attempts, ended_at)"
    " select :spent, coalesce(max(position), 0) + 1, '', 'TAKEN', 'publishing', '', :number,"
    " clock_timestamp() + make_interval(secs => :seconds) from delivery where receiver = :spent returning id"
)


async def count_spent(connection: AsyncConnection) -> int:
    """How many bulletins of the last 24 hours were published, or may have been."""
    lately = _table.c.ended_at > func.clock_timestamp() - timedelta(days=KEPT_DAYS)
    spent = select(func.coalesce(func.sum(_table.c.attempts), 0)).where(_table.c.receiver == SPENT, lately)
    return int((await connection.execute(spent)).scalar_one())


async def spend(connection: AsyncConnection, number: int, seconds: float) -> int:
    """Write down that so many are about to be published, which takes no longer than this; what to give back from."""
    given = {"spent": SPENT, "number": number, "seconds": seconds}
    return int((await connection.execute(_SPEND, given)).scalar_one())


async def give_back(connection: AsyncConnection, spent: int, number: int) -> None:
    """The publishing has ended, and so many of it were certainly not taken."""
    values = {"attempts": _table.c.attempts - number, "ended_at": func.clock_timestamp()}
    await connection.execute(update(_table).where(_table.c.id == spent).values(**values))
