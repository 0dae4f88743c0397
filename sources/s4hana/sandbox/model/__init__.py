"""What this system publishes: its services, their entity sets and how these hang together."""

from __future__ import annotations

from typing import Final

from sources.s4hana.sandbox.model.billing import BILLING_DOCUMENT
from sources.s4hana.sandbox.model.credit import CREDIT_MANAGEMENT
from sources.s4hana.sandbox.model.delivery import OUTBOUND_DELIVERY
from sources.s4hana.sandbox.model.edm import EntitySet, Kind, Navigation, Property, Service
from sources.s4hana.sandbox.model.finance import OPERATIONAL_ITEMS
from sources.s4hana.sandbox.model.partner import BUSINESS_PARTNER
from sources.s4hana.sandbox.model.product import PRODUCT
from sources.s4hana.sandbox.model.sales_order import SALES_ORDER
from sources.s4hana.sandbox.model.simulation import SIMULATION

__all__ = ["SERVICES", "EntitySet", "Kind", "Navigation", "Property", "Service"]

SERVICES: Final = (
    SALES_ORDER,
    SIMULATION,
    OUTBOUND_DELIVERY,
    BILLING_DOCUMENT,
    OPERATIONAL_ITEMS,
    BUSINESS_PARTNER,
    PRODUCT,
    CREDIT_MANAGEMENT,
)
