"""What the measuring of subscriptions needs: the house in processes, a crowd, a bare broadcast, and events."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from bench.fanout.talking import Crowded, crowd_at
from canonical.events import Cursor, Event, EventKind, StatusChange
from canonical.identity import global_id
from canonical.order import OrderStatus
from canonical.refs import Ref
from canonical.timeline import TimelineKind
from gateway.children import Child, Children
from gateway.demo import answers, await_sandbox, begin_sandbox, free_port
from gateway.embedded import embedded_redis
from gateway.outliving import start_database
from gateway.tokens import Signer
from resolvers.access import SCOPES
from workflows.log import standing
from workflows.outbox import put
from workflows.relay import Relay
from workflows.store.opening import Store

_START: Final = 90.0
_FIELDS: Final = "cursor at orderId status previousStatus cause"


@dataclass
class Field:
    """Everything that was started."""

    url: str
    redis_url: str
    tenant: str
    token: str
    port: int
    gateway: Child
    numbers: int = 0

    def megabytes(self) -> float:
        """What the gateway's process holds in memory now."""
        status = Path(f"/proc/{self.gateway.running.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def everything(self, after: Cursor | None = None) -> list[str]:
        """What a subscriber sends who wants every change of a status, from now on or behind a cursor."""
        query = f"subscription ($after: EventCursor) {{ orderStatusChanged(after: $after) {{ {_FIELDS} }} }}"
        return self._messages(query, {"after": str(after)} if after else {})

    def of_one_order(self) -> list[str]:
        """What a subscriber sends who wants those of its own order alone."""
        query = f"subscription ($id: ID!) {{ orderStatusChanged(order: {{id: $id}}) {{ {_FIELDS} }} }}"
        return self._messages(query, {"id": "%own"})

    def _messages(self, query: str, variables: dict[str, str]) -> list[str]:
        begin = {"type": "connection_init", "payload": {"Authorization": f"Bearer {self.token}"}}
        ask = {"type": "subscribe", "id": "1", "payload": {"query": query, "variables": variables}}
        return [json.dumps(begin), json.dumps(ask)]

    @contextmanager
    def crowd(self, count: int, messages: Sequence[str]) -> Iterator[Crowded]:
        """So many subscribers, connected until the block ends."""
        own = [global_id("Order", order_ref(number)) for number in range(count)]
        with crowd_at(self.port, "/graphql", messages, own) as crowd:
            time.sleep(1)  # the subscriptions are under way behind the last acknowledgment
            yield crowd

    def tell(self, events: int, *, every: float = 0.0, orders: int = 1) -> None:
        """Let so many statuses change, all at once or one every so many seconds."""
        asyncio.run(self._tell(events, every, orders))

    async def _tell(self, events: int, every: float, orders: int) -> None:
        store, redis = Store(self.url, 2), Redis.from_url(self.redis_url)
        relay = Relay(store, self.tenant, redis)
        try:
            if every:
                for number in range(events):
                    await self._put(store, 1, number % orders)
                    await relay.move()
                    await asyncio.sleep(every)
            else:
                await self._put(store, events, 0)
                while await relay.move():
                    pass
        finally:
            await store.close()
            await redis.aclose()

    async def _put(self, store: Store, count: int, order: int) -> None:
        async with store.transaction() as transaction:
            await put(transaction, *(self._event(order) for _ in range(count)))

    def _event(self, order: int) -> Event:
        self.numbers += 1
        status = (OrderStatus.BOOKED, OrderStatus.IN_FULFILLMENT)[self.numbers % 2]
        change = StatusChange(status=status, previous=OrderStatus.SUBMITTED, cause=TimelineKind.ORDER_BOOKED)
        return Event(
            key=f"bench:{self.numbers}",
            tenant=self.tenant,
            kind=EventKind.STATUS_CHANGED,
            at=datetime.now(UTC),
            order=order_ref(order),
            legal_entities=("DE01",),
            status=change,
        )

    async def cursor(self) -> Cursor:
        """Behind everything so far."""
        store = Store(self.url, 1)
        async with store.transaction() as transaction:
            found = await standing(transaction)
        await store.close()
        return found.cursor


def order_ref(number: int) -> Ref:
    """An order of the CRM that nobody has to look up."""
    return Ref("salesforce", f"801Rg{number:010d}AAA")


@contextmanager
def open_field() -> Iterator[Field]:
    """The house, once it answers; all of it has ended when the block has."""
    with tempfile.TemporaryDirectory(prefix="rg-field-") as folder, Children() as children:
        state = Path(folder)
        ready = begin_sandbox(children, state, None)
        url = start_database(children, state)
        await_sandbox(children, ready, None)
        with embedded_redis(children, state) as redis_url:
            landscape = state / "revgraph.toml"
            secret, port = secrets.token_urlsafe(48), free_port()
            command = [sys.executable, "-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
            environment = {
                "REVGRAPH_JWT_SECRET": secret,
                "REVGRAPH_DATABASE_URL": url,
                "REVGRAPH_REDIS_URL": redis_url,
                "REVGRAPH_MAX_CONNECTIONS": "20000",
                "REVGRAPH_MAX_CONNECTIONS_PER_CALLER": "20000",
                "REVGRAPH_LOG_LEVEL": "warning",
            }
            log = state / "gateway.log"
            gateway = children.start("gateway", [*command, "--landscape", str(landscape)], log, environment)
            children.wait_until("The gateway's start", lambda: answers(port), _START)
            tenant = tomllib.loads(landscape.read_text())["tenant"]
            token = Signer(secret, tenant).sign(SCOPES)
            yield Field(url, redis_url, tenant, token, port, gateway)
