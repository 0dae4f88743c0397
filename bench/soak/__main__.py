"""Subscribers over every transport while gateways, Redis and PostgreSQL die: what each heard is held against the log.

    python -m bench.soak [--subscribers 1000] [--seconds 120] [--rate 50] [--seed N]

Each of them dies by a fixed list first, and then as chance has it. Ends with 1 where anybody missed an event, heard one
twice, or in another order. Whatever it starts it ends, by its pid.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
from collections.abc import Sequence

from bench.section import write
from bench.soak.deaths import Death
from bench.soak.house import open_soak
from bench.soak.run import Found, Plan, run
from bench.soak.transports import TURN


def report(found: Found, command: str) -> list[str]:
    """The section of docs/benchmarks.md."""
    rows: dict[str, object] = {
        "subscribers": (
            f"{found.plan.subscribers}, a quarter each over WebSocket, server-sent events, multipart, and a stream of "
            "events reserved for many operations"
        ),
        "of them, with the order read live beside each event": found.live,
        "events in the log": f"{found.events}, {found.plan.rate:g} a second",
        "deliveries": found.deliveries,
        "farewells whose cursor was followed / beyond the last event heard": f"{found.followed} / {found.ahead}",
        "orders read live that came with them / errors in their place": f"{found.read} / {found.troubled}",
        "connections, those again included": found.connections,
        **{death: found.deaths[death] for death in Death},
        "subscribers whose sequence is the log's": found.whole,
        "missed an event / heard one twice / in another order": f"{found.missed} / {found.twice} / {found.disordered}",
        "seconds until everybody had caught up": f"{found.caught_up:.1f}",
    }
    table = [f"| {name} | {value} |" for name, value in rows.items()]
    words = (
        f"`{command}` on {os.cpu_count()} cores: two gateways on one PostgreSQL and one Redis, which all die in turn, "
        "then by chance. Subscribers also leave for no reason, and come back anywhere behind the last cursor that they "
        f"have. Over the reserved streams each operation is ended after {TURN} events and asked again as another."
    )
    return ["## Subscribers under fire", "", words, "", "| what | found |", "|---|---|", *table]


def main(given: Sequence[str] | None = None) -> None:
    """Run, write, and end with 1 where a sequence is not the log's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rate", type=float, default=50, help="events a second (default 50)")
    parser.add_argument("--kill-every", type=float, default=10, help="seconds between two deaths (default 10)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000))
    parser.add_argument("--dry", action="store_true", help="write nothing")
    told = parser.parse_args(given)
    plan = Plan(told.subscribers, told.seconds, told.rate, told.kill_every, told.seed)
    print(f"seed {plan.seed}", flush=True)
    with open_soak() as house:
        found = asyncio.run(run(house, plan))
    command = f"python -m bench.soak --subscribers {plan.subscribers} --seconds {plan.seconds:g} --rate {plan.rate:g}"
    lines = report(found, f"{command} --seed {plan.seed}")
    print("\n".join([*lines, *found.wrong[:20]]))
    if not told.dry:
        write("soak", lines)
    if found.wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
