"""Processes that the bench starts, what they take of the machine, and their end, by their own pid."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


class Started:
    """One process of ours, with its children."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Start it; what it says goes to the log."""
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=out
            )

    def first_line(self) -> str:
        """What it prints first."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()

    def check(self) -> None:
        """Stop the bench, with its last words, when it has ended already."""
        if self._process.poll() is not None:
            raise SystemExit(f"{self._log.stem} ended: {self._log.read_text(errors='replace')[-2000:]}")

    def cpu_seconds(self) -> float:
        """What it and its children have used so far."""
        return sum(map(_cpu, _tree(self._process.pid)))

    def peak_megabytes(self) -> float:
        """The most memory each of them has held so far, together."""
        return sum(map(_peak, _tree(self._process.pid)))

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    children = _read(f"/proc/{pid}/task/{pid}/children")
    for child in children.split():
        yield from _tree(int(child))


def _cpu(pid: int) -> float:
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _peak(pid: int) -> float:
    lines = _read(f"/proc/{pid}/status").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def wait_until(happened: object, seconds: float, what: str) -> None:
    """Look again and again whether it is so; stop the bench when it takes too long."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise SystemExit(f"{what} took longer than {seconds:.0f} s.")
        time.sleep(0.05)
