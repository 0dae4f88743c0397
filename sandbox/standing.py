"""Where an order really stands, worked out from the story alone: what any graph over its systems has to say of it.

It shares no line with what it is to judge.
"""

from __future__ import annotations

from decimal import Decimal

from sandbox.scene import Units, less, parcelled
from sources.kit.sandbox.story import Bill, Booking, Deal, Story
from sources.kit.sandbox.sums import Booked, billed, booked, credited, still_open

_BEFORE_BOOKING = {"Draft": "DRAFT", "Activated": "SUBMITTED", "Canceled": "CANCELLED"}


def standing(story: Story) -> str:
    """The status of the story's first deal: one word of the lifecycle, as a person of the business would say it."""
    deal = story.deals[0]
    live = [booking for booking in deal.bookings if booking.cancelled_at is None]
    if not deal.bookings:
        return _BEFORE_BOOKING[deal.crm_status]
    if not live:
        return "CANCELLED"
    if any(booking.holds for booking in live):
        return "ON_HOLD"
    wanted = [_goods(story, deal, booking) for booking in live]
    gone = [parcelled(booking, gone=True) for booking in live]
    if any(less(goods, sent) for goods, sent in zip(wanted, gone, strict=True)):
        return "IN_FULFILLMENT" if any(gone) else "BOOKED"
    came_back = any(parcel.is_return and parcel.posted_at for booking in live for parcel in booking.parcels)
    return "COMPLETED" if not came_back and _settled(story, deal, live) else "FULFILLED"


def _goods(story: Story, deal: Deal, booking: Booking) -> Units:
    lines = (line for line in deal.lines if line.number in booking.lines)
    return {line.number: line.quantity for line in lines if not story.articles[line.sku].service}


def _settled(story: Story, deal: Deal, live: list[Booking]) -> bool:
    """Whether every unit was billed, not all of it was given back, and nothing of it is open."""
    units: Units = {}
    bills: list[tuple[Bill, Booked, dict[str, Booked]]] = []
    for instance in {booking.instance for booking in live}:
        orders = booked(story, instance)
        numbers = {booking.number for booking in live}
        for order in orders.values():
            for bill in order.booking.bills:
                own = {line: quantity for (number, line), quantity in bill.quantities.items() if number in numbers}
                if bill.posted and not bill.cancelled and own:
                    bills.append((bill, order, orders))
                    units |= {line: units.get(line, Decimal(0)) + quantity for line, quantity in own.items()}
    if less({line.number: line.quantity for line in deal.lines if _is_live(line.number, live)}, units):
        return False
    return not _all_given_back(bills) and all(still_open(*bill) <= 0 for bill in bills)


def _is_live(line: int, live: list[Booking]) -> bool:
    return any(line in booking.lines for booking in live)


def _all_given_back(bills: list[tuple[Bill, Booked, dict[str, Booked]]]) -> bool:
    charged = [one for one in bills if billed(one[0], one[2]).gross > 0]
    given = [sum((credited(note, order).gross for note in bill.credits), Decimal(0)) for bill, order, _ in charged]
    sums = [billed(bill, orders).gross for bill, _, orders in charged]
    return bool(charged) and all(back >= whole for back, whole in zip(given, sums, strict=True))
