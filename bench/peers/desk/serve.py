"""The desk as a server: prepared bytes over plain HTTP/1.1, so that it takes as little of the machine as it can.

    python -m bench.peers.desk.serve [--latency 20]

Prints its port. `GET /calls` tells how often each question was asked, `GET /latency?ms=20` makes each answer that late.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, cast
from urllib.parse import parse_qsl

import orjson
import uvloop

from bench.peers.desk import story

_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_MISSING: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_END: Final = b"\r\n\r\n"

Query = Mapping[str, str]


class Desk:
    """The company's records as prepared bytes, and how often each question was asked."""

    def __init__(self, orders: int = story.ORDERS) -> None:
        """Write every record down once."""
        self.calls: Counter[str] = Counter()
        self.seconds = 0.0
        numbers = range(orders)
        self._sales = [orjson.dumps(story.sale(n)) for n in numbers]
        self._bookings = [orjson.dumps(story.booking(n)) for n in numbers]
        self._shipments = [_joined(story.shipments(n)) for n in numbers]
        self._invoices = [_joined(story.invoices(n)) for n in numbers]
        self._payments = {bill["key"]: _joined(_of(bill, n)) for n in numbers for bill in story.invoices(n)}
        self._by_key = {story.crm_key(n): n for n in numbers} | {story.erp_key(n): n for n in numbers}
        self._answers: Mapping[str, Callable[[Query], bytes]] = {
            "/crm/orders": self._crm_orders,
            "/erp/orders": self._erp_orders,
            "/erp/shipments": lambda query: _list(self._of_orders(self._shipments, query)),
            "/erp/invoices": lambda query: _list(self._of_orders(self._invoices, query)),
            "/erp/payments": self._of_invoices,
            "/calls": lambda _: orjson.dumps(self.calls),
            "/latency": self._late,
        }

    def answer(self, target: str) -> bytes | None:
        """The body for a path with its query; None where there is nothing of that name."""
        path, _, text = target.partition("?")
        found = self._answers.get(path)
        return found(dict(parse_qsl(text))) if found else None

    def _crm_orders(self, query: Query) -> bytes:
        if "keys" in query:
            self.calls["sales by key"] += 1
            return _list(self._sales[n] for n in self._numbers(_keys(query, "keys")))
        # Every sale is booked: the list of those that are not is read all the same, as nobody knows before.
        self.calls["sales not booked"] += 1
        return b'{"rows":[],"more":false}'

    def _erp_orders(self, query: Query) -> bytes:
        named = _keys(query, "keys") + _keys(query, "refs")
        if named:
            self.calls["bookings by key"] += 1
            return _list(self._bookings[n] for n in self._numbers(named))
        self.calls["bookings listed"] += 1
        newest = min(story.number_on(date.fromisoformat(query["to"])), len(self._bookings) - 1)
        oldest = max(-1, newest - int(query["first"]))
        rows = b",".join(self._bookings[newest:oldest:-1] if oldest >= 0 else self._bookings[newest::-1])
        return b'{"rows":[%b],"more":%b}' % (rows, b"true" if oldest >= 0 else b"false")

    def _of_orders(self, held: Sequence[bytes], query: Query) -> Iterable[bytes]:
        self.calls["documents by order"] += 1
        return (held[n] for n in self._numbers(_keys(query, "orders")))

    def _of_invoices(self, query: Query) -> bytes:
        self.calls["payments by invoice"] += 1
        return _list(self._payments.get(key, b"") for key in _keys(query, "invoices"))

    def _numbers(self, keys: Iterable[str]) -> Iterable[int]:
        return (self._by_key[key] for key in keys if key in self._by_key)

    def _late(self, query: Query) -> bytes:
        self.seconds = float(query["ms"]) / 1000
        return b"{}"


class Connection(asyncio.Protocol):
    """One kept connection; questions are answered in their order."""

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing was received yet."""
        self._desk, self._loop, self._held = desk, loop, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        # uvloop's transports are asyncio's in everything but their ancestry.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each whole question; nobody here sends a body."""
        *whole, self._held = (self._held + data).split(_END)
        for head in whole:
            body = self._desk.answer(head[: head.index(b"\r\n")].split(b" ")[1].decode())
            answer = _MISSING if body is None else _HEAD % len(body) + body
            if self._desk.seconds:
                self._loop.call_later(self._desk.seconds, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def _of(bill: story.Record, number: int) -> list[story.Record]:
    return [payment for payment in story.payments(number) if payment["invoice"] == bill["key"]]


def _joined(records: Iterable[story.Record]) -> bytes:
    return b",".join(map(orjson.dumps, records))


def _list(records: Iterable[bytes]) -> bytes:
    return b"[%b]" % b",".join(filter(None, records))


def _keys(query: Query, name: str) -> list[str]:
    return query[name].split(",") if name in query else []


async def open_desk(desk: Desk) -> tuple[asyncio.Server, int]:
    """The desk on a free port; whoever opened it closes it."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(desk, loop), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def serve(latency_ms: float) -> None:
    """Serve until the process is ended."""
    desk = Desk()
    desk.seconds = latency_ms / 1000
    server, port = await open_desk(desk)
    print(port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0, help="milliseconds before each answer (default 0)")
    uvloop.run(serve(parser.parse_args().latency))
