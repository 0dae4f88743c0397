"""This instance's part of the story, and what all its documents share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sources.kit.sandbox.story import Bill, Booking, Buyer, Entity, Story
from sources.kit.sandbox.sums import Booked, Priced, billed, booked

Row = dict[str, object]

CHANNEL = "10"
DIVISION = "00"
_ACCOUNTING = 9_400_000_000 - 90_000_000
_CANCELLATION = 5_000_000
# What a unit of a foreign currency is worth in the books; one rate for the whole tale.
_RATES = {
    ("CHF", "EUR"): Decimal("1.0400"),
    ("GBP", "EUR"): Decimal("1.1800"),
    ("USD", "EUR"): Decimal("0.9200"),
    ("EUR", "USD"): Decimal("1.0900"),
}


@dataclass(frozen=True)
class Unit:
    """How pieces and efforts are counted: in the language of the user, inside, and by ISO."""

    shown: str
    inside: str
    iso: str


PIECE = Unit("PC", "ST", "PCE")
EFFORT = Unit("EA", "EA", "EA")


@dataclass
class Part:
    """The orders of one instance, its entities and buyers, and the rows told so far by set."""

    story: Story
    instance: str
    rows: defaultdict[str, list[Mapping[str, object]]] = field(default_factory=lambda: defaultdict(list))
    orders: Mapping[str, Booked] = field(init=False)
    entities: Mapping[str, Entity] = field(init=False)
    _sums: dict[str, Priced] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.orders = booked(self.story, self.instance)
        self.entities = {one.code: one for one in self.story.entities if one.instance == self.instance}

    @property
    def confirmed(self) -> list[Booked]:
        """The orders that are orders here: quotations are kept elsewhere."""
        return [order for order in self.orders.values() if order.booking.confirmed]

    def entity(self, booking: Booking) -> Entity:
        """The legal entity that took this order."""
        return self.entities[booking.entity]

    def buyer(self, order: Booked) -> Buyer:
        """Who ordered."""
        return self.story.buyers[order.deal.buyer]

    def name_of(self, buyer: Buyer) -> str:
        """The customer's name as this instance spells it."""
        return buyer.erp_names.get(self.instance, buyer.name)

    def terms(self, order: Booked) -> str:
        """The payment terms' code of the customer here."""
        return next(terms_code(a.payment_days) for a in self.buyer(order).accounts if a.instance == self.instance)

    def is_service(self, sku: str) -> bool:
        """Whether the material is never sent."""
        return self.story.articles[sku].service

    def sum_of(self, bill: Bill) -> Priced:
        """What a bill comes to; computed once."""
        if bill.number not in self._sums:
            self._sums[bill.number] = billed(bill, self.orders)
        return self._sums[bill.number]


def terms_code(days: int) -> str:
    """The code of "net so many days"."""
    return f"NT{days}"


def in_books(amount: Decimal, currency: str, entity: Entity) -> Decimal:
    """An amount in the entity's own currency."""
    if currency == entity.currency:
        return amount
    return (amount * _RATES[currency, entity.currency]).quantize(Decimal("0.01"))


def accounting_number(billing: str) -> str:
    """The accounting document that posts a billing document."""
    return str(_ACCOUNTING + int(billing))


def cancellation_number(billing: str) -> str:
    """The document that cancels a billing document."""
    return str(_CANCELLATION + int(billing))


def fiscal_year(day: date) -> str:
    """The fiscal year is the calendar's."""
    return str(day.year)


def latest(*instants: datetime | None) -> datetime:
    """The last of the instants that are known; at least one is."""
    return max(one for one in instants if one is not None)


def letter(done: Decimal | int, of: Decimal | int) -> str:
    """Nothing to do, not yet, partially or completely: this system's four letters."""
    if not of:
        return ""
    if not done:
        return "A"
    return "C" if done >= of else "B"


def worst(letters: list[str]) -> str:
    """The header's letter from those of its items, the irrelevant ones aside."""
    relevant = {one for one in letters if one}
    if len(relevant) > 1:
        return "B"
    return relevant.pop() if relevant else ""
