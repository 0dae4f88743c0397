"""Measures contestants in turn, pass by pass, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import median

import msgspec

from bench.peers.asking import DeskAsked
from bench.peers.contestants import Contestant

LUA = Path(__file__).parent / "load.lua"
MOST = 400_000
"""Requests of one pass, whatever happens."""
QUIET = 0.4
"""Seconds without a call to the desk or work of the server after which everything that was asked is answered."""
STIR = 0.03
"""Seconds of CPU that an idle server may take in that time."""


@dataclass(frozen=True)
class Scene:
    """One load: which query, how many clients, how late the sources.

    `mark` counts its requests at the desk; `size` are the bytes that an answer has at least, headers apart.
    """

    name: str
    bodies: Path
    mark: str
    clients: int
    latency: int = 0
    size: float = 0.0


class Told(msgspec.Struct):
    """What the load tool says at its end; milliseconds."""

    requests: int
    seconds: float
    bytes: int
    p50: float
    p99: float
    refused: int
    broken: int


@dataclass(frozen=True)
class Pass:
    """One contestant in one pass; CPU is of all that was executed, whether or not the load tool waited for it."""

    told: Told
    executed: int
    calls: float
    cpu_ms: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.told.requests / self.told.seconds


@dataclass(frozen=True)
class Figures:
    """One contestant in one scene, over all passes."""

    name: str
    passes: Sequence[Pass]
    peak: float

    @property
    def rate(self) -> float:
        """The median of the passes' rates."""
        return median(one.rate for one in self.passes)

    @property
    def rates(self) -> str:
        """The slowest and the fastest pass."""
        rates = sorted(one.rate for one in self.passes)
        return f"{rates[0]:.0f}-{rates[-1]:.0f}"

    @property
    def cpu_ms(self) -> float:
        """The median CPU of one request."""
        return median(one.cpu_ms for one in self.passes)

    @property
    def least_cpu_ms(self) -> float:
        """The least of the passes."""
        return min(one.cpu_ms for one in self.passes)

    @property
    def p50(self) -> float:
        """The median of the passes' medians."""
        return median([one.told.p50 for one in self.passes if one.told.requests] or [nan])

    @property
    def p99(self) -> float:
        """The median of the passes' 99th percentiles."""
        return median([one.told.p99 for one in self.passes if one.told.requests] or [nan])

    @property
    def calls(self) -> float:
        """Source calls a request."""
        return median(one.calls for one in self.passes)

    @property
    def executed(self) -> int:
        """Requests of all passes."""
        return sum(one.executed for one in self.passes)


class Course:
    """The desk, the token and the load tool: where contestants are measured."""

    def __init__(self, desk: DeskAsked, token: str) -> None:
        """Measure over this desk."""
        self._desk, self._token = desk, token

    def run(self, scene: Scene, field: Sequence[Contestant], seconds: float, passes: int) -> list[Figures]:
        """Everybody in turn, as often as there are passes."""
        self._desk.answer_after(scene.latency)
        held: dict[str, list[Pass]] = {one.name: [] for one in field}
        for one in field:
            self._load(scene, one.port, min(2.0, seconds))
            self._settle(one)
        for turn in range(passes):
            for one in field:
                found = self._pass(scene, one, seconds)
                held[one.name].append(found)
                print(
                    f"{scene.name}, pass {turn + 1}: {one.name}: {found.rate:.1f}/s, p50 {found.told.p50:.1f} ms, "
                    f"{found.cpu_ms:.2f} ms CPU, {found.executed} executed, {found.calls:.2f} calls",
                    flush=True,
                )
        self._desk.answer_after(0)
        return [Figures(one.name, tuple(held[one.name]), one.peak_megabytes()) for one in field]

    def _pass(self, scene: Scene, one: Contestant, seconds: float) -> Pass:
        one.check()
        calls, cpu = self._desk.calls(), one.cpu_seconds()
        told = self._load(scene, one.port, seconds)
        self._settle(one)
        one.check()
        asked = self._desk.calls() - calls
        executed = asked[scene.mark]
        short = told.bytes < scene.size * told.requests
        if told.refused or told.broken or short or not executed or executed < told.requests:
            raise SystemExit(f"{one.name} gave wrong answers in {scene.name}: {told}, {executed} executed")
        return Pass(told, executed, asked.total() / executed, (one.cpu_seconds() - cpu) * 1000 / executed)

    def _load(self, scene: Scene, port: int, seconds: float) -> Told:
        command = ["wrk", "-t1", f"-c{scene.clients}", f"-d{seconds:g}s", "--timeout", "60s", "-s", str(LUA)]
        command += [f"http://127.0.0.1:{port}/graphql", "--", str(scene.bodies), self._token, str(MOST)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 120)
        if done.returncode:
            raise SystemExit(f"wrk failed: {done.stderr or done.stdout}")
        return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Told)

    def _settle(self, one: Contestant) -> None:
        """Wait until everything is answered: the load tool leaves the last requests alone, and they cost as well."""
        held, end = (self._desk.calls(), one.cpu_seconds()), time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(QUIET)
            now = (self._desk.calls(), one.cpu_seconds())
            if now[0] == held[0] and now[1] - held[1] < STIR:
                return
            held = now
