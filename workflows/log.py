"""The event log, as it is read: events at positions without gaps, within one epoch.

A database that was restored, or a standby that took over, goes on under another epoch, so that a cursor from before is
refused and not taken for another event's.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct, ValidationError
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import Mistake
from canonical.events import NOWHERE, Cursor, CursorExpiredError, Event, EventKind, Logged
from workflows.store import event_tables
from workflows.store.opening import from_json

log = logging.getLogger(__name__)

CURSOR_UNKNOWN: Final = "CURSOR_UNKNOWN"
NOBODYS: Final = ""
"""The tenant of an event that this version cannot read."""
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_table = event_tables.event

_BEGIN: Final = text("insert into event_log (epoch) values (:epoch) on conflict do nothing")
_STANDING: Final = text("select epoch, head, floor from event_log")
# The timeline that is written to: for minutes after a standby took over, that of the last checkpoint is the old one.
_IDENTITY: Final = text(
    "select system_identifier || '/' ||"
    " cast(cast('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as bit(32)) as bigint) from pg_control_system()"
)
_SAYS_NOTHING: Final = "revgraph: does not say which cluster it is in"
"""Kept with a session of a database that may not be asked."""
_RENEW: Final = text(
    "update event_log set cluster = :cluster, epoch = case when cluster is null then epoch else :epoch end,"
    " renewed_at = case when cluster is null then renewed_at else clock_timestamp() end"
    " where cluster is distinct from :cluster returning epoch = :epoch as renewed"
)


class Standing(Struct, frozen=True):
    """Where the log stands: its epoch, the last position, and the last one that was dropped."""

    epoch: str
    head: int
    floor: int

    @property
    def cursor(self) -> Cursor:
        """Behind everything that was told so far."""
        return Cursor(self.epoch, self.head)

    def check(self, cursor: Cursor) -> None:
        """Pass where everything behind the cursor can be told.

        Mistake CURSOR_EXPIRED, with the oldest cursor in its words, or CURSOR_UNKNOWN.
        """
        if cursor == NOWHERE:
            raise Mistake(
                CURSOR_UNKNOWN,
                "This cursor was given while the event log could not be read. Read what you need once more, and go on "
                "from the resumeFrom that comes with it.",
            )
        if cursor.epoch != self.epoch or cursor.position > self.head:
            raise Mistake(
                CURSOR_UNKNOWN,
                "This cursor is of an event log that is not kept any more: the log was restored or begun anew. Read "
                "what you need once more, and go on from the resumeFrom that comes with it.",
            )
        if cursor.position < self.floor:
            raise CursorExpiredError(Cursor(self.epoch, self.floor))


async def standing(connection: AsyncConnection) -> Standing:
    """Where the log stands; a log is begun where there is none."""
    row = (await connection.execute(_STANDING)).first()
    if row is None:
        await connection.execute(_BEGIN, {"epoch": _new_epoch()})
        row = (await connection.execute(_STANDING)).one()
    return Standing(row.epoch, row.head, row.floor)


async def read_log(connection: AsyncConnection, epoch: str, after: int, upto: int, most: int) -> Sequence[Logged]:
    """Events behind a position and up to another, in their order."""
    asked = select(_table.c.position, _table.c.body).where(_table.c.position > after, _table.c.position <= upto)
    rows = await connection.execute(asked.order_by(_table.c.position).limit(most))
    return [Logged(Cursor(epoch, row.position), event_of(row.position, row.body)) for row in rows]


def event_of(position: int, body: Any) -> Event:
    """The event; one that a newer version wrote, and this one cannot read, keeps its place and is nobody's."""
    try:
        return from_json(body, Event)
    except ValidationError as error:
        log.warning("The event at %d is none that this version knows, and is told to nobody: %s", position, error)
        return Event(key=f"unreadable:{position}", tenant=NOBODYS, kind=EventKind.HAPPENING, at=_NO_TIME)


async def renew_epoch(connection: AsyncConnection) -> bool:
    """Begin another epoch where the log is found in another cluster, or on another timeline of it; whether it was.

    A database that may not say in which cluster it is keeps its epoch: `revgraph events renew` is for its operator.
    """
    await standing(connection)
    cluster = await _cluster(connection)
    if cluster is None:
        return False
    row = (await connection.execute(_RENEW, {"cluster": cluster, "epoch": _new_epoch()})).first()
    renewed = bool(row and row.renewed)
    if renewed:
        log.warning("The database is another: the event log begins another epoch, and old cursors are refused")
    return renewed


async def _cluster(connection: AsyncConnection) -> str | None:
    """Which cluster the log is in, and on which timeline; None where it is not said, which a session is asked once."""
    if _SAYS_NOTHING in connection.info:
        return None
    try:
        async with connection.begin_nested():
            return str((await connection.execute(_IDENTITY)).scalar_one())
    except DBAPIError as error:
        if isinstance(error, OperationalError):
            raise  # it did not answer, which says nothing about what it would
        log.warning(
            "The database does not say which cluster it is in (%s): run `revgraph events renew` after it was restored, "
            "or a standby took over",
            type(error.orig).__name__,
        )
        connection.info[_SAYS_NOTHING] = True
        return None


async def begin_epoch(connection: AsyncConnection) -> str:
    """Begin another epoch, whatever was before: every cursor that was given out is refused from now on.

    And what was submitted before may have been done already, though nothing here knows of it: see effects.claim.
    """
    await standing(connection)
    epoch = _new_epoch()
    anew = text("update event_log set epoch = :epoch, renewed_at = clock_timestamp()")
    await connection.execute(anew, {"epoch": epoch})
    return epoch


async def drop_old(connection: AsyncConnection, days: float) -> int:
    """Drop events that were recorded so many days ago; how many. The newest always stays."""
    old = text(
        "with gone as (delete from event where recorded_at < clock_timestamp() - make_interval(secs => :seconds)"
        " and position < (select head from event_log) returning position)"
        " update event_log set floor = greatest(floor, (select max(position) from gone))"
        " where exists (select 1 from gone) returning (select count(*) from gone)"
    )
    return int((await connection.execute(old, {"seconds": days * 86_400})).scalar() or 0)


async def count_behind(connection: AsyncConnection) -> int:
    """How many events wait to be put into the log."""
    return int((await connection.execute(select(func.count()).select_from(event_tables.event_out))).scalar_one())


def _new_epoch() -> str:
    return secrets.token_hex(6)
