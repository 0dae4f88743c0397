"""Measures Revgraph beside its peers, and writes docs/benchmarks.md.

    python -m bench.peers [--seconds 6] [--passes 3] [--only Revgraph Mercurius] [--quick]

Needs wrk on the PATH, and for the peers in Node: node and npm, whose locked packages are installed at the first run.
Whatever it starts it ends, by its pid.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import mean

from bench.peers import questions, report
from bench.peers.asking import DeskAsked, ask, body, in_order, is_up
from bench.peers.contestants import ENTRIES, OURS, SECRET, Contestant, Entry, install_node
from bench.peers.growth import grow
from bench.peers.measuring import Course, Figures, Scene
from bench.peers.processes import Started, wait_until
from gateway.tokens import Signer
from resolvers.access import SCOPES

TURNS = 3_800
CHECKED = 12
"""Answers of each query that are compared before anything is measured."""


def main() -> None:
    """Start everybody, compare, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=6, help="how long each pass lasts (default 6)")
    parser.add_argument("--passes", type=int, default=3, help="how often everybody has a turn (default 3)")
    parser.add_argument("--only", nargs="+", default=[], help="contestants whose names begin so; Revgraph is always in")
    parser.add_argument("--quick", action="store_true", help="two short passes of the loads with 32 clients, no report")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("The load tool wrk is not installed (Debian's package wrk).")
    chosen = [entry for entry in ENTRIES if entry.name == OURS or _named(entry, given.only)]
    if any(entry.node for entry in chosen):
        install_node()
    with tempfile.TemporaryDirectory(prefix="rg-peers-") as folder, ExitStack() as open_things:
        run = _Run(Path(folder), open_things, 2.0 if given.quick else given.seconds, 2 if given.quick else given.passes)
        found = run.everything(chosen, quick=given.quick)
    text = report.section(found)
    print(text)
    if not given.quick:
        report.write(text)


def _named(entry: Entry, only: Sequence[str]) -> bool:
    return not only or any(entry.name.lower().startswith(name.lower()) for name in only)


class _Run:
    """One run of the bench."""

    def __init__(self, folder: Path, open_things: ExitStack, seconds: float, passes: int) -> None:
        self.folder, self.seconds, self.passes, self.load = folder, seconds, passes, os.getloadavg()[0]
        self.token = Signer(SECRET, "bench").sign(SCOPES)
        started = Started([sys.executable, "-m", "bench.peers.desk.serve"], {}, folder / "desk.log")
        open_things.callback(started.stop)
        self.desk = DeskAsked(int(started.first_line()))
        self.course = Course(self.desk, self.token)
        self.pages = [body(questions.PAGE, {"until": questions.until(turn)}) for turn in range(TURNS)]
        self.singles = [body(questions.ONE, {"id": questions.one_id(turn)}) for turn in range(TURNS)]
        (folder / "pages").write_bytes(b"\n".join(self.pages) + b"\n")
        (folder / "singles").write_bytes(b"\n".join(self.singles) + b"\n")

    def everything(self, chosen: Sequence[Entry], *, quick: bool) -> report.Run:
        """Measure the scenes, then ours alone as it grows."""
        with self._started(chosen) as field:
            fields, size = self._compare(field)
            scenes = [
                replace(scene, size=0.98 * size if scene.mark == "bookings listed" else 0.0) for scene in self._scenes()
            ]
            scenes = [scene for scene in scenes if not quick or (scene.clients > 1 and not scene.latency)]
            found = {scene.name: (scene, self.course.run(scene, field, self.seconds, self.passes)) for scene in scenes}
            grown = [] if quick else grow(field[0], self.desk, self.token, (10, 100, 1_000))
            node = frozenset(one.name for one in field if one.node)
        workers = {} if quick else self._workers(scenes[:1] + [s for s in scenes if s.name.startswith("one")][:1])
        command = f"python -m bench.peers --seconds {self.seconds:g} --passes {self.passes}"
        return report.Run(command, fields, size, found, grown, workers, node, self.load)

    def _scenes(self) -> list[Scene]:
        pages, singles = (self.folder / "pages", "bookings listed"), (self.folder / "singles", "bookings by key")
        return [
            Scene("page, 32 clients", *pages, clients=32),
            Scene("page, 1 client", *pages, clients=1),
            Scene("one order, 32 clients", *singles, clients=32),
            Scene("one order, 1 client", *singles, clients=1),
            Scene("page, 1 client, sources 20 ms late", *pages, clients=1, latency=20),
            Scene("page, 32 clients, sources 20 ms late", *pages, clients=32, latency=20),
        ]

    @contextmanager
    def _started(self, chosen: Sequence[Entry], *extra: str) -> Iterator[list[Contestant]]:
        with ExitStack() as running:
            field = []
            for entry in chosen:
                one = Contestant(entry, self.desk.port, self.folder, *extra)
                running.callback(one.stop)
                field.append(one)
            for one in field:
                wait_until(lambda one=one: one.check() or is_up(one.port, self.token, self.pages[0]), 60, one.name)
            yield field

    def _compare(self, field: Sequence[Contestant]) -> tuple[int, float]:
        """Stop unless everybody answers alike; how many fields and bytes a page has."""
        sizes, fields = [], 0
        for question in (*self.pages[:CHECKED], *self.singles[:CHECKED]):
            answers = {one.name: ask(one.port, self.token, question)[1] for one in field}
            told = {name: in_order(answer) for name, answer in answers.items()}
            other = [name for name, answer in told.items() if answer != told[OURS]]
            if other:
                raise SystemExit(f"{other} do not answer as we do:\n{told[other[0]]!r}\n{told[OURS]!r}")
            sizes.append(len(answers[OURS]))
            fields = fields or questions.fields_of(told[OURS])
        print(f"{len(field)} contestants give the same {2 * CHECKED} answers; a page has {fields} fields.", flush=True)
        return fields, mean(sizes[:CHECKED])

    def _workers(self, scenes: Sequence[Scene]) -> Mapping[int, Sequence[Figures]]:
        found: dict[int, list[Figures]] = {}
        for count in (1, 2):
            with self._started([ENTRIES[0]], "--workers", f"{count}") as field:
                for scene in scenes:
                    [figures] = self.course.run(scene, field, self.seconds, self.passes)
                    found.setdefault(count, []).append(replace(figures, name=scene.name))
        return found


if __name__ == "__main__":
    main()
