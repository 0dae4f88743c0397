"""What would come of an order if it were submitted; nothing was written to find out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from canonical.customer import Credit
from canonical.joined import Booking
from canonical.money import Money
from canonical.problem import Problem


class ValidatedLine(Struct, frozen=True, kw_only=True, weakref=True):
    """One line, by its place (from 0) in the input; what its ERP does not say, or was not asked for, is None."""

    index: int
    sku: str
    quantity: Decimal
    unit_price: Money | None = None
    amount: Money | None = None
    tax: Money | None = None
    available_on: date | None = None
    legal_entity_code: str | None = None
    problems: tuple[Problem, ...] = ()


class OrderValidation(Struct, frozen=True, kw_only=True, weakref=True):
    """An order as the systems would take it just now.

    `valid`: no problem keeps it from being booked. `problems` are all of them, those of the lines too. `bookings` are
    the legal entities that would book a part each. `credit` is of the ERP that objects to it, else of the first.
    """

    valid: bool
    problems: tuple[Problem, ...] = ()
    lines: tuple[ValidatedLine, ...] = ()
    bookings: tuple[Booking, ...] = ()
    subtotal: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    credit: Credit | None = None
