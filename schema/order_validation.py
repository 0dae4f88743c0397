"""What would come of an order if it were submitted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from engine.seam import batch
from resolvers import legal_entities
from schema.customer import Credit
from schema.legal_entity import LegalEntity
from schema.order import Booking
from schema.problem import Problem
from schema.values import Money


@strawberry.type
class ValidatedLine:
    """One line, as its ERP would book it."""

    index: int
    sku: str
    quantity: Decimal
    unit_price: Money | None
    amount: Money | None
    tax: Money | None
    available_on: date | None
    legal_entity: LegalEntity | None = batch(legal_entities.of_parents, needs=["legal_entity_code"])
    problems: list[Problem]


@strawberry.type
class OrderValidation:
    """An order as the systems would take it just now; nothing was written."""

    valid: bool = strawberry.field(description="Whether nothing keeps it from being booked.")
    problems: list[Problem] = strawberry.field(description="All of them, those of the lines too.")
    subtotal: Money | None
    tax: Money | None
    total: Money | None
    credit: Credit | None
    bookings: list[Booking]
    lines: list[ValidatedLine]
