"""Serves the gateway with uvicorn, in one process or in several that share the port."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Literal, TypedDict

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway import telemetry
from gateway.app import create_app
from gateway.connections import ABORT
from gateway.settings import Settings, read_settings, variable
from gateway.wiring import House, open_house, the_schema
from sources.catalog import kinds, opener

FINISH_WITHIN = 10
"""Seconds that requests in flight get when the gateway ends."""
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
        timeout_graceful_shutdown=FINISH_WITHIN,
    )


class Connected(HttpToolsProtocol):
    """Uvicorn's own, which tells the app how to end a connection whose client reads nothing (gateway/connections.py).

    Its sockets are told the same, as they are given this protocol's state when they take over.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn types it
        """Begin a connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, ABORT: transport.abort}


class Protocols(TypedDict):
    """What uvicorn is told of how it speaks."""

    http: type[asyncio.Protocol]
    ws: Literal["websockets-sansio"]
    ws_max_size: int
    ws_ping_interval: float
    ws_ping_timeout: float
    ws_per_message_deflate: bool


def protocols(settings: Settings) -> Protocols:
    """How uvicorn serves requests and sockets. Compression would cost each of ten thousand sockets its own buffers."""
    return {
        "http": Connected,
        "ws": "websockets-sansio",
        "ws_max_size": settings.body_limit_bytes,
        "ws_ping_interval": settings.keepalive_seconds,
        "ws_ping_timeout": settings.keepalive_seconds,
        "ws_per_message_deflate": False,
    }


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
