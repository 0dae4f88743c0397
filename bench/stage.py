"""The whole house in processes of its own: systems, a proxy before them, PostgreSQL, a gateway, and workers to kill."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import psycopg

from bench.books import keep_references_unique
from gateway.children import Children
from gateway.demo import INSTALL_WITHIN, answers, free_port
from gateway.outliving import start_database
from gateway.tokens import Signer
from resolvers.access import SCOPES

WRITES_WITHIN = 3
AT_ONCE = 8
"""Writes at the same time into a pretend system."""
_START = 90.0
_LIVING = (
    "select count(*) from worker where ended_at is null and os_pid = any(%s)"
    " and heartbeat_at > clock_timestamp() - interval '5 seconds'"
)


@dataclass(frozen=True, slots=True)
class Pressing:
    """How hard a system is pressed.

    `answers`: seconds that a call is waited for; `settles`: seconds after which a write has certainly been taken or
    not, which real ones are usually given minutes for; `at_once`: writes together.
    """

    answers: int
    settles: int
    at_once: int


PRETENDED = Pressing(answers=5, settles=12, at_once=AT_ONCE)
"""Less patience than the proxy takes for some answers."""
REAL = Pressing(answers=10, settles=24, at_once=3)
"""A real ERP in one process of Python: it works on one order for a second or more, and on few at a time."""


@dataclass
class Stage:
    """What was started, and how to reach it."""

    children: Children
    state: Path
    url: str
    landscape: Path
    proxy: int
    graphql: str
    token: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: int = 0
    ended: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start_worker(self) -> None:
        """One more worker; it takes work some seconds later."""
        command = [sys.executable, "-m", "gateway.cli", "worker", "--landscape", str(self.landscape)]
        with (self.state / f"worker{next(self._numbers)}.log").open("wb") as log:
            environment = {**os.environ, "REVGRAPH_DATABASE_URL": self.url, "REVGRAPH_LOG_LEVEL": "warning"}
            running = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        self.workers.append(running)

    def kill_worker(self, place: int) -> None:
        """End one as a power cut would, and start another in its stead."""
        doomed = self.workers.pop(place)
        doomed.kill()
        doomed.wait()
        self.killed += 1
        self.start_worker()

    def replace_dead(self) -> int:
        """Start another for each worker that ended by itself; how many did."""
        dead = [one for one in self.workers if one.poll() is not None]
        for one in dead:
            self.workers.remove(one)
            self.start_worker()
        return len(dead)

    def await_workers(self) -> None:
        """Wait until all of them take work."""
        self.children.wait_until("The workers' start", lambda: self.living() >= len(self.workers), _START)

    def end_workers(self) -> None:
        """End them by their ids, whatever they have in hand."""
        for one in self.workers:
            one.kill()
            one.wait()
        self.workers.clear()

    def living(self) -> int:
        """How many take work."""
        with psycopg.connect(self.url) as session:
            row = session.execute(_LIVING, ([one.pid for one in self.workers],)).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def open_stage(workers: int, seed: int = 1, erp: str | None = None) -> Iterator[Stage]:
    """The stage, once everything answers; all of it has ended when the block has.

    `seed` is the proxy's chance; `erp` a profile of the company whose US books a real ERP keeps.
    """
    with tempfile.TemporaryDirectory(prefix="rg-stage-") as folder, Children() as children:
        # Children would note a signal and go on; here it has to end what waits.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, _end)
        state = Path(folder)
        told = _start_systems(children, state, erp)
        keep_references_unique(state)
        between = _start_proxy(children, state, told["systems"], seed)
        url = start_database(children, state)
        landscape = state / "bench.toml"
        given = Path(told["landscape"]).read_text(encoding="utf-8")
        landscape.write_text(hurried(redirected(given, told["systems"], between["systems"]), erp), encoding="utf-8")
        secret, port = secrets.token_urlsafe(48), free_port()
        command = [sys.executable, "-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
        environment = {"REVGRAPH_JWT_SECRET": secret, "REVGRAPH_DATABASE_URL": url, "REVGRAPH_DEADLINE_SECONDS": "10"}
        children.start("gateway", [*command, "--landscape", str(landscape)], state / "gateway.log", environment)
        children.wait_until("The gateway's start", lambda: answers(port), _START)
        token = Signer(secret, tomllib.loads(landscape.read_text())["tenant"]).sign(SCOPES)
        stage = Stage(children, state, url, landscape, between["control"], f"http://127.0.0.1:{port}/graphql", token)
        try:
            for _ in range(workers):
                stage.start_worker()
            stage.await_workers()
            yield stage
        finally:
            stage.end_workers()


def redirected(landscape: str, systems: Mapping[str, str], proxied: Mapping[str, str]) -> str:
    """The landscape whose systems are reached through the proxy, all of them."""
    for name, url in systems.items():
        landscape = landscape.replace(f'base_url = "{url}"', f'base_url = "{proxied[name]}"')
    return landscape


def hurried(landscape: str, real: str | None = None) -> str:
    """The landscape of systems that settle soon, are pressed harder, and leave credit to the ERP.

    `real`: the vendor folder of a system that is none of ours.
    """
    head, *instances = landscape.split("[[instances]]")
    pressed = [_pressed(one, REAL if real and f'kind = "{real}"' in one else PRETENDED) for one in instances]
    return f'{"[[instances]]".join([head, *pressed])}\n[orders]\ncredit = "hold"\n'


def _pressed(instance: str, how: Pressing) -> str:
    settled = re.sub(r"(?m)^settle_seconds = \d+$", f"settle_seconds = {how.settles}", instance)
    written = re.sub(r"(?m)^sap_client = ", f"write_seconds = {WRITES_WITHIN}\n\\g<0>", settled)
    limits = f"[instances.limits]\ntimeout_seconds = {how.answers}"
    writes = f"[instances.writes]\nconcurrency = {how.at_once}\nwaiting = 2000"
    return re.sub(r"(?m)^\[instances.settings\]$", f"{limits}\n\n{writes}\n\n\\g<0>", written)


def _start_systems(children: Children, state: Path, erp: str | None) -> dict[str, Any]:
    command = [sys.executable, "-m", "sandbox.serve", "--state", str(state), "--ready", str(state / "sandbox.json")]
    # A real ERP holds the usual story and no other.
    command += ["--erp", erp] if erp else ["--deals", "400", "--buyers", "80"]
    children.start("sandbox", command, state / "sandbox.log")
    return _once_ready(children, state / "sandbox.json", "The start of the systems", INSTALL_WITHIN if erp else _START)


def _start_proxy(children: Children, state: Path, systems: Mapping[str, str], seed: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.fault_proxy", "--seed", str(seed), "--ready", str(state / "proxy.json")]
    children.start("proxy", [*command, *(f"{name}={url}" for name, url in systems.items())], state / "proxy.log")
    return _once_ready(children, state / "proxy.json", "The proxy's start", _START)


def _once_ready(children: Children, ready: Path, what: str, seconds: float) -> dict[str, Any]:
    children.wait_until(what, ready.exists, seconds)
    found: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    return found


def _end(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def clock() -> float:
    """Seconds from somewhere on."""
    return time.monotonic()
