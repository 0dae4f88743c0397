"""Where systems deliver what was changed: verified, stored, and only then acknowledged.

Anybody can knock here, and costs little until a delivery is proven: a place among those whose bodies are read, for a
few seconds. What is proven has places of its own, some for each system.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from canonical.errors import Fault, Mistake
from gateway.request import RefusedError, read_body
from gateway.wiring import House
from sources.feeds import Delivery, DeliveryRefusedError, Receipt, Webhook
from workflows.desk import Desk
from workflows.feeds import WEBHOOK, keep
from workflows.store import event_tables
from workflows.store.faults import in_words

log = logging.getLogger("revgraph.webhooks")

METHODS: Final = ["GET", "POST", "OPTIONS"]
MOST_UNREADABLE: Final = 100
"""Of one message: each is put before people by itself, which takes some milliseconds of the time there is to answer."""
COME_AGAIN: Final = {"Retry-After": "5"}
TOO_MUCH: Final = "Too much is delivered at once. Send it again in a moment."


@dataclass(frozen=True)
class Bounds:
    """How much is taken at once, and how long (seconds) is waited for it."""

    readers: int = 128
    """Bodies that are read at the same time, of whomever they are."""
    read_within: float = 5.0
    stored_at_once: int = 16
    """Proven deliveries of one system."""
    store_within: float = 10.0


class Webhooks:
    """The route /webhooks/{system}."""

    def __init__(self, bounds: Bounds = Bounds()) -> None:
        """Nothing is under way."""
        self._bounds = bounds
        self._reading: dict[asyncio.Timeout, None] = {}
        """Those whose bodies are read, the one that takes longest first."""
        self._storing: Counter[str] = Counter()

    async def take(self, request: Request) -> Response:
        """Take one delivery. What a system is told to send again it will, so nothing is taken that is not stored."""
        try:
            return await self._taken(request.app.state.house, request)
        except DeliveryRefusedError as refused:
            log.warning("A delivery of %s was refused: %s", request.path_params["system"][:40], refused.sentence)
            return _said(refused.status, refused.sentence)
        except RefusedError as refused:
            return _said(refused.status, str(refused))
        except (Fault, TimeoutError):
            return _said(503, "It could not be stored just now. Send it again in a moment.")
        except Mistake as mistake:
            return _said(400, mistake.sentence)

    async def _taken(self, house: House, request: Request) -> Response:
        system = request.path_params["system"]
        source = house.sources.get(system, Webhook)
        if source is None:
            raise DeliveryRefusedError(404, "No system is set up to deliver here.")
        if house.desk is None:
            sentence = "This gateway reads only, and stores nothing: deliver to one that has a store."
            raise DeliveryRefusedError(503, sentence)
        receipt = source.read_delivery(await self._read(request, house.settings.webhook_limit_bytes))
        nothing = len(receipt.changes.unreadable)
        if nothing > MOST_UNREADABLE:
            sentence = f"{nothing} events of this message mean nothing here, and at most {MOST_UNREADABLE} are taken"
            raise DeliveryRefusedError(413, f"{sentence} at once: send fewer in one.")
        if receipt.changes.changes or nothing:
            await self._store(house, house.desk, system, receipt)
        return Response(receipt.body, receipt.status, receipt.headers, receipt.media)

    async def _read(self, request: Request, limit: int) -> Delivery:
        """The delivery, whole. When too many are read, whoever comes takes the place of the one that takes longest.

        A system's own delivery is here in a moment. Were it refused instead, then strangers who send slowly would keep
        it out for as long as they like; so each of them can only send another one away.
        """
        if len(self._reading) >= self._bounds.readers:
            self._send_longest_away()
        mine = asyncio.timeout(self._bounds.read_within)
        self._reading[mine] = None
        try:
            async with mine:
                headers = Headers(scope=request.scope)
                return _delivery(request, headers, await read_body(headers, request.receive, limit))
        except TimeoutError:
            if mine not in self._reading:
                raise DeliveryRefusedError(503, TOO_MUCH) from None
            sentence = f"The body was not here within {self._bounds.read_within:g} seconds."
            raise DeliveryRefusedError(408, sentence) from None
        finally:
            self._reading.pop(mine, None)

    def _send_longest_away(self) -> None:
        longest = next(iter(self._reading))
        del self._reading[longest]
        if not longest.expired():
            longest.reschedule(asyncio.get_running_loop().time())

    async def _store(self, house: House, desk: Desk, system: str, receipt: Receipt) -> None:
        if self._storing[system] >= self._bounds.stored_at_once:
            raise DeliveryRefusedError(503, TOO_MUCH)
        self._storing[system] += 1
        try:
            async with asyncio.timeout(self._bounds.store_within):
                await _kept(house, desk, system, receipt)
        finally:
            self._storing[system] -= 1


async def _kept(house: House, desk: Desk, system: str, receipt: Receipt) -> None:
    heard = insert(event_tables.feed).values(system=system, way=WEBHOOK, heard_at=func.clock_timestamp())
    again = {"heard_at": heard.excluded.heard_at}
    with in_words():
        async with desk.store.transaction() as transaction:
            await keep(transaction, house.landscape, system, receipt.changes)
            await transaction.execute(heard.on_conflict_do_update(index_elements=["system", "way"], set_=again))


def _delivery(request: Request, headers: Headers, body: bytes) -> Delivery:
    return Delivery(
        method=request.method,
        headers={name.lower(): value for name, value in headers.items()},
        query=dict(QueryParams(request.scope["query_string"])),
        body=body,
        received_at=datetime.now(UTC),
    )


def _said(status: int, sentence: str) -> Response:
    return JSONResponse({"message": sentence}, status, COME_AGAIN if status == 503 else None)  # noqa: PLR2004 - HTTP's
