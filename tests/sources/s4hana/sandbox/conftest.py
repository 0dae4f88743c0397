from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from sources.kit.sandbox.serving import serve
from sources.s4hana.sandbox import S4HanaSandbox

Rows = dict[str, list[dict[str, object]]]


def rows() -> Rows:
    orders: list[dict[str, object]] = [
        {
            "SalesOrder": str(n),
            "SalesOrderType": "OR",
            "SalesOrganization": "1710" if n < 3 else "1010",
            "SoldToParty": "17100001",
            "PurchaseOrderByCustomer": f"801-{n}",
            "TotalNetAmount": Decimal("1250.5") * n,
            "TransactionCurrency": "USD",
            "CreationDate": date(2026, 1, n),
            "LastChangeDateTime": datetime(2026, 2, n, 10, 15, 47, 125705, tzinfo=UTC),
            "OverallSDProcessStatus": "A",
        }
        for n in (1, 2, 3)
    ]
    items: list[dict[str, object]] = [
        {
            "SalesOrder": str(n),
            "SalesOrderItem": str(line),
            "Material": f"TG{line}",
            "RequestedQuantity": Decimal(line),
            "RequestedQuantityISOUnit": "PCE",
            "NetAmount": "625.25",
        }
        for n in (1, 2, 3)
        for line in (10, 20)
    ]
    return {
        "A_SalesOrder": orders,
        "A_SalesOrderItem": items,
        "A_OutbDeliveryHeader": [
            {
                "DeliveryDocument": "80000001",
                "SalesOrganization": "1710",
                "ActualGoodsMovementDate": date(2026, 2, 20),
                "ActualGoodsMovementTime": "PT15H51M04S",
                "OverallGoodsMovementStatus": "C",
            }
        ],
        "A_OutbDeliveryItem": [
            {"DeliveryDocument": "80000001", "DeliveryDocumentItem": "10", "ReferenceSDDocument": "1"}
        ],
        "A_BillingDocument": [
            {"BillingDocument": "90000001", "CompanyCode": "1710", "SalesOrganization": "1710"},
            {"BillingDocument": "90000002", "CompanyCode": "1010", "SalesOrganization": "1010"},
        ],
        "A_BillingDocumentItem": [
            {"BillingDocument": "90000001", "BillingDocumentItem": "10", "SalesDocument": "1"},
            {"BillingDocument": "90000002", "BillingDocumentItem": "10", "SalesDocument": "3"},
        ],
    }


@pytest.fixture
def sandbox() -> S4HanaSandbox:
    made = S4HanaSandbox()
    made.load(rows())
    made.system.now = lambda: datetime(2025, 11, 20, 9, 30, tzinfo=UTC)
    return made


@pytest.fixture
async def client(sandbox: S4HanaSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Logged on, asking for JSON; paths begin at the service's name."""
    async with (
        serve(sandbox.app) as served,
        httpx.AsyncClient(
            base_url=f"{served.url}/sap/opu/odata/sap",
            auth=("REVGRAPH", "Welcome-1"),
            headers={"accept": "application/json"},
        ) as connected,
    ):
        yield connected


@pytest.fixture
async def token(client: httpx.AsyncClient) -> dict[str, str]:
    """The header that changing requests need; the cookies are in the client."""
    fetched = await client.get("API_SALES_ORDER_SRV/", headers={"x-csrf-token": "Fetch"})
    return {"x-csrf-token": fetched.headers["x-csrf-token"]}
