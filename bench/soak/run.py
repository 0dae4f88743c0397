"""One soak: events at a steady pace, deaths at random, and a comparison of everything at the end."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
from redis.asyncio import Redis

from bench.soak.house import House
from bench.soak.subscriber import TRANSPORTS, Subscriber
from canonical.events import Cursor, Event, EventKind, StatusChange
from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.refs import Ref
from workflows.log import read_log, standing
from workflows.outbox import put
from workflows.relay import Relay
from workflows.store.opening import Store

ORDERS = 100
"""Orders that the events are about."""
OF_ALL = 50
"""One subscriber in so many hears of every order."""
MOST_FOLLOWED = 4
LOOK_EVERY = 0.25


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
    events: int = 0
    deliveries: int = 0
    connections: int = 0
    killed: int = 0
    ended: int = 0
    redis_killed: int = 0
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
    crowd = [_subscriber(number, begun, chance) for number in range(plan.subscribers)]
    replicas = [gateway.url for gateway in house.gateways]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        listening = [
            asyncio.create_task(one.listen(session, replicas, house.token, random.Random(chance.random())))
            for one in crowd
        ]
        killing = asyncio.create_task(_kill(house, plan, found, random.Random(chance.random())))
        try:
            await _tell(house, store, plan, random.Random(chance.random()))
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
            told = await _log(store, begun)
            began = time.monotonic()
            await _until_caught_up(crowd, told, plan.patience)
            found.caught_up = time.monotonic() - began
        finally:
            broken = [task.exception() for task in listening if task.done() and not task.cancelled()]
            for task in [*listening, killing]:
                task.cancel()
            await asyncio.gather(*listening, killing, return_exceptions=True)
    await store.close()
    if broken:
        raise RuntimeError("a subscriber of ours broke") from broken[0]
    compare(found, crowd, told)
    return found


def _subscriber(number: int, begun: Cursor, chance: random.Random) -> Subscriber:
    followed = chance.sample(range(ORDERS), chance.randint(1, MOST_FOLLOWED))
    orders = () if number % OF_ALL == 0 else tuple(global_id("Order", order_ref(order)) for order in followed)
    return Subscriber(TRANSPORTS[number % len(TRANSPORTS)], orders, str(begun))


async def _tell(house: House, store: Store, plan: Plan, chance: random.Random) -> None:
    """Put events into the outbox at the plan's pace, and move them as a worker does."""
    redis = Redis.from_url(house.redis_url, socket_timeout=1, socket_connect_timeout=1)
    relay, began, number = Relay(store, house.tenant, redis), time.monotonic(), 0
    while time.monotonic() - began < plan.seconds:
        due = int((time.monotonic() - began) * plan.rate)
        if due > number:
            async with store.transaction() as transaction:
                await put(transaction, *(_event(house.tenant, one, chance) for one in range(number, due)))
            number = due
            await relay.move()
        await asyncio.sleep(min(0.05, 1 / plan.rate))
    while await relay.move():
        pass
    await redis.aclose()


def _event(tenant: str, number: int, chance: random.Random) -> Event:
    return Event(
        key=f"soak:{number}",
        tenant=tenant,
        kind=EventKind.STATUS_CHANGED,
        at=datetime.now(UTC),
        order=order_ref(chance.randrange(ORDERS)),
        legal_entities=("DE01",),
        status=StatusChange(status=chance.choice(list(OrderStatus))),
    )


def order_ref(number: int) -> Ref:
    """An order of the CRM that nobody has to look up."""
    return Ref("salesforce", f"801Rg{number:010d}AAA")


async def _kill(house: House, plan: Plan, found: Found, chance: random.Random) -> None:
    """End something every so many seconds, and bring it back; never both gateways at once."""
    while True:
        await asyncio.sleep(plan.kill_every)
        match chance.choice(("kill", "end", "redis")):
            case "redis":
                await asyncio.to_thread(house.kill_redis)
                found.redis_killed += 1
            case how:
                gateway = chance.choice(house.gateways)
                await asyncio.to_thread(gateway.end, signal.SIGKILL if how == "kill" else signal.SIGTERM)
                found.killed += how == "kill"
                found.ended += how == "end"
                gateway.start()
                await _until(gateway.answers, plan.patience)


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


async def _until_caught_up(crowd: Sequence[Subscriber], told: Sequence[tuple[int, str]], patience: float) -> None:
    wanted = [(one, len(_expected(one, told))) for one in crowd]
    await _until(lambda: all(len(one.heard) >= expected for one, expected in wanted), patience)


async def _until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until it holds, but no longer; it may block for a moment."""
    until = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > until:
            return
        await asyncio.sleep(LOOK_EVERY)


def _expected(one: Subscriber, told: Sequence[tuple[int, str]]) -> list[int]:
    return [position for position, order in told if not one.orders or order in one.orders]


def compare(found: Found, crowd: Sequence[Subscriber], told: Sequence[tuple[int, str]]) -> None:
    """Hold what each heard against the log."""
    found.events = len(told)
    for number, one in enumerate(crowd):
        expected = _expected(one, told)
        found.deliveries += len(one.heard)
        found.connections += one.connections
        if one.heard == expected and not one.refused:
            found.whole += 1
            continue
        missing, heard = set(expected) - set(one.heard), set(one.heard)
        found.missed += bool(missing)
        found.twice += len(heard) < len(one.heard)
        found.disordered += one.heard != sorted(one.heard)
        what = f"heard {len(one.heard)} of {len(expected)}, lacks {sorted(missing)[:5]}, was refused {one.refused[:3]}"
        found.wrong.append(f"- subscriber {number} over {one.transport}: {what}")
