"""Shipments."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.federation import type as federated

from canonical import shipment as words
from engine.seam import batch, derived
from resolvers import documents, identities, order_lines
from resolvers import forecast_fields as forecast
from schema.enums import ShipmentStatus
from schema.values import Node, SystemReference

if TYPE_CHECKING:
    from schema.order import Order, OrderLine


@strawberry.type
class ShipmentLine:
    """Part of an order line in a shipment."""

    sku: str | None
    quantity: Decimal | None
    unit: str | None
    order_line: Annotated[OrderLine, strawberry.lazy("schema.order")] | None = batch(
        order_lines.of_parents, needs=["order", "order_line_key"], reads=forecast.orders_of_documents
    )


@strawberry.type
class Milestone:
    """Something that happened to a shipment on its way."""

    at: datetime
    status: str
    location: str | None
    message: str | None


@federated(keys=["id"])
class Shipment(Node):
    """One shipment or return."""

    id: strawberry.ID = derived(identities.shipment_id, needs=["ref"])
    number: str | None
    status: ShipmentStatus | None
    orders: list[Annotated[Order, strawberry.lazy("schema.order")]] | None = batch(
        documents.orders_of, needs=["order_refs"], reads=forecast.orders_of_documents
    )
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    estimated_delivery_at: datetime | None
    lines: list[ShipmentLine] | None
    milestones: list[Milestone] | None
    references: list[SystemReference] = derived(identities.own_reference, needs=["reference"])

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Whether this is the graph's type of the value."""
        return isinstance(value, words.Shipment)
