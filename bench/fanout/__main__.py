"""Measures how one worker of the gateway tells many WebSocket subscribers, and writes docs/benchmarks.md.

    python -m bench.fanout [--subscribers 1000 5000 10000] [--events 20] [--missed 10000]

Everything real: PostgreSQL, Redis, the relay, the gateway's own server; beside it the websockets library alone sends
the same bytes. Whatever it starts it ends, by its pid.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.fanout.field import Crowded, Field, Told, open_field
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
    """Deliveries a second of one event, when all have had the one before."""
    burst: float
    """Deliveries a second, all events at once."""
    bare: float
    """The same, by the websockets library alone."""
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
        apart = sum(rate(field, crowd, 1, subscribers)[0] for _ in range(events)) / events
        burst, cut = rate(field, crowd, events, subscribers)
    bare = field.bare_rate(subscribers, events)
    with field.crowd(subscribers, field.of_one_order()) as crowd:
        field.tell(ONE_OF_MANY, every=0.02, orders=subscribers)
        single = crowd.expect(ONE_OF_MANY, 60)
    return Scene(subscribers, paced, apart, burst, bare, single, kilobytes, cut)


def rate(field: Field, crowd: Crowded, events: int, subscribers: int) -> tuple[float, int]:
    """Deliveries a second, from the first to the last, of events that are there at once; and who was cut off."""
    field.tell(events)
    told = crowd.expect(events * subscribers, 120)
    return told.total / (told.last - told.first), told.lost


def resume(field: Field, missed: int) -> tuple[float, int]:
    """Events a second that one subscriber gets who comes back behind so many; and how many came in order."""
    cursor = asyncio.run(field.cursor())
    field.tell(missed)
    began = time.time()
    came = asyncio.run(field.read_behind(cursor, missed))
    return missed / (time.time() - began), came


def report(
    scenes: Sequence[Scene], resumed: tuple[float, int], events: int, missed: int, command: str, load: float
) -> list[str]:
    """The section of docs/benchmarks.md."""
    rows = [
        f"| {one.subscribers} | {_ms(one.paced)} | {one.bare:,.0f} | {one.apart:,.0f} | {one.apart / one.bare:.2f} "
        f"| {one.burst:,.0f} | {one.burst / one.bare:.2f} | {_ms(one.single)} | {one.kilobytes:.1f} | {one.cut} |"
        for one in scenes
    ]
    speed, came = resumed
    return [
        "## Telling many",
        "",
        (
            f"`{command}`: one worker of `revgraph serve`, PostgreSQL, Redis, the relay and all clients on the same "
            f"{os.cpu_count()} cores; load average before the run {load:.1f}. Each subscriber is a WebSocket of its "
            "own with one subscription; a delay is from an event's instant to its arrival, by outbox, log "
            "and Redis included. Rates are deliveries a second from the first arrival to the last: of one event after "
            f"the other, and of {events} that are there at once, which each client gets in one piece. The bare "
            "broadcast sends the same bytes with the websockets library and nothing else, one event after the other, "
            "as it cannot do otherwise."
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
            f"Resume: a subscriber that comes back behind {missed:,} events has {came:,} of them, in order and none "
            f"twice, at {speed:,.0f} a second."
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
    lines = report(scenes, resumed, told.events, told.missed, command, load)
    print("\n".join(lines))
    if not told.dry:
        write("fanout", lines)


if __name__ == "__main__":
    main()
