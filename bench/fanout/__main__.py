"""Measures how one worker of the gateway tells many WebSocket subscribers, and writes docs/benchmarks.md.

    python -m bench.fanout [--subscribers 1000 5000 10000] [--events 20] [--missed 10000]

Everything real: PostgreSQL, Redis, the relay, the gateway's own server; beside it the websockets library alone sends
the same bytes. Ends with 1 where whoever comes back has a gap, or anything twice. What it starts it ends, by its pid.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.fanout.broadcast import open_broadcast
from bench.fanout.field import Field, open_field
from bench.fanout.resuming import Resumed, resume
from bench.fanout.talking import Crowded, Told
from bench.section import write

PACED: Final = 2.0
"""Events a second where the delay is measured."""
ONE_OF_MANY: Final = 100
"""Events that go to one subscriber each."""


@dataclass(frozen=True)
class Scene:
    """What was measured with so many subscribers."""

    subscribers: int
    paced: Told
    apart: float
    """Deliveries a second of events of which each is told when all have had the one before."""
    burst: float
    """Deliveries a second of as many that are there at once."""
    bare: float
    """As `apart`, by the websockets library alone."""
    single: Told
    kilobytes: float
    cut: int


def measure(field: Field, subscribers: int, events: int) -> Scene:
    """One scene: everybody hears everything, then each event is one subscriber's."""
    before = field.megabytes()
    with field.crowd(subscribers, field.everything()) as crowd:
        kilobytes = (field.megabytes() - before) * 1024 / subscribers
        field.tell(events, every=1 / PACED)
        paced = crowd.expect(events * subscribers, 60 + events / PACED)
        apart = rate([_one(field, crowd, subscribers) for _ in range(events)])
        field.tell(events)
        burst = crowd.expect(events * subscribers, 120)
    with open_broadcast(subscribers) as broadcast:
        bare = rate([broadcast.tell() for _ in range(events)])
    with field.crowd(subscribers, field.of_one_order()) as crowd:
        field.tell(ONE_OF_MANY, every=0.02, orders=subscribers)
        single = crowd.expect(ONE_OF_MANY, 60)
    return Scene(subscribers, paced, apart, rate([burst]), bare, single, kilobytes, burst.lost)


def _one(field: Field, crowd: Crowded, subscribers: int) -> Told:
    field.tell(1)
    return crowd.expect(subscribers, 60)


def rate(told: Sequence[Told]) -> float:
    """Deliveries a second, each telling from its first arrival to its last: what lies between two counts for nobody."""
    return sum(one.total for one in told) / sum(one.last - one.first for one in told)


def report(scenes: Sequence[Scene], resumed: Resumed, events: int, command: str, load: float) -> list[str]:
    """The section of docs/benchmarks.md."""
    rows = [
        f"| {one.subscribers} | {_ms(one.paced)} | {one.bare:,.0f} | {one.apart:,.0f} | {one.apart / one.bare:.2f} "
        f"| {one.burst:,.0f} | {one.burst / one.bare:.2f} | {_ms(one.single)} | {one.kilobytes:.1f} | {one.cut} |"
        for one in scenes
    ]
    return [
        "## Telling many",
        "",
        (
            f"`{command}`: one worker of `revgraph serve`, PostgreSQL, Redis, the relay and all clients on the same "
            f"{os.cpu_count()} cores; load average before the run {load:.1f}. Each subscriber is a WebSocket of its "
            "own with one subscription; a delay is from an event's instant to its arrival, by outbox, log "
            "and Redis included. A rate is deliveries by the time from the first arrival to the last: of "
            f"{events} events one by one, each told when all have had the one before, it is all deliveries by the sum "
            "of those times, so that nothing between two events counts. The bare broadcast is measured in the same way "
            "with the same bytes, sent by the websockets library and nothing else. Of "
            f"{events} that are there at once, each client gets what waits for it in one piece, which the broadcast "
            "cannot do."
        ),
        "",
        (
            "| subscribers | to all: p50 / p95 / p99 ms | bare broadcast/s | one by one/s | of it | at once/s | of it "
            "| to one: p50 / p95 / p99 ms | KB each | cut off |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        (
            f"Resume: one subscriber that comes back over its WebSocket behind {resumed.missed:,} events is told "
            f"{resumed.in_order:,} of them in the log's order, without a gap and none twice, at {resumed.speed:,.0f} a "
            "second from asking to the last."
        ),
    ]


def _ms(told: Told) -> str:
    return " / ".join(f"{value * 1000:.0f}" for value in (told.p50, told.p95, told.p99))


def main(given: Sequence[str] | None = None) -> None:
    """Run and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1_000, 5_000, 10_000])
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--missed", type=int, default=10_000)
    parser.add_argument("--dry", action="store_true", help="write nothing")
    told = parser.parse_args(given)
    load = os.getloadavg()[0]
    with open_field() as field:
        scenes = []
        for count in told.subscribers:
            scenes.append(measure(field, count, told.events))
            print(scenes[-1], flush=True)
        resumed = resume(field, told.missed)
    command = f"python -m bench.fanout --events {told.events} --missed {told.missed}"
    lines = report(scenes, resumed, told.events, command, load)
    print("\n".join(lines))
    if not told.dry:
        write("fanout", lines)
    if resumed.in_order != resumed.missed:
        sys.exit(1)


if __name__ == "__main__":
    main()
