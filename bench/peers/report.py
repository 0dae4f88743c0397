"""What was measured as a section of docs/benchmarks.md, goals missed and goals reached alike."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.peers.contestants import BOUND, NODE, OURS
from bench.peers.growth import Grown
from bench.peers.measuring import Figures, Scene

REPORT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
MARK = "<!-- peers -->"
ROUNDS, SHORTEST = 5, 3
"""Calls that follow one another in a page: in our resolvers, and where nothing waits that need not."""
MOST_CPU, MOST_OVER = 2.5, 6
"""Times the hand-written handler's CPU; milliseconds over the critical path."""
_PYTHON = ("strawberry-graphql", "graphql-core", "httpx", "aiohttp", "msgspec", "fastapi", "uvicorn", "uvloop")
_NODE = ("graphql", "graphql-jit", "mercurius", "graphql-yoga", "@apollo/server", "@graphql-hive/gateway", "undici")


@dataclass(frozen=True)
class Run:
    """Everything that one run found out."""

    command: str
    fields: int
    size: float
    scenes: Mapping[str, tuple[Scene, Sequence[Figures]]]
    growth: Sequence[Grown]
    workers: Mapping[int, Sequence[Figures]]
    node: frozenset[str]
    load: float


def section(run: Run) -> str:
    """The section, between its marks."""
    lines = [MARK, "## Beside its peers", "", *_conditions(run)]
    for scene, figures in run.scenes.values():
        lines += ["", f"### {scene.name}", "", *_table(figures)]
    lines += ["", "### Goals", "", *_goals(run)]
    if run.growth:
        lines += ["", "### Growth with the page", "", *_growth(run.growth)]
    if run.workers:
        lines += ["", "### Workers", "", *_workers(run.workers)]
    return "\n".join([*lines, "", MARK]) + "\n"


def write(text: str) -> None:
    """Put the section into the report, in the place of the one before."""
    held = REPORT.read_text() if REPORT.exists() else "# Benchmarks\n\n"
    before, _, rest = held.partition(MARK)
    after = rest.partition(MARK)[2].lstrip("\n")
    REPORT.write_text(f"{before.rstrip()}\n\n{text}{after and chr(10)}{after}")


def _conditions(run: Run) -> Iterator[str]:
    python = ", ".join(f"{name} {version(name)}" for name in _PYTHON)
    yield (
        f"`{run.command}`, on {os.cpu_count()} cores that load tool (wrk), sources and servers share: Python "
        f"{platform.python_version()} with {python}; {_node_versions()}. Before the run the machine's "
        f"load average was {run.load:.1f}: what is over 0 was there besides, and falls on everybody in turn."
    )
    yield ""
    yield (
        f"Everybody is one process over the same sources (`bench/peers/desk`, a CRM and an ERP as prepared bytes) and "
        f"answers the same two queries: a page of 50 orders ({run.fields:,} fields, {run.size / 1000:.0f} KB) and one "
        "order of five fields. Each answer was compared with ours byte by byte after sorting its keys, before anything "
        "was measured. Every request has other variables; nobody keeps or shares an answer; parsed, validated and "
        "compiled queries are kept. Everybody checks the token (HS256), which all but Hive's plugin remember as "
        "verified for half a minute, and nobody writes a log line a request. Contestants take turns pass by pass; a "
        "rate is the median of the passes, and CPU is the server's for everything it executed, requests that the load "
        "tool no longer waited for included."
    )
    yield ""
    yield (
        "The hand-written handler knows these two queries only and no GraphQL: a bound, not a peer. Hive Gateway "
        "stands as a proxy in front of a Yoga subgraph that trusts it; its figures are of both processes. Its jit "
        "answered null in this mode and is off. Strawberry, Yoga, Mercurius and Apollo load by key with their "
        "dataloaders; all Node peers call through undici, all Python ones through aiohttp, ours under its kit."
    )


def _node_versions() -> str:
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        return "no Node"
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    found = [json.loads((NODE / "node_modules" / name / "package.json").read_text())["version"] for name in _NODE]
    return f"Node {node[1:]} with " + ", ".join(f"{name} {held}" for name, held in zip(_NODE, found, strict=True))


def _table(figures: Sequence[Figures]) -> Iterator[str]:
    yield "| server | requests/s | all passes | p50 ms | p99 ms | CPU ms/request | least | executed | peak MB | calls |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for one in figures:
        yield (
            f"| {one.name} | {one.rate:.1f} | {one.rates} | {one.p50:.1f} | {one.p99:.1f} | {one.cpu_ms:.2f} "
            f"| {one.least_cpu_ms:.2f} | {one.executed} | {one.peak:.0f} | {one.calls:.2f} |"
        )


def _goals(run: Run) -> Iterator[str]:
    yield "| goal | at least | summit | found |"
    yield "|---|---|---|---|"
    for name, least, summit in (("page, 32 clients", 1.0, 2.0), ("one order, 32 clients", 0.5, 1.0)):
        if name in run.scenes:
            yield f"| {name}: throughput of the best peer | {least}x | {summit}x | {_against_best(run, name, least)} |"
    for name in ("page, 32 clients", "one order, 32 clients"):
        if name in run.scenes:
            yield f"| {name}: CPU of the peer that needs least (a busy machine moves it less) | | | {_cpu(run, name)} |"
    yield from _against_bound(run)
    yield from _late(run)
    yield from _memory_and_calls(run)


def _against_best(run: Run, name: str, least: float) -> str:
    ours, others = _split(run.scenes[name][1])
    peers = [one for one in others if one.name != BOUND]
    if ours is None or not peers:
        return "not measured"
    best = max(peers, key=lambda one: one.rate)
    times = ours.rate / best.rate
    return f"{times:.2f}x of {best.name}: {_verdict(times >= least)}"


def _cpu(run: Run, name: str) -> str:
    ours, others = _split(run.scenes[name][1])
    peers = [one for one in others if one.name != BOUND]
    if ours is None or not peers:
        return "not measured"
    least = min(peers, key=lambda one: one.cpu_ms)
    return f"{ours.cpu_ms / least.cpu_ms:.2f}x of {least.name}"


def _against_bound(run: Run) -> Iterator[str]:
    for name in ("page, 32 clients", "page, 1 client"):
        ours, others = _split(run.scenes[name][1]) if name in run.scenes else (None, [])
        bound = next((one for one in others if one.name == BOUND), None)
        if ours is not None and bound is not None:
            times = ours.cpu_ms / bound.cpu_ms
            found = f"{times:.2f}x: {_verdict(times <= MOST_CPU)}"
            yield f"| {name}: CPU of the hand-written handler | {MOST_CPU}x | | {found} |"


def _late(run: Run) -> Iterator[str]:
    for name, (scene, figures) in run.scenes.items():
        ours, _ = _split(figures)
        if scene.latency and scene.clients == 1 and ours is not None:
            for rounds, whose in ((ROUNDS, "our plan's"), (SHORTEST, "the shortest possible")):
                over = ours.p50 - rounds * scene.latency
                path = f"{whose} critical path ({rounds} rounds, {rounds * scene.latency} ms)"
                found = f"{over:.1f} ms: {_verdict(over <= MOST_OVER)}"
                yield f"| {name}: p50 over {path} | {MOST_OVER} ms | | {found} |"


def _memory_and_calls(run: Run) -> Iterator[str]:
    peaks = {one.name: one.peak for _, figures in run.scenes.values() for one in figures}
    node = {name: peak for name, peak in peaks.items() if name in run.node}
    if node and OURS in peaks:
        best = min(node, key=lambda name: node[name])
        found = f"{peaks[OURS]:.0f} MB against {node[best]:.0f} MB of {best}"
        yield f"| peak memory below the best Node peer's | below | | {found}: {_verdict(peaks[OURS] < node[best])} |"
    for name in ("page, 32 clients", "one order, 32 clients"):
        ours, others = _split(run.scenes[name][1]) if name in run.scenes else (None, [])
        if ours is not None and others:
            least = min(one.calls for one in others)
            done = _verdict(ours.calls <= least + 0.01)
            yield f"| {name}: source calls at the minimum | {least:.0f} | | {ours.calls:.2f}: {done} |"


def _split(figures: Sequence[Figures]) -> tuple[Figures | None, list[Figures]]:
    ours = next((one for one in figures if one.name == OURS), None)
    return ours, [one for one in figures if one.name != OURS]


def _verdict(reached: bool) -> str:
    return "reached" if reached else "missed"


def _growth(growth: Sequence[Grown]) -> Iterator[str]:
    yield (
        "One request at a time, 0 ms sources. A list holds 200 orders at most, so a thousand are five lists of one "
        "query side by side."
    )
    yield ""
    yield "| orders | fields | source calls | p50 ms | ms an order | CPU ms | CPU ms an order |"
    yield "|---|---|---|---|---|---|---|"
    for one in growth:
        yield (
            f"| {one.orders} | {one.fields:,} | {one.calls:.0f} | {one.p50:.1f} | {one.p50 / one.orders:.3f} "
            f"| {one.cpu_ms:.1f} | {one.cpu_ms / one.orders:.3f} |"
        )


def _workers(workers: Mapping[int, Sequence[Figures]]) -> Iterator[str]:
    yield "The gateway alone; load tool and sources share the cores with its workers, which is what bounds the second."
    yield ""
    yield "| workers | query | requests/s | p50 ms | CPU ms/request | peak MB |"
    yield "|---|---|---|---|---|---|"
    for count, figures in workers.items():
        for one in figures:
            yield f"| {count} | {one.name} | {one.rate:.1f} | {one.p50:.1f} | {one.cpu_ms:.2f} | {one.peak:.0f} |"
