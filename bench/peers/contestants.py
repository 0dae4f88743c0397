"""Who is measured: each a process of its own over the same desk, at its best setting as its users would have it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers.processes import Started

NODE = Path(__file__).parent / "node"
SECRET = "a-secret-of-the-bench-that-is-long-enough"  # the token's, which opens nothing but the bench
OURS, BOUND = "Revgraph", "hand-written msgspec"


@dataclass(frozen=True)
class Entry:
    """One contestant: what to start, in Node or here, and what it needs to stand behind it."""

    name: str
    command: Sequence[str]
    node: bool = False
    behind: str | None = None


_HIVE = "node_modules/@graphql-hive/gateway/dist/bin.js"
ENTRIES = (
    Entry(OURS, ("-m", "bench.peers.ours", "--port", "{port}")),
    Entry("Mercurius + jit", ("mercurius.js",), node=True),
    Entry("GraphQL Yoga + jit", ("yoga.js",), node=True),
    Entry("Apollo Server 5", ("apollo.js",), node=True),
    Entry(
        "Hive Gateway + subgraph",
        (_HIVE, "proxy", "{behind}", "--config-path", "hive.config.js", "--port", "{port}", "--host", "127.0.0.1"),
        node=True,
        behind="yoga.js",
    ),
    Entry("Strawberry", ("-m", "bench.peers.plain.strawberry_peer", "--port", "{port}")),
    Entry(BOUND, ("-m", "bench.peers.plain.handwritten", "--port", "{port}")),
)


class Contestant:
    """An entry that runs."""

    def __init__(self, entry: Entry, desk: int, logs: Path, *extra: str) -> None:
        """Start it on a free port, and what stands behind it."""
        self.name, self.node, self.port = entry.name, entry.node, free_port()
        self.processes: list[Started] = []
        environment = {"DESK": f"http://127.0.0.1:{desk}", "SECRET": SECRET, "NODE_ENV": "production"}
        behind = ""
        if entry.behind:
            port = free_port()
            behind = f"http://127.0.0.1:{port}/graphql"
            subgraph = {**environment, "PORT": f"{port}", "TRUSTS": "yes"}
            self._start(("node", str(NODE / entry.behind)), subgraph, logs / f"{entry.name} subgraph.log")
        told = {"port": self.port, "behind": behind}
        command = [part.format(**told) for part in entry.command] + list(extra)
        if entry.node:
            command = ["node", *(str(NODE / part) if part.endswith(".js") else part for part in command)]
        else:
            command = [sys.executable, *command]
        environment |= {"PORT": f"{self.port}", "SUBGRAPH": behind}
        self._start(command, environment, logs / f"{entry.name}.log")

    def _start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.processes.append(Started(command, environment, log))

    def cpu_seconds(self) -> float:
        """What all of its processes have used so far."""
        return sum(process.cpu_seconds() for process in self.processes)

    def peak_megabytes(self) -> float:
        """The most memory its processes have held so far, together."""
        return sum(process.peak_megabytes() for process in self.processes)

    def check(self) -> None:
        """Stop the bench when one of its processes has ended."""
        for process in self.processes:
            process.check()

    def stop(self) -> None:
        """End all of its processes."""
        for process in self.processes:
            process.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def why_no_node() -> str | None:
    """Why the peers in Node cannot run here; None when they can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (NODE / "node_modules").is_dir():
        return "the packages of bench/peers/node are not installed (python -m bench.peers does it)"
    return None


def install_node() -> None:
    """Install the locked packages of the peers in Node, unless they are there."""
    if (NODE / "node_modules").is_dir():
        return
    print("Installing the packages of bench/peers/node (once) ...", flush=True)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE, check=True)
