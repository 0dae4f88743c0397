"""Orders under fire: half of all calls go wrong, workers are killed, clients are impatient: what is there at the end.

    python -m bench.chaos [--orders 1000] [--seed N] [--kill-every 4] [--workers 2]

Everything real but the vendors: gateway, workers, PostgreSQL and pretend systems are processes of their own, and talk
over sockets. The seed fixes what is handed in, which faults are armed and whom the kills hit; when two processes meet
is theirs. Writes its section of docs/benchmarks.md; ends with 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psycopg

from bench.buying import Asking, Counted, Impatient, fetch_offers, hand_all_in, orders_of
from bench.counting import Truth, count_orders, count_truth
from bench.section import write
from bench.stage import Stage, clock, open_stage

KINDS: dict[str, dict[str, float]] = {
    "reset_before": {},
    "reset_after": {},
    "status": {"status": 503},
    "status_after": {"status": 502},
    "throttle": {"seconds": 1},
    "truncate": {},
    "latency": {"seconds": 0.3},
    "slow": {"seconds": 1},
}
_UNSETTLED = "select count(*) from submission where settled_at is null"
_LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Plan:
    """How hard it is made; `calm_after`: seconds after the last hand-in until faults and kills end."""

    orders: int = 1000
    seed: int = 1
    kill_every: float = 4.0
    workers: int = 2
    clients: int = 16
    faulty: float = 0.5
    wrong: float = 0.05
    calm_after: float = 60.0
    patience: float = 600.0


@dataclass
class Outcome:
    """What was seen, and what is there at the end."""

    plan: Plan
    counted: Counted
    truth: Truth
    violations: list[str]
    hits: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    killed: int = 0
    ended: int = 0
    took: float = 0.0
    under_fire: int = 0
    """Submissions that were settled before it became calm."""


async def run(stage: Stage, plan: Plan) -> Outcome:
    """Hand everything in under fire, wait until it is settled, and count."""
    chance, counted, began = random.Random(plan.seed), Counted(), clock()
    before = count_orders(stage.state)
    async with aiohttp.ClientSession() as session:
        ask = Asking(session, stage.graphql, stage.token)
        orders = orders_of(await fetch_offers(ask), plan.seed, plan.orders, plan.wrong)
        clients = [Impatient(ask, counted, chance.randrange(1 << 30), plan.faulty) for _ in range(plan.clients)]
        await arm(session, stage, chance, plan.faulty)
        killing = asyncio.create_task(kill(stage, chance, plan.kill_every))
        try:
            async with asyncio.timeout(plan.patience):
                await hand_all_in(clients, orders)
            await settled(stage, plan.calm_after)
        finally:
            killing.cancel()
        under_fire, (hits, requests) = plan.orders - unsettled(stage), await heard(session, stage)
        await disarm(session, stage)
        await settled(stage, plan.patience)
        # The CRM may be told after the order is settled.
        await told(stage, 60)
    stage.ended += stage.replace_dead()
    truth = count_truth(stage.url, stage.state)
    violations = [*counted.contradicted, *truth.violations(list(orders))]
    strange = count_orders(stage.state) - before - sum(len(numbers) for numbers in truth.booked.values())
    if strange:
        violations.append(f"{strange} orders are in the ERPs that carry no reference of ours")
    found = Outcome(plan, counted, truth, violations, hits, requests, stage.killed, stage.ended)
    found.took, found.under_fire = clock() - began, under_fire
    return found


async def arm(session: aiohttp.ClientSession, stage: Stage, chance: random.Random, part: float) -> None:
    """Make this part of all calls to every system go wrong, each kind more or less often."""
    for name in await _systems(session, stage):
        weights = {kind: chance.uniform(0.5, 1.5) for kind in KINDS}
        for kind, how in KINDS.items():
            # Each is thrown for by itself: together they spare (1 - part) of all.
            spared = (1 - part) ** (weights[kind] / sum(weights.values()))
            fault = {"system": name, "kind": kind, "probability": 1 - spared, **how}
            async with session.post(f"{stage.control}/faults", json=fault) as response:
                response.raise_for_status()


async def disarm(session: aiohttp.ClientSession, stage: Stage) -> None:
    """Let every system be well."""
    async with session.delete(f"{stage.control}/faults") as response:
        response.raise_for_status()


async def kill(stage: Stage, chance: random.Random, every: float) -> None:
    """Kill a worker every so many seconds, and start another in its stead; for ever."""
    while every:
        await asyncio.sleep(every)
        stage.ended += stage.replace_dead()
        stage.kill_worker(chance.randrange(len(stage.workers)))
        waiting = unsettled(stage)
        print(f"{stage.killed} kills, {waiting} submissions unsettled", flush=True)


async def heard(session: aiohttp.ClientSession, stage: Stage) -> tuple[Counter[str], int]:
    """Faults that were met, by kind, and requests."""
    hits: Counter[str] = Counter()
    systems = (await _systems(session, stage)).values()
    for one in systems:
        hits.update(one["hits"])
    return hits, sum(one["requests"] for one in systems)


async def settled(stage: Stage, seconds: float) -> None:
    """Wait until nothing is unsettled, but no longer than this."""
    await _until(stage, _UNSETTLED, seconds)


async def told(stage: Stage, seconds: float) -> None:
    """Wait until the CRM was told of everything, but no longer than this."""
    waiting = "select count(*) from effect where kind = 'WRITE_BACK' and state <> 'DONE'"
    await _until(stage, waiting, seconds)


async def _until(stage: Stage, asked: str, seconds: float) -> None:
    until = clock() + seconds
    while clock() < until and await asyncio.to_thread(_waits, stage, asked):
        await asyncio.sleep(_LOOK_EVERY)
        stage.ended += stage.replace_dead()


def unsettled(stage: Stage) -> int:
    """How many submissions are not settled."""
    return _count(stage, _UNSETTLED)


def _waits(stage: Stage, asked: str) -> bool:
    return _count(stage, asked) > 0


def _count(stage: Stage, asked: str) -> int:
    with psycopg.connect(stage.url) as session:
        row = session.execute(asked.encode()).fetchone()
    return int(row[0]) if row else 0


async def _systems(session: aiohttp.ClientSession, stage: Stage) -> dict[str, dict[str, Any]]:
    async with session.get(f"{stage.control}/systems") as response:
        return {one["name"]: one for one in await response.json()}


def report(found: Outcome, command: str) -> list[str]:
    """The section of docs/benchmarks.md."""
    truth, plan, counted = found.truth, found.plan, found.counted
    booked = sum(len(numbers) for numbers in truth.booked.values())
    twice = sum(len(numbers) > 1 for numbers in truth.booked.values())
    rows: dict[str, object] = {
        "keys handed in": f"{plan.orders}, by {plan.clients} clients at once",
        "attempts of the clients": _words(counted.sent),
        "problems that they met": _words(counted.problems),
        "calls to the systems until it was calm": found.requests,
        "faults met, a call may meet several": f"{sum(found.hits.values())}: {_words(found.hits)}",
        "workers": f"{plan.workers} at once; {found.killed} killed with -9, {found.ended} ended by themselves",
        "workflows taken over from the dead": truth.taken_over,
        "submissions by state": _words(truth.states),
        "settled while all this went on": found.under_fire,
        "orders in the ERPs": f"{booked}, one reference with more than one: {twice}",
        "orders in the CRM": sum(len(orders) for orders in truth.registered.values()),
        "answers lost, those of effects that are done at the end": f"{truth.lost}, {truth.found}",
        "attempts beyond the first": truth.retries,
        "answered again by key": sum(one.replays for one in truth.kept.values()),
        "in the exception queue": sum(one.shown for one in truth.kept.values()),
        "write-backs still open": truth.untold,
        "promises broken": len(found.violations),
    }
    table = [f"| {name} | {value} |" for name, value in rows.items()]
    words = (
        f"`{command}`: {found.took:.0f} seconds on {os.cpu_count()} cores. Faults and kills end {plan.calm_after:g} "
        "seconds after the last key was accepted. Orders are counted in the systems' own files, not by the gateway."
    )
    wrong = [f"- {sentence}" for sentence in found.violations[:20]]
    return ["## One intent, one order, under fire", "", words, "", "| what | found |", "|---|---|", *table, *wrong]


def _words(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counted.most_common()) or "none"


def main(given: Sequence[str] | None = None) -> None:
    """Run, write, and end with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--kill-every", type=float, default=4, help="seconds; 0 kills nobody (default 4)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--calm-after", type=float, default=60, help="seconds after the last hand-in (default 60)")
    parser.add_argument("--patience", type=float, default=900, help="seconds for each stage of it (default 900)")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    told = parser.parse_args(given)
    plan = Plan(
        told.orders, told.seed, told.kill_every, told.workers, calm_after=told.calm_after, patience=told.patience
    )
    print(f"seed {plan.seed}", flush=True)
    with open_stage(plan.workers) as stage:
        found = asyncio.run(run(stage, plan))
    words = f"python -m bench.chaos --orders {plan.orders} --seed {plan.seed} --kill-every {plan.kill_every:g}"
    words += f" --calm-after {plan.calm_after:g}"
    lines = report(found, words)
    print("\n".join(lines))
    if not told.dry:
        write("chaos", lines)
    if found.violations:
        sys.exit(1)


if __name__ == "__main__":
    main()
