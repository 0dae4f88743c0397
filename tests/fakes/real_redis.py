"""A real Redis of the tests' own, on a socket: started, killed and started again by its own id."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.embedded import find_server


class RealRedis:
    """A Redis that keeps nothing on disk; it runs between `start` and `stop`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="redis-")
        self.socket = Path(self._folder.name) / "s"
        self.url = f"unix://{self.socket}"
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run, and come back once it takes connections."""
        flags = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", self._folder.name]
        running = subprocess.Popen([find_server(), *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert running.stdout is not None
        said = b""
        for line in running.stdout:
            said += line
            if b"ready to accept connections at" in line:
                self.running = running
                return
        raise AssertionError(said.decode())

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(subprocess.Popen.kill)

    def stop(self) -> None:
        """End it, and take its folder away."""
        self._end(subprocess.Popen.terminate)
        self._folder.cleanup()

    def client(self) -> Redis:
        """A client as the gateway's own."""
        return Redis.from_pool(
            BlockingConnectionPool.from_url(self.url, max_connections=32, retry=Retry(NoBackoff(), 0))
        )

    def _end(self, way: object) -> None:
        if self.running is not None and callable(way):
            way(self.running)
            self.running.communicate()
            self.running = None
