"""The canonical words that are enums of the graph; importing them from here registers them once."""

from __future__ import annotations

from enum import Enum

import strawberry

from canonical.invoice import InvoiceStatus
from canonical.order import FulfillmentStatus, HoldKind, InvoicingStatus, OrderPaymentStatus, OrderStatus
from canonical.payment import PaymentStatus
from canonical.quote import QuoteStatus, SignatureState
from canonical.shipment import ShipmentStatus
from canonical.system import SystemHealth
from canonical.timeline import TimelineArea, TimelineKind

__all__ = [
    "FulfillmentStatus",
    "HoldKind",
    "InvoiceStatus",
    "InvoicingStatus",
    "OrderPaymentStatus",
    "OrderStatus",
    "PaymentStatus",
    "QuoteStatus",
    "ShipmentStatus",
    "SignatureState",
    "SystemHealth",
    "TimelineArea",
    "TimelineKind",
]

_DESCRIBED: dict[type[Enum], str] = {
    OrderStatus: "One lifecycle over all systems.",
    FulfillmentStatus: "How much of what can be shipped has gone.",
    InvoicingStatus: "How much has been billed.",
    OrderPaymentStatus: "How much of what was billed has been paid.",
    HoldKind: "What keeps an order from going on.",
    QuoteStatus: "Where an offer stands.",
    SignatureState: "Where an electronic signature stands.",
    ShipmentStatus: "Where a shipment stands.",
    InvoiceStatus: "Where an invoice stands.",
    PaymentStatus: "Where a payment stands.",
    TimelineArea: "The part of the business something happened in.",
    TimelineKind: "What happened.",
    SystemHealth: "Whether a system answers.",
}
for _enum, _description in _DESCRIBED.items():
    strawberry.enum(_enum, description=_description)
