"""What the pretend system checks, prices and adds when an order is written, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from sources.s4hana.sandbox import COMPANY, S4HanaSandbox, SystemSettings
from sources.s4hana.sandbox.model import SERVICES
from sources.s4hana.sandbox.model.custom import with_custom_fields

ORDERS = "API_SALES_ORDER_SRV/A_SalesOrder"
MASTERS: dict[str, list[dict[str, object]]] = {
    "A_Customer": [{"Customer": "17100001"}, {"Customer": "17100003"}],
    "A_CustomerSalesArea": [
        {"Customer": "17100001", "SalesOrganization": "1710", "DistributionChannel": "10", "Division": "00"}
    ],
    "A_BusinessPartner": [{"BusinessPartner": "17100001", "Customer": "17100001"}],
    "A_BusinessPartnerAddress": [{"BusinessPartner": "17100001", "AddressID": "1", "Country": "US"}],
    "A_Product": [
        {"Product": "TG11", "ProductType": "FERT", "BaseUnit": "PC"},
        {"Product": "TG12", "ProductType": "FERT", "BaseUnit": "PC"},
        {"Product": "SUB-1", "ProductType": "SERV", "BaseUnit": "EA"},
        {"Product": "OLD", "CrossPlantStatus": "02"},
        {"Product": "GONE", "IsMarkedForDeletion": True},
        {"Product": "BARE", "ProductType": "FERT", "BaseUnit": "PC"},
    ],
    "PRICE_LIST": [
        {"Material": sku, "ConditionCurrency": "USD", "ConditionRateValue": price}
        for sku, price in (("TG11", "164.00"), ("TG12", "20.00"), ("SUB-1", "9.99"))
    ],
    "TAX_RATE": [{"SalesOrganization": "1710", "Country": "US", "ConditionRateValue": Decimal(8)}],
}


def order(*items: dict[str, object], **changes: object) -> dict[str, object]:
    return {
        "SalesOrderType": "OR",
        "SalesOrganization": "1710",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "17100001",
        "PurchaseOrderByCustomer": "REF-1",
        "TransactionCurrency": "USD",
        "to_Item": list(items) or [{"Material": "TG11", "RequestedQuantity": "3"}],
        **changes,
    }


@pytest.fixture
def known(sandbox: S4HanaSandbox) -> S4HanaSandbox:
    """The system with masters, prices and a tax rate."""
    sandbox.load(MASTERS)
    return sandbox


async def booked(client: httpx.AsyncClient, token: dict[str, str], body: dict[str, object]) -> dict[str, Any]:
    answer = await client.post(ORDERS, json=body, headers=token)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()["d"]
    return told


async def test_list_prices_discounts_and_taxes_are_conditions_that_add_up(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    discount = {"ConditionType": "DRV1", "ConditionRateValue": "-10"}
    own = [{"ConditionType": "PPR0", "ConditionRateValue": "100", "ConditionCurrency": "USD"}]
    told = await booked(
        client,
        token,
        order(
            {"Material": "TG11", "RequestedQuantity": "3"},
            {"Material": "TG12", "RequestedQuantity": "2", "to_PricingElement": [*own, discount]},
        ),
    )

    items = {row["Material"]: row for row in told["to_Item"]["results"]}
    assert (items["TG11"]["NetAmount"], items["TG11"]["TaxAmount"]) == ("492.000", "39.360")
    assert (items["TG12"]["NetAmount"], items["TG12"]["TaxAmount"]) == ("180.000", "14.400")
    assert told["TotalNetAmount"] == "672.000"
    path = f"API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='{told['SalesOrder']}',SalesOrderItem='20')"
    rows = (await client.get(f"{path}/to_PricingElement")).json()["d"]["results"]
    assert {(row["ConditionType"], row["ConditionClass"], row["ConditionAmount"]) for row in rows} == {
        ("PPR0", "B", "200.000"),
        ("DRV1", "A", "-20.000"),
        ("TTX1", "D", "14.400"),
    }


async def test_a_customer_abroad_pays_no_tax(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    known.load({"A_BusinessPartnerAddress": [{"BusinessPartner": "17100001", "AddressID": "1", "Country": "DE"}]})

    told = await booked(client, token, order())

    assert [row["TaxAmount"] for row in told["to_Item"]["results"]] == ["0.000"]


async def test_items_are_told_what_they_are_and_services_are_never_delivered(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    told = await booked(
        client,
        token,
        order(
            {"SalesOrderItem": "10", "Material": "TG11", "RequestedQuantity": "1"},
            {"SalesOrderItem": "20", "Material": "TG12", "RequestedQuantity": "1", "HigherLevelItem": "10"},
            {"SalesOrderItem": "30", "Material": "SUB-1", "RequestedQuantity": "1"},
        ),
    )

    rows = told["to_Item"]["results"]
    assert [(row["SalesOrderItemCategory"], row["DeliveryStatus"], row["HigherLevelItem"]) for row in rows] == [
        ("TAQ", "A", "0"),
        ("TAE", "A", "10"),
        ("TAD", "", "0"),
    ]
    assert [row["RequestedQuantityISOUnit"] for row in rows] == ["PCE", "PCE", "EA"]
    assert [row["PurchaseOrderByCustomer"] for row in rows] == ["REF-1"] * 3
    where = f"SalesOrder eq '{told['SalesOrder']}'"
    lines = (await client.get("API_SALES_ORDER_SRV/A_SalesOrderScheduleLine", params={"$filter": where})).json()
    assert [line["SalesOrderItem"] for line in lines["d"]["results"]] == ["10", "20"]


@pytest.mark.parametrize(
    "body,code,why",
    [
        (order(SalesOrganization="1010"), "VP/199", "not maintained for sales area 1010 10 00"),
        (order(SoldToParty="17100003"), "VP/199", "not maintained for sales area"),
        (order(RequestedDeliveryDate="/Date(1763510400000)/"), "V1/302", "lies in the past"),
        (order({"Material": "OLD", "RequestedQuantity": "1"}), "V1/028", "has status 02"),
        (order({"Material": "GONE", "RequestedQuantity": "1"}), "V1/028", "has status deleted"),
        (order({"Material": "BARE", "RequestedQuantity": "1"}), "V1/810", "mandatory condition PPR0 is missing"),
        (order(TransactionCurrency="SEK"), "V1/810", "Pricing error in item 10"),
        (
            order({"Material": "TG11", "RequestedQuantity": "1", "HigherLevelItem": "90"}),
            "V1/391",
            "higher-level item 90 does not exist",
        ),
    ],
)
async def test_an_order_that_breaks_a_rule_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient,
    token: dict[str, str],
    known: S4HanaSandbox,
    body: dict[str, object],
    code: str,
    why: str,
) -> None:
    answer = await client.post(ORDERS, json=body, headers=token)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert why in error["message"]["value"]
    assert (await client.get(f"{ORDERS}/$count")).text == "3"


@pytest.mark.parametrize(
    "name,key",
    [
        ("A_Customer", {}),
        ("A_CustomerSalesArea", {"SalesOrganization": "1710", "DistributionChannel": "10", "Division": "00"}),
    ],
)
async def test_a_customer_is_blocked_as_a_whole_or_in_one_sales_area(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox, name: str, key: dict[str, object]
) -> None:
    known.load({name: [{"Customer": "17100001", **key, "OrderIsBlockedForCustomer": "01"}]})

    answer = await client.post(ORDERS, json=order(), headers=token)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "V1/152")


@pytest.mark.parametrize(
    "account,status",
    [
        ({"CreditLimitAmount": "492.00"}, "A"),
        ({"CreditLimitAmount": "491.99"}, "B"),
        ({"CreditLimitAmount": "0"}, "A"),
        ({"CreditLimitAmount": "0", "CreditLimitIsZero": True}, "B"),
        ({"CreditLimitAmount": "1", "CreditSegmentCurrency": "EUR"}, "A"),
    ],
)
async def test_an_order_beyond_the_limit_is_saved_with_a_credit_block(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox, account: dict[str, object], status: str
) -> None:
    key = {"BusinessPartner": "17100001", "CreditSegment": "0000", "CreditSegmentCurrency": "USD"}
    known.load({"CreditManagementAccount": [{**key, **account}]})

    answer = await client.post(ORDERS, json=order(), headers=token)

    assert answer.json()["d"]["TotalCreditCheckStatus"] == status
    assert ("credit limit is exceeded" in answer.headers.get("sap-message", "")) is (status == "B")


async def test_what_a_customer_owes_counts_against_its_limit(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    key = {"BusinessPartner": "17100001", "CreditSegment": "0000", "CreditSegmentCurrency": "USD"}
    document = {"CompanyCode": "1710", "FiscalYear": "2025", "AccountingDocumentItem": "1", "Customer": "17100001"}
    amount = {"TransactionCurrency": "USD", "AmountInTransactionCurrency": "10.00"}
    known.load(
        {
            "CreditManagementAccount": [{**key, "CreditLimitAmount": "495.00"}],
            "A_OperationalAcctgDocItemCube": [
                {**document, **amount, "AccountingDocument": "1", "DebitCreditCode": "S"},
                {**document, **amount, "AccountingDocument": "2", "DebitCreditCode": "S", "IsCleared": True},
            ],
        }
    )

    assert (await booked(client, token, order()))["TotalCreditCheckStatus"] == "B"


async def test_an_item_added_later_is_completed_like_the_others(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    number = (await booked(client, token, order()))["SalesOrder"]

    item = {"Material": "TG12", "RequestedQuantity": "2"}
    added = await client.post(f"{ORDERS}('{number}')/to_Item", json=item, headers=token)

    row = added.json()["d"]
    assert (row["SalesOrderItem"], row["NetAmount"], row["TaxAmount"]) == ("20", "40.000", "3.200")
    assert (await client.get(f"{ORDERS}('{number}')")).json()["d"]["TotalNetAmount"] == "532.000"


async def test_a_schedule_line_follows_its_items_quantity_and_takes_a_day_of_its_own(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    number = (await booked(client, token, order()))["SalesOrder"]
    key = f"SalesOrder='{number}',SalesOrderItem='10'"
    line = f"API_SALES_ORDER_SRV/A_SalesOrderScheduleLine({key},ScheduleLine='1')"

    await client.patch(f"API_SALES_ORDER_SRV/A_SalesOrderItem({key})", json={"RequestedQuantity": "7"}, headers=token)
    await client.patch(line, json={"RequestedDeliveryDate": "/Date(1799971200000)/"}, headers=token)
    late = await client.patch(line, json={"RequestedDeliveryDate": "/Date(0)/"}, headers=token)

    told = (await client.get(line)).json()["d"]
    assert (told["ScheduleLineOrderQuantity"], told["ConfirmedDeliveryDate"]) == ("7.000", "/Date(1799971200000)/")
    assert (late.status_code, late.json()["error"]["code"]) == (400, "V1/302")


async def test_what_has_been_delivered_can_neither_be_rejected_nor_lowered_below_it(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    number = (await booked(client, token, order()))["SalesOrder"]
    key = {"SalesOrder": number, "SalesOrderItem": "10", "ScheduleLine": "1"}
    known.load({"A_SalesOrderScheduleLine": [{**key, "DeliveredQtyInOrderQtyUnit": "2"}]})
    item = f"API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='{number}',SalesOrderItem='10')"

    rejected = await client.patch(item, json={"SalesDocumentRjcnReason": "00"}, headers=token)
    lowered = await client.patch(item, json={"RequestedQuantity": "1"}, headers=token)
    fine = await client.patch(item, json={"RequestedQuantity": "2"}, headers=token)

    assert [one.status_code for one in (rejected, lowered, fine)] == [400, 400, 204]


async def test_a_price_condition_is_changed_by_its_key_and_reprices_the_order(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    number = (await booked(client, token, order()))["SalesOrder"]
    key = f"SalesOrder='{number}',SalesOrderItem='10',PricingProcedureStep='10',PricingProcedureCounter='1'"

    changed = await client.patch(
        f"API_SALES_ORDER_SRV/A_SalesOrderItemPrElement({key})", json={"ConditionRateValue": "200"}, headers=token
    )

    assert changed.status_code == 204
    assert (await client.get(f"{ORDERS}('{number}')")).json()["d"]["TotalNetAmount"] == "600.000"


async def test_an_order_is_delivered_to_an_address_of_its_own(
    client: httpx.AsyncClient, token: dict[str, str], known: S4HanaSandbox
) -> None:
    address = {"AddressRepresentationCode": "", "StreetName": "Dock 3", "CityName": "Reno", "Country": "US"}
    partner = {"PartnerFunction": "SH", "Customer": "17100001", "to_Address": [address]}

    number = (await booked(client, token, order(to_Partner=[partner])))["SalesOrder"]

    path = f"API_SALES_ORDER_SRV/A_SalesOrderHeaderPartner(SalesOrder='{number}',PartnerFunction='SH')/to_Address"
    (told,) = (await client.get(path)).json()["d"]["results"]
    assert (told["StreetName"], told["CityName"], told["PostalCode"]) == ("Dock 3", "Reno", "")


async def test_a_changeset_of_several_changes_is_refused_where_the_system_takes_one(
    client: httpx.AsyncClient, token: dict[str, str], sandbox: S4HanaSandbox
) -> None:
    sandbox.system.settings = SystemSettings(one_change_a_changeset=True)
    change = "PATCH A_SalesOrderItem(SalesOrder='1',SalesOrderItem='10') HTTP/1.1"

    answers = [
        await client.post(
            "API_SALES_ORDER_SRV/$batch",
            content=changeset([change] * count),
            headers={**token, "content-type": "multipart/mixed; boundary=b1"},
        )
        for count in (1, 2)
    ]

    assert [one.status_code for one in answers] == [202, 202]
    assert "HTTP/1.1 204" in answers[0].text
    assert "changeset restrictions" in answers[1].text


def changeset(changes: list[str]) -> bytes:
    lines = ["--b1", "Content-Type: multipart/mixed; boundary=c1", ""]
    for line in changes:
        lines += ["--c1", "Content-Type: application/http", "Content-Transfer-Encoding: binary", "", line]
        lines += ["Content-Type: application/json", "Accept: application/json", "", '{"RequestedQuantity":"4"}']
    return "\r\n".join([*lines, "--c1--", "", "--b1--", ""]).encode()


def test_a_companys_own_fields_stand_behind_the_published_ones() -> None:
    own = {one.name: one for one in with_custom_fields(SERVICES, COMPANY.custom_fields)}
    plain = {one.name: one for one in SERVICES}

    items, published = (held["API_SALES_ORDER_SRV"].by_name["A_SalesOrderItem"] for held in (own, plain))
    assert items.properties[: len(published.properties)] == published.properties
    assert [one.name for one in items.properties[len(published.properties) :]] == [
        "YY1_ServiceStart_SDI",
        "YY1_ServiceEnd_SDI",
        "YY1_Segment_SDI",
    ]
    assert own["API_PRODUCT_SRV"] == plain["API_PRODUCT_SRV"]
