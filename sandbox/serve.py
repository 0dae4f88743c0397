"""Serves the pretend company: every system's sandbox, the control port, and the files a gateway and a demo begin with.

`python -m sandbox.serve --state DIR --ready FILE` ends cleanly on SIGTERM and SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from sandbox.company import System
from sandbox.landscape import replace_file, write_landscape
from sandbox.opening import Opened, Tale, open_all
from sandbox.real import Running, run_real
from sources.kit.sandbox.contract import Sandbox
from sources.kit.sandbox.serving import serve
from sources.kit.sandbox.story import Story

READY = "sandbox.json"
"""The file of the state directory that says where everything answers; `revgraph sandbox play` looks for it."""

SMALL = Tale(deals=120, buyers=40)
"""A tale for quick tests: every kind of deal at least once."""


@dataclass(frozen=True)
class Company:
    """The company while it is open: where each system answers, and where the gateway's landscape file is."""

    opened: Opened
    urls: Mapping[str, str]
    control: str
    landscape: Path

    @property
    def story(self) -> Story:
        """What all systems were told."""
        return self.opened.tale.story

    @property
    def sandboxes(self) -> Mapping[str, Sandbox]:
        """The pretend systems by name; a real ERP is not among them."""
        return self.opened.sandboxes

    @property
    def highlights(self) -> list[dict[str, str | None]]:
        """Five orders to begin with."""
        return self.opened.orders

    def ready(self) -> dict[str, Any]:
        """The content of the ready file."""
        return {
            "control": self.control,
            "landscape": str(self.landscape),
            "systems": dict(self.urls),
            "highlights": self.highlights,
        }


@asynccontextmanager
async def open_company(
    tale: Tale = SMALL,
    state: Path | None = None,
    *,
    port_base: int = 0,
    opened: Opened | None = None,
    cache: bool = False,
) -> AsyncIterator[Company]:
    """Open the company in this process and loop; by default a small one, in a directory that goes with it.

    Port 0 takes free ports; else the control port is `port_base` and the systems follow. OSError when one is taken.
    `cache`: its landscape lets some answers be kept for a while.
    """
    from sandbox.control import control_app  # noqa: PLC0415 - an app costs time, and a process that forks has none

    async with AsyncExitStack() as stack:
        if state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="company-")))
        chosen = opened or open_all(tale, state)
        stack.callback(chosen.close)
        running: dict[str, Running] = {}
        for place, system in enumerate(chosen.company.systems, 1):
            port = port_base and port_base + place
            running[system.name] = await stack.enter_async_context(_start(chosen, system, state, port))
        urls = {name: one.url for name, one in running.items()}
        landscape = state / "revgraph.toml"
        told = {name: one.told for name, one in running.items()}
        write_landscape(landscape, chosen.company, urls, told, cache=cache)
        control = await stack.enter_async_context(serve(control_app(chosen, urls), port_base))
        yield Company(chosen, urls, control.url, landscape)


@asynccontextmanager
async def _start(opened: Opened, system: System, state: Path, port: int) -> AsyncIterator[Running]:
    sandbox = opened.sandboxes.get(system.name)
    if sandbox is None:
        async with run_real(system, state, port) as running:
            yield running
    else:
        async with serve(sandbox.app, port) as served:
            yield Running(served.url, sandbox.settings())


async def _serve_until_told(tale: Tale, arguments: argparse.Namespace, opened: Opened) -> None:
    loop, serving = asyncio.get_running_loop(), asyncio.current_task()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, serving.cancel if serving else loop.stop)
    with suppress(asyncio.CancelledError):  # the signal's way to end us, also while a real ERP is being installed
        open_it = open_company(
            tale, arguments.state, port_base=arguments.port_base, opened=opened, cache=arguments.cache
        )
        async with open_it as company:
            ready = json.dumps(company.ready(), indent=2) + "\n"
            for path in _ready_files(arguments):
                replace_file(path, ready)
            sys.stdout.write(ready)
            sys.stdout.flush()
            await asyncio.Event().wait()


def _ready_files(arguments: argparse.Namespace) -> list[Path]:
    """Where it is written how to reach the company: for whoever knows its directory, and for whoever waits for it."""
    return [arguments.state / READY, *([arguments.ready] if arguments.ready else [])]


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.serve", description="Serves the pretend company.")
    parser.add_argument("--state", type=Path, required=True, help="directory for the systems' files, kept for later")
    parser.add_argument(
        "--ready", type=Path, help="file that is written when everything answers, beside sandbox.json in the directory"
    )
    parser.add_argument("--port-base", type=int, default=0, help="control port; the systems follow. 0: free ports")
    parser.add_argument("--erp", help="which profile of company.toml keeps the US books")
    parser.add_argument("--cache", action="store_true", help="let the gateway keep some answers for a while")
    parser.add_argument("--seed", type=int, default=7, help="which story is told")
    parser.add_argument("--deals", type=int, default=2000, help="how many orders it has")
    parser.add_argument("--buyers", type=int, default=200, help="how many customers it has")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> None:
    """Serve until a signal asks for the end."""
    arguments = _arguments(given)
    for path in _ready_files(arguments):
        path.unlink(missing_ok=True)
    tale = Tale(arguments.erp, arguments.seed, arguments.deals, arguments.buyers)
    arguments.state.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _end)  # until there is a loop
    # Told before there is a loop or a thread, so that each system can be told in a fork of its own.
    gc.disable()
    try:
        opened = open_all(tale, arguments.state, side_by_side=True)
    except ValueError as refused:
        sys.exit(f"The pretend company cannot be opened: {refused}")
    gc.freeze()
    gc.enable()
    import uvloop  # noqa: PLC0415 - not before the forks

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_until_told(tale, arguments, opened))


def _end(_: int, __: FrameType | None) -> NoReturn:
    """End as Python does, which takes the processes along that tell the story."""
    sys.exit()


if __name__ == "__main__":
    main()
