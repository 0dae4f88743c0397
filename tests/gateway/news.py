"""A gateway on a real socket, whose subscriptions tell what a test writes into a log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from pydantic import SecretStr

from gateway.app import create_app
from gateway.request import GraphQLRequest
from gateway.server_protocols import protocols
from gateway.settings import Settings
from gateway.subscription import Caller, EndedError, Message
from gateway.wiring import House, Transports, furnish
from sources.catalog import Sources
from tests.gateway.pretend import AUTHENTICATOR, LANDSCAPE, SECRET, schema

SUBSCRIPTION = "subscription { news }"
PATIENCE = 20.0
"""Seconds until what a test waits for is taken not to come."""


class Reading:
    """One reader of the log; it knows its place in it."""

    def __init__(self, news: News, after: int) -> None:
        self._news, self._at = news, after
        self.cursor = str(after)
        self._messages = self._told()

    def __aiter__(self) -> Reading:
        return self

    async def __anext__(self) -> Message:
        return await anext(self._messages)

    async def aclose(self) -> None:
        await self._messages.aclose()
        self._news.readers.pop(self, None)

    async def _told(self) -> AsyncGenerator[Message, None]:
        news = self._news
        while True:
            async with news.changed:
                await news.changed.wait_for(lambda: news.ending or news.finished or len(news.log) > self._at)
            if news.ending:
                raise news.ending
            if len(news.log) <= self._at:
                return
            self._at += 1
            yield Message(orjson.dumps(self._response()), str(self._at))
            self.cursor = str(self._at)

    def _response(self) -> dict[str, Any]:
        told: dict[str, Any] = {"data": {"news": self._news.log[self._at - 1]}}
        return {**told, "extensions": {"cursor": str(self._at)}} if self._news.with_cursors else told


@dataclass
class News:
    """The log: `write` tells everybody who reads, `end` ends all of them."""

    log: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    readers: dict[Reading, Caller] = field(default_factory=dict)
    ending: EndedError | None = None
    finished: bool = False
    with_cursors: bool = False
    """Whether a message tells its cursor in its extensions, as well as beside."""

    async def subscribe(
        self, asked: GraphQLRequest, caller: Caller, after: str | None = None
    ) -> AsyncIterator[Message]:
        after = after or asked.variables.get("after")
        reading = Reading(self, len(self.log) if after is None else int(after))
        self.readers[reading] = caller
        return reading

    async def write(self, *lines: str) -> None:
        async with self.changed:
            self.log += lines
            self.changed.notify_all()

    async def end(self, ending: EndedError | None = None) -> None:
        async with self.changed:
            self.ending, self.finished = ending, ending is None
            self.changed.notify_all()


@dataclass(frozen=True)
class Served:
    """Where a gateway listens, and what is inside."""

    port: int
    transports: Transports
    server: uvicorn.Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def socket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"


@asynccontextmanager
async def served(news: News | None = None, **settings: Any) -> AsyncIterator[Served]:
    """A gateway with these settings behind a real server, until the block ends."""
    chosen = Settings(jwt_secret=SecretStr(SECRET), **settings)
    house = furnish(chosen, LANDSCAPE, Sources({}), AUTHENTICATOR, schema(), subscribe=(news or News()).subscribe)
    async with serving(house) as gateway:
        yield gateway


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[Served]:
    """This house behind a real server, until the block ends."""

    @asynccontextmanager
    async def open_house() -> AsyncIterator[House]:
        yield house

    config = uvicorn.Config(
        create_app(house.settings, open_house),
        port=0,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=5,
        **protocols(house.settings),
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started or serving.done())
    try:
        yield Served(server.servers[0].sockets[0].getsockname()[1], house.transports, server)
    finally:
        server.should_exit = True
        await serving


def drop(gateway: Served) -> None:
    """As when a cable is cut: every connection ends without a word."""
    for connection in tuple(gateway.transports.reception.connections):
        connection.abort()


async def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for a condition, but not for ever."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is often inside a server that has no event to tell it
            await asyncio.sleep(0.005)
