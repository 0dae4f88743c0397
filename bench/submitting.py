"""How many orders a second get booked, and how long one takes, with more and more workers on one PostgreSQL.

    python -m bench.submitting [--workers 1 2 4] [--orders 200]

Nothing goes wrong here. Each number of workers gets a house of its own. Writes its section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from bench.buying import Asking, Counted, Impatient, hand_all_in
from bench.chaos import settled
from bench.counting import count_truth
from bench.section import write
from bench.stage import AT_ONCE, Stage, clock, open_stage
from bench.wishes import fetch_offers, orders_of

CLIENTS = 16


@dataclass(frozen=True)
class Figures:
    """What so many workers did; seconds from the submission to its end."""

    workers: int
    orders: int
    booked: int
    handed_in: float
    rate: float
    p50: float
    p95: float


async def measure(stage: Stage, workers: int, orders: int, patience: float) -> Figures:
    """Hand so many in, and wait for the last."""
    counted, chance = Counted(), random.Random(workers)
    async with aiohttp.ClientSession() as session:
        ask = Asking(session, stage.graphql, stage.token)
        wanted = orders_of(await fetch_offers(ask), workers, orders, wrong=0)
        clients = [Impatient(ask, counted, chance.randrange(1 << 30), badly=0) for _ in range(CLIENTS)]
        began = clock()
        await hand_all_in(clients, wanted)
        handed_in = clock() - began
        await settled(stage, patience)
        took = clock() - began
    kept = count_truth(stage.url, stage.state).kept.values()
    times = sorted(one.seconds for one in kept if one.state == "COMPLETED" and one.seconds is not None)
    if not times:
        raise SystemExit("Nothing was booked.")
    p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
    return Figures(workers, orders, len(times), orders / handed_in, len(times) / took, times[len(times) // 2], p95)


def report(found: Sequence[Figures], command: str) -> list[str]:
    """The section of docs/benchmarks.md."""
    words = (
        f"`{command}`: {CLIENTS} clients, gateway, workers, PostgreSQL (durable commits) and pretend systems on the "
        f"same {os.cpu_count()} cores; {AT_ONCE} writes at once into each system. All orders are handed in as fast as "
        "the gateway takes them, so that times hold the wait in the queue."
    )
    head = "| workers | orders | booked | handed in/s | booked/s | p50 s to COMPLETED | p95 s |"
    rows = [
        f"| {f.workers} | {f.orders} | {f.booked} | {f.handed_in:.1f} | {f.rate:.1f} | {f.p50:.1f} | {f.p95:.1f} |"
        for f in found
    ]
    return ["## Orders in, by number of workers", "", words, "", head, "|---|---|---|---|---|---|---|", *rows]


def main(given: Sequence[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--patience", type=float, default=600, help="seconds for each number of workers (default 600)")
    told = parser.parse_args(given)
    found = []
    for workers in told.workers:
        with open_stage(workers) as stage:
            figures = asyncio.run(measure(stage, workers, told.orders, told.patience))
        print(figures, flush=True)
        found.append(figures)
    count = " ".join(map(str, told.workers))
    write("submitting", report(found, f"python -m bench.submitting --workers {count} --orders {told.orders}"))


if __name__ == "__main__":
    main()
