"""A handler written by hand for these two queries: no GraphQL, no framework, the shortest way from bytes to bytes.

DESK=http://127.0.0.1:9999 SECRET=... python -m bench.peers.plain.handwritten --port 8090
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any, Final

import msgspec
import uvicorn

from bench.peers.plain import answers, mapping, wire
from bench.peers.plain.callers import Callers
from bench.peers.plain.desk import Desk, by_invoice, by_order
from bench.peers.questions import ONE, PAGE, SIZE

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Variables(msgspec.Struct):
    """The variables of either query."""

    until: str = "9999-12-31"
    id: str = ""


class Question(msgspec.Struct):
    """A request's body."""

    query: str
    variables: Variables


_QUESTIONS: Final = msgspec.json.Decoder(Question)
_ENCODER: Final = msgspec.json.Encoder()


class Handler:
    """The ASGI app."""

    def __init__(self, desk: Desk, callers: Callers) -> None:
        """Answer for this desk."""
        self._desk, self._callers = desk, callers

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            token = next((value.decode() for name, value in scope["headers"] if name == b"authorization"), None)
            self._callers.check(token)
            status, body = 200, await self._answer(_QUESTIONS.decode(await _body(receive)))
        except PermissionError as error:
            status, body = 401, str(error).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._desk.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, question: Question) -> bytes:
        if question.query == PAGE:
            nodes = await self._page(question.variables.until)
            return _ENCODER.encode({"data": {"orders": {"nodes": nodes}}})
        if question.query == ONE:
            return _ENCODER.encode({"data": {"order": await self._one(mapping.key_of(question.variables.id))}})
        raise PermissionError("a question that was not foreseen")

    async def _page(self, until: str) -> list[answers.Order]:
        _, listed = await asyncio.gather(
            self._desk.open_sales(until, SIZE + 1), self._desk.listed_bookings(until, SIZE + 1)
        )
        booked = listed[:SIZE]
        keys = [row.key for row in booked]
        sales, deliveries, (bills, receipts) = await asyncio.gather(
            self._desk.sales(row.crm_ref for row in booked), self._desk.deliveries(keys), self._billed(keys)
        )
        heads, sent, billed = {row.id: row for row in sales}, by_order(deliveries), by_order(bills)
        paid = by_invoice(receipts)

        def invoices(key: str) -> Iterable[answers.Invoice]:
            return (mapping.invoice(bill, paid.get(bill.key, ())) for bill in billed.get(key, ()))

        return [
            _order(heads[row.crm_ref], row, sent.get(row.key, ()), billed.get(row.key, ()), list(invoices(row.key)))
            for row in booked
        ]

    async def _billed(self, orders: Sequence[str]) -> tuple[list[wire.Bill], list[wire.Receipt]]:
        bills = await self._desk.bills(orders)
        return bills, await self._desk.receipts(bill.key for bill in bills)

    async def _one(self, key: str) -> answers.Brief | None:
        sales, booked = await asyncio.gather(self._desk.sales([key]), self._desk.bookings_of_sales([key]))
        if not sales or not booked:
            return None
        return answers.Brief(
            mapping.global_id("Order", key), booked[0].number, mapping.money(booked[0].gross, booked[0].currency)
        )


def _order(
    sale: wire.Sale,
    row: wire.Booking,
    deliveries: Sequence[wire.Delivery],
    bills: Sequence[wire.Bill],
    invoices: list[answers.Invoice],
) -> answers.Order:
    return answers.Order(
        mapping.global_id("Order", sale.id),
        row.number,
        mapping.status(row, deliveries, bills),
        mapping.instant(sale.ordered_at),
        row.deliver_on,
        sale.po_number,
        mapping.customer(sale.account),
        mapping.money(row.gross, row.currency),
        mapping.lines(row),
        [mapping.shipment(delivery) for delivery in deliveries],
        invoices,
    )


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def app_of(desk: str, secret: str) -> Handler:
    """The app over a desk."""
    return Handler(Desk(desk), Callers(secret))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    found = app_of(os.environ["DESK"], os.environ["SECRET"])
    uvicorn.run(found, port=parser.parse_args().port, access_log=False, log_level="warning", ws="none")
