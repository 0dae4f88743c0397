"""Orders that we wrote, and orders that were simulated, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from canonical.customer import Credit
from canonical.intake import LineQuotation, OrderAcknowledgment, OrderQuotation, OrderRequest, Refusal
from canonical.money import money, total
from sources.s4hana.mapping_order import CREDIT, PROCESS, REJECTED
from sources.s4hana.messages import Message, refusal_of
from sources.s4hana.order_bodies import HUNDRED, STEP
from sources.s4hana.reading import ORDER, Reading
from sources.s4hana.values import amount, decimal, on_day, unpadded
from sources.s4hana.wire_intake import SimulatedItem, SimulatedOrder, WrittenItem, WrittenOrder

_ITEM: Final = re.compile(r"\bitem\s+0*(\d+)", re.IGNORECASE)


def to_acknowledgment(
    row: WrittenOrder, reading: Reading, told: Iterable[Message] = (), more: Sequence[str] = ()
) -> OrderAcknowledgment:
    """An order in SAP's books; `told` are the warnings that it was written with, `more` our own."""
    key = unpadded(row.SalesOrder)
    cancelled = row.OverallSDDocumentRejectionSts == REJECTED
    credit = None if cancelled else CREDIT.get(row.TotalCreditCheckStatus or "")
    words = [f"{message.text} ({message.code})" for message in told]
    return OrderAcknowledgment(
        order=reading.ref(key),
        reference=reading.reference(ORDER, key),
        number=key,
        state="Cancelled" if cancelled else PROCESS.get(row.OverallSDProcessStatus or "", "Booked"),
        line_keys=line_keys(row.to_Item.results),
        version=version_of(row),
        cancelled=cancelled,
        warnings=(*words, *([credit] if credit else []), *more),
    )


def version_of(row: WrittenOrder) -> str | None:
    """The order's version, by the same words as where orders are read."""
    return row.metadata.etag or row.LastChangeDateTime


def line_keys(items: Sequence[WrittenItem]) -> tuple[str, ...]:
    """The items that we sent, by their place in the request; all of them, where none has one."""
    placed = [item for item in items if (item.UnderlyingPurchaseOrderItem or "").isdecimal()]
    if placed:
        return tuple(unpadded(item.SalesOrderItem) for item in sorted(placed, key=_place))
    return tuple(unpadded(item.SalesOrderItem) for item in sorted(items, key=lambda item: item.SalesOrderItem.zfill(6)))


def _place(item: WrittenItem) -> int:
    return int(item.UnderlyingPurchaseOrderItem or 0)


def priced_otherwise(row: WrittenOrder, request: OrderRequest) -> list[str]:
    """A warning for each line that SAP priced otherwise than the request says: it rounds, and has rules of its own."""
    items = {unpadded(item.SalesOrderItem): item for item in row.to_Item.results}
    words: list[str] = []
    for place, line in enumerate(request.lines, start=1):
        item = items.get(str(place * STEP))
        net = amount(item.NetAmount, request.currency_code) if item else None
        if net is None or line.unit_price is None:
            continue
        share = (HUNDRED - (line.discount_percent or 0)) / HUNDRED
        asked = money(line.unit_price * share * line.quantity, request.currency_code)
        if net != asked:
            words.append(f"Line {place} ({line.sku}) comes to {net.amount}, where {asked.amount} was asked for.")
    return words


def to_quotation(
    row: SimulatedOrder, request: OrderRequest, told: Sequence[Message], asked_at: datetime
) -> OrderQuotation:
    """What a simulated order would come to, line by line; `told` say why it could not go on as it is."""
    items = {unpadded(item.SalesOrderItem): item for item in row.to_Item.results}
    refusals = _refusals(request, told)
    lines = tuple(
        _line(request, place, items.get(str((place + 1) * STEP)), refusals.get(place))
        for place in range(len(request.lines))
    )
    currency = request.currency_code
    net = amount(row.to_Pricing.TotalNetAmount, currency) if row.to_Pricing else None
    taxes = [line.tax for line in lines]
    tax = None if None in taxes else total(tax for tax in taxes if tax is not None)
    return OrderQuotation(
        lines=lines,
        subtotal=net,
        tax=tax,
        total=net + tax if net is not None and tax is not None else None,
        credit=_credit(row, asked_at),
        refusals=tuple(dict.fromkeys(map(refusal_of, told))),
    )


def refused_quotation(request: OrderRequest, told: Sequence[Message]) -> OrderQuotation:
    """What is told of an order that SAP would not take: why, and of which line where its words name one."""
    refusals = _refusals(request, told)
    lines = (
        LineQuotation(sku=line.sku, quantity=line.quantity, refusal=refusals.get(place))
        for place, line in enumerate(request.lines)
    )
    return OrderQuotation(lines=tuple(lines), refusals=tuple(dict.fromkeys(map(refusal_of, told))))


def _refusals(request: OrderRequest, told: Iterable[Message]) -> dict[int, Refusal]:
    """Refusals by the place of the line that a message names, by its number or its product."""
    found: dict[int, Refusal] = {}
    for message in told:
        numbered = _ITEM.search(message.text)
        for place, line in enumerate(request.lines):
            named = re.search(rf"(?<!\w){re.escape(line.sku)}(?!\w)", message.text)
            if named or (numbered and numbered[1] == str((place + 1) * STEP)):
                found.setdefault(place, refusal_of(message))
    return found


def _line(request: OrderRequest, place: int, item: SimulatedItem | None, refusal: Refusal | None) -> LineQuotation:
    line = request.lines[place]
    if item is None:
        return LineQuotation(sku=line.sku, quantity=line.quantity, refusal=refusal)
    net = amount(item.NetAmount, request.currency_code)
    return LineQuotation(
        sku=line.sku,
        quantity=line.quantity,
        unit_price=money(net.amount / line.quantity, net.currency_code) if net is not None else None,
        amount=net,
        tax=amount(item.TaxAmount, request.currency_code),
        unit=item.RequestedQuantityISOUnit or item.RequestedQuantityUnit or None,
        available_on=_available_on(item, line.quantity),
        refusal=refusal,
    )


def _available_on(item: SimulatedItem, quantity: Decimal) -> date | None:
    """The day on which the whole quantity is confirmed; None where a part of it is not, or nothing is delivered."""
    confirmed = Decimal(0)
    days: list[date] = []
    for part in item.to_ScheduleLine.results:
        units, day = decimal(part.ConfdOrderQtyByMatlAvailCheck), on_day(part.ConfirmedDeliveryDate)
        if units and day:
            confirmed += units
            days.append(day)
    return max(days) if days and confirmed >= quantity else None


def _credit(row: SimulatedOrder, asked_at: datetime) -> Credit | None:
    """Whether the credit check would hold it: SAP tells no limit here, and an exposure nowhere."""
    status = row.to_Credit.TotalCreditCheckStatus if row.to_Credit else None
    if not status:
        return None
    held = status in CREDIT
    return Credit(credit_limit=None, exposure=None, available=None, on_hold=held, checked_at=asked_at)
