"""Child processes of one supervisor: started, watched, and ended by their own ids, in the reverse order."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

Handler = Any
"""What `signal.signal` gives back and takes."""

END_WITHIN = 8.0
"""Seconds a child gets to end by itself, unless it was given others."""
LOOK_EVERY = 0.05


class ChildEndedError(Exception):
    """A child that ended by itself, or did not begin in time; the text says which, and the end of its log."""


class StoppedError(Exception):
    """A signal asked for the end."""


@dataclass(frozen=True, slots=True)
class Child:
    """One running child, the file that holds what it says (None: it says it where we do), what ends it, and when."""

    name: str
    running: subprocess.Popen[bytes]
    log: Path | None
    ended_by: signal.Signals = signal.SIGTERM
    end_within: float = END_WITHIN

    def last_words(self, lines: int = 12) -> str:
        """The end of its log."""
        if self.log is None:
            return "(see above)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


class Children:
    """All children; as a context manager it ends them when the block ends, however it ends."""

    def __init__(self) -> None:
        """None yet."""
        self._all: list[Child] = []
        self._before: dict[signal.Signals, Handler] = {}
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        """Listen for SIGTERM and SIGINT until the block ends."""
        for wanted in (signal.SIGTERM, signal.SIGINT):
            self._before[wanted] = signal.signal(wanted, self._asked_to_stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End every child, the youngest first."""
        for child in reversed(self._all):
            _end(child)
        for wanted, before in self._before.items():
            signal.signal(wanted, before)

    def start(
        self,
        name: str,
        command: Sequence[str],
        log: Path | None,
        environment: Mapping[str, str] | None = None,
        *,
        account: tuple[int, int] | None = None,
        ended_by: signal.Signals = signal.SIGTERM,
        end_within: float = END_WITHIN,
    ) -> Child:
        """Start a child whose output goes to the log (begun anew), with more variables than ours.

        `account` is the user and group to run it as, where they are not ours. One that has not ended so many seconds
        after it was asked to is killed.
        """
        with log.open("wb") if log else nullcontext() as out:
            running = subprocess.Popen(  # noqa: S603 - our own command, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if log else None,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # the terminal's Ctrl-C is ours to hand on
                user=account[0] if account else None,
                group=account[1] if account else None,
                extra_groups=[] if account else None,
            )
        child = Child(name, running, log, ended_by, end_within)
        self._all.append(child)
        return child

    def wait_until(self, what: str, holds: Callable[[], bool], seconds: float) -> None:
        """Wait until it holds; ChildEndedError when a child or the time ends before, StoppedError on a signal."""
        for _ in range(int(seconds / LOOK_EVERY)):
            if holds():
                return
            self._look()
            if self._stop.wait(LOOK_EVERY):
                raise StoppedError
        logs = ", ".join(str(child.log) for child in self._all if child.log)
        raise ChildEndedError(f"{what} took longer than {seconds:g} seconds. Look into {logs}.")

    def watch(self) -> None:
        """Wait for a signal, which ends it; ChildEndedError when a child ends before."""
        while not self._stop.wait(0.2):
            self._look()

    def _look(self) -> None:
        for child in self._all:
            code = child.running.poll()
            if code is not None:
                raise ChildEndedError(f"The {child.name} ended by itself (code {code}):\n{child.last_words()}")

    def _asked_to_stop(self, _: int, __: FrameType | None) -> None:
        self._stop.set()


def _end(child: Child) -> None:
    running = child.running
    if running.poll() is not None:
        return
    running.send_signal(child.ended_by)
    try:
        running.wait(child.end_within)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
