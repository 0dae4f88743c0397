"""Where systems deliver what was changed: verified, stored, and only then acknowledged."""

from __future__ import annotations

import asyncio
import logging
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
from workflows.feeds import WEBHOOK, keep
from workflows.store import event_tables
from workflows.store.faults import in_words

log = logging.getLogger("revgraph.webhooks")

METHODS: Final = ["GET", "POST", "OPTIONS"]
AT_ONCE: Final = 32
"""Deliveries that are read and stored at the same time; who comes then is told to come again."""
WITHIN: Final = 10.0
COME_AGAIN: Final = {"Retry-After": "5"}


class Webhooks:
    """The route /webhooks/{system}."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._under_way = 0

    async def take(self, request: Request) -> Response:
        """Take one delivery. What a system is told to send again it will, so nothing is taken that is not stored."""
        house: House = request.app.state.house
        if self._under_way >= AT_ONCE:
            return _said(503, "Too much is delivered at once. Send it again in a moment.")
        self._under_way += 1
        try:
            async with asyncio.timeout(WITHIN):
                return await _taken(house, request)
        except DeliveryRefusedError as refused:
            log.warning("A delivery of %s was refused: %s", request.path_params["system"][:40], refused.sentence)
            return _said(refused.status, refused.sentence)
        except RefusedError as refused:
            return _said(refused.status, str(refused))
        except (Fault, TimeoutError):
            return _said(503, "It could not be stored just now. Send it again in a moment.")
        except Mistake as mistake:
            return _said(400, mistake.sentence)
        finally:
            self._under_way -= 1


async def _taken(house: House, request: Request) -> Response:
    system = request.path_params["system"]
    source = house.sources.get(system, Webhook)
    if source is None or house.desk is None:
        raise DeliveryRefusedError(404, "No system is set up to deliver here.")
    headers = Headers(scope=request.scope)
    delivery = Delivery(
        method=request.method,
        headers={name.lower(): value for name, value in headers.items()},
        query=dict(QueryParams(request.scope["query_string"])),
        body=await read_body(headers, request.receive, house.settings.webhook_limit_bytes),
        received_at=datetime.now(UTC),
    )
    receipt = source.read_delivery(delivery)
    await _store(house, system, receipt)
    return Response(receipt.body, receipt.status, receipt.headers, receipt.media)


async def _store(house: House, system: str, receipt: Receipt) -> None:
    if house.desk is None or not (receipt.changes.changes or receipt.changes.unreadable):
        return
    with in_words():
        async with house.desk.store.transaction() as transaction:
            await keep(transaction, house.landscape, system, receipt.changes)
            heard = insert(event_tables.feed).values(system=system, way=WEBHOOK, heard_at=func.clock_timestamp())
            await transaction.execute(
                heard.on_conflict_do_update(
                    index_elements=["system", "way"], set_={"heard_at": heard.excluded.heard_at}
                )
            )


def _said(status: int, sentence: str) -> Response:
    return JSONResponse({"message": sentence}, status, COME_AGAIN if status == 503 else None)  # noqa: PLR2004 - HTTP's
