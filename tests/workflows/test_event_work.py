"""What a worker is wired for, and what it says where that cannot be all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from sources.landscape import CachePolicy
from tests.workflows.house import House
from workflows.event_work import EventWork

KEPT = {"product": CachePolicy(300, 3600, "public")}


async def test_a_worker_that_does_not_know_where_answers_are_kept_says_so(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    keeps = replace(house.shop, landscape=replace(house.landscape, cache=KEPT))

    EventWork(house.shop, "w1", None, None)
    EventWork(keeps, "w1", None, Redis())
    quiet = list(caplog.records)
    EventWork(keeps, "w1", None, None)

    assert quiet == []
    assert "REVGRAPH_REDIS_URL does not say where" in caplog.text
