"""Installs Tryton into a virtual environment of its own, once for each change of its pinned requirements."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

LOCK: Final = Path(__file__).with_name("requirements-tryton.lock")
INSTALL_WITHIN: Final = 600.0
_COMPLETE = "complete"

Say = Callable[[str], None]


class InstallationFailed(RuntimeError):
    """Tryton could not be installed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment with Tryton in it: its interpreter and its two commands (run them with the interpreter)."""

    python: Path
    server: Path
    admin: Path


def to_stderr(message: str) -> None:
    """Tell a person what is going on."""
    sys.stderr.write(f"{message}\n")


def cache_directory() -> Path:
    """Where environments are kept: $REVGRAPH_CACHE, else `revgraph` in the user's cache directory."""
    chosen = os.environ.get("REVGRAPH_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "revgraph"


def install(cache: Path | None = None, say: Say = to_stderr) -> Installation:
    """The environment for the pinned requirements and this Python, made now if there is none (about 20 s).

    Safe to call from several processes: one installs, the others wait. InstallationFailed when it cannot be done.
    """
    home = (cache or cache_directory()) / "tryton" / _key()
    home.parent.mkdir(parents=True, exist_ok=True)
    if not (home / _COMPLETE).exists():
        with _alone(home.with_suffix(".lock"), say):
            if not (home / _COMPLETE).exists():
                _build(home, say)
    return Installation(home / "bin" / "python", home / "bin" / "trytond", home / "bin" / "trytond-admin")


def _key() -> str:
    python = f"{sys.implementation.cache_tag}-{sys.platform}"
    return f"{python}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"


@contextmanager
def _alone(lock: Path, say: Say) -> Iterator[None]:
    deadline = time.monotonic() + INSTALL_WITHIN
    with lock.open("w") as held:
        waiting = False
        while not _taken(held.fileno()):
            if not waiting:
                say("Another process is installing Tryton; waiting for it ...")
                waiting = True
            if time.monotonic() > deadline:
                raise InstallationFailed(f"Another process holds {lock} for too long; end it and try again.")
            time.sleep(0.2)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _build(home: Path, say: Say) -> None:
    say(f"Installing Tryton 8, a real ERP, into {home} (once, about 20 seconds) ...")
    started = time.monotonic()
    # A half-made environment is of no use: its scripts name their own path, so it is made in place or not at all.
    shutil.rmtree(home, ignore_errors=True)
    own_pip = find_spec("pip") is None
    _run([sys.executable, "-m", "venv", *([] if own_pip else ["--without-pip"]), str(home)])
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip"] if own_pip else [sys.executable, "-m", "pip", "--python", python]
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    _run([*pip, "install", *options, "--requirement", str(LOCK)])
    (home / _COMPLETE).touch()
    say(f"Tryton is installed ({time.monotonic() - started:.0f} s).")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_WITHIN, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as late:
        raise InstallationFailed("Installing Tryton took too long; is the package index reachable?") from late
    if done.returncode:
        told = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise InstallationFailed(f"Installing Tryton failed; is the package index reachable?\n{told}")
