"""What a step has before it, a deal of the story, the instant and the systems' numbers, and what it makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple

from sources.kit.sandbox.moves import Paper, circle
from sources.kit.sandbox.story import Booking, Buyer, Deal, Story

Units = dict[int, Decimal]
NOTHING = Decimal(0)


class NoSenseError(Exception):
    """A step that could not happen to this order as it stands; the text says why."""


class Told(NamedTuple):
    """What a step makes of a deal, in a sentence of the business; `buyer` where it is another, too."""

    deal: Deal
    words: str
    buyer: Buyer | None = None


@dataclass
class Scene:
    """One deal before a step. `only` is the booking that was named, None: all of them.

    `following` asks a system for its next number; only the systems of `movable` go on with the story. `places` is where
    each entity's goods leave from.
    """

    story: Story
    deal: Deal
    at: datetime
    chance: Random
    following: Callable[[str, Paper, int], str]
    movable: frozenset[str]
    places: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None
    _given: Counter[tuple[str, Paper]] = field(default_factory=Counter)

    @property
    def buyer(self) -> Buyer:
        """Who buys."""
        return self.story.buyers[self.deal.buyer]

    @property
    def name(self) -> str:
        """What people call the order: the ERP's number once it is booked in one, the CRM's otherwise."""
        numbers = [booking.number for booking in self.deal.bookings]
        return f"Order {numbers[0] if len(numbers) == 1 else self.deal.crm_number or ' and '.join(numbers)}"

    def number(self, instance: str, paper: Paper) -> str:
        """A new number of this system's; each is given once a step."""
        count = self._given[instance, paper]
        self._given[instance, paper] += 1
        return self.following(instance, paper, count)

    def refuse(self, why: str) -> NoSenseError:
        """What to raise."""
        return NoSenseError(f"{self.name} {why}")

    def quantities(self, booking: Booking, *, goods: bool) -> Units:
        """The ordered units of a booking that are sent (goods), or never are, by line number."""
        articles = self.story.articles
        return {
            line.number: line.quantity
            for line in self.deal.lines
            if line.number in booking.lines and articles[line.sku].service is not goods
        }

    def billed(self, booking: Booking) -> Units:
        """Units on bills that stand, posted or not, those over several orders too, by line number."""
        units: Units = {}
        for deal in circle(self.story, self.deal).deals:
            for bill in (bill for one in deal.bookings for bill in one.bills if not bill.cancelled):
                for (number, line), quantity in bill.quantities.items():
                    if number == booking.number:
                        units[line] = units.get(line, NOTHING) + quantity
        return units


def parcelled(booking: Booking, *, gone: bool) -> Units:
    """Units in deliveries by line number: those that have left, or all."""
    units: Units = {}
    for parcel in booking.parcels:
        if not parcel.is_return and (parcel.posted_at or not gone):
            for line, quantity in parcel.quantities.items():
                units[line] = units.get(line, NOTHING) + quantity
    return units


def less(whole: Units, part: Units) -> Units:
    """What is left; lines of which nothing is left are left out."""
    return {n: rest for n, quantity in whole.items() if (rest := quantity - part.get(n, NOTHING)) > NOTHING}


def count(units: Units) -> str:
    """So many, in figures."""
    return f"{sum(units.values(), NOTHING):f}"


def each(scene: Scene, act: Callable[[Scene, Booking], tuple[Booking, str]]) -> Told:
    """The deal after a step that every booking takes for which it makes sense; the first refusal where none does."""
    words, refusals = [], []
    bookings = {booking.number: booking for booking in scene.deal.bookings}
    for booking in going_on(scene):
        try:
            bookings[booking.number], said = act(scene, booking)
            words.append(said)
        except NoSenseError as refusal:
            refusals.append(refusal)
    if not words:
        raise refusals[0]
    return Told(replace(scene.deal, bookings=tuple(bookings.values())), f"{scene.name}: {'; '.join(words)}")


def going_on(scene: Scene) -> list[Booking]:
    """The bookings that the step is about and that can go on; at least one."""
    asked = [booking for booking in scene.deal.bookings if scene.only in {None, booking.number}]
    if not asked:
        raise scene.refuse("is not booked in any ERP.")
    hindered = [_hindrance(scene, booking) for booking in asked]
    if all(hindered):
        raise scene.refuse(str(hindered[0]))
    return [booking for booking, why in zip(asked, hindered, strict=True) if why is None]


def _hindrance(scene: Scene, booking: Booking) -> str | None:
    if booking.instance not in scene.movable:
        return f"is kept in {booking.instance}, a real system, which the story does not move."
    if booking.cancelled_at:
        return f"was cancelled in {booking.instance}."
    return None if booking.confirmed else f"is still a quotation in {booking.instance}."
