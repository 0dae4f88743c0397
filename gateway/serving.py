"""Serves the gateway with uvicorn, in one process or in several that share the port."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, sleep

import uvicorn
from fastapi import FastAPI

from gateway import telemetry
from gateway.app import create_app
from gateway.leaving import finish_within
from gateway.server_protocols import protocols
from gateway.settings import Settings, read_settings, variable
from gateway.wiring import House, open_house, the_schema
from sources.catalog import kinds, opener

LOOK_EVERY = 0.05
COLLECT_AFTER = (250_000, 20, 50)
"""New values before the collector looks at the young, and rounds before it looks at the older and at all."""


def serve(settings: Settings, workers: int) -> None:
    """Serve until a signal ends it. What the settings say goes to the workers through the environment."""
    for name in ("host", "port", "landscape"):
        os.environ[variable(name)] = str(getattr(settings, name))
    uvicorn.run(
        "gateway.serving:app_of_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        loop="auto",
        **protocols(settings),
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=finish_within(settings),
    )


def wait_for(landscape: Path, seconds: float) -> None:
    """Wait until the file is there, but no longer; what serving needs is loaded meanwhile."""
    if seconds <= 0 or landscape.exists():
        return
    the_schema()
    for kind in kinds():
        opener(kind)
    await_file(landscape, seconds)


def await_file(landscape: Path, seconds: float) -> None:
    """Wait until the file is there, but no longer."""
    until = monotonic() + seconds
    while not landscape.exists() and monotonic() < until:
        sleep(LOOK_EVERY)


def calm_the_collector() -> None:
    """Spare the requests what a collector that looks for circles too often takes from them.

    What stands after the start stays until the end, and need not be looked at again. A compiled operation leaves no
    circles and goes when it is answered, so the thousands of values of each one under way are looked at seldom. With 32
    pages of 3,800 fields under way that was a fifth of the CPU, and no memory.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def app_of_environment() -> FastAPI:
    """The app of one process, as the environment says."""
    settings = read_settings()
    telemetry.configure_logging(settings.log_level)

    @asynccontextmanager
    async def settled() -> AsyncIterator[House]:
        async with open_house(settings, os.environ) as house:
            calm_the_collector()
            yield house

    return create_app(settings, settled)
