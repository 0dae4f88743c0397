"""The canonical words that are enums of the graph; importing them from here registers them once."""

from __future__ import annotations

from enum import Enum

import strawberry

from canonical.errors import Outcome, ProblemCategory
from canonical.integration_exception import ExceptionStatus, Severity
from canonical.invoice import InvoiceStatus
from canonical.kpi import KpiInterval
from canonical.order import FulfillmentStatus, HoldKind, InvoicingStatus, OrderPaymentStatus, OrderStatus
from canonical.payment import PaymentStatus
from canonical.quote import QuoteStatus, SignatureState
from canonical.shipment import ShipmentStatus
from canonical.submission import StepState, SubmissionOperation, SubmissionState
from canonical.system import SystemHealth
from canonical.timeline import TimelineArea, TimelineKind

__all__ = [
    "ExceptionResolution",
    "ExceptionStatus",
    "FulfillmentStatus",
    "HoldKind",
    "InvoiceStatus",
    "InvoicingStatus",
    "KpiInterval",
    "OrderPaymentStatus",
    "OrderStatus",
    "Outcome",
    "PaymentStatus",
    "ProblemCategory",
    "QuoteStatus",
    "Severity",
    "ShipmentStatus",
    "SignatureState",
    "StepState",
    "SubmissionOperation",
    "SubmissionState",
    "SystemHealth",
    "TimelineArea",
    "TimelineKind",
]


class ExceptionResolution(Enum):
    """How a person closes an exception; what went well after all closes by itself, in words of its own."""

    FIXED_IN_SYSTEM = "FIXED_IN_SYSTEM"
    CANCELLED = "CANCELLED"
    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"


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
    ProblemCategory: "What kind of thing a person has to look at.",
    Outcome: "Whether what was asked for took effect.",
    SubmissionOperation: "What was asked for.",
    SubmissionState: "Where a submission stands.",
    StepState: "Where one step of a submission stands.",
    ExceptionStatus: "Where an exception stands.",
    ExceptionResolution: "How a person closes an exception. CANCELLED also gives up a submission that still waits.",
    Severity: "How much it hurts, the mildest first.",
    KpiInterval: "How long each point of a series is.",
}
for _enum, _description in _DESCRIBED.items():
    strawberry.enum(_enum, description=_description)
