"""What can become of an order in its ERP: each fate takes a booking just made and tells it to its present end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sandbox.fulfilment import Case, Quantities
from sources.kit.sandbox.story import Bill, Booking, Hold, Parcel

Fate = Callable[[Case], Booking]

HALF: Final = Decimal("0.5")


def booked(case: Case) -> Booking:
    """Acknowledged, and nothing more yet."""
    return case.booking


def picked(case: Case) -> Booking:
    """A delivery is made and picked, and has not left."""
    return _sent(case, case.parcel(case.goods, gone=False)) if case.goods else case.booking


def in_transit(case: Case) -> Booking:
    """Everything left, nothing has arrived, no bill yet."""
    return _sent(case, case.parcel(case.goods, arrived=False)) if case.goods else case.booking


def shipped(case: Case) -> Booking:
    """Everything left, no bill yet."""
    return _sent(case, case.parcel(case.goods)) if case.goods else case.booking


def unposted(case: Case) -> Booking:
    """The bill is written, and accounting has not taken it yet."""
    case.booking = shipped(case)
    return _billed(case, case.bill(case.billable, posted=False))


def invoiced(case: Case) -> Booking:
    """Shipped and billed; the money is still open."""
    case.booking = shipped(case)
    return _billed(case, case.bill(case.billable))


def disputed(case: Case) -> Booking:
    """Billed, and the customer does not agree."""
    case.booking = shipped(case)
    return _billed(case, replace(case.bill(case.billable), disputed=True))


def completed(case: Case) -> Booking:
    """Shipped, billed and paid."""
    case.booking = shipped(case)
    return _billed(case, _paid(case, case.bill(case.billable)))


def partly_shipped(case: Case) -> Booking:
    """The first half left and is billed; the rest waits."""
    first, _ = _halves(case.goods)
    case.booking = _sent(case, case.parcel(first))
    return _billed(case, case.bill(first)) if first else case.booking


def backorder(case: Case) -> Booking:
    """One line could not be sent with the others; a second delivery is made for it and has not left."""
    last = max(case.goods)
    first = {n: q for n, q in case.goods.items() if n != last} or _halves(case.goods)[0]
    case.booking = _sent(case, case.parcel(first), case.parcel(_less(case.goods, first), gone=False, wait=2))
    return _billed(case, case.bill(first, case.booking.parcels[0].posted_at))


def split_invoices(case: Case) -> Booking:
    """Sent in two parcels and billed in two invoices; the first is paid."""
    first, _ = _halves(case.goods)
    case.booking = _sent(case, case.parcel(first), case.parcel(_less(case.goods, first), wait=6))
    early = case.bill(first, case.booking.parcels[0].posted_at)
    late = case.bill(_less(case.billable, first), case.booking.parcels[1].posted_at)
    return _billed(case, _paid(case, early, early=True), late)


def part_paid(case: Case) -> Booking:
    """Shipped and billed; a part of the money came in."""
    case.booking = shipped(case)
    bill = case.bill(case.billable)
    part = (case.gross(bill) * Decimal("0.4")).quantize(Decimal(10))
    return _billed(case, replace(bill, receipts=(case.receipt(bill, max(part, Decimal(10)), early=True),)))


def instalments(case: Case) -> Booking:
    """Paid in two instalments."""
    case.booking = shipped(case)
    bill = case.bill(case.billable)
    first = case.receipt(bill, (case.gross(bill) * HALF).quantize(Decimal(1)), early=True)
    second = case.receipt(bill, case.gross(bill) - first.amount)
    return _billed(case, replace(bill, receipts=(first, second)))


def partly_credited(case: Case) -> Booking:
    """One damaged piece was credited before the customer paid the rest."""
    case.booking = shipped(case)
    bill = case.bill(case.billable)
    piece = {min(case.billable): Decimal(1)}
    note = case.credit(piece, bill.issued_at.date(), "Damaged on arrival")
    rest = case.gross(bill) - case.booked().sum(piece).gross
    receipts = (case.receipt(bill, rest),) if rest else ()
    return _billed(case, replace(bill, credits=(note,), receipts=receipts))


def credited(case: Case) -> Booking:
    """The whole bill was credited; nothing was paid."""
    case.booking = shipped(case)
    bill = case.bill(case.billable)
    note = case.credit(case.billable, bill.issued_at.date(), "Goodwill: wrong model ordered")
    return _billed(case, replace(bill, credits=(note,)))


def returned(case: Case) -> Booking:
    """Paid, then sent back in part; the credit stays on the customer's account."""
    case.booking = shipped(case)
    bill = _paid(case, case.bill(case.billable), early=True)
    back, _ = _halves(case.goods)
    comeback = case.comeback(back, case.last_gone())
    credit = case.credit(back, max(comeback.created_at.date(), bill.receipts[-1].paid_on), "Returned", applied=False)
    case.booking = _sent(case, comeback)
    return _billed(case, replace(bill, credits=(credit,)))


def rebilled(case: Case) -> Booking:
    """The first bill was wrong and cancelled; a second one was paid."""
    case.booking = shipped(case)
    wrong = replace(case.bill(case.billable), cancelled=True)
    return _billed(case, wrong, _paid(case, case.bill(case.billable, wrong.issued_at + timedelta(days=1))))


def cancelled(case: Case) -> Booking:
    """Booked, and given up before anything was sent."""
    return replace(case.booking, cancelled_at=case.calendar.later(case.booking.booked_at, 0, 4))


def released_credit(case: Case) -> Booking:
    """Held for credit, released by a person, then completed."""
    case.booking = replace(case.booking, held_since=case.booking.booked_at)
    return completed(case)


def held(kind: Hold) -> Fate:
    """Booked, and blocked until somebody lets it go on."""

    def fate(case: Case) -> Booking:
        since = case.calendar.soon(case.booking.booked_at, 30)
        if kind == "billing":
            case.booking = shipped(case)
            since = case.last_gone()
        return replace(case.booking, holds=(kind,), held_since=since)

    return fate


FATES: Final[Mapping[str, Fate]] = {
    fate.__name__: fate
    for fate in (
        *(booked, picked, in_transit, shipped, unposted, invoiced, disputed, completed, partly_shipped, backorder),
        *(split_invoices, part_paid, instalments, partly_credited, credited, returned, rebilled, cancelled),
        released_credit,
    )
} | {"credit_hold": held("credit"), "billing_hold": held("billing"), "delivery_hold": held("delivery")}
NEED_GOODS: Final = frozenset(
    {"picked", "in_transit", "shipped", "partly_shipped", "backorder", "split_invoices", "returned", "delivery_hold"}
)


def _sent(case: Case, *parcels: Parcel) -> Booking:
    return replace(case.booking, parcels=(*case.booking.parcels, *parcels))


def _billed(case: Case, *bills: Bill) -> Booking:
    return replace(case.booking, bills=(*case.booking.bills, *bills))


def _paid(case: Case, bill: Bill, *, early: bool = False) -> Bill:
    due = case.gross(bill)
    return replace(bill, receipts=(case.receipt(bill, due, early=early),)) if due else bill


def _halves(goods: Quantities) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
    """About half of each line now and the other half later; some of it is always left."""
    now = {n: max(Decimal(1), q // 2) for n, q in goods.items()}
    rest = _less(goods, now)
    if not rest and len(now) > 1:
        last = max(now)
        rest = {last: now.pop(last)}
    return now, rest


def _less(all_of: Quantities, some: Quantities) -> dict[int, Decimal]:
    return {n: q - some.get(n, Decimal(0)) for n, q in all_of.items() if q > some.get(n, Decimal(0))}
