"""The same mapping as everybody's, from text to text."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from bench.peers.plain import answers, wire

_DIGITS: Final = {"JPY": 0, "KRW": 0, "KWD": 3}
_SENT: Final = {"gone": "SHIPPED", "received": "DELIVERED"}
_BILLED: Final = {"open": "POSTED", "part": "PARTIALLY_PAID", "cleared": "PAID"}


def global_id(concept: str, key: str) -> str:
    """The id of a record of the CRM."""
    return urlsafe_b64encode(f"1\x1f{concept}\x1fcrm\x1f{key}".encode()).decode().rstrip("=")


def key_of(text: str) -> str:
    """The CRM's key of an order's id."""
    mark, concept, system, key = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("\x1f")
    if (mark, concept, system) != ("1", "Order", "crm"):
        raise ValueError("not the id of an order in the CRM")
    return key


def money(text: str, currency: str) -> answers.Money:
    """The amount, rounded half up to its currency's digits."""
    return answers.Money(amount(text, currency), currency)


def amount(text: str, currency: str) -> str:
    """Its text alone; three digits that end in a zero, as books keep them, need no arithmetic."""
    digits = _DIGITS.get(currency, 2)
    if digits == 2 and text[-4:-3] == "." and text[-1] == "0":  # noqa: PLR2004 - the usual case
        return text[:-1]
    return f"{Decimal(text).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"


def units(text: str) -> str:
    """A quantity without the zeros that only fill its scale."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant(text: str) -> str:
    """The desk's clocks show UTC and do not say so."""
    return f"{text}.000Z"


def customer(row: wire.Account) -> answers.Customer:
    """Who buys."""
    return answers.Customer(
        global_id("Customer", row.id), row.name, answers.Address(row.billing_city, row.billing_country)
    )


def lines(row: wire.Booking) -> list[answers.Line]:
    """What was ordered."""
    currency = row.currency
    return [
        answers.Line(
            line.sku, line.text, units(line.qty), line.unit, money(line.price, currency), money(line.net, currency)
        )
        for line in row.lines
    ]


def shipment(row: wire.Delivery) -> answers.Shipment:
    """What left."""
    gone = [answers.ShipmentLine(line.sku, units(line.qty)) for line in row.lines]
    return answers.Shipment(row.number, _SENT[row.state], row.carrier, row.tracking, instant(row.gone_at), gone)


def application(row: wire.Receipt) -> answers.Application:
    """What was paid."""
    return answers.Application(money(row.amount, row.currency), instant(row.at), answers.Payment(row.number, row.means))


def invoice(row: wire.Bill, receipts: Iterable[wire.Receipt]) -> answers.Invoice:
    """What was billed, with what was paid of it."""
    return answers.Invoice(
        row.number,
        billed(row),
        row.due,
        money(row.gross, row.currency),
        answers.Amount(amount(row.left, row.currency)),
        [application(receipt) for receipt in receipts],
    )


def billed(row: wire.Bill) -> str:
    """Where an invoice stands."""
    return _BILLED[row.state]


def status(row: wire.Booking, deliveries: Sequence[wire.Delivery], bills: Sequence[wire.Bill]) -> str:
    """The one lifecycle; the first that holds wins. Quantities are compared as numbers: they are units, not money."""
    if row.state == "void":
        return "CANCELLED"
    if row.hold:
        return "ON_HOLD"
    if not deliveries:
        return "BOOKED"
    if _short(row.lines, (line for delivery in deliveries for line in delivery.lines)):
        return "IN_FULFILLMENT"
    paid = bool(bills) and all(bill.state == "cleared" for bill in bills)
    billed_all = paid and not _short(row.lines, (line for bill in bills for line in bill.lines))
    return "COMPLETED" if billed_all else "FULFILLED"


def _short(ordered: Iterable[wire.BookingLine], done: Iterable[wire.DeliveryLine | wire.BillLine]) -> bool:
    sums: dict[str, float] = {}
    for line in done:
        sums[line.line] = sums.get(line.line, 0.0) + float(line.qty)
    return any(sums.get(line.pos, 0.0) < float(line.qty) for line in ordered)
