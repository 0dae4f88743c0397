"""Moves what happened from the outbox into the log, in one order that no reader can skip, and wakes the readers.

Sequences commit out of order, and a reader that goes by them skips what is committed late. So positions are given here,
by one transaction at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from canonical.events import Cursor, Logged
from workflows.event_stream import stream_of, to_wire
from workflows.log import NOBODYS, event_of, renew_epoch, standing
from workflows.store.opening import Store

log = logging.getLogger(__name__)

MOST: Final = 500
"""Events of one transaction."""
KEPT_IN_STREAM: Final = 20_000
"""About so many events are in the stream; whoever is further behind reads the log."""

_ONE_AT_A_TIME: Final = text("select pg_advisory_xact_lock(78)")
_MOVE: Final = text(
    # Materialized: a subquery with a limit may be executed more than once, and then takes more than that.
    "with taken as materialized (select id from event_out order by id limit :most for update skip locked),"
    " gone as (delete from event_out using taken where event_out.id = taken.id"
    " returning event_out.id, event_out.tenant, event_out.key, event_out.body),"
    " fresh as (select distinct on (tenant, key) id, tenant, key, body from gone where not exists"
    " (select 1 from event where event.tenant = gone.tenant and event.key = gone.key) order by tenant, key, id),"
    " placed as (select (select head from event_log) + row_number() over (order by id) as position, tenant, key, body"
    " from fresh),"
    " kept as (insert into event (position, tenant, key, body) select position, tenant, key, body from placed),"
    " moved as (update event_log set head = head + (select count(*) from placed))"
    " select position, body, (select count(*) from gone) as taken from placed order by position"
)


@dataclass(frozen=True)
class Relay:
    """One worker's. Any number of them may run: they take turns."""

    store: Store
    tenant: str
    redis: Redis | None = None

    async def move(self) -> int:
        """Move what waits, up to MOST; how many events there are more in the log."""
        async with self.store.transaction() as transaction:
            await transaction.execute(_ONE_AT_A_TIME)

            epoch = (await standing(transaction)).epoch
            rows = (await transaction.execute(_MOVE, {"most": MOST})).all()
            # A standby that took over without the last events gives their positions to others. Until it does, every
            # cursor of before means what it meant, or is ahead of the log: so here is soon enough, and always in time.
            if rows and await renew_epoch(transaction):
                epoch = (await standing(transaction)).epoch
        moved = [Logged(Cursor(epoch, row.position), event_of(row.position, row.body)) for row in rows]
        # What a newer version's worker put there is not handed round by this one: readers find it in the log.
        await self._wake([logged for logged in moved if logged.event.tenant != NOBODYS])
        return len(moved)

    async def _wake(self, moved: Sequence[Logged]) -> None:
        """Tell the readers. One that does not hear it finds the same in the log a moment later."""
        if self.redis is None or not moved:
            return
        try:
            pipe = self.redis.pipeline(transaction=False)
            for logged in moved:
                pipe.xadd(stream_of(self.tenant), to_wire(logged), maxlen=KEPT_IN_STREAM, approximate=True)
            await pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("Readers could not be woken (%s); they find it in the log", type(error).__name__)
