"""One ERP order on its way: its parcels, bills, receipts and credits, each in its time and never after the telling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from sandbox.calendar import Calendar
from sandbox.keys import Numbers
from sources.kit.sandbox.story import Bill, Booking, CreditNote, Deal, Parcel, Receipt, Sold
from sources.kit.sandbox.sums import Booked, billed

Quantities = Mapping[int, Decimal]
_METHODS: tuple[Literal["wire", "card", "check"], ...] = ("wire", "wire", "wire", "wire", "card", "check")


@dataclass
class Case:
    """One booking of a deal, told further and further; `shipped` are the skus that can be sent."""

    deal: Deal
    booking: Booking
    calendar: Calendar
    numbers: Numbers
    terms: int
    shipped_skus: frozenset[str]

    @property
    def told_on(self) -> datetime:
        """The instant after which nothing happens."""
        return self.calendar.told_on

    @property
    def lines(self) -> dict[int, Sold]:
        """The lines of this booking by number."""
        return {line.number: line for line in self.deal.lines if line.number in self.booking.lines}

    @property
    def goods(self) -> dict[int, Decimal]:
        """What is to be sent, by line number."""
        return {n: line.quantity for n, line in self.lines.items() if line.sku in self.shipped_skus}

    @property
    def billable(self) -> dict[int, Decimal]:
        """What may be billed by now: everything, save the segments of a ramp that have not begun."""
        today = self.told_on.date()
        lines = self.lines.items()
        return {
            n: line.quantity for n, line in lines if not (line.segment and line.starts_on and line.starts_on > today)
        }

    def booked(self) -> Booked:
        """This order as the sums want it."""
        return Booked(self.deal, self.booking, {line.number: line for line in self.deal.lines})

    def parcel(self, quantities: Quantities, *, gone: bool = True, arrived: bool = True, wait: int = 0) -> Parcel:
        """A delivery of these units, made a few days (and `wait` more) after booking."""
        created = self.calendar.later(self.booking.booked_at, 1 + wait, 4 + wait)
        posted = self.calendar.later(created, 0, 2)
        delivered = self.calendar.later(posted, 1, 4)
        return Parcel(
            number=self.numbers.document("delivery", self.booking.instance),
            created_at=created,
            planned_on=posted.date() if gone else self.calendar.working_day(self.told_on.date() + timedelta(days=3)),
            quantities=dict(quantities),
            picked=gone,
            posted_at=posted if gone else None,
            delivered_at=delivered if gone and arrived and delivered < self.told_on else None,
        )

    def comeback(self, quantities: Quantities, since: datetime) -> Parcel:
        """A return of these units."""
        created = self.calendar.later(since, 5, 12)
        return Parcel(
            number=self.numbers.document("delivery", self.booking.instance),
            created_at=created,
            planned_on=created.date(),
            quantities=dict(quantities),
            picked=True,
            posted_at=self.calendar.later(created, 1, 4),
            is_return=True,
        )

    def bill(self, quantities: Quantities, since: datetime | None = None, *, posted: bool = True) -> Bill:
        """An invoice for these units, a day or two after the goods have gone."""
        units = {(self.booking.number, number): quantity for number, quantity in quantities.items()}
        return self.joint_bill(units, since or self.last_gone(), posted=posted)

    def joint_bill(self, units: Mapping[tuple[str, int], Decimal], since: datetime, *, posted: bool = True) -> Bill:
        """An invoice that may bill several orders."""
        issued = self.calendar.later(since, 0, 2)
        return Bill(
            number=self.numbers.document("billing", self.booking.instance),
            issued_at=issued,
            due_on=issued.date() + timedelta(days=self.terms),
            quantities=dict(units),
            posted=posted,
        )

    def last_gone(self) -> datetime:
        """When the last parcel left; the booking itself where nothing was sent."""
        gone = [parcel.posted_at for parcel in self.booking.parcels if parcel.posted_at and not parcel.is_return]
        return max(gone, default=self.booking.booked_at)

    def gross(self, bill: Bill) -> Decimal:
        """What a bill of this order alone comes to."""
        return billed(bill, {self.booking.number: self.booked()}).gross

    def receipt(self, bill: Bill, amount: Decimal, *, early: bool = False) -> Receipt:
        """Money for a bill, around its due day; `early` soon after it was issued."""
        days = self.calendar.chance.randint(2, 8) if early else self.terms + self.calendar.chance.randint(-12, 8)
        paid = self.calendar.working_day(bill.issued_at.date() + timedelta(days=max(1, days)))
        number = self.numbers.document("payment", self.booking.instance)
        method = self.calendar.chance.choice(_METHODS)
        return Receipt(number, amount, min(paid, self.told_on.date()), amount, method)

    def credit(self, quantities: Quantities, since: date, reason: str, *, applied: bool = True) -> CreditNote:
        """Money given back for these units."""
        at = self.calendar.later(datetime.combine(since, time(8), UTC), 1, 6)
        number = self.numbers.document("billing", self.booking.instance)
        return CreditNote(number, at.date(), dict(quantities), reason, applied)
