"""The arithmetic of the pretend company's tale: what its orders, bills and credits come to, for whoever tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sources.kit.sandbox.story import Bill, Booking, CreditNote, Deal, Sold, Story

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


class Priced(NamedTuple):
    """A net amount and its tax, in the deal's currency."""

    net: Decimal = ZERO
    tax: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        """Both together."""
        return self.net + self.tax

    def plus(self, other: Priced) -> Priced:
        """The sum of both."""
        return Priced(self.net + other.net, self.tax + other.tax)


@dataclass(frozen=True, slots=True)
class Booked:
    """One ERP order with the deal behind it; `lines` are the deal's lines by number."""

    deal: Deal
    booking: Booking
    lines: Mapping[int, Sold]

    def sum(self, quantities: Mapping[int, Decimal]) -> Priced:
        """What these units of its lines cost in the ERP."""
        result = Priced()
        for number, quantity in quantities.items():
            result = result.plus(priced(self.lines[number], quantity, self.booking))
        return result


def priced(line: Sold, quantity: Decimal, booking: Booking | None = None) -> Priced:
    """So many units of a line: at the CRM's price, or at the ERP's where a booking is given."""
    price = line.unit_price if booking is None else booking.price_overrides.get(line.number, line.unit_price)
    net = (quantity * price).quantize(CENT, ROUND_HALF_UP)
    return Priced(net, (net * line.tax_rate).quantize(CENT, ROUND_HALF_UP))


def booked(story: Story, instance: str) -> dict[str, Booked]:
    """Every order that this ERP instance holds, by its number there."""
    orders: dict[str, Booked] = {}
    for deal in story.deals:
        lines = {line.number: line for line in deal.lines} if deal.bookings else {}
        for booking in deal.bookings:
            if booking.instance == instance:
                orders[booking.number] = Booked(deal, booking, lines)
    return orders


def billed(bill: Bill, orders: Mapping[str, Booked]) -> Priced:
    """What a bill comes to, over all orders it bills."""
    result = Priced()
    for (order, number), quantity in bill.quantities.items():
        result = result.plus(orders[order].sum({number: quantity}))
    return result


def credited(note: CreditNote, order: Booked) -> Priced:
    """What a credit note gives back (positive)."""
    return order.sum(note.quantities)


def still_open(bill: Bill, order: Booked, orders: Mapping[str, Booked]) -> Decimal:
    """What is left to pay of a bill that stands at `order`; zero for one that was cancelled."""
    if bill.cancelled:
        return ZERO
    paid = sum((receipt.amount for receipt in bill.receipts), ZERO)
    given = sum((credited(note, order).gross for note in bill.credits if note.applied), ZERO)
    return billed(bill, orders).gross - paid - given
