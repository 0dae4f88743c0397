"""Two gateways on one database and one Redis: each of the four may be killed, and comes back at its place."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.children import Child, Children
from gateway.demo import answers, await_sandbox, begin_sandbox, free_port
from gateway.embedded import find_server, start_redis
from gateway.outliving import start_cluster
from gateway.tokens import Signer
from resolvers.access import SCOPES
from workflows.store.embedded import Embedded
from workflows.store.migrating import migrate

_START: Final = 90.0
BEATS: Final = "3"
"""Seconds between signs of life; soon, so that the dead are found soon."""
DATABASE_AWAY: Final = 1.5
"""Seconds without a database, so that somebody asks for it meanwhile, and all that its dead parent left has ended."""


@dataclass
class Gateway:
    """One replica: a port, and whoever serves it just now."""

    port: int
    environment: dict[str, str]
    command: list[str]
    log: Path
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its graph answers."""
        return f"http://127.0.0.1:{self.port}/graphql"

    def start(self) -> None:
        """Begin to serve; it answers some seconds later."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )

    def answers(self) -> bool:
        """Whether it does."""
        return answers(self.port)

    def end(self, number: signal.Signals) -> None:
        """End it, in this way, and wait for it."""
        if self.running is not None:
            self.running.send_signal(number)
            try:
                self.running.wait(30)
            except subprocess.TimeoutExpired:
                self.running.kill()
                self.running.wait()


@dataclass
class House:
    """Everything that was started, and how to reach it."""

    state: Path
    redis_path: Path
    ends: ExitStack
    tenant: str = ""
    token: str = ""
    gateways: list[Gateway] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the database."""
        return Embedded(self.state).url()

    @property
    def redis_url(self) -> str:
        """The address of the Redis."""
        return f"unix://{self.redis_path}"

    def start_redis(self) -> None:
        """Start one that holds nothing."""
        self.redis_path.unlink(missing_ok=True)
        self.redis = start_redis(self._mortal(), find_server(), self.redis_path, self.state / "redis.log")

    def start_database(self) -> None:
        """Start it on the files that it has."""
        self.database = start_cluster(self._mortal(), self.state)

    def kill_redis(self) -> None:
        """Kill it, with all that it holds, and start another at its place."""
        _kill(self.redis)
        self.start_redis()

    def kill_database(self) -> None:
        """Kill it in the midst of its work, and some time later start it again on the files that it left."""
        _kill(self.database)
        time.sleep(DATABASE_AWAY)
        self.start_database()

    def _mortal(self) -> Children:
        """For one that ends by itself now and then, which none of the other children may."""
        children = Children()
        self.ends.push(children)
        return children


def _kill(child: Child) -> None:
    child.running.kill()
    child.running.wait()


@contextmanager
def open_soak(replicas: int = 2) -> Iterator[House]:
    """The house, once it answers; all of it has ended when the block has."""
    with tempfile.TemporaryDirectory(prefix="rg-soak-") as folder, Children() as children, ExitStack() as ends:
        state = Path(folder)
        house = House(state, state / "redis.sock", ends)
        ready = begin_sandbox(children, state, None)
        house.start_database()
        migrate(Embedded(state).ensure_database())
        house.start_redis()
        await_sandbox(children, ready, None)
        _furnish(house, replicas)
        for gateway in house.gateways:
            children.wait_until("The gateways' start", gateway.answers, _START)
        yield house


def _furnish(house: House, replicas: int) -> None:
    landscape, secret = house.state / "revgraph.toml", secrets.token_urlsafe(48)
    house.tenant = tomllib.loads(landscape.read_text(encoding="utf-8"))["tenant"]
    house.token = Signer(secret, house.tenant).sign(SCOPES)
    for number in range(replicas):
        gateway = _gateway(house, landscape, secret, number)
        house.ends.callback(gateway.end, signal.SIGKILL)
        house.gateways.append(gateway)
        gateway.start()


def _gateway(house: House, landscape: Path, secret: str, number: int) -> Gateway:
    port = free_port()
    command = [sys.executable, "-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    environment = {
        **os.environ,
        "REVGRAPH_JWT_SECRET": secret,
        "REVGRAPH_DATABASE_URL": house.url,
        "REVGRAPH_REDIS_URL": house.redis_url,
        "REVGRAPH_MAX_CONNECTIONS_PER_CALLER": "10000",
        "REVGRAPH_KEEPALIVE_SECONDS": BEATS,
        "REVGRAPH_LOG_LEVEL": "warning",
    }
    return Gateway(port, environment, [*command, "--landscape", str(landscape)], house.state / f"gateway{number}.log")
