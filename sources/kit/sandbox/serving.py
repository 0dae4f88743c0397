"""Serves sandboxes on this machine: several in one event loop, or one in a thread for clients that block."""

from __future__ import annotations

import asyncio
import ssl as tls
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from sources.kit.sandbox.protocol import BreakableProtocol

HOST: Final = "127.0.0.1"
FINISH_WITHIN: Final = 1.0
BACKLOG: Final = 1024


@dataclass(frozen=True)
class Served:
    """Where a sandbox answers; `url` carries no slash at the end."""

    url: str
    port: int


@asynccontextmanager
async def serve(app: ASGIApp, port: int = 0, ssl: tls.SSLContext | None = None) -> AsyncIterator[Served]:
    """Serve the app in the running loop until the block ends; port 0 takes a free one.

    At the end open connections are cut and requests get `FINISH_WITHIN` seconds. OSError when the port is taken.
    """
    config = uvicorn.Config(app, interface="asgi3", log_config=None, access_log=False, ws="none", proxy_headers=False)
    config.load()
    lifespan = config.lifespan_class(config)
    await lifespan.startup()
    if lifespan.should_exit:
        raise RuntimeError("the sandbox's own startup failed")
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BreakableProtocol(config, state, lifespan.state), HOST, port, ssl=ssl, backlog=BACKLOG
    )
    bound = int(server.sockets[0].getsockname()[1])
    try:
        yield Served(f"{'https' if ssl else 'http'}://{HOST}:{bound}", bound)
    finally:
        server.close()
        await _finish(state)
        await server.wait_closed()
        await lifespan.shutdown()


@asynccontextmanager
async def serve_all(apps: Mapping[str, tuple[ASGIApp, int]]) -> AsyncIterator[dict[str, Served]]:
    """Serve several apps, each with its port (0: a free one), by name."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(serve(app, port)) for name, (app, port) in apps.items()}


@contextmanager
def serve_in_thread(app: ASGIApp, port: int = 0, ssl: tls.SSLContext | None = None) -> Iterator[Served]:
    """Serve the app from a thread with its own loop, for clients that block; ends with the block."""
    ready: Future[tuple[Served, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        stop = asyncio.Event()
        try:
            async with serve(app, port, ssl) as served:
                ready.set_result((served, asyncio.get_running_loop(), stop))
                await stop.wait()
        except (OSError, RuntimeError) as failure:
            if ready.done():
                raise
            ready.set_exception(failure)

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="sandbox", daemon=True)
    thread.start()
    served, loop, stop = ready.result(timeout=30)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)


async def _finish(state: ServerState) -> None:
    for connection in list(state.connections):
        connection.transport.abort()
    running = set(state.tasks)
    if running:
        await asyncio.wait(running, timeout=FINISH_WITHIN)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.sleep(0)
