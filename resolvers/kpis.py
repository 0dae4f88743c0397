"""How well orders get through, as the graph asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from canonical.errors import Mistake
from canonical.kpi import KpiInterval, KpiReport
from canonical.wanted import Wanted
from resolvers.access import require
from resolvers.at_desk import desk_of, told
from resolvers.context import Context
from workflows.kpis import MOST_POINTS

_LENGTHS: Final[Mapping[KpiInterval, timedelta]] = {
    KpiInterval.HOUR: timedelta(hours=1),
    KpiInterval.DAY: timedelta(days=1),
    KpiInterval.WEEK: timedelta(days=7),
}


async def kpis(
    context: Context,
    parents: Sequence[object],
    _: Wanted,
    since: datetime,
    until: datetime | None,
    interval: KpiInterval | None,
) -> Sequence[KpiReport]:
    """The numbers from `since` until before `until`, by default now; with an interval also as a series."""
    require(context.principal, "kpis:read")
    end = until or context.clock()
    if since >= end:
        raise Mistake("BAD_ARGUMENT", "`since` is not before `until`.")
    if interval and (end - since) / _LENGTHS[interval] > MOST_POINTS:
        raise Mistake("TOO_MANY_POINTS", f"That are more than {MOST_POINTS} points; ask for less time, or wider ones.")
    report = await told(context, desk_of(context).kpis(context.principal, since, end, interval))
    return [report] * len(parents)
