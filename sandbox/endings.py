"""How deals end: each booking gets its fate, then what several deals share, then what the CRM came to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sandbox.calendar import Calendar
from sandbox.deals import Start
from sandbox.fates import FATES, NEED_GOODS
from sandbox.fulfilment import Case
from sandbox.keys import Numbers
from sources.kit.sandbox.story import Booking, Buyer, Deal, Receipt

_FALLBACK = "completed"


def ended(
    unit: list[tuple[Start, Deal]],
    told_on: datetime,
    numbers: Numbers,
    buyers: Mapping[str, Buyer],
    goods: frozenset[str],
) -> list[Deal]:
    """The deals of one unit, told to their present end."""
    deals = []
    for start, deal in unit:
        calendar = Calendar(start.chance, told_on)
        terms = {account.instance: account.payment_days for account in buyers[deal.buyer].accounts}
        bookings = [
            _fated(start, Case(deal, booking, calendar, numbers, terms[booking.instance], goods))
            for booking in deal.bookings
        ]
        deals.append(_known(start, replace(deal, bookings=tuple(bookings)), calendar))
    if unit[0][0].plan.group == "one_bill":
        return _one_bill(deals, unit[0][0], numbers, told_on, buyers, goods)
    if unit[0][0].plan.group == "one_payment":
        return _one_payment(deals)
    return deals


def _fated(start: Start, case: Case) -> Booking:
    if not case.booking.known_to_crm:
        return case.booking
    needs_goods = start.fate in NEED_GOODS
    return FATES[_FALLBACK if needs_goods and not case.goods else start.fate](case)


def _known(start: Start, deal: Deal, calendar: Calendar) -> Deal:
    """The deal with what the CRM knows of its cancellation and of its ERP numbers."""
    if start.plan.gap == "lost":
        cancelled = calendar.later(deal.activated_at or deal.created_at, 0, 4)
        return replace(deal, crm_status="Canceled", cancelled_at=cancelled, written_back=False)
    given_up = [booking.cancelled_at for booking in deal.bookings if booking.cancelled_at]
    if given_up and deal.crm_key and start.plan.gap != "cancelled_only_in_erp":
        deal = replace(deal, crm_status="Canceled", cancelled_at=calendar.soon(max(given_up), 20))
    unwritten = start.plan.gap == "unwritten" or not deal.bookings or deal.crm_key is None
    return replace(deal, written_back=not unwritten)


def _one_bill(
    deals: list[Deal],
    start: Start,
    numbers: Numbers,
    told_on: datetime,
    buyers: Mapping[str, Buyer],
    goods: frozenset[str],
) -> list[Deal]:
    first = deals[0].bookings[0]
    terms = next(a.payment_days for a in buyers[deals[0].buyer].accounts if a.instance == first.instance)
    cases = [Case(d, d.bookings[0], Calendar(start.chance, told_on), numbers, terms, goods) for d in deals]
    units = {(case.booking.number, n): quantity for case in cases for n, quantity in case.billable.items()}
    bill = cases[0].joint_bill(units, max(case.last_gone() for case in cases))
    others = [replace(deal, bookings=(replace(deal.bookings[0], shared_bills=(bill.number,)),)) for deal in deals[1:]]
    return [replace(deals[0], bookings=(replace(first, bills=(bill,)),)), *others]


def _one_payment(deals: list[Deal]) -> list[Deal]:
    """The same deals, all paid by the last of their payments."""
    receipts = [deal.bookings[0].bills[0].receipts[0] for deal in deals]
    number = max(receipts, key=lambda receipt: receipt.number).number
    paid_on, total = max(r.paid_on for r in receipts), sum((r.amount for r in receipts), Decimal(0))
    joint = []
    for deal, receipt in zip(deals, receipts, strict=True):
        booking, bill = deal.bookings[0], deal.bookings[0].bills[0]
        shared = Receipt(number, receipt.amount, paid_on, total, "wire")
        joint.append(replace(deal, bookings=(replace(booking, bills=(replace(bill, receipts=(shared,)),)),)))
    return joint
