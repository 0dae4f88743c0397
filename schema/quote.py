"""Quotes: what was offered."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.federation import type as federated

from canonical.quote import QuoteRecord
from engine.seam import batch, derived
from resolvers import forecast_fields as forecast
from resolvers import identities, quotes
from schema.customer import Customer
from schema.enums import QuoteStatus, SignatureState
from schema.values import Money, Node, SystemReference

if TYPE_CHECKING:
    from schema.order import Order


@strawberry.type(
    description="Ramps are several lines of one product with segment numbers and dates; parts of a bundle name their "
    "parent line."
)
class QuoteLine:
    """One line of an offer."""

    id: strawberry.ID = derived(identities.quote_line_id, needs=["ref"])
    sku: str | None
    description: str | None
    quantity: Decimal | None
    unit_price: Money | None
    amount: Money | None
    starts_on: date | None
    ends_on: date | None
    segment: int | None
    parent_line_id: strawberry.ID | None = derived(identities.quote_line_parent, needs=["parent_key"])


@strawberry.type
class Signature:
    """An electronic signature."""

    state: SignatureState | None
    sent_at: datetime | None
    completed_at: datetime | None
    signers: list[str] | None
    reference: SystemReference


@federated(keys=["id", "crmId"])
class Quote(Node):
    """An offer."""

    id: strawberry.ID = derived(identities.quote_id, needs=["ref"])
    crm_id: strawberry.ID | None = derived(identities.quote_crm_id, needs=["ref"])
    number: str | None
    status: QuoteStatus | None
    customer: Customer | None = batch(quotes.customers_of, needs=["customer_key"], reads=forecast.customers_of_quotes)
    total: Money | None
    expires_on: date | None
    lines: list[QuoteLine] | None
    signature: Signature | None = derived(quotes.signature_of)
    orders: list[Annotated[Order, strawberry.lazy("schema.order")]] | None = batch(
        quotes.orders_of, reads=forecast.orders_of_quotes
    )
    references: list[SystemReference] = derived(identities.quote_references, needs=["reference"])

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, QuoteRecord)
