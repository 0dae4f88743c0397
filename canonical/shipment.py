"""Shipments: what left, when, and with whom."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from canonical.absence import UNSET, Told
from canonical.lineage import Stamp
from canonical.order import Hold
from canonical.refs import Ref, SystemReference


class ShipmentStatus(Enum):
    """Where a shipment stands."""

    PLANNED = "PLANNED"
    PICKED = "PICKED"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    IN_TRANSIT = "IN_TRANSIT"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ShipmentLine(Struct, frozen=True, kw_only=True):
    """Part of one order line in a shipment; `order` and `order_line_key` name the line in the same ERP."""

    order: Ref | None = None
    order_line_key: str | None = None
    sku: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None


class Milestone(Struct, frozen=True):
    """Something that happened to a shipment on its way (UTC)."""

    at: datetime
    status: str
    location: str | None = None
    message: str | None = None


class Shipment(Struct, frozen=True, kw_only=True, weakref=True):
    """One shipment or return. `order_refs` are the ERP orders it ships; `lines` are always told, the rest when asked.

    `posted` is True once goods have left (not when a delivery document was made). Times are UTC.
    """

    ref: Ref
    reference: SystemReference
    stamp: Stamp
    status: ShipmentStatus
    posted: bool
    is_return: bool = False
    order_refs: tuple[Ref, ...] = ()
    lines: tuple[ShipmentLine, ...] = ()
    legal_entity_code: str | None = None
    number: Told[str] = UNSET
    ship_from: Told[str] = UNSET
    carrier: Told[str] = UNSET
    tracking_number: Told[str] = UNSET
    tracking_url: Told[str] = UNSET
    planned_on: Told[date] = UNSET
    created_at: Told[datetime] = UNSET
    shipped_at: Told[datetime] = UNSET
    delivered_at: Told[datetime] = UNSET
    estimated_delivery_at: Told[datetime] = UNSET
    milestones: Told[tuple[Milestone, ...]] = UNSET
    holds: tuple[Hold, ...] = ()
