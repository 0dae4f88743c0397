"""One soak: events at a steady pace while everything dies, and a comparison of what was heard with the log."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from bench.soak.deaths import Death, holds_within, let_die
from bench.soak.house import House
from bench.soak.subscriber import Subscriber
from bench.soak.telling import KNOWN, Teller, orders_of
from bench.soak.transports import TRANSPORTS
from canonical.events import Cursor
from canonical.identity import global_id
from workflows.log import read_log, standing
from workflows.store.opening import Store

OF_ALL = 50
"""Over each transport, one subscriber in so many hears of every order."""
LIVE = 10
"""And one in so many asks for its orders as they are now; it follows the company's own."""
MOST_FOLLOWED = 4


@dataclass(frozen=True)
class Plan:
    """How hard it is made; seconds."""

    subscribers: int = 1_000
    seconds: float = 120.0
    rate: float = 50.0
    kill_every: float = 10.0
    seed: int = 1
    patience: float = 120.0


@dataclass
class Found:
    """What became of it; `wrong` says whose sequence is not the log's, and how."""

    plan: Plan
    deaths: Counter[Death] = field(default_factory=Counter)
    events: int = 0
    deliveries: int = 0
    connections: int = 0
    followed: int = 0
    ahead: int = 0
    live: int = 0
    read: int = 0
    troubled: int = 0
    whole: int = 0
    missed: int = 0
    twice: int = 0
    disordered: int = 0
    caught_up: float = 0.0
    wrong: list[str] = field(default_factory=list)


async def run(house: House, plan: Plan) -> Found:
    """Let them listen while everything dies, until everybody has caught up or patience ends; then compare."""
    found, chance = Found(plan), random.Random(plan.seed)
    store = Store(house.url, 4, "soak")
    begun = await _standing(store)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as group:
        orders = await orders_of(session, house)
        ids = [global_id("Order", order) for order in orders]
        crowd = [_subscriber(number, ids, begun, chance) for number in range(plan.subscribers)]
        replicas = [gateway.url for gateway in house.gateways]
        listening = [
            group.create_task(one.listen(session, replicas, house.token, random.Random(chance.random())))
            for one in crowd
        ]
        dying = group.create_task(
            let_die(house, plan.kill_every, plan.seconds, plan.patience, random.Random(chance.random()))
        )
        await Teller(house, store, orders, plan.rate, random.Random(chance.random())).tell(dying.done)
        found.deaths, told = dying.result(), await _log(store, begun)
        found.caught_up = await _caught_up(crowd, told, plan.patience)
        for task in listening:
            task.cancel()
    await store.close()
    compare(found, crowd, told)
    return found


def _subscriber(number: int, ids: Sequence[str], begun: Cursor, chance: random.Random) -> Subscriber:
    """The transports take turns, and of each some hear of everything, others read live, and half follow farewells."""
    turn, transport = divmod(number, len(TRANSPORTS))
    live = turn % LIVE == 1
    followed = chance.sample(ids[:KNOWN] if live else ids, chance.randint(1, MOST_FOLLOWED))
    orders = () if turn % OF_ALL == 0 else tuple(followed)
    return Subscriber(list(TRANSPORTS)[transport], orders, str(begun), live=live, follows=turn // 2 % 2 == 0)


async def _standing(store: Store) -> Cursor:
    async with store.transaction() as transaction:
        return (await standing(transaction)).cursor


async def _log(store: Store, begun: Cursor) -> list[tuple[int, str]]:
    """Every position behind the beginning, and the order that its event is about."""
    told: list[tuple[int, str]] = []
    async with store.transaction() as transaction:
        head = (await standing(transaction)).head
        while True:
            page = await read_log(transaction, begun.epoch, told[-1][0] if told else begun.position, head, 1_000)
            if not page:
                return told
            told += [
                (one.cursor.position, global_id("Order", one.event.order))
                for one in page
                if one.event.order is not None
            ]


async def _caught_up(crowd: Sequence[Subscriber], told: Sequence[tuple[int, str]], patience: float) -> float:
    """Wait until everybody has heard as much as there is to hear; the seconds that it took."""
    began, wanted = time.monotonic(), [(one, len(_expected(one, told))) for one in crowd]
    await holds_within(patience, lambda: all(len(one.heard) >= expected for one, expected in wanted))
    return time.monotonic() - began


def _expected(one: Subscriber, told: Sequence[tuple[int, str]]) -> list[int]:
    return [position for position, order in told if not one.orders or order in one.orders]


def compare(found: Found, crowd: Sequence[Subscriber], told: Sequence[tuple[int, str]]) -> None:
    """Hold what each heard against the log."""
    found.events = len(told)
    for number, one in enumerate(crowd):
        expected = _expected(one, told)
        found.deliveries += len(one.heard)
        found.connections += one.connections
        found.followed += one.followed
        found.ahead += one.ahead
        found.live += one.live
        found.read += one.read
        found.troubled += one.troubled
        if one.heard == expected and not one.refused:
            found.whole += 1
            continue
        missing, heard = set(expected) - set(one.heard), set(one.heard)
        found.missed += bool(missing)
        found.twice += len(heard) < len(one.heard)
        found.disordered += one.heard != sorted(one.heard)
        what = f"heard {len(one.heard)} of {len(expected)}, lacks {sorted(missing)[:5]}, was refused {one.refused[:3]}"
        found.wrong.append(f"- subscriber {number} over {one.transport}: {what}")
