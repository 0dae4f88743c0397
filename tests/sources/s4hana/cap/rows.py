"""The few rows that SAP's server and our sandbox both hold, as text; days and moments in ISO form."""

from __future__ import annotations

Row = dict[str, str]

_STATUSES = "ABC"


def orders() -> list[Row]:
    return [
        {
            "SalesOrder": str(1000 + n),
            "SalesOrderType": "OR",
            "SalesOrganization": "1710" if n % 3 else "1010",
            "DistributionChannel": "10",
            "OrganizationDivision": "00",
            "SoldToParty": str(17100000 + n % 4),
            "CreationDate": f"2026-01-{n:02d}",
            "LastChangeDateTime": f"2026-02-{n:02d}T10:15:00.000Z",
            "PurchaseOrderByCustomer": f"O'Neil {n}" if n == 5 else f"801-{n}",
            "TotalNetAmount": f"{n * 100}.50",
            "TransactionCurrency": "USD",
            "RequestedDeliveryDate": f"2026-03-{n:02d}",
            "OverallSDProcessStatus": _STATUSES[n % 3],
        }
        for n in range(1, 13)
    ]


def items() -> list[Row]:
    return [
        {
            "SalesOrder": str(1000 + n),
            "SalesOrderItem": str(line),
            "HigherLevelItem": "10" if line > 10 else "0",
            "Material": f"TG{n}{line}",
            "SalesOrderItemText": "Ünïcode & <marks>",
            "RequestedQuantity": f"{n}.000",
            "RequestedQuantityISOUnit": "PCE",
            "NetAmount": f"{n * 50}.25",
            "TransactionCurrency": "USD",
        }
        for n in range(1, 13)
        for line in (10, 20)
    ]


def schedule_lines() -> list[Row]:
    return [
        {
            "SalesOrder": row["SalesOrder"],
            "SalesOrderItem": row["SalesOrderItem"],
            "ScheduleLine": "1",
            "ConfirmedDeliveryDate": "2026-03-20",
            "ScheduleLineOrderQuantity": row["RequestedQuantity"],
        }
        for row in items()
    ]


def partners() -> list[Row]:
    return [
        {"SalesOrder": row["SalesOrder"], "PartnerFunction": function, "Customer": row["SoldToParty"]}
        for row in orders()
        for function in ("SH", "SP")
    ]


def bills() -> list[Row]:
    return [
        {
            "BillingDocument": str(90000000 + n),
            "BillingDocumentType": "F2",
            "BillingDocumentDate": f"2026-04-{n:02d}",
            "BillingDocumentIsCancelled": "true" if n == 3 else "false",
            "CompanyCode": "1710",
            "TotalNetAmount": f"{n * 10}.00",
            "TransactionCurrency": "EUR",
            "LastChangeDateTime": f"2026-04-{n:02d}T08:00:00.000Z",
        }
        for n in range(1, 5)
    ]


def bill_items() -> list[Row]:
    return [
        {
            "BillingDocument": str(90000000 + n),
            "BillingDocumentItem": "10",
            "SalesDocument": str(1000 + n),
            "SalesDocumentItem": "10",
            "NetAmount": f"{n * 10}.00",
        }
        for n in range(1, 5)
    ]


def business_partners() -> list[Row]:
    return [
        {
            "BusinessPartner": str(17100000 + n),
            "BusinessPartnerCategory": "2",
            "BusinessPartnerFullName": f"Customer {n}",
            "Customer": str(17100000 + n) if n else "",
        }
        for n in range(4)
    ]


def customers() -> list[Row]:
    return [{"Customer": str(17100000 + n), "CustomerName": f"Customer {n}"} for n in range(1, 4)]


TABLES: dict[str, dict[str, list[Row]]] = {
    "API_SALES_ORDER_SRV": {
        "A_SalesOrder": orders(),
        "A_SalesOrderItem": items(),
        "A_SalesOrderScheduleLine": schedule_lines(),
        "A_SalesOrderHeaderPartner": partners(),
    },
    "API_BILLING_DOCUMENT_SRV": {"A_BillingDocument": bills(), "A_BillingDocumentItem": bill_items()},
    "API_BUSINESS_PARTNER": {"A_BusinessPartner": business_partners(), "A_Customer": customers()},
}


def for_sandbox() -> dict[str, list[dict[str, object]]]:
    """The same rows as our sandbox loads them."""
    truth: dict[str, object] = {"true": True, "false": False}
    return {
        name: [{column: truth.get(value, value) for column, value in row.items()} for row in rows]
        for tables in TABLES.values()
        for name, rows in tables.items()
    }


def as_csv(rows: list[Row]) -> str:
    lines = [";".join(rows[0])]
    lines += [";".join(value if value in {"true", "false"} else f'"{value}"' for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"
