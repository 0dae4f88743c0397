"""Processes that are told what to do line by line: the crowd of subscribers, and whoever tells it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from msgspec import Struct, convert


class Told(Struct, frozen=True):
    """How events came to a crowd: delays in seconds."""

    total: int
    lost: int
    first: float
    last: float
    uneven: int
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    most: float = 0.0


class Talking:
    """A process that is told a line and answers with one."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def first(self) -> str:
        """What it says by itself. EOFError where it has ended."""
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise EOFError(f"{self._process.args!r} has ended")
        return said.strip()

    def ask(self, line: str) -> str:
        """Tell it something, and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self.first()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


class Crowded:
    """A crowd that is connected."""

    def __init__(self, talking: Talking) -> None:
        self._talking = talking

    def expect(self, total: int, seconds: float) -> Told:
        """Wait for so many events over all of them."""
        told = json.loads(self._talking.ask(json.dumps({"expect": {"total": total, "seconds": seconds}})))
        return convert({name: value for name, value in told.items() if value is not None}, Told)


@contextmanager
def crowd_at(port: int, path: str, messages: Sequence[str], own: Sequence[str]) -> Iterator[Crowded]:
    """A subscriber for each text of `own`, connected until the block ends."""
    with Talking("-m", "bench.fanout.crowd") as talking:
        told = {"url": f"127.0.0.1:{port}", "path": path, "messages": messages, "own": own}
        talking.ask(json.dumps({"open": told}))
        yield Crowded(talking)
        talking.ask(json.dumps({"close": {}}))
