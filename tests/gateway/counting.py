"""A gateway in a process of its own, whose subscriptions count: a cursor means the same in each of several.

    python -m tests.gateway.counting SOCKET WORKERS

It serves on a listening socket that it inherits, so that one address outlives it, and counts ten a second since 1970.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from uvicorn.supervisors import Multiprocess

from gateway.app import create_app
from gateway.request import GraphQLRequest
from gateway.server_protocols import protocols
from gateway.settings import Settings
from gateway.subscription import Caller, Message
from gateway.wiring import House, furnish
from sources.catalog import Sources
from tests.gateway.pretend import AUTHENTICATOR, LANDSCAPE, SECRET, schema

A_SECOND: Final = 10
SETTINGS: Final = Settings(jwt_secret=SecretStr(SECRET))


async def count(asked: GraphQLRequest, caller: Caller, after: str | None = None) -> AsyncIterator[Message]:
    """Every number behind `after`, or from now on, when its time has come."""
    given = after or asked.variables.get("after")
    return _numbers(int(given) if given else int(time.time() * A_SECOND))


async def _numbers(number: int) -> AsyncIterator[Message]:
    while True:
        number += 1
        await asyncio.sleep(max(0.0, number / A_SECOND - time.time()))
        yield Message(b'{"data":{"news":"%d"}}' % number, str(number))


def app() -> FastAPI:
    """The app of one process; says so when it has started."""

    @asynccontextmanager
    async def open_house() -> AsyncIterator[House]:
        print("started", flush=True)  # noqa: T201 - whoever started it waits for this
        yield furnish(SETTINGS, LANDSCAPE, Sources({}), AUTHENTICATOR, schema(), subscribe=count)

    return create_app(SETTINGS, open_house)


def main(number: int, workers: int) -> None:
    """Serve until a signal ends it."""
    config = uvicorn.Config(
        "tests.gateway.counting:app",
        factory=True,
        workers=workers,
        log_config=None,
        timeout_graceful_shutdown=10,
        timeout_worker_healthcheck=60,
        **protocols(SETTINGS),
    )
    sockets = [socket.socket(fileno=number)]
    if workers > 1:
        Multiprocess(config, sockets).run()
    else:
        uvicorn.Server(config).run(sockets)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
