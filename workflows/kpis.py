"""How well orders get through, counted from the ledger, the exception queue and the event log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import ProblemCategory
from canonical.kpi import CategoryCount, KpiInterval, KpiPoint, KpiReport, Kpis, SystemKpis
from canonical.principal import Principal
from sources.landscape import Landscape

MOST_POINTS: Final = 1000
_STEPS = {KpiInterval.HOUR: "1 hour", KpiInterval.DAY: "1 day", KpiInterval.WEEK: "7 days"}
_WHOLE: Final = "36500 days"
"""A span so long that everything falls into one."""

# Null for a list is everything. Every question counts by spans of :step from :since on.
_ORDERS = text("""
select date_bin(cast(:step as interval), s.submitted_at, :since) as span,
  count(*) filter (where s.operation = 'SUBMIT_ORDER') as submitted,
  count(*) filter (where s.operation = 'SUBMIT_ORDER' and s.state = 'COMPLETED') as booked,
  percentile_cont(0.5) within group (order by extract(epoch from s.settled_at - s.submitted_at))
    filter (where s.operation = 'SUBMIT_ORDER' and s.state = 'COMPLETED') as median,
  percentile_cont(0.95) within group (order by extract(epoch from s.settled_at - s.submitted_at))
    filter (where s.operation = 'SUBMIT_ORDER' and s.state = 'COMPLETED') as p95,
  coalesce(sum(s.replays), 0) as replays
from submission s
where s.submitted_at >= :since and s.submitted_at < :until and s.tenant = :tenant
  and (cast(:entities as text[]) is null or s.legal_entities && cast(:entities as text[]))
  and (cast(:accounts as text[]) is null or s.crm_customer_key = any(cast(:accounts as text[])))
  and (cast(:codes as text[]) is null or s.legal_entities && cast(:codes as text[]))
group by 1
""")
_EFFECTS = text("""
select date_bin(cast(:step as interval), s.submitted_at, :since) as span,
  coalesce(sum(greatest(e.attempt - 1, 0)), 0) as retries,
  coalesce(sum(e.lost) filter (where e.state = 'DONE'), 0) as found
from effect e join submission s on s.id = e.submission_id
where s.submitted_at >= :since and s.submitted_at < :until and s.tenant = :tenant
  and (cast(:entities as text[]) is null or s.legal_entities && cast(:entities as text[]))
  and (cast(:accounts as text[]) is null or s.crm_customer_key = any(cast(:accounts as text[])))
  and (cast(:system as text) is null or e.system = :system)
group by 1
""")
_EXCEPTIONS = text("""
select date_bin(cast(:step as interval), x.raised_at, :since) as span, count(*) as raised,
  count(*) filter (where x.status <> 'RESOLVED') as open,
  percentile_cont(0.5) within group (order by extract(epoch from x.resolved_at - x.raised_at))
    filter (where x.resolved_at is not null) as median
from integration_exception x
where x.raised_at >= :since and x.raised_at < :until and x.tenant = :tenant
  and (cast(:entities as text[]) is null or x.legal_entities && cast(:entities as text[]))
  and (cast(:accounts as text[]) is null or x.crm_customer_key = any(cast(:accounts as text[])))
  and (cast(:system as text) is null or x.system = :system)
group by 1
""")
_CATEGORIES = text("""
select x.category, count(*) as raised from integration_exception x
where x.raised_at >= :since and x.raised_at < :until and x.tenant = :tenant
  and (cast(:entities as text[]) is null or x.legal_entities && cast(:entities as text[]))
  and (cast(:accounts as text[]) is null or x.crm_customer_key = any(cast(:accounts as text[])))
group by 1 order by 2 desc, 1
""")
# From the event log, which holds what the systems told of: how long after its booking an order is first billed.
_BILLED = text("""
with told as (
  select e.body->'order' as ref, e.body->'happening'->>'kind' as kind, min((e.body->>'at')::timestamptz) as at
  from event e
  where e.tenant = :tenant and e.body->'happening'->>'kind' in ('ORDER_BOOKED', 'INVOICE_GENERATED')
    and (cast(:entities as text[]) is null or e.body->'legal_entities' ?| cast(:entities as text[]))
    and (cast(:accounts as text[]) is null or e.body->>'crm_customer' = any(cast(:accounts as text[])))
    and (cast(:system as text) is null or e.body->'happening'->>'system' = :system)
  group by 1, 2)
select date_bin(cast(:step as interval), billed.at, :since) as span,
  percentile_cont(0.5) within group (order by extract(epoch from greatest(billed.at - booked.at, interval '0')))
    as median
from told billed join told booked on booked.ref = billed.ref and booked.kind = 'ORDER_BOOKED'
where billed.kind = 'INVOICE_GENERATED' and billed.at >= :since and billed.at < :until
group by 1
""")
_SPANS = text(
    "select generate_series(cast(:since as timestamptz), cast(:until as timestamptz) - interval '1 us',"
    " cast(:step as interval)) limit :most"
)


async def report(
    connection: AsyncConnection,
    principal: Principal,
    landscape: Landscape,
    since: datetime,
    until: datetime | None,
    interval: KpiInterval | None,
) -> KpiReport:
    """The numbers of what was submitted and raised from `since` until before `until`, by default now."""
    given: dict[str, Any] = {
        "tenant": principal.tenant,
        "entities": None if principal.legal_entities is None else sorted(principal.legal_entities),
        "accounts": None if principal.accounts is None else sorted(principal.accounts),
        "since": since,
        "until": until or datetime.now(UTC),
        "step": _WHOLE,
        "codes": None,
        "system": None,
    }
    return KpiReport(
        total=await _whole(connection, given),
        series=await _series(connection, given, interval) if interval else (),
        by_system=tuple([await _system(connection, given, landscape, erp) for erp in landscape.erps]),
        by_category=tuple(_category(row) for row in await connection.execute(_CATEGORIES, given)),
    )


async def _whole(connection: AsyncConnection, given: dict[str, Any]) -> Kpis:
    return next(iter((await _by_span(connection, given)).values()), Kpis())


async def _series(connection: AsyncConnection, given: dict[str, Any], interval: KpiInterval) -> tuple[KpiPoint, ...]:
    """A point for each span, those in which nothing happened too; at most a thousand, the first ones."""
    stepped = {**given, "step": _STEPS[interval]}
    starts = [row[0] for row in await connection.execute(_SPANS, {**stepped, "most": MOST_POINTS})]
    found = await _by_span(connection, stepped)
    return tuple(KpiPoint(start, found.get(start, Kpis())) for start in starts)


async def _system(connection: AsyncConnection, given: dict[str, Any], landscape: Landscape, erp: str) -> SystemKpis:
    codes = [code for code, entity in landscape.entities.items() if entity.erp == erp]
    return SystemKpis(erp, await _whole(connection, {**given, "codes": codes, "system": erp}))


def _category(row: Row[Any]) -> CategoryCount:
    return CategoryCount(ProblemCategory(row.category), int(row.raised))


async def _by_span(connection: AsyncConnection, given: dict[str, Any]) -> dict[Any, Kpis]:
    orders = await _rows(connection, _ORDERS, given)
    effects = await _rows(connection, _EFFECTS, given)
    raised = await _rows(connection, _EXCEPTIONS, given)
    billed = await _rows(connection, _BILLED, given)
    return {
        span: _kpis(orders.get(span), effects.get(span), raised.get(span), billed.get(span))
        for span in orders.keys() | effects.keys() | raised.keys() | billed.keys()
    }


async def _rows(connection: AsyncConnection, asked: TextClause, given: dict[str, Any]) -> dict[Any, Row[Any]]:
    return {row.span: row for row in await connection.execute(asked, given)}


def _kpis(orders: Row[Any] | None, effects: Row[Any] | None, raised: Row[Any] | None, billed: Row[Any] | None) -> Kpis:
    replays = int(orders.replays) if orders else 0
    return Kpis(
        orders_submitted=int(orders.submitted) if orders else 0,
        orders_booked=int(orders.booked) if orders else 0,
        acceptance_seconds_median=_seconds(orders.median) if orders else None,
        acceptance_seconds_p95=_seconds(orders.p95) if orders else None,
        invoice_latency_seconds_median=_seconds(billed.median) if billed else None,
        duplicates_prevented=replays + (int(effects.found) if effects else 0),
        retries=int(effects.retries) if effects else 0,
        exceptions_raised=int(raised.raised) if raised else 0,
        exceptions_open=int(raised.open) if raised else 0,
        exception_resolution_seconds_median=_seconds(raised.median) if raised else None,
    )


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)
