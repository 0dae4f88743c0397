"""What is sent outside, one row an event and receiver: what is due, what became of it, and who sends.

A row that is being sent is due again only when its request has certainly ended. Hence whoever takes over from a dead
worker sends nothing that may still be under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import case, delete, func, null, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.events import Logged
from workflows.log import NOBODYS, read_log, standing
from workflows.store import event_tables

PAGE: Final = 500
"""Events of the log that are looked at in one step."""
_table = event_tables.delivery

_BEGIN: Final = text(
    "insert into outbound (receiver, position) select :receiver, head from event_log on conflict do nothing"
)
_HOLD: Final = text(
    "update outbound set holder = :me, held_until = clock_timestamp() + make_interval(secs => :seconds)"
    " where receiver = :receiver and (holder = :me or holder is null or held_until < clock_timestamp())"
    " returning position"
)
_MOVE: Final = text("update outbound set position = :position where receiver = :receiver")
_WAITING: Final = text(
    "select count(*) from (select 1 from delivery where receiver = :receiver and due_at is not null limit :most) one"
)
# Of each lane only the first that has not ended: nothing overtakes it.
_TAKE: Final = text(
    "with due as (select d.id from delivery d where d.receiver = :receiver and d.due_at <= clock_timestamp()"
    " and not exists (select 1 from delivery e where e.receiver = d.receiver and e.lane = d.lane"
    " and e.position < d.position and e.due_at is not null) order by d.position limit :most for update)"
    " update delivery set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => :seconds)"
    " from due where delivery.id = due.id returning delivery.id, position, lane, kind, body, attempts,"
    " extract(epoch from clock_timestamp() - first_at)::float as age, answer is not null as failed"
)


class DeliveryState(Enum):
    """What became of it. PASSED was not sent, since there was nothing new in it; DEAD waits for a person."""

    WAITING = "WAITING"
    TAKEN = "TAKEN"
    DEAD = "DEAD"
    PASSED = "PASSED"


class Outgoing(Struct, frozen=True, kw_only=True):
    """One event that a receiver is to be sent; not before `due_in` seconds have passed."""

    receiver: str
    position: int
    lane: str
    kind: str
    event_id: str
    body: Mapping[str, object]
    due_in: float = 0.0


class Due(Struct, frozen=True, kw_only=True):
    """One that is to be sent now, for the `attempts`th time; `age`: seconds since it began to wait.

    `failed`: it was sent before, and not taken.
    """

    id: int
    position: int
    lane: str
    kind: str
    body: dict[str, Any]
    attempts: int
    age: float
    failed: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """A step in the log: its events, the position behind them, whether there are more, and how many were lost.

    Lost are those that had been dropped from the log before they were looked at, and those that a newer version wrote.
    """

    events: Sequence[Logged] = ()
    position: int
    more: bool = False
    lost: int = 0


async def hold(connection: AsyncConnection, receiver: str, me: str, seconds: float) -> int | None:
    """Become, or stay, the one who sends; the position behind which the log is to be read, None where another sends.

    Whoever is sent nothing yet begins behind everything that was told so far.
    """
    given = {"receiver": receiver, "me": me, "seconds": seconds}
    row = (await connection.execute(_HOLD, given)).first()
    if row is None and await _begun(connection, receiver):
        row = (await connection.execute(_HOLD, given)).first()
    return int(row.position) if row is not None else None


async def begin(connection: AsyncConnection, receiver: str) -> None:
    """Write down where a receiver begins, unless that is known."""
    await standing(connection)
    await connection.execute(_BEGIN, {"receiver": receiver})


async def _begun(connection: AsyncConnection, receiver: str) -> bool:
    known = text("select 1 from outbound where receiver = :receiver")
    if (await connection.execute(known, {"receiver": receiver})).first() is not None:
        return False
    await begin(connection, receiver)
    return True


async def next_page(connection: AsyncConnection, position: int) -> Page:
    """The events behind a position."""
    at = await standing(connection)
    if position >= at.head:
        return Page(position=position)
    start = max(position, at.floor)
    events = await read_log(connection, at.epoch, start, at.head, PAGE)
    end = events[-1].cursor.position if events else at.head
    unknown = sum(one.event.tenant == NOBODYS for one in events)
    return Page(events=events, position=end, more=len(events) == PAGE, lost=start - position + unknown)


async def move(connection: AsyncConnection, receiver: str, position: int) -> None:
    """Remember how far the log was read."""
    await connection.execute(_MOVE, {"receiver": receiver, "position": position})


async def count_waiting(connection: AsyncConnection, receiver: str, most: int) -> int:
    """How many have not ended yet, counted up to `most`."""
    return int((await connection.execute(_WAITING, {"receiver": receiver, "most": most})).scalar_one())


async def write_out(connection: AsyncConnection, outgoing: Sequence[Outgoing]) -> None:
    """Keep what is to be sent. What had ended before is sent again; what still waits stays as it is."""
    if not outgoing:
        return
    rows = [
        {
            **{name: getattr(one, name) for name in ("receiver", "position", "lane", "kind", "event_id", "body")},
            "state": DeliveryState.WAITING.value,
            "due_at": func.clock_timestamp() + timedelta(seconds=one.due_in),
        }
        for one in outgoing
    ]
    stated = insert(_table).values(rows)
    anew = {name: stated.excluded[name] for name in ("lane", "kind", "event_id", "body", "state", "due_at")}
    # A dead letter keeps its answer, by which it is known to have failed: its exception is settled once it is taken.
    answer = case((_table.c.state == DeliveryState.DEAD.value, _table.c.answer), else_=null())
    afresh = {"attempts": 0, "first_at": func.clock_timestamp(), "ended_at": null(), "answer": answer}
    stated = stated.on_conflict_do_update(
        index_elements=["receiver", "position"], set_={**anew, **afresh}, where=_table.c.due_at.is_(None)
    )
    await connection.execute(stated)


async def take_due(connection: AsyncConnection, receiver: str, most: int, seconds: float) -> list[Due]:
    """Those whose turn it is, at most one of each lane, the oldest first; nobody else gets them for so many seconds."""
    given = {"receiver": receiver, "most": most, "seconds": seconds}
    rows = (await connection.execute(_TAKE, given)).all()
    return sorted((Due(**row._mapping) for row in rows), key=lambda due: due.position)  # noqa: SLF001 - its public name


async def end(
    connection: AsyncConnection, due: Due, state: DeliveryState, answer: str | None = None, *, keep: bool = False
) -> None:
    """It has ended; `keep`: with its body. What somebody else has taken in hand meanwhile stays his."""
    values: dict[str, object] = {"state": state.value, "due_at": null(), "ended_at": func.clock_timestamp()}
    values |= {"answer": answer} if keep else {"answer": answer, "body": null()}
    await connection.execute(_of(due).values(**values))


async def later(connection: AsyncConnection, due: Due, seconds: float, answer: str) -> None:
    """It is sent again when so many seconds have passed."""
    again = func.clock_timestamp() + timedelta(seconds=seconds)
    await connection.execute(_of(due).values(due_at=again, answer=answer))


async def count_dead(connection: AsyncConnection, receiver: str) -> int:
    """How many wait for a person."""
    dead = (_table.c.receiver == receiver, _table.c.state == DeliveryState.DEAD.value)
    return int((await connection.execute(select(func.count()).select_from(_table).where(*dead))).scalar_one())


async def forget_deliveries(connection: AsyncConnection, kept: Mapping[str, float], days: float) -> None:
    """Forget what ended as many days ago as each receiver's is kept, and what is so old of those that are not here."""

    def before(days: float) -> Any:
        return func.clock_timestamp() - timedelta(days=days)

    ended = [(_table.c.receiver == name) & (_table.c.ended_at < before(its)) for name, its in kept.items()]
    gone = _table.c.receiver.not_in(list(kept)) & (_table.c.first_at < before(days))
    await connection.execute(delete(_table).where(or_(gone, *ended)))


def _of(due: Due) -> Any:
    mine = (_table.c.id == due.id, _table.c.position == due.position, _table.c.attempts == due.attempts)
    return update(_table).where(*mine, _table.c.due_at.is_not(None))
