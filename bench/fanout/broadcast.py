"""The ceiling beside the gateway: the websockets library alone tells a crowd as many bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson

from bench.fanout.field import order_ref
from bench.fanout.talking import Crowded, Talking, Told, crowd_at
from canonical.events import Cursor
from canonical.identity import global_id


class Broadcast:
    """A crowd that is connected to the library."""

    def __init__(self, bare: Talking, crowd: Crowded, subscribers: int) -> None:
        self._bare, self._crowd, self._subscribers = bare, crowd, subscribers
        told = _sample()
        payload = {"data": {"orderStatusChanged": told}, "extensions": {"cursor": told["cursor"]}}
        self._body = orjson.dumps({"id": "1", "type": "next", "payload": payload}).decode()

    def tell(self) -> Told:
        """One event to everybody; how it came."""
        self._bare.ask(self._body)
        return self._crowd.expect(self._subscribers, 60)


@contextmanager
def open_broadcast(subscribers: int) -> Iterator[Broadcast]:
    """So many subscribers, connected until the block ends."""
    with (
        Talking("-m", "bench.fanout.bare") as bare,
        crowd_at(int(bare.first()), "/", [], [""] * subscribers) as crowd,
    ):
        yield Broadcast(bare, crowd, subscribers)


def _sample() -> dict[str, Any]:
    return {
        "cursor": str(Cursor("0123456789ab", 12345)),
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "orderId": global_id("Order", order_ref(1)),
        "status": "BOOKED",
        "previousStatus": "SUBMITTED",
        "cause": "ORDER_BOOKED",
    }
