"""What the store holds about news: since when we listen to each system, and what was told of each order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.order import OrderStatus
from canonical.refs import Ref
from workflows.looking import Whose
from workflows.news import Told
from workflows.store import event_tables
from workflows.store.opening import from_json

_listened = event_tables.listened
_table = event_tables.order_told


async def listening_since(connection: AsyncConnection, systems: Collection[str]) -> Mapping[str, datetime]:
    """Since when we listen to each of these systems: from now on to one that was not there before.

    Each has its own beginning, so that the past of a system that is added later is no news either.
    """
    began = await _began(connection, systems)
    new = [{"system": system} for system in systems if system not in began]
    if new:
        await connection.execute(insert(_listened).values(new).on_conflict_do_nothing())
        began = await _began(connection, systems)
    return began


async def told_of(connection: AsyncConnection, tenant: str, orders: Sequence[Ref]) -> Mapping[Ref, Told]:
    """What was told of these orders; absent where one was never looked at."""
    mine = (_table.c.tenant == tenant, _table.c.key.in_([ref.key for ref in orders]))
    rows = await connection.execute(select(_table).where(*mine))
    return {Ref(row.system, row.key): _told(row) for row in rows}


async def keep_told(
    connection: AsyncConnection, tenant: str, order: Ref, told: Told, instead_of: Sequence[Ref] = ()
) -> None:
    """What was told of the order is this from now on, `instead_of` what was kept under other names of it."""
    for name in instead_of:
        mine = (_table.c.tenant == tenant, _table.c.system == name.system, _table.c.key == name.key)
        await connection.execute(delete(_table).where(*mine))
    values = {
        "status": told.status.value if told.status else None,
        "happenings": told.happenings,
        "version": told.version,
        "systems": sorted(told.systems),
        "whose": told.whose,
        "gone": sorted(told.gone),
    }
    stated = insert(_table).values(tenant=tenant, system=order.system, key=order.key, **values)
    renewed = {**values, "told_at": func.clock_timestamp()}
    await connection.execute(stated.on_conflict_do_update(index_elements=["tenant", "system", "key"], set_=renewed))


async def _began(connection: AsyncConnection, systems: Collection[str]) -> dict[str, datetime]:
    rows = await connection.execute(select(_listened).where(_listened.c.system.in_(systems)))
    return {row.system: row.began_at for row in rows}


def _told(row: Row[tuple[object, ...]]) -> Told:
    status = OrderStatus(row.status) if row.status else None
    whose = None if row.whose is None else from_json(row.whose, Whose)
    return Told(status, row.happenings, row.version, frozenset(row.systems), whose, frozenset(row.gone))
