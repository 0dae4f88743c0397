"""Bulletins as rows of what is sent outside: of each order at most one waits; and what its screens were told last.

What they were told last is not known from when a bulletin begins to be published until the CRM has said what became of
it. A row says so itself, and so does the one that takes its place: what was published may be shown all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import Select, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.order import OrderStatus
from workflows import delivery_log
from workflows.delivery_log import DeliveryState, Due, Outgoing
from workflows.store import event_tables

BULLETINS: Final = "bulletins"
"""Their name among the receivers; no program outside can have it."""
_table = event_tables.delivery
_LAST: Final = text(
    # By the position, which is the bulletin's version: what is sent late moves no screen back.
    "select distinct on (lane) lane, case when state = 'TAKEN' then body->>'status' end as status,"
    " extract(epoch from clock_timestamp() - ended_at)::float as age from delivery"
    " where receiver = :receiver and lane = any(:lanes) and ended_at is not null"
    " and (state = 'TAKEN' or body->'unsure' = 'true') order by lane, position desc"
)


class Notice(Struct, frozen=True, kw_only=True):
    """An order's status that its screens are to be told.

    `unsure`: this one, or one that it takes the place of, was published, and nobody knows whether the CRM took it.
    """

    event_key: str
    position: int
    lane: str
    order_key: str
    order_id: str
    status: OrderStatus
    previous: OrderStatus | None
    at: datetime
    cursor: str
    unsure: bool = False

    @property
    def id(self) -> str:
        """The same whenever this status is published."""
        return blake2b(self.event_key.encode(), digest_size=16).hexdigest()


class LastTold(Struct, frozen=True):
    """What an order's screens were told last, None where nobody knows, and how many seconds ago that was."""

    status: OrderStatus | None
    age: float


async def last_told(connection: AsyncConnection, lanes: Sequence[str]) -> dict[str, LastTold]:
    """What was published last of each order; nothing of those of which nothing was, as far as that is kept."""
    if not lanes:
        return {}
    rows = await connection.execute(_LAST, {"receiver": BULLETINS, "lanes": list(lanes)})
    return {row.lane: LastTold(OrderStatus(row.status) if row.status else None, row.age) for row in rows}


async def note_unsure(connection: AsyncConnection, dues: Sequence[Due], *, unsure: bool) -> None:
    """Write down of these whether nobody knows what became of them; not of what has gone on meanwhile."""
    names = (_table.c.id, _table.c.position, _table.c.attempts)
    mine = tuple_(*names).in_([(due.id, due.position, due.attempts) for due in dues])
    body = func.jsonb_set(_table.c.body, text("'{unsure}'"), func.to_jsonb(unsure))
    await connection.execute(update(_table).where(mine).values(body=body))


async def coalesce(
    connection: AsyncConnection,
    notices: Sequence[Notice],
    wanted: Collection[OrderStatus],
    wait: Callable[[LastTold | None], float],
) -> None:
    """Let each notice take the place of what waits of its order, or wait itself. What is not wanted leaves nothing."""
    lanes = [one.lane for one in notices]
    waiting = {row.lane: row for row in await connection.execute(_waiting(lanes))} if lanes else {}
    last = await last_told(connection, lanes)
    fresh: list[Outgoing] = []
    for one in notices:
        held = waiting.get(one.lane)
        if held is not None:
            await _replace(connection, held.id, _since(one, held.body), wanted=one.status in wanted)
        elif one.status in wanted:
            fresh.append(_outgoing(one, wait(last.get(one.lane))))
    await delivery_log.write_out(connection, fresh)


def _waiting(lanes: Sequence[str]) -> Select[tuple[int, str, object]]:
    mine = (_table.c.receiver == BULLETINS, _table.c.lane.in_(lanes), _table.c.due_at.is_not(None))
    return select(_table.c.id, _table.c.lane, _table.c.body).where(*mine).order_by(_table.c.position)


def _since(notice: Notice, held: object) -> Notice:
    """The notice, with what was before the one that it takes the place of, and what is not known because of that."""
    before = msgspec.convert(held, Notice)
    return msgspec.structs.replace(notice, previous=before.previous, unsure=before.unsure)


async def _replace(connection: AsyncConnection, id: int, notice: Notice, *, wanted: bool) -> None:
    changed = update(_table).where(_table.c.id == id)
    values: dict[str, object] = {"position": notice.position, "event_id": notice.id, "kind": _kind(notice)}
    if not wanted:
        ended = {"state": DeliveryState.PASSED.value, "due_at": None, "ended_at": func.clock_timestamp()}
        values |= ended
    await connection.execute(changed.values(**values, body=notice))


def _outgoing(notice: Notice, seconds: float) -> Outgoing:
    return Outgoing(
        receiver=BULLETINS,
        position=notice.position,
        lane=notice.lane,
        kind=_kind(notice),
        event_id=notice.id,
        body=msgspec.to_builtins(notice),
        due_in=seconds,
    )


def _kind(notice: Notice) -> str:
    return f"bulletin {notice.status.value}"
