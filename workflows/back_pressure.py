"""Whether one more submission can be taken, or whoever asks has to come back later."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from canonical.errors import ProblemCategory
from canonical.intent import AmendOrder, CancelOrder, CreateCustomer, Intent, SubmitOrder
from canonical.problem import Problem
from sources.landscape import Landscape
from sources.landscape_rules import Writes
from workflows.ledger import Rights
from workflows.routing import route
from workflows.store import tables

_table = tables.submission
SECONDS_A_WRITE: Final = 2.0
SOONEST, LATEST = 5, 300


async def too_much(connection: AsyncConnection, landscape: Landscape, intent: Intent) -> Problem | None:
    """That too many unsettled submissions wait for a system that this one needs, or for all of them together."""
    for erp in sorted(systems_of(landscape, intent)):
        writes = landscape.instances[erp].writes
        codes = [code for code, entity in landscape.entities.items() if entity.erp == erp]
        if await _at_least(connection, writes.waiting, _table.c.legal_entities.overlap(codes)):
            return _full(f"{erp} has more orders to take in than it can just now.", erp, writes)
    everyone = [landscape.instances[erp].writes for erp in landscape.erps]
    if await _at_least(connection, sum(one.waiting for one in everyone)):
        slowest = min(everyone, key=lambda one: one.concurrency)
        return _full("There is more to take in than can be done just now.", None, slowest)
    return None


def systems_of(landscape: Landscape, intent: Intent) -> set[str]:
    """The ERPs that the input needs, as far as it says."""
    match intent:
        case SubmitOrder():
            country = intent.ship_to.country if intent.ship_to else None
            return {leg.erp for leg in route(landscape, intent, country, Rights()).legs if leg.erp}
        case CreateCustomer():
            return _known({intent.legal_entity}, landscape)
        case AmendOrder() | CancelOrder():
            return {intent.order.system} & set(landscape.erps)


def _known(codes: Iterable[str], landscape: Landscape) -> set[str]:
    entities = (landscape.entities.get(code) for code in codes)
    return {entity.erp for entity in entities if entity and entity.erp}


async def _at_least(connection: AsyncConnection, most: int, *narrowed: ColumnElement[bool]) -> bool:
    unsettled = select(_table.c.id).where(_table.c.settled_at.is_(None), *narrowed).limit(most)
    counted = await connection.execute(select(func.count()).select_from(unsettled.subquery()))
    return int(counted.scalar_one()) >= most


def _full(sentence: str, system: str | None, writes: Writes) -> Problem:
    a_second = writes.per_minute / 60 if writes.per_minute else writes.concurrency / SECONDS_A_WRITE
    # By then a tenth of the queue is worked off.
    later = min(LATEST, max(SOONEST, ceil(writes.waiting / 10 / a_second)))
    return Problem(
        code="QUEUE_FULL",
        category=ProblemCategory.THROTTLED,
        message=f"{sentence} Nothing was accepted; try again in {later} seconds.",
        retryable=True,
        retry_after_seconds=later,
        system=system,
    )
