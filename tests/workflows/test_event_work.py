"""What a worker is wired for, and what it says where that cannot be all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from sources.landscape import CachePolicy
from tests.workflows.house import House
from workflows.event_work import EventWork
from workflows.store.opening import Store

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


async def test_what_a_worker_held_is_anybody_s_once_it_has_left_and_nobody_else_s_is(house: House) -> None:
    theirs = "holder = 'w2', held_until = clock_timestamp() + interval '1 hour'"
    await house.say("insert into outbound (receiver, position) values ('billing', 0), ('warehouse', 0)")
    await house.say(
        "insert into feed (system, way, began_at, due_at) select system, 'poll', now(), now()"
        " from unnest(array['erp-eu', 'erp-us']) as system"
    )
    await house.say("update outbound set holder = 'w1', held_until = clock_timestamp() + interval '1 hour'")
    await house.say(f"update outbound set {theirs} where receiver = 'warehouse'")
    await house.say("update feed set holder = 'w1', held_until = clock_timestamp() + interval '1 hour'")
    await house.say(f"update feed set {theirs} where system = 'erp-us'")

    await EventWork(house.shop, "w1", None, None).leave()

    free = await house.ask("select receiver from outbound where holder is null and held_until is null")
    held = await house.ask("select system from feed where holder = 'w2' and held_until > now()")
    assert (list(free), list(held)) == ([("billing",)], [("erp-us",)])


async def test_a_worker_leaves_also_where_its_store_is_away(house: House, caplog: pytest.LogCaptureFixture) -> None:
    gone = Store("postgresql://postgres@/nothing?host=/nowhere")

    await EventWork(replace(house.shop, store=gone), "w1", None, None).leave()
    await gone.close()

    assert "was not given back" in caplog.text
