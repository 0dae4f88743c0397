"""Orders under fire: half of all calls go wrong, workers are killed, clients are impatient: what is there at the end.

    python -m bench.chaos [--orders 1000] [--seed N] [--erp tryton] [--kill-every 4] [--workers 2]

Everything real: gateway, workers, PostgreSQL, pretend S/4HANA and Salesforce and a real Tryton are processes of their
own, and between us and every system stands a proxy that breaks, holds, doubles and halves what goes over the wire. The
seed fixes what is handed in, what the proxy throws and whom the kills hit; when two processes meet is theirs. Writes
its section of docs/benchmarks.md; ends with 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
import psycopg

from bench.books import count_orders
from bench.buying import Asking, Counted, Impatient, change_all, hand_all_in
from bench.counting import Truth, count_truth
from bench.fault_proxy import tell
from bench.section import write
from bench.stage import Stage, clock, open_stage
from bench.weather import Fault
from bench.wishes import Change, changes_of, fetch_offers, orders_of, wish_of

HELD = 7.0
"""Seconds that an ERP may take for a request, long after whoever sent it has given up or died."""
ONCE_ONLY = r"^POST .*/A_(SalesOrder|BusinessPartner)(\?|$)"
"""What must not be delivered twice: S/4HANA takes a reference as often as it is sent, whatever we do."""
FAULTS = (
    Fault(kind="drop_before"),
    Fault(kind="drop_after"),
    Fault(kind="delay", seconds=0.3, weight=2),
    Fault(kind="late_answer", seconds=HELD, weight=0.3),
    Fault(kind="late_arrival", seconds=HELD, weight=0.3),
    Fault(kind="duplicate", never=ONCE_ONLY),
    Fault(kind="repeat", never=ONCE_ONLY),
    Fault(kind="throttle", seconds=1),
    Fault(kind="fail_before", status=503),
    Fault(kind="fail_after", status=502),
    Fault(kind="half"),
)
_UNSETTLED = "select count(*) from submission where settled_at is null"
_LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Plan:
    """How hard it is made; `calm_after`: seconds after the last hand-in until faults and kills end.

    `changed`: the part of the orders that is changed or called off later; `erp`: who keeps the US books.
    """

    orders: int = 1000
    seed: int = 1
    kill_every: float = 4.0
    workers: int = 2
    clients: int = 16
    faulty: float = 0.5
    wrong: float = 0.05
    changed: float = 0.1
    calm_after: float = 60.0
    patience: float = 600.0
    erp: str | None = None


@dataclass
class Outcome:
    """What was seen, and what is there at the end."""

    plan: Plan
    counted: Counted
    truth: Truth
    violations: list[str]
    changes: Sequence[Change] = ()
    hits: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    gone: int = 0
    """Requests that reached their system after whoever had sent them had gone."""
    killed: int = 0
    ended: int = 0
    took: float = 0.0
    fire: float = 0.0
    under_fire: int = 0
    """Submissions that were settled before it became calm."""


async def run(stage: Stage, plan: Plan) -> Outcome:
    """Hand everything in under fire, wait until it is settled, and count."""
    chance, counted = random.Random(plan.seed), Counted()
    before = count_orders(stage.state)
    async with aiohttp.ClientSession() as session:
        ask = Asking(session, stage.graphql, stage.token)
        orders = orders_of(await fetch_offers(ask), plan.seed, plan.orders, plan.wrong)
        clients = [Impatient(ask, counted, chance.randrange(1 << 30), plan.faulty) for _ in range(plan.clients)]
        found = Outcome(plan, counted, Truth({}, (), {}), [])
        began = clock()
        until = began + plan.patience
        asked = sum(one["requests"] for one in tell(stage.proxy).values())
        tell(stage.proxy, {"part": plan.faulty, "faults": msgspec.to_builtins(FAULTS)})
        killing = asyncio.create_task(kill(stage, chance, plan.kill_every))
        changes = changes_of(orders, plan.seed, plan.changed)
        changing = asyncio.create_task(change_all(clients, changes, called_off=lambda: clock() > until))
        try:
            async with asyncio.timeout(plan.patience):
                await hand_all_in(clients, orders)
            await settled(stage, plan.calm_after)
        finally:
            killing.cancel()
        hear(stage, found)
        found.requests -= asked
        found.fire, found.under_fire = clock() - began, plan.orders - unsettled(stage)
        async with asyncio.timeout(plan.patience):
            found.changes = await changing
        await settled(stage, plan.patience)
        # The CRM may be told after the order is settled.
        await told(stage, 60)
    stage.ended += stage.replace_dead()
    found.killed, found.ended, found.took = stage.killed, stage.ended, clock() - began
    judge(stage, found, orders, before)
    return found


def judge(stage: Stage, found: Outcome, orders: Mapping[str, Mapping[str, Any]], before: int) -> None:
    """Count what is there, and say which promises were broken."""
    truth = count_truth(stage.url, stage.state)
    wishes = {key: wish_of(order) for key, order in orders.items()}
    found.truth, found.violations = truth, [*found.counted.contradicted, *truth.violations(wishes, found.changes)]
    strange = count_orders(stage.state) - before - len(truth.booked)
    if strange:
        found.violations.append(f"{strange} orders are in the ERPs that carry no reference of ours")


def hear(stage: Stage, found: Outcome) -> None:
    """What the proxy met so far; from now on it is fair weather."""
    for one in tell(stage.proxy, {"part": 0.0}).values():
        found.hits.update(one["hits"])
        found.requests += one["requests"]
        found.gone += one["gone"].get("late_arrival", 0)


async def kill(stage: Stage, chance: random.Random, every: float) -> None:
    """Kill a worker every so many seconds in which all are at work, and start another in its stead; for ever."""
    while every:
        await asyncio.sleep(every)
        stage.ended += stage.replace_dead()
        if await asyncio.to_thread(stage.living) < len(stage.workers):
            # Nobody is killed who does not work yet: on a slow machine nobody ever would.
            continue
        stage.kill_worker(chance.randrange(len(stage.workers)))
        waiting = unsettled(stage)
        print(f"{stage.killed} kills, {waiting} submissions unsettled", flush=True)


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


def report(found: Outcome, command: str) -> list[str]:
    """The section of docs/benchmarks.md."""
    plan = found.plan
    words = (
        f"`{command}`: {found.took:.0f} seconds on {os.cpu_count()} cores. Faults and kills end {plan.calm_after:g} "
        "seconds after the last key was accepted, or once everything is settled. Orders are counted in the systems' "
        f"own files, not by the gateway. The US books are kept by {plan.erp or 'a second pretend S/4HANA'}."
    )
    table = [f"| {name} | {value} |" for name, value in _rows(found).items()]
    wrong = [f"- {sentence}" for sentence in found.violations[:20]]
    return ["## One intent, one order, under fire", "", words, "", "| what | found |", "|---|---|", *table, *wrong]


def _rows(found: Outcome) -> dict[str, object]:
    truth, plan, counted = found.truth, found.plan, found.counted
    changed = Counter("called off" if one.quantities is None else "changed" for one in found.changes)
    systems = Counter(one.system for one in truth.booked if not one.half)
    kept = truth.kept.values()
    return {
        "keys handed in": f"{plan.orders} orders, by {plan.clients} clients at once; then {_words(changed)}",
        "attempts of the clients": _words(counted.sent),
        "problems that they met": _words(counted.problems),
        "calls to the systems until it was calm": found.requests,
        "faults met": f"{sum(found.hits.values())}: {_words(found.hits)}",
        "requests that arrived after their sender had gone": found.gone,
        "workers": f"{plan.workers} at once; {found.killed} killed with -9, {found.ended} ended by themselves",
        "workflows taken over from the dead": truth.taken_over,
        "longest from a last heartbeat to the takeover": f"{truth.longest_takeover:.1f} s",
        "submissions by state": _words(truth.states),
        "settled while all this went on": f"{found.under_fire}, in {found.fire:.0f} s",
        "orders in the ERPs": f"{_words(systems)}; references with more than one: {len(truth.twice())}",
        "drafts that never became an order": sum(one.half for one in truth.booked),
        "orders in the CRM": sum(len(orders) for orders in truth.registered.values()),
        "answers lost, those of effects that are done at the end": f"{truth.lost}, {truth.found}",
        "attempts beyond the first": truth.retries,
        "answered again by key": sum(one.replays for one in kept),
        "in the exception queue": sum(one.shown for one in kept),
        "write-backs still open": truth.untold,
        "promises broken": len(found.violations),
    }


def _words(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counted.most_common()) or "none"


def main(given: Sequence[str] | None = None) -> None:
    """Run, write, and end with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument(
        "--erp", default="tryton", help="who keeps the US books (default tryton; s4hana: a pretend one)"
    )
    parser.add_argument("--kill-every", type=float, default=4, help="seconds; 0 kills nobody (default 4)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--calm-after", type=float, default=60, help="seconds after the last hand-in (default 60)")
    parser.add_argument("--patience", type=float, default=5400, help="seconds for each stage of it (default 5400)")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    told = parser.parse_args(given)
    plan = Plan(
        orders=told.orders,
        seed=told.seed,
        kill_every=told.kill_every,
        workers=told.workers,
        calm_after=told.calm_after,
        patience=told.patience,
        erp=None if told.erp == "s4hana" else told.erp,
    )
    print(f"seed {plan.seed}", flush=True)
    with open_stage(plan.workers, plan.seed, plan.erp) as stage:
        found = asyncio.run(run(stage, plan))
    words = f"python -m bench.chaos --orders {plan.orders} --seed {plan.seed} --erp {told.erp}"
    words += f" --kill-every {plan.kill_every:g} --calm-after {plan.calm_after:g}"
    lines = report(found, words)
    print("\n".join(lines))
    if not told.dry:
        write("chaos", lines)
    if found.violations:
        sys.exit(1)


if __name__ == "__main__":
    main()
