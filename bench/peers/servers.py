"""Measures the gateway behind two servers, uvicorn and granian, pass by pass, and writes docs/benchmarks.md.

    python -m bench.peers.servers [--seconds 6] [--passes 5]

Needs wrk on the PATH. Whatever it starts it ends, by its pid.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from bench.peers import questions
from bench.peers.asking import DeskAsked, ask, body, in_order, is_up
from bench.peers.contestants import SECRET, Contestant, Entry
from bench.peers.measuring import Course, Figures, Scene
from bench.peers.processes import Started, wait_until
from bench.peers.report import REPORT
from gateway.tokens import Signer
from resolvers.access import SCOPES

MARK = "<!-- servers -->"
TURNS = 3_800
SERVERS = ("uvicorn", "granian")
_OURS = ("-m", "bench.peers.ours", "--port", "{port}", "--server")


def main() -> None:
    """Start both, compare, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=6, help="how long each pass lasts (default 6)")
    parser.add_argument("--passes", type=int, default=5, help="how often either has a turn (default 5)")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="rg-servers-") as folder:
        found = measured(Path(folder), given.seconds, given.passes)
    text = section(found, f"python -m bench.peers.servers --seconds {given.seconds:g} --passes {given.passes}", load)
    print(text)
    held = REPORT.read_text() if REPORT.exists() else "# Benchmarks\n\n"
    before, _, rest = held.partition(MARK)
    REPORT.write_text(before.rstrip("\n") + "\n\n" + text + rest.partition(MARK)[2].lstrip("\n"))


def measured(folder: Path, seconds: float, passes: int) -> Mapping[str, Sequence[Figures]]:
    """Both servers' figures in each scene."""
    token = Signer(SECRET, "bench").sign(SCOPES)
    pages = [body(questions.PAGE, {"until": questions.until(turn)}) for turn in range(TURNS)]
    singles = [body(questions.ONE, {"id": questions.one_id(turn)}) for turn in range(TURNS)]
    (folder / "pages").write_bytes(b"\n".join(pages) + b"\n")
    (folder / "singles").write_bytes(b"\n".join(singles) + b"\n")
    with ExitStack() as open_things:
        started = Started([sys.executable, "-m", "bench.peers.desk.serve"], {}, folder / "desk.log")
        open_things.callback(started.stop)
        desk = DeskAsked(int(started.first_line()))
        field = [Contestant(Entry(name, (*_OURS, name)), desk.port, folder) for name in SERVERS]
        for one in field:
            open_things.callback(one.stop)
        for one in field:
            wait_until(lambda one=one: one.check() or is_up(one.port, token, pages[0]), 60, one.name)
        told = {in_order(ask(one.port, token, pages[1])[1]) for one in field}
        if len(told) != 1:
            raise SystemExit("The servers do not answer alike.")
        course = Course(desk, token)
        return {scene.name: course.run(scene, field, seconds, passes) for scene in scenes(folder)}


def scenes(folder: Path) -> list[Scene]:
    """The loads: pages and single orders, of one client and of many."""
    page, single = (folder / "pages", "bookings listed"), (folder / "singles", "bookings by key")
    return [
        Scene("page, 32 clients", *page, clients=32),
        Scene("page, 1 client", *page, clients=1),
        Scene("one order, 32 clients", *single, clients=32),
        Scene("one order, 1 client", *single, clients=1),
    ]


def section(found: Mapping[str, Sequence[Figures]], command: str, load: float) -> str:
    """The section, between its marks."""
    lines = [
        MARK,
        "## The server under the gateway",
        "",
        (
            f"`{command}`: the same app over the same desk behind uvicorn {version('uvicorn')} (httptools, uvloop) and "
            f"granian {version('granian')} (uvloop), one worker each, in turn pass by pass. Load average before the "
            f"run: {load:.1f}. CPU is of the server's process, its threads included."
        ),
        "",
        "| load | server | requests/s | all passes | p50 ms | p99 ms | CPU ms/request | least | peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {scene} | {one.name} | {one.rate:.1f} | {one.rates} | {one.p50:.1f} | {one.p99:.1f} | {one.cpu_ms:.2f} "
        f"| {one.least_cpu_ms:.2f} | {one.peak:.0f} |"
        for scene, figures in found.items()
        for one in figures
    ]
    return "\n".join([*lines, "", MARK]) + "\n"


if __name__ == "__main__":
    main()
