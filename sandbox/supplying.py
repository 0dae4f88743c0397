"""Steps of an order that is booked: held and released, sent, delivered, billed, paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from sandbox.scene import NOTHING, Scene, Told, Units, count, each, less, parcelled
from sources.kit.sandbox.moves import circle
from sources.kit.sandbox.story import Bill, Booking, Parcel, Receipt
from sources.kit.sandbox.sums import booked, still_open

_PART = Decimal("0.4")


def hold(scene: Scene) -> Told:
    """The credit check stops the order."""
    return each(scene, _held)


def release(scene: Scene) -> Told:
    """Somebody lets a held order go on."""
    return each(scene, _released)


def ship(scene: Scene) -> Told:
    """A delivery that was made ready leaves, or about half of what is left."""
    return each(scene, _shipped_in_part)


def ship_rest(scene: Scene) -> Told:
    """Everything that is left leaves."""
    return each(scene, _shipped)


def deliver(scene: Scene) -> Told:
    """What is on the way arrives."""
    return each(scene, _delivered)


def invoice(scene: Scene) -> Told:
    """What has left is billed, and services with it; a bill that only waits for accounting is posted."""
    return each(scene, _billed)


def pay(scene: Scene) -> Told:
    """Everything that is open is paid."""
    return each(scene, _paid)


def pay_part(scene: Scene) -> Told:
    """A part of the oldest open bill is paid."""
    return each(scene, _paid_in_part)


def _held(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    if booking.holds:
        raise scene.refuse(f"is held already ({', '.join(booking.holds)}).")
    if not _unsent(scene, booking, gone=False):
        raise scene.refuse("has nothing left to hold back.")
    return replace(booking, holds=("credit",), held_since=scene.at), f"held for credit ({booking.instance})"


def _released(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    if not booking.holds:
        raise scene.refuse("is not held.")
    # A credit check that was passed by a person's word is known as such ever after.
    since = booking.held_since if "credit" in booking.holds else None
    return replace(booking, holds=(), held_since=since), f"released, was held for {booking.holds[0]}"


def _shipped_in_part(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    _may_leave(scene, booking)
    waiting = [parcel for parcel in booking.parcels if not parcel.posted_at and not parcel.is_return]
    if waiting:
        return _left(scene, booking, waiting[:1], {})
    return _left(scene, booking, [], _about_half(_unsent(scene, booking, gone=False)))


def _shipped(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    _may_leave(scene, booking)
    waiting = [parcel for parcel in booking.parcels if not parcel.posted_at and not parcel.is_return]
    return _left(scene, booking, waiting, _unsent(scene, booking, gone=False))


def _may_leave(scene: Scene, booking: Booking) -> None:
    if stopped := {"credit", "delivery"} & set(booking.holds):
        raise scene.refuse(f"is held ({', '.join(stopped)}): nothing may leave.")
    if not scene.quantities(booking, goods=True):
        raise scene.refuse("has services only: nothing is ever sent.")
    if not _unsent(scene, booking, gone=True):
        raise scene.refuse("has left as a whole.")


def _unsent(scene: Scene, booking: Booking, *, gone: bool) -> Units:
    """Goods that have not left, or that no delivery was made for."""
    return less(scene.quantities(booking, goods=True), parcelled(booking, gone=gone))


def _about_half(left: Units) -> Units:
    """Half of each line; something stays where there is more than one piece."""
    part = {n: (quantity / 2).to_integral_value(ROUND_CEILING) for n, quantity in left.items()}
    if len(part) > 1 and part == left:
        del part[max(part)]
    return part


def _left(scene: Scene, booking: Booking, waiting: list[Parcel], units: Units) -> tuple[Booking, str]:
    gone = {parcel.number: replace(parcel, picked=True, posted_at=scene.at) for parcel in waiting}
    parcels = [gone.get(parcel.number, parcel) for parcel in booking.parcels]
    if units:
        number = scene.number(booking.instance, "delivery")
        gone[number] = Parcel(number, scene.at, scene.at.date(), units, picked=True, posted_at=scene.at)
        parcels.append(gone[number])
    after = replace(booking, parcels=tuple(parcels))
    sent = sum((sum(parcel.quantities.values(), NOTHING) for parcel in gone.values()), NOTHING)
    whole, place = count(scene.quantities(booking, goods=True)), scene.places.get(booking.entity, "the warehouse")
    return after, f"{sent:f} of {whole} units left {place} ({booking.instance} delivery {', '.join(gone)})"


def _delivered(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    moving = {p.number for p in booking.parcels if p.posted_at and not p.delivered_at and not p.is_return}
    if not moving:
        raise scene.refuse("has nothing on the way.")
    parcels = [replace(p, delivered_at=scene.at) if p.number in moving else p for p in booking.parcels]
    said = f"delivery {', '.join(sorted(moving))} arrived at the customer ({booking.instance})"
    return replace(booking, parcels=tuple(parcels)), said


def _billed(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    if "billing" in booking.holds:
        raise scene.refuse("is held (billing): nothing may be billed.")
    drafts = {bill.number for bill in booking.bills if not bill.posted and not bill.cancelled}
    bills = [replace(bill, posted=True) if bill.number in drafts else bill for bill in booking.bills]
    units = less(_due(scene, booking), scene.billed(booking))
    if units:
        bills.append(_bill(scene, booking, units))
        drafts.add(bills[-1].number)
    if not drafts:
        raise scene.refuse("has nothing to bill that has left.")
    return replace(booking, bills=tuple(bills)), f"invoice {', '.join(sorted(drafts))} posted ({booking.instance})"


def _due(scene: Scene, booking: Booking) -> Units:
    """What may be billed: goods that have left, and services, but for a ramp's segments that have not begun."""
    later = {n.number for n in scene.deal.lines if n.segment and n.starts_on and n.starts_on > scene.at.date()}
    services = scene.quantities(booking, goods=False).items()
    return parcelled(booking, gone=True) | {n: quantity for n, quantity in services if n not in later}


def _bill(scene: Scene, booking: Booking, units: Units) -> Bill:
    terms = next(a.payment_days for a in scene.buyer.accounts if a.instance == booking.instance)
    return Bill(
        number=scene.number(booking.instance, "billing"),
        issued_at=scene.at,
        due_on=scene.at.date() + timedelta(days=terms),
        quantities={(booking.number, line): quantity for line, quantity in units.items()},
        posted=True,
    )


def _paid(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    due = _open(scene, booking)
    return _received(scene, booking, due, "paid in full")


def _paid_in_part(scene: Scene, booking: Booking) -> tuple[Booking, str]:
    number, amount = next(iter(_open(scene, booking).items()))
    part = (amount * _PART).quantize(Decimal(1), ROUND_CEILING)
    if part >= amount:
        raise scene.refuse("has too little open to pay a part of it.")
    return _received(scene, booking, {number: part}, "paid in part")


def _open(scene: Scene, booking: Booking) -> dict[str, Decimal]:
    orders = booked(circle(scene.story, scene.deal), booking.instance)
    due = {bill.number: still_open(bill, orders[booking.number], orders) for bill in booking.bills if bill.posted}
    due = {number: amount for number, amount in due.items() if amount > NOTHING}
    joint = [b.number for b in booking.bills if b.number in due and len({order for order, _ in b.quantities}) > 1]
    if joint or (booking.shared_bills and not due):
        raise scene.refuse("shares its invoice with other orders: the story leaves that alone.")
    if not due:
        raise scene.refuse("has nothing to pay.")
    return due


def _received(scene: Scene, booking: Booking, due: dict[str, Decimal], how: str) -> tuple[Booking, str]:
    bills = []
    for bill in booking.bills:
        if bill.number in due:
            amount = due[bill.number]
            receipt = Receipt(scene.number(booking.instance, "payment"), amount, scene.at.date(), amount)
            bill = replace(bill, receipts=(*bill.receipts, receipt))  # noqa: PLW2901 - the same bill, a moment later
        bills.append(bill)
    total = sum(due.values(), NOTHING)
    said = f"{total:.2f} {scene.deal.currency} came in for invoice {', '.join(due)}, {how} ({booking.instance})"
    return replace(booking, bills=tuple(bills)), said
