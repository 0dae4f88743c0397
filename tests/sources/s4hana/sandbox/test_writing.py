from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from sources.s4hana.sandbox import Permissions, S4HanaSandbox

ORDERS = "API_SALES_ORDER_SRV/A_SalesOrder"
ITEM = "API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='1',SalesOrderItem='10')"


def order(**changes: object) -> dict[str, object]:
    return {
        "SalesOrderType": "OR",
        "SalesOrganization": "1710",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "17100001",
        "PurchaseOrderByCustomer": "REF-1",
        "TransactionCurrency": "USD",
        "to_Partner": [{"PartnerFunction": "SH", "Customer": "17100003"}],
        "to_Item": {
            "results": [
                {
                    "Material": "TG11",
                    "RequestedQuantity": "3",
                    "RequestedQuantityISOUnit": "PCE",
                    "to_PricingElement": [{"ConditionType": "PPR0", "ConditionRateValue": "164.00"}],
                },
                {"Material": "TG12", "RequestedQuantity": "1", "RequestedQuantityISOUnit": "PCE"},
            ]
        },
        **changes,
    }


async def test_a_deep_insert_books_the_order_with_all_its_parts(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    body = order(RequestedDeliveryDate="/Date(1764000000000)/")

    answer = await client.post(ORDERS, json=body, headers=token)

    assert answer.status_code == 201
    assert answer.headers["location"].endswith("/A_SalesOrder('4')")
    booked = answer.json()["d"]
    assert (booked["SalesOrder"], booked["TotalNetAmount"], booked["OverallSDProcessStatus"]) == ("4", "492.000", "A")
    assert [item["SalesOrderItem"] for item in booked["to_Item"]["results"]] == ["10", "20"]
    assert [item["NetAmount"] for item in booked["to_Item"]["results"]] == ["492.000", "0.000"]
    partners = (await client.get(f"{ORDERS}('4')/to_Partner")).json()["d"]["results"]
    assert {row["PartnerFunction"]: row["Customer"] for row in partners} == {
        "BP": "17100001",
        "PY": "17100001",
        "SH": "17100003",
        "SP": "17100001",
    }
    lines = (await client.get("API_SALES_ORDER_SRV/A_SalesOrderScheduleLine")).json()["d"]["results"]
    assert [(line["ScheduleLineOrderQuantity"], line["ConfirmedDeliveryDate"]) for line in lines] == [
        ("3.000", "/Date(1763942400000)/"),
        ("1.000", "/Date(1763942400000)/"),
    ]


async def test_each_partner_of_a_new_order_gets_the_name_and_standard_address_of_its_customer(
    client: httpx.AsyncClient, token: dict[str, str], sandbox: S4HanaSandbox
) -> None:
    sandbox.load(
        {
            "A_BusinessPartner": [
                {"BusinessPartner": "17100001", "Customer": "17100001", "OrganizationBPName1": "Acme"},
                {"BusinessPartner": "17100003", "Customer": "17100003", "BusinessPartnerCategory": "1"}
                | {"BusinessPartnerFullName": "Ann Lee"},
            ],
            "A_BusinessPartnerAddress": [
                {"BusinessPartner": "17100001", "AddressID": "1", "CityName": "Kiel"},
                {"BusinessPartner": "17100001", "AddressID": "2", "CityName": "Ulm"},
            ],
            "A_BuPaAddressUsage": [
                {"BusinessPartner": "17100001", "AddressID": "2", "AddressUsage": "XXDEFAULT"}
                | {"ValidityEndDate": date(9999, 12, 31)}
            ],
        }
    )

    await client.post(ORDERS, json=order(), headers=token)

    rows = (await client.get(f"{ORDERS}('4')/to_Partner", params={"$expand": "to_Address"})).json()["d"]["results"]
    parties = {row["PartnerFunctionInternalCode"]: row["to_Address"]["results"][0] for row in rows}
    named = ("OrganizationName1", "AddresseeFullName", "CityName")
    told = {code: tuple(party[name] for name in named) for code, party in parties.items()}
    assert told == {
        "AG": ("Acme", "", "Ulm"),
        "RE": ("Acme", "", "Ulm"),
        "RG": ("Acme", "", "Ulm"),
        "WE": ("", "Ann Lee", ""),
    }


async def test_warnings_of_a_success_come_in_a_header(client: httpx.AsyncClient, token: dict[str, str]) -> None:
    answer = await client.post(ORDERS, json=order(RequestedDeliveryDate="/Date(1764000000000)/"), headers=token)

    message = httpx.Response(200, content=answer.headers["sap-message"]).json()
    assert (message["code"], message["severity"]) == ("SLS_LORD/025", "warning")
    assert [(one["code"], one["severity"]) for one in message["details"]] == [("SLS_LORD/009", "warning")]


async def test_the_same_customer_reference_is_booked_as_often_as_it_is_sent(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    numbers = [(await client.post(ORDERS, json=order(), headers=token)).json()["d"]["SalesOrder"] for _ in range(2)]

    assert numbers == ["4", "5"]


async def test_a_number_of_ones_own_is_taken_once(client: httpx.AsyncClient, token: dict[str, str]) -> None:
    first = await client.post(ORDERS, json=order(SalesOrder="7000000001"), headers=token)
    second = await client.post(ORDERS, json=order(SalesOrder="7000000001"), headers=token)

    assert first.status_code == 201
    assert second.status_code == 400
    assert "already exists" in second.json()["error"]["message"]["value"]


@pytest.mark.parametrize(
    "changes,why",
    [
        ({"SoldToParty": ""}, "SoldToParty is missing"),
        ({"SoldToParty": "999"}, "Sold-to party 999 not maintained for sales area 1710 10 00"),
        ({"Nothing": "1"}, "Property 'Nothing' is invalid"),
        ({"PurchaseOrderByCustomer": "x" * 36}, "at most 35 characters"),
        ({"to_Item": [{"Material": "TG99"}]}, "Material TG99 is not defined"),
        ({"to_Item": [{"RequestedQuantityUnit": "PC", "RequestedQuantityISOUnit": "PCE"}]}, "Only one unit"),
        ({"to_Item": "none"}, "takes entities"),
    ],
)
async def test_what_no_order_can_be_saved_with_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, token: dict[str, str], sandbox: S4HanaSandbox, changes: dict[str, Any], why: str
) -> None:
    sandbox.load({"A_Customer": [{"Customer": "17100001"}], "A_Product": [{"Product": "TG11"}, {"Product": "TG12"}]})

    answer = await client.post(ORDERS, json=order(**changes), headers=token)

    assert answer.status_code == 400
    assert why in answer.json()["error"]["message"]["value"]
    assert answer.json()["error"]["innererror"]["errordetails"][-1]["code"] == "/IWBEP/CX_MGW_BUSI_EXCEPTION"
    assert (await client.get(f"{ORDERS}/$count")).text == "3"


async def test_a_header_is_changed_only_by_who_knows_its_newest_tag(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    path, change = f"{ORDERS}('1')", {"PurchaseOrderByCustomer": "NEW"}
    tag = (await client.get(path)).headers["etag"]

    without = await client.patch(path, json=change, headers=token)
    right = await client.patch(path, json=change, headers={**token, "if-match": tag})
    stale = await client.patch(path, json=change, headers={**token, "if-match": tag})
    star = await client.patch(path, json=change, headers={**token, "if-match": "*"})

    assert [one.status_code for one in (without, right, stale, star)] == [428, 204, 412, 204]
    assert right.content == b""
    assert (await client.get(path)).json()["d"]["PurchaseOrderByCustomer"] == "NEW"


async def test_changing_an_item_moves_the_orders_tag_and_keeps_its_key(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    before = (await client.get(f"{ORDERS}('1')")).headers["etag"]

    answer = await client.patch(ITEM, json={"RequestedQuantity": "5", "SalesOrderItem": "99"}, headers=token)

    assert answer.status_code == 204
    assert (await client.get(ITEM)).json()["d"]["RequestedQuantity"] == "5.000"
    assert (await client.get(f"{ORDERS}('1')")).headers["etag"] != before


async def test_an_order_with_every_item_rejected_is_rejected(client: httpx.AsyncClient, token: dict[str, str]) -> None:
    statuses = []
    for item in ("10", "20"):
        path = f"API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='1',SalesOrderItem='{item}')"
        await client.patch(path, json={"SalesDocumentRjcnReason": "00"}, headers=token)
        header = (await client.get(f"{ORDERS}('1')")).json()["d"]
        statuses.append((header["OverallSDDocumentRejectionSts"], header["OverallSDProcessStatus"]))

    assert statuses == [("B", "A"), ("C", "C")]


async def test_an_order_that_another_user_has_open_cannot_be_changed(
    client: httpx.AsyncClient, token: dict[str, str], sandbox: S4HanaSandbox
) -> None:
    sandbox.lock_order("1", by="MUELLER")

    locked = await client.patch(ITEM, json={"RequestedQuantity": "5"}, headers=token)
    sandbox.unlock_order("1")
    free = await client.patch(ITEM, json={"RequestedQuantity": "5"}, headers=token)

    assert (locked.status_code, free.status_code) == (400, 204)
    text = locked.json()["error"]["message"]["value"]
    assert text == "Sales order 1 is currently being processed by user MUELLER"


async def test_an_item_can_be_added_and_an_order_deleted(client: httpx.AsyncClient, token: dict[str, str]) -> None:
    added = await client.post(f"{ORDERS}('1')/to_Item", json={"Material": "TG30"}, headers=token)
    deleted = await client.delete(f"{ORDERS}('2')", headers={**token, "if-match": "*"})

    assert (added.status_code, added.json()["d"]["SalesOrderItem"]) == (201, "30")
    assert deleted.status_code == 204
    assert (await client.get("API_SALES_ORDER_SRV/A_SalesOrderItem/$count")).text == "5"


async def test_a_business_partner_is_created_with_addresses_roles_and_customer(
    client: httpx.AsyncClient, token: dict[str, str]
) -> None:
    body = {
        "BusinessPartnerCategory": "2",
        "OrganizationBPName1": "Acme",
        "BusinessPartnerIDByExtSystem": "001ABC",
        "to_BusinessPartnerAddress": [
            {"Country": "DE", "CityName": "Ulm", "to_EmailAddress": [{"EmailAddress": "ap@acme.example"}]}
        ],
        "to_BusinessPartnerRole": [{"BusinessPartnerRole": "FLCU01"}],
        "to_Customer": {"to_CustomerCompany": [{"CompanyCode": "1710"}]},
    }

    answer = await client.post("API_BUSINESS_PARTNER/A_BusinessPartner", json=body, headers=token)

    assert answer.status_code == 201
    query = {"$expand": "to_BusinessPartnerAddress/to_EmailAddress,to_Customer/to_CustomerCompany"}
    path = f"API_BUSINESS_PARTNER/A_BusinessPartner('{answer.json()['d']['BusinessPartner']}')"
    partner = (await client.get(path, params=query)).json()["d"]
    assert (partner["BusinessPartner"], partner["Customer"]) == ("1000000", "1000000")
    assert partner["BusinessPartnerFullName"] == "Acme"
    address = partner["to_BusinessPartnerAddress"]["results"][0]
    assert address["to_EmailAddress"]["results"][0]["EmailAddress"] == "ap@acme.example"
    assert partner["to_Customer"]["to_CustomerCompany"]["results"][0]["CompanyCode"] == "1710"


async def test_who_may_not_see_an_organization_may_not_book_for_it(
    client: httpx.AsyncClient, token: dict[str, str], sandbox: S4HanaSandbox
) -> None:
    sandbox.restrict(Permissions(sales_organizations=frozenset({"1010"})))

    answer = await client.post(ORDERS, json=order(), headers=token)
    sandbox.restrict(Permissions())

    assert answer.status_code == 403
    assert "x-csrf-token" not in answer.headers
    assert (await client.get(f"{ORDERS}/$count")).text == "3"
