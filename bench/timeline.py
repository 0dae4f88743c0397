"""Times three queries against the demo company, at 0 and 20 ms source latency, and writes docs/benchmarks.md.

    python -m bench.timeline [--seconds 6] [--clients 8]

Starts `revgraph demo` of its own on a free port, loads it with a bounded number of requests, and stops it by its pid.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp

REPORT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MARK = "<!-- timeline -->"
_PAYMENT = "amount { amount currencyCode } appliedAt payment { number amount { amount } }"
_INVOICE = f"number status dueOn total {{ amount currencyCode }} open {{ amount }} payments {{ {_PAYMENT} }}"
_ORDER = (
    "id number status total { amount currencyCode } customer { name } "
    "lines { sku quantity unitPrice { amount } amount { amount } } "
    f"shipments {{ number status shippedAt lines {{ sku quantity }} }} invoices {{ {_INVOICE} }}"
)
BUSY = "2026-08-31"
"""A day of the story on whose older orders everything has happened: shipped, billed, mostly paid."""
QUERIES = {
    "one order": "query($id: ID!) { order(by: {id: $id}) { id number total { amount currencyCode } } }",
    "one full timeline": "query($id: ID!) { order(by: {id: $id}) { number status timeline "
    "{ nodes { at area kind title system amount { amount currencyCode } } gaps { system } } } }",
    "a page of 50 orders with everything": "query($until: Date) { orders(first: 50, filter: {orderedTo: $until}) "
    f"{{ nodes {{ {_ORDER} }} gaps {{ system }} }} }}",
}


@dataclass(frozen=True)
class Figures:
    """One query under one load; milliseconds."""

    query: str
    latency: int
    clients: int
    rate: float
    p50: float
    p99: float
    calls: int
    size: int


class Demo:
    """A demo of our own, and how to reach it."""

    def __init__(self, folder: Path) -> None:
        """Start it; wait until its ready file is there."""
        ready = folder / "ready.json"
        command = [sys.executable, "-m", "gateway.cli", "demo", "--port", "0", "--ready-file", str(ready)]
        self._log = (folder / "demo.log").open("wb")
        environment = {**os.environ, "REVGRAPH_DEADLINE_SECONDS": "20"}
        self.process = subprocess.Popen(
            [*command, "--state", str(folder / "state")], stdout=self._log, stderr=self._log, env=environment
        )
        end = time.monotonic() + 120
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"The demo did not start: {(folder / 'demo.log').read_text()[-2000:]}")
            time.sleep(0.1)
        told = json.loads(ready.read_text())
        self.graphql, self.control = told["graphql"], told["control"]
        self.headers = {"Authorization": f"Bearer {told['token']}", "Content-Type": "application/json"}
        self.ids = [order["id"] for order in told["orders"]]

    def stop(self) -> None:
        """End it, and what it started."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        self._log.close()


async def ask(session: aiohttp.ClientSession, demo: Demo, query: str, order: str, *, cost: bool = False) -> Any:
    """One answer, checked to be one."""
    body = {"query": query, "variables": {"id": order} if "$id" in query else {"until": BUSY}}
    headers = {**demo.headers, **({"X-Revgraph-Sources": "true"} if cost else {})}
    async with session.post(demo.graphql, json=body, headers=headers) as response:
        raw = await response.read()
        told = json.loads(raw)
        if response.status != 200 or told.get("errors"):  # noqa: PLR2004 - HTTP's own word for success
            raise SystemExit(f"{response.status}: {raw[:500]!r}")
        return told, len(raw)


async def measure(demo: Demo, name: str, latency: int, clients: int, seconds: float) -> Figures:
    """The figures of one query: warmed up, then asked by this many clients for this long."""
    query, ids = QUERIES[name], cycle(demo.ids)
    times: list[float] = []
    async with aiohttp.ClientSession() as session:
        told, size = await ask(session, demo, query, next(ids), cost=True)
        for _ in range(5):
            await ask(session, demo, query, next(ids))
        end = time.perf_counter() + seconds

        async def client() -> None:
            while time.perf_counter() < end and len(times) < 20_000:  # noqa: PLR2004 - bounded, whatever happens
                began = time.perf_counter()
                await ask(session, demo, query, next(ids))
                times.append((time.perf_counter() - began) * 1000)

        began = time.perf_counter()
        await asyncio.gather(*[client() for _ in range(clients)])
        took = time.perf_counter() - began
    times.sort()
    calls = len(told["extensions"]["sources"]["calls"])
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return Figures(name, latency, clients, len(times) / took, times[len(times) // 2], p99, calls, size)


async def set_latency(demo: Demo, milliseconds: int) -> None:
    """Make every system answer that much later."""
    async with aiohttp.ClientSession() as session:
        async with session.delete(f"{demo.control}/faults") as response:
            response.raise_for_status()
        if not milliseconds:
            return
        async with session.get(f"{demo.control}/systems") as response:
            names = [system["name"] for system in await response.json()]
        for name in names:
            fault = {"system": name, "kind": "latency", "seconds": milliseconds / 1000}
            async with session.post(f"{demo.control}/faults", json=fault) as response:
                response.raise_for_status()


async def run(demo: Demo, clients: Sequence[int], seconds: float) -> list[Figures]:
    """Every query at every latency and number of clients."""
    found = []
    for latency in (0, 20):
        await set_latency(demo, latency)
        for count in clients:
            for name in QUERIES:
                figures = await measure(demo, name, latency, count, seconds)
                print(f"{name}, {latency} ms, {count} clients: {figures.rate:.1f}/s, p50 {figures.p50:.1f} ms")
                found.append(figures)
    return found


def report(found: Sequence[Figures], command: str) -> str:
    """The section of docs/benchmarks.md."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("strawberry-graphql", "graphql-core", "httpx"))
    lines = [
        MARK,
        "## Three queries against the demo company",
        "",
        (
            f"`{command}`: one gateway process, sandboxes and the load on the same {os.cpu_count()} cores, Python "
            f"{platform.python_version()}, {packages}. The sandboxes add the latency to each call. Source calls are "
            "counted in `extensions.sources` of one request; identical reads in flight are shared, as in production."
        ),
        "",
        "| query | source latency | clients | requests/s | p50 ms | p99 ms | source calls | answer KB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {f.query} | {f.latency} ms | {f.clients} | {f.rate:.1f} | {f.p50:.1f} | {f.p99:.1f} | {f.calls} "
        f"| {f.size / 1024:.1f} |"
        for f in found
    ]
    return "\n".join([*lines, MARK]) + "\n"


def write(section: str) -> None:
    """Put the section into the report, in the place of the one before."""
    held = REPORT.read_text() if REPORT.exists() else "# Benchmarks\n\n"
    before, _, rest = held.partition(MARK)
    after = rest.partition(MARK)[2].lstrip("\n")
    REPORT.write_text(before + section + after)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6, help="how long each query is asked (default 6)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8], help="how many ask at once (default 1 8)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rg-bench-") as folder:
        demo = Demo(Path(folder))
        try:
            found = asyncio.run(run(demo, given.clients, given.seconds))
        finally:
            demo.stop()
    write(report(found, "make bench"))


if __name__ == "__main__":
    main()
