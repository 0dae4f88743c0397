"""Clients that other people wrote, on the graph itself: real cursors of a real log, heard through a real hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from gql import Client as GqlClient
from gql import GraphQLRequest, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport

from canonical.events import cursor_of
from canonical.order import OrderStatus
from gateway.settings import Settings
from gateway.wiring import furnish, the_schema
from sources.catalog import Sources
from tests.fakes.events import Telling, changed, happened
from tests.fakes.real_redis import RealRedis
from tests.gateway.news import Served, drop, serving, until
from tests.gateway.pretend import AUTHENTICATOR, LANDSCAPE, SECRET, TOKEN
from tests.gateway.real_clients import SCRIPTS, Client, installed, running
from workflows.hub import Hub
from workflows.relay import Relay

FIELD = "orderStatusChanged"
SUBSCRIPTION = f"subscription Told($after: EventCursor) {{ {FIELD}(after: $after) {{ status }} }}"
"""It selects no cursor: each message has its own."""
LONE = [("urql.js",)]
"""Those that subscribe again where whoever uses them does it."""


@dataclass(frozen=True)
class Graph:
    """A gateway on a real socket, its ear on the log, and whoever writes into that."""

    gateway: Served
    hub: Hub
    telling: Telling

    async def tells(self, *numbers: int) -> None:
        """A status that changes, for each number; and beside each something that nobody here has asked for."""
        for number in numbers:
            status = (OrderStatus.BOOKED, OrderStatus.IN_FULFILLMENT)[number % 2]
            await self.telling.log(changed(f"status {number}", status), happened(f"happening {number}"))

    async def positions(self) -> list[int]:
        """Where in the log the statuses changed."""
        return [logged.cursor.position for logged in await self.telling.everything() if logged.event.status]


@asynccontextmanager
async def real_graph(url: str) -> AsyncIterator[Graph]:
    settings = Settings.model_validate({"jwt_secret": SECRET, "database_url": url})
    redis = RealRedis()
    redis.start()
    try:
        async with redis.client() as line:
            house = furnish(settings, LANDSCAPE, Sources({}), AUTHENTICATOR, the_schema(), redis=line)
            assert house.hub
            assert house.desk
            telling = Telling(house.desk.store, Relay(house.desk.store, LANDSCAPE.tenant, line))
            async with house.hub.open(), serving(house) as gateway:
                yield Graph(gateway, house.hub, telling)
            await house.close()
    finally:
        redis.stop()


class InPython:
    """gql: whoever uses it subscribes again."""

    def __init__(self) -> None:
        self.seen: asyncio.Queue[Any] = asyncio.Queue()
        self.after: str | None = None

    async def message(self) -> Any:
        return await self.seen.get()

    async def listen(self, gateway: Served) -> None:
        while True:
            transport = WebsocketsTransport(gateway.socket, init_payload={"Authorization": f"Bearer {TOKEN}"})
            try:
                async with GqlClient(transport=transport) as session:
                    await self._subscribed(session)
            except (TransportClosed, TransportConnectionFailed):
                continue

    async def _subscribed(self, session: Any) -> None:
        asked = GraphQLRequest(gql(SUBSCRIPTION), variable_values={"after": self.after})
        async for result in session.subscribe(asked, get_execution_result=True):
            self.after = result.extensions["cursor"]
            self.seen.put_nowait({"news": result.data[FIELD], "cursor": self.after})


@asynccontextmanager
async def everybody(gateway: Served) -> AsyncIterator[list[Client | InPython]]:
    """Each client, begun."""
    given: dict[str, Any] = {"urls": [gateway.url], "sockets": [gateway.socket], "tokens": [TOKEN]}
    given |= {"subscription": SUBSCRIPTION, "query": "{ __typename }", "field": FIELD}
    in_python = InPython()
    listening = asyncio.create_task(in_python.listen(gateway))
    try:
        async with AsyncExitStack() as stack:
            begun = [await stack.enter_async_context(running(*script, **given)) for script in [*SCRIPTS, *LONE]]
            yield [*begun, in_python]
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.timeout(400)
async def test_each_client_that_loses_its_connection_has_exactly_what_the_log_holds(database: str) -> None:
    installed()
    async with real_graph(database) as graph, everybody(graph.gateway) as clients:
        seen: list[list[Any]] = [[] for _ in clients]

        async def hear(many: int) -> None:
            for client, so_far in zip(clients, seen, strict=True):
                so_far += [await client.message() for _ in range(many)]

        await until(lambda: graph.hub.listeners == len(clients))
        await graph.tells(1, 2, 3)
        await hear(3)
        drop(graph.gateway)
        await graph.tells(4, 5)
        await hear(2)
        drop(graph.gateway)
        await graph.tells(6)
        await hear(1)
        await graph.tells(7)
        await hear(1)

        log = await graph.positions()
        assert len(log) == 7
        assert [[cursor_of(told["cursor"]).position for told in so_far] for so_far in seen] == [log] * len(clients)
        assert {told["news"]["status"] for so_far in seen for told in so_far} == {"BOOKED", "IN_FULFILLMENT"}
