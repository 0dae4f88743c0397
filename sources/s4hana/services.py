"""SAP's services: where each is, and which communication scenario switches it on."""

from __future__ import annotations

from typing import Final, NamedTuple


class Service(NamedTuple):
    """One OData service: its path segment, what people call it, and the scenario that a tenant's arrangement needs."""

    name: str
    title: str
    scenario: str | None = None
    """None where no published text that we found names it."""

    @property
    def root(self) -> str:
        """Its path, with a slash at the end: some systems hand out tokens only there."""
        return f"/sap/opu/odata/sap/{self.name}/"


ORDERS: Final = Service("API_SALES_ORDER_SRV", "sales orders", "SAP_COM_0109")
SIMULATION: Final = Service("API_SALES_ORDER_SIMULATION_SRV", "simulated orders", "SAP_COM_0109")
# Without ;v=0002 the gateway serves version 1.
DELIVERIES: Final = Service("API_OUTBOUND_DELIVERY_SRV;v=0002", "outbound deliveries")
BILLING: Final = Service("API_BILLING_DOCUMENT_SRV", "billing documents")
LEDGER: Final = Service("API_OPLACCTGDOCITEMCUBE_SRV", "receivables")
PARTNERS: Final = Service("API_BUSINESS_PARTNER", "customers", "SAP_COM_0008")
PRODUCTS: Final = Service("API_PRODUCT_SRV", "products")
CREDIT: Final = Service("API_CRDTMBUSINESSPARTNER", "credit accounts")

REQUIRED: Final = (ORDERS, DELIVERIES, BILLING, LEDGER, PARTNERS, PRODUCTS)
