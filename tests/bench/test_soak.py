"""The short form of the soak, and what its comparison would not let pass."""

from __future__ import annotations

import asyncio

import pytest

from bench.soak.deaths import Death
from bench.soak.house import open_soak
from bench.soak.run import Found, Plan, compare, run
from bench.soak.subscriber import Subscriber


@pytest.mark.xdist_group("workers")
@pytest.mark.timeout(300)
def test_whatever_dies_each_subscriber_hears_what_the_log_holds_for_it_once_and_in_order() -> None:
    plan = Plan(subscribers=60, seconds=15, rate=20, kill_every=1, seed=11)

    with open_soak() as house:
        found = asyncio.run(run(house, plan))

    assert found.wrong == []
    assert found.whole == plan.subscribers
    assert set(found.deaths) == set(Death)
    assert found.read > 0
    assert 0 < found.ahead < found.followed
    assert found.connections > plan.subscribers


LOG = [(1, "a"), (2, "b"), (3, "a"), (4, "a")]


def judged(*heard: int, orders: tuple[str, ...] = ("a",)) -> Found:
    found = Found(Plan())
    compare(found, [Subscriber("events", orders, "", list(heard))], LOG)
    return found


def test_what_the_log_holds_for_somebody_is_whole() -> None:
    assert judged(1, 3, 4).whole == 1
    assert judged(1, 2, 3, 4, orders=()).whole == 1


def test_what_is_missing_twice_or_in_another_order_is_told() -> None:
    assert judged(1, 4).missed == 1
    assert judged(1, 3, 3, 4).twice == 1
    assert judged(1, 4, 3).disordered == 1
    assert judged(1, 3).wrong == ["- subscriber 0 over events: heard 2 of 3, lacks [4], was refused []"]
