from __future__ import annotations

import httpx
import pytest

from sources.kit.sandbox.serving import serve
from sources.s4hana.sandbox import Permissions, S4HanaSandbox, SystemSettings

ORDERS = "API_SALES_ORDER_SRV/A_SalesOrder"
ITEMS = "API_SALES_ORDER_SRV/A_SalesOrderItem"


async def numbers(client: httpx.AsyncClient, path: str = ORDERS, **options: str) -> list[str]:
    answer = await client.get(path, params={f"${name}": value for name, value in options.items()})
    assert answer.status_code == 200, answer.text
    return [row["SalesOrder"] for row in answer.json()["d"]["results"]]


async def test_an_entity_is_written_as_the_system_writes_it(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{ORDERS}('0000000001')")

    order = answer.json()["d"]
    uri = f"{client.base_url}{ORDERS}('1')"
    tag = "W/\"datetimeoffset'2026-02-01T10%3A15%3A47.1257050Z'\""
    assert order["__metadata"] == {"id": uri, "uri": uri, "type": "API_SALES_ORDER_SRV.A_SalesOrderType", "etag": tag}
    assert answer.headers["etag"] == tag
    assert answer.headers["dataserviceversion"] == "2.0"
    assert order["SalesOrder"] == "1"
    assert order["TotalNetAmount"] == "1250.500"
    assert order["CreationDate"] == "/Date(1767225600000)/"
    assert order["LastChangeDateTime"] == "/Date(1769940947125+0000)/"
    assert order["to_Item"] == {"__deferred": {"uri": f"{uri}/to_Item"}}


async def test_what_nobody_filled_is_initial_and_only_dates_are_null(client: httpx.AsyncClient) -> None:
    order = (await client.get(f"{ORDERS}('1')")).json()["d"]
    item = (await client.get(f"{ITEMS}(SalesOrder='1',SalesOrderItem='10')")).json()["d"]

    assert order["SalesDistrict"] == ""
    assert order["CompleteDeliveryIsDefined"] is False
    assert order["RequestedDeliveryDate"] is None
    assert item["HigherLevelItem"] == "0"
    assert item["TaxAmount"] == "0.000"


async def test_times_of_day_are_durations(client: httpx.AsyncClient) -> None:
    answer = await client.get("API_OUTBOUND_DELIVERY_SRV;v=0002/A_OutbDeliveryHeader('80000001')")

    assert answer.json()["d"]["ActualGoodsMovementTime"] == "PT15H51M04S"
    assert answer.json()["d"]["DeliveryTime"] == "PT00H00M00S"


async def test_a_version_two_service_is_not_found_without_its_version(client: httpx.AsyncClient) -> None:
    answer = await client.get("API_OUTBOUND_DELIVERY_SRV/A_OutbDeliveryHeader")

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "/IWFND/MED/170")


async def test_expanded_navigations_hold_their_rows_and_nothing_else(client: httpx.AsyncClient) -> None:
    select = "SalesOrder,to_Item/SalesOrderItem,to_Item/to_ScheduleLine/ScheduleLine"
    query = {"$expand": "to_Item/to_ScheduleLine", "$select": select, "$filter": "SalesOrder eq '2'"}

    order = (await client.get(ORDERS, params=query)).json()["d"]["results"][0]

    assert set(order) == {"__metadata", "SalesOrder", "to_Item"}
    items = order["to_Item"]["results"]
    assert [item["SalesOrderItem"] for item in items] == ["10", "20"]
    assert set(items[0]) == {"__metadata", "SalesOrderItem", "to_ScheduleLine"}
    assert items[0]["to_ScheduleLine"] == {"results": []}


async def test_the_partners_of_an_order_lead_to_their_own_addresses(
    client: httpx.AsyncClient, sandbox: S4HanaSandbox
) -> None:
    places = {"SP": "Ulm", "SH": "Kiel"}
    partners = [{"SalesOrder": "1", "PartnerFunction": function} for function in places]
    addresses = [{"SalesOrder": "1", "PartnerFunction": name, "CityName": city} for name, city in places.items()]
    sandbox.load({"A_SalesOrderHeaderPartner": partners, "A_SalesOrderPartnerAddress": addresses})
    query = {
        "$expand": "to_Partner/to_Address",
        "$select": "to_Partner/PartnerFunction,to_Partner/to_Address/CityName",
        "$filter": "SalesOrder eq '1' or SalesOrder eq '2'",
    }

    first, second = (await client.get(ORDERS, params=query)).json()["d"]["results"]

    assert {
        partner["PartnerFunction"]: [address["CityName"] for address in partner["to_Address"]["results"]]
        for partner in first["to_Partner"]["results"]
    } == {"SP": ["Ulm"], "SH": ["Kiel"]}
    assert second["to_Partner"] == {"results": []}


async def test_an_expanded_navigation_that_select_does_not_name_is_left_out(client: httpx.AsyncClient) -> None:
    answer = await client.get(ORDERS, params={"$expand": "to_Item", "$select": "SalesOrder", "$top": "1"})

    assert set(answer.json()["d"]["results"][0]) == {"__metadata", "SalesOrder"}


async def test_a_single_navigation_is_an_object_or_null(client: httpx.AsyncClient, sandbox: S4HanaSandbox) -> None:
    sandbox.load({"A_BillingDocumentItem": [{"BillingDocument": "90000009", "BillingDocumentItem": "10"}]})
    path = "API_BILLING_DOCUMENT_SRV/A_BillingDocumentItem"
    query = {"$expand": "to_BillingDocument", "$select": "to_BillingDocument/CompanyCode"}

    rows = (await client.get(path, params=query)).json()["d"]["results"]

    assert [row["to_BillingDocument"] and row["to_BillingDocument"]["CompanyCode"] for row in rows] == [
        "1710",
        "1010",
        None,
    ]


@pytest.mark.parametrize(
    "text,found",
    [
        ("SalesOrder eq '1' or SalesOrder eq '0000000003'", ["1", "3"]),
        ("'2' eq SalesOrder", ["2"]),
        ("SalesOrder ne '1' and not (SalesOrganization eq '1010')", ["2"]),
        ("TotalNetAmount ge 2501", ["2", "3"]),
        ("TotalNetAmount eq 1250.5005M", []),
        ("TotalNetAmount lt 1e300", ["1", "2", "3"]),
        ("CreationDate lt datetime'2026-01-03T00:00:00'", ["1", "2"]),
        ("LastChangeDateTime ge datetimeoffset'2026-02-02T10:15:47.1257050Z'", ["2", "3"]),
        ("RequestedDeliveryDate eq null", ["1", "2", "3"]),
        ("RequestedDeliveryDate ne datetime'2026-01-03T00:00:00'", ["1", "2", "3"]),
        ("CompleteDeliveryIsDefined eq false and SalesOrder gt '2'", ["3"]),
        ("endswith(PurchaseOrderByCustomer,'-2') or startswith(PurchaseOrderByCustomer,'801-3')", ["2", "3"]),
        ("substringof('1-1',PurchaseOrderByCustomer) eq false", ["2", "3"]),
        ("endswith(SalesOrder,'1')", ["1"]),
        ("((SalesOrder eq '1'))", ["1"]),
    ],
)
async def test_filters_find_what_they_say(client: httpx.AsyncClient, text: str, found: list[str]) -> None:
    assert await numbers(client, filter=text) == found


@pytest.mark.parametrize(
    "text,status",
    [
        ("SalesOrder eq 1", 400),
        ("TotalNetAmount gt '1'", 400),
        ("CreationDate ge datetimeoffset'2026-01-01T00:00:00Z'", 400),
        ("CreationDate ge datetime'2026-13-01'", 400),
        ("Unknown eq '1'", 400),
        ("to_Item/Material eq 'TG10'", 400),
        ("SalesOrder eq '1' or", 400),
        ("SalesOrder in ('1','2')", 400),
        ("SalesOrder eq '1", 400),
        ("length(SalesOrder) eq 1", 501),
        ("(" * 100 + "SalesOrder eq '1'" + ")" * 100, 400),
    ],
)
async def test_filters_that_the_system_does_not_know_are_refused(
    client: httpx.AsyncClient, text: str, status: int
) -> None:
    answer = await client.get(ORDERS, params={"$filter": text})

    assert answer.status_code == status
    assert answer.json()["error"]["message"]["lang"] == "en"


async def test_an_or_chain_of_hundreds_of_mixed_terms_is_answered(client: httpx.AsyncClient) -> None:
    # 250 keys, and 250 comparisons that no IN can hold.
    chain = " or ".join(f"SalesOrder eq '{n}' or TotalNetAmount gt {n}000" for n in range(2, 252))
    answer = await client.get(ORDERS, params={"$filter": chain, "$select": "SalesOrder"})

    assert answer.status_code == 200
    assert [row["SalesOrder"] for row in answer.json()["d"]["results"]] == ["2", "3"]


async def test_numbers_sort_as_numbers_because_they_are_padded_inside(
    client: httpx.AsyncClient, sandbox: S4HanaSandbox
) -> None:
    sandbox.load({"A_SalesOrder": [{"SalesOrder": "10"}]})

    assert await numbers(client, orderby="SalesOrder desc") == ["10", "3", "2", "1"]
    assert await numbers(client, filter="SalesOrder gt '9'") == ["10"]


async def test_top_skip_and_inlinecount_count_as_v2_says(client: httpx.AsyncClient) -> None:
    query = {"$top": "1", "$skip": "1", "$inlinecount": "allpages", "$select": "SalesOrder"}

    page = (await client.get(ORDERS, params=query)).json()["d"]

    assert page["__count"] == "3"
    assert [row["SalesOrder"] for row in page["results"]] == ["2"]
    assert "__next" not in page


async def test_pages_hold_the_systems_page_size_and_keep_the_whole_question_in_the_next_link() -> None:
    sandbox = S4HanaSandbox(None, SystemSettings(page_size=2))
    sandbox.load({"A_SalesOrder": [{"SalesOrder": str(n), "SalesOrderType": "OR"} for n in range(1, 8)]})
    async with serve(sandbox.app) as served, httpx.AsyncClient(auth=("REVGRAPH", "Welcome-1")) as client:
        url: str | None = (
            f"{served.url}/sap/opu/odata/sap/{ORDERS}?$filter=SalesOrder%20ne%20'4'&$top=5&$skip=1&sap-client=100"
        )
        pages = []
        while url is not None:
            page = (await client.get(url, headers={"accept": "application/json"})).json()["d"]
            pages.append([row["SalesOrder"] for row in page["results"]])
            url = page.get("__next")

    assert pages == [["2", "3"], ["5", "6"], ["7"]]


async def test_counting_everything_fails_on_a_large_tenant_unless_bounded() -> None:
    sandbox = S4HanaSandbox(None, SystemSettings(inlinecount_fails=True))
    async with (
        serve(sandbox.app) as served,
        httpx.AsyncClient(
            base_url=f"{served.url}/sap/opu/odata/sap",
            auth=("REVGRAPH", "Welcome-1"),
            headers={"accept": "application/json"},
        ) as client,
    ):
        unbounded = await client.get(ORDERS, params={"$inlinecount": "allpages"})
        bounded = await client.get(ORDERS, params={"$inlinecount": "allpages", "$top": "1"})

    assert (unbounded.status_code, bounded.status_code) == (500, 200)


@pytest.mark.parametrize(
    "path,text",
    [
        (f"{ORDERS}/$count", "3"),
        (f"{ORDERS}/$count?$filter=SalesOrganization eq '1710'", "2"),
        (f"{ORDERS}('1')/to_Item/$count", "2"),
        (f"{ORDERS}('1')/TotalNetAmount/$value", "1250.500"),
    ],
)
async def test_counts_and_values_are_plain_text(client: httpx.AsyncClient, path: str, text: str) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.text) == (200, text)


async def test_paths_lead_from_one_entity_to_the_next(client: httpx.AsyncClient) -> None:
    item = await client.get(f"{ORDERS}('1')/to_Item(SalesOrder='1',SalesOrderItem='20')")
    order = await client.get(f"{ITEMS}(SalesOrder='2',SalesOrderItem='10')/to_SalesOrder/to_Item")

    assert item.json()["d"]["Material"] == "TG20"
    assert [row["SalesOrder"] for row in order.json()["d"]["results"]] == ["2", "2"]


@pytest.mark.parametrize(
    "path,status",
    [
        (f"{ORDERS}('999')", 404),
        (f"{ORDERS}('999')/to_Item", 404),
        (f"{ORDERS}/to_Item", 404),
        ("API_SALES_ORDER_SRV/A_Nothing", 404),
        (f"{ORDERS}(SalesOrder='1',SalesOrderItem='1')", 400),
        (f"{ITEMS}('1')", 400),
        (f"{ITEMS}(SalesOrder='1';SalesOrderItem='10')", 400),
        ("API_BUSINESS_PARTNER/A_BuPaAddressUsage(ValidityEndDate=datetimeoffset'9999-12-31T00:00:00Z')", 400),
        (f"{ORDERS}?$top=-1", 400),
        (f"{ORDERS}?$count=true", 400),
        (f"{ORDERS}?$select=Nothing", 400),
        (f"{ORDERS}?$expand=to_Nothing", 400),
        (f"{ORDERS}?$orderby=SalesOrder down", 400),
    ],
)
async def test_addresses_that_lead_nowhere_are_refused(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)

    assert answer.status_code == status
    assert answer.json()["error"]["innererror"]["transactionid"]


async def test_without_a_wish_for_json_the_answer_is_atom(client: httpx.AsyncClient) -> None:
    feed = await client.get(ORDERS, headers={"accept": "*/*"})
    refused = await client.get(f"{ORDERS}('999')", headers={"accept": "application/atom+xml"})
    asked = await client.get(ORDERS, params={"$format": "json"}, headers={"accept": "*/*"})

    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert feed.text.count("<entry") == 3
    assert refused.headers["content-type"].startswith("application/xml")
    assert "<code>/IWBEP/CM_MGW_RT/020</code>" in refused.text
    assert asked.json()["d"]["results"][0]["SalesOrder"] == "1"


async def test_an_address_too_long_is_refused_by_the_dispatcher(client: httpx.AsyncClient) -> None:
    answer = await client.get(ORDERS, params={"$filter": "SalesOrder eq '1' or " * 900 + "SalesOrder eq '1'"})

    assert answer.status_code == 414
    assert answer.headers["content-type"].startswith("text/html")


async def test_rows_of_other_companies_are_left_out_without_a_word(
    client: httpx.AsyncClient, sandbox: S4HanaSandbox
) -> None:
    sandbox.restrict(Permissions(company_codes=frozenset({"1710"}), sales_organizations=frozenset({"1710"})))

    bills = await client.get("API_BILLING_DOCUMENT_SRV/A_BillingDocumentItem")

    assert await numbers(client) == ["1", "2"]
    assert await numbers(client, ITEMS) == ["1", "1", "2", "2"]
    assert (await client.get(f"{ORDERS}/$count")).text == "2"
    assert (await client.get(f"{ORDERS}('3')")).status_code == 404
    assert (await client.get(f"{ORDERS}('3')/to_Item")).status_code == 404
    assert [row["BillingDocument"] for row in bills.json()["d"]["results"]] == ["90000001"]


async def test_the_older_release_knows_no_newer_fields() -> None:
    sandbox = S4HanaSandbox(None, SystemSettings(release="2020"))
    async with (
        serve(sandbox.app) as served,
        httpx.AsyncClient(base_url=f"{served.url}/sap/opu/odata/sap", auth=("REVGRAPH", "Welcome-1")) as client,
    ):
        metadata = await client.get("API_SALES_ORDER_SRV/$metadata")
        newer = await client.get(ORDERS, params={"$select": "OverallDeliveryStatus"})
        flow = await client.get("API_SALES_ORDER_SRV/A_SalesOrderItmSubsqntProcFlow")

    assert 'Name="SalesOrder"' in metadata.text
    assert "OverallDeliveryStatus" not in metadata.text
    assert (newer.status_code, flow.status_code) == (400, 404)
