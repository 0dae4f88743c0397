"""Two gateways on one database and one Redis, each of which may be killed and comes back at its place."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.children import Child, Children
from gateway.demo import answers, await_sandbox, begin_sandbox, free_port
from gateway.embedded import find_server, start_redis
from gateway.outliving import start_database
from gateway.tokens import Signer
from resolvers.access import SCOPES

_START: Final = 90.0
BEATS: Final = "3"
"""Seconds between signs of life; soon, so that the dead are found soon."""


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
    url: str
    tenant: str
    token: str
    redis_path: Path
    redis: Child
    gateways: list[Gateway] = field(default_factory=list)

    @property
    def redis_url(self) -> str:
        """The address of the Redis."""
        return f"unix://{self.redis_path}"

    def kill_redis(self) -> None:
        """Kill it, with all that it holds, and start another at its place."""
        self.end_redis()
        self.redis_path.unlink(missing_ok=True)
        self.redis = start_redis(Children(), find_server(), self.redis_path, self.state / "redis.log")

    def end_redis(self) -> None:
        """Kill it."""
        self.redis.running.kill()
        self.redis.running.wait()


@contextmanager
def open_soak(replicas: int = 2) -> Iterator[House]:
    """The house, once it answers; all of it has ended when the block has."""
    with tempfile.TemporaryDirectory(prefix="rg-soak-") as folder, Children() as children:
        state = Path(folder)
        ready = begin_sandbox(children, state, None)
        url = start_database(children, state)
        await_sandbox(children, ready, None)
        landscape, path = state / "revgraph.toml", state / "redis.sock"
        # Not one of the children, of which none may end by itself.
        redis = start_redis(Children(), find_server(), path, state / "redis.log")
        secret = secrets.token_urlsafe(48)
        tenant = tomllib.loads(landscape.read_text(encoding="utf-8"))["tenant"]
        token = Signer(secret, tenant).sign(SCOPES)
        house = House(state, url, tenant, token, path, redis)
        try:
            for number in range(replicas):
                house.gateways.append(_gateway(house, landscape, secret, number))
                house.gateways[-1].start()
            for gateway in house.gateways:
                children.wait_until("The gateways' start", gateway.answers, _START)
            yield house
        finally:
            for gateway in house.gateways:
                gateway.end(signal.SIGKILL)
            house.end_redis()


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
