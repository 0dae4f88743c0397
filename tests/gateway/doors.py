"""A gateway's door for what systems deliver, over a real store, with one system behind it that signs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Route

from canonical.changes import Concept
from gateway.settings import Settings
from gateway.webhooks import METHODS, Bounds, Webhooks
from gateway.wiring import furnish
from sources.catalog import Sources
from sources.feeds import Delivery, Receipt, Webhook
from sources.kit.webhook.door import Door, Told, by_type
from sources.landscape import Instance, Landscape, Secret
from tests.fakes.systems import Books, FakeSystem
from tests.gateway.pretend import AUTHENTICATOR, SECRET, schema
from tests.sources.kit.webhook.sent import signature
from workflows.store.opening import Store

KEY = "a-key-that-acme-signs-with"
ACME = Instance("acme", "acme", "erp", "http://127.0.0.1:1", credentials={"webhook_secret": Secret(KEY)})
OTHER = Instance("other", "acme", "erp", "http://127.0.0.1:1", credentials={"webhook_secret": Secret(KEY)})
EVENTS = {"acme.order.changed": Told(Concept.ORDER, "order")}
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


class Acme(FakeSystem, Webhook):
    """Sends CloudEvents that it signs."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance.name, Books())
        self._door = Door(instance, by_type(EVENTS))

    def read_delivery(self, delivery: Delivery) -> Receipt:
        """As promised."""
        return self._door.read(delivery)


def event(number: int, kind: str = "acme.order.changed") -> dict[str, Any]:
    """The event of this number, of the order of this number."""
    return {"specversion": "1.0", "id": f"e-{number}", "source": "/acme", "type": kind, "data": {"order": str(number)}}


def body_of(*events: Mapping[str, Any]) -> bytes:
    """A batch of events."""
    return json.dumps(events).encode()


def signed(body: bytes, key: str = KEY, media: str = BATCH) -> dict[str, str]:
    """The headers that prove a body to be of whoever has the key."""
    at = int(datetime.now(UTC).timestamp())
    return {
        "content-type": media,
        "revgraph-timestamp": str(at),
        "revgraph-signature": signature(key, at, body),
    }


@asynccontextmanager
async def door(
    store: Store | None, bounds: Bounds | None = None, **settings: object
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway's door; without a store the gateway reads only."""
    url = SecretStr(store.url) if store else None
    chosen = Settings.model_validate({"jwt_secret": SECRET, "database_url": url, **settings})
    landscape = Landscape("acme", {one.name: one for one in (ACME, OTHER)}, {})
    sources = Sources({one.name: Acme(one) for one in (ACME, OTHER)})
    house = furnish(chosen, landscape, sources, AUTHENTICATOR, schema())
    app = Starlette(routes=[Route("/webhooks/{system}", Webhooks(bounds or Bounds()).take, methods=METHODS)])
    app.state.house = house
    try:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as client:
            yield client
    finally:
        await house.close()


async def heard(store: Store) -> Sequence[tuple[str, str, str]]:
    """System, name and key of every change that is stored, in order."""
    async with store.transaction() as transaction:
        rows = await transaction.execute(text("select system, event_id, key from change_in order by id"))
        return [(row[0], row[1], row[2]) for row in rows]
