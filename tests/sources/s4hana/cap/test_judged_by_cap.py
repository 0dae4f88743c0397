"""Our sandbox and SAP's own CAP server are asked the same of the same rows; they must answer alike.

Where CAP is known to differ from the real system, a rule named in rules.py takes the difference out, and nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from sources.kit.sandbox.serving import serve
from sources.s4hana.sandbox import S4HanaSandbox, SystemSettings
from tests.sources.s4hana.cap.rows import for_sandbox
from tests.sources.s4hana.cap.rules import alike

pytestmark = [pytest.mark.contracts, pytest.mark.xdist_group("cap"), pytest.mark.timeout(600)]


class Pair:
    """The same question to both."""

    def __init__(self, ours: httpx.AsyncClient, theirs: httpx.AsyncClient) -> None:
        self.ours = ours
        self.theirs = theirs

    async def get(self, path: str, **options: str) -> tuple[httpx.Response, httpx.Response]:
        query = {f"${name}": value for name, value in options.items()}
        return await self.ours.get(path, params=query), await self.theirs.get(path, params=query)


@pytest.fixture
async def pair(cap_url: str) -> AsyncIterator[Pair]:
    sandbox = S4HanaSandbox(None, SystemSettings(client=None, release="2020", page_size=8))
    sandbox.load(for_sandbox())
    json = {"accept": "application/json"}
    async with (
        serve(sandbox.app) as served,
        httpx.AsyncClient(
            base_url=f"{served.url}/sap/opu/odata/sap", auth=("REVGRAPH", "Welcome-1"), headers=json
        ) as ours,
        httpx.AsyncClient(base_url=cap_url, headers=json) as theirs,
    ):
        yield Pair(ours, theirs)


QUESTIONS = [
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"top": "3"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder('1003')", {}),
    ("API_SALES_ORDER_SRV/A_SalesOrder(SalesOrder='1003')", {}),
    ("API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='1003',SalesOrderItem='20')", {}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "SalesOrder eq '1001' or SalesOrder eq '1007'"}),
    (
        "API_SALES_ORDER_SRV/A_SalesOrder",
        {
            "filter": "SalesOrder eq '1002' or SalesOrder eq '1004' or SalesOrder eq '9999'",
            "expand": "to_Item/to_ScheduleLine,to_Partner",
            "select": "SalesOrder,LastChangeDateTime,TotalNetAmount,to_Item/SalesOrder,to_Item/SalesOrderItem,"
            "to_Item/Material,to_Item/to_ScheduleLine/SalesOrder,to_Item/to_ScheduleLine/SalesOrderItem,"
            "to_Item/to_ScheduleLine/ScheduleLine,to_Item/to_ScheduleLine/ConfirmedDeliveryDate,to_Partner",
        },
    ),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "SalesOrder eq '1001'", "expand": "to_Item/to_ScheduleLine"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "TotalNetAmount gt 500.5 and not (SalesOrganization eq '1010')"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "TotalNetAmount le 200.50M"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "PurchaseOrderByCustomer eq 'O''Neil 5'"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "substringof('1-1',PurchaseOrderByCustomer)"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "substringof('1-1',PurchaseOrderByCustomer) eq true"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "startswith(PurchaseOrderByCustomer,'O')"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "endswith(PurchaseOrderByCustomer,'-2')"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "CreationDate ge datetime'2026-01-09T00:00:00'"}),
    (
        "API_SALES_ORDER_SRV/A_SalesOrder",
        {
            "filter": "LastChangeDateTime gt datetimeoffset'2026-02-04T10:15:00Z'"
            " and LastChangeDateTime lt datetimeoffset'2026-02-07T10:15:00Z'"
        },
    ),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "RequestedDeliveryDate ne null", "top": "2"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"orderby": "OverallSDProcessStatus desc,SalesOrder", "top": "4"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"orderby": "TotalNetAmount desc", "top": "3", "skip": "2"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"top": "2", "inlinecount": "allpages"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "SalesOrder gt '1009'", "inlinecount": "allpages"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"top": "0", "inlinecount": "allpages"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder", {"select": "SalesOrder,LastChangeDateTime,to_Item", "top": "2"}),
    ("API_SALES_ORDER_SRV/A_SalesOrder('1002')/to_Item", {"filter": "SalesOrderItem eq '20'"}),
    ("API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='1003',SalesOrderItem='20')/to_SalesOrder", {}),
    ("API_SALES_ORDER_SRV/A_SalesOrder('1003')/TotalNetAmount", {}),
    ("API_BILLING_DOCUMENT_SRV/A_BillingDocument", {"filter": "BillingDocumentIsCancelled eq true"}),
    (
        "API_BILLING_DOCUMENT_SRV/A_BillingDocumentItem",
        {
            "filter": "SalesDocument eq '1001' or SalesDocument eq '1002'",
            "expand": "to_BillingDocument",
            "select": "BillingDocument,BillingDocumentItem,NetAmount,to_BillingDocument/BillingDocument,"
            "to_BillingDocument/LastChangeDateTime,to_BillingDocument/BillingDocumentDate",
        },
    ),
    (
        "API_BUSINESS_PARTNER/A_BusinessPartner",
        {
            "filter": "BusinessPartnerCategory eq '2'",
            "expand": "to_Customer",
            "select": "BusinessPartner,BusinessPartnerFullName,Customer,to_Customer",
        },
    ),
]


@pytest.mark.parametrize("path,options", QUESTIONS, ids=[f"{path}?{options}" for path, options in QUESTIONS])
async def test_the_same_question_gets_the_same_answer(pair: Pair, path: str, options: dict[str, str]) -> None:
    ours, theirs = await pair.get(path, **options)

    assert ours.status_code == theirs.status_code == 200
    assert alike(ours.json(), theirs.json())


@pytest.mark.parametrize(
    "path",
    [
        "API_SALES_ORDER_SRV/A_SalesOrder/$count",
        "API_SALES_ORDER_SRV/A_SalesOrder/$count?$filter=SalesOrder gt '1009'",
        "API_SALES_ORDER_SRV/A_SalesOrder('1002')/to_Item/$count",
        "API_SALES_ORDER_SRV/A_SalesOrder('1002')/SalesOrderType/$value",
    ],
)
async def test_plain_values_are_the_same_text(pair: Pair, path: str) -> None:
    ours, theirs = await pair.ours.get(path), await pair.theirs.get(path)

    assert ours.status_code == theirs.status_code == 200
    assert ours.text == theirs.text
    assert ours.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path,options,status",
    [
        ("API_SALES_ORDER_SRV/A_SalesOrder('9999')", {}, 404),
        ("API_SALES_ORDER_SRV/A_Unknown", {}, 404),
        ("API_SALES_ORDER_SRV/A_SalesOrder('9999')/to_Item", {}, 404),
        ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "Unknown eq '1'"}, 400),
        ("API_SALES_ORDER_SRV/A_SalesOrder", {"filter": "SalesOrder eq"}, 400),
        ("API_SALES_ORDER_SRV/A_SalesOrder", {"orderby": "Unknown"}, 400),
        ("API_SALES_ORDER_SRV/A_SalesOrder", {"unknown": "1"}, 400),
        ("API_SALES_ORDER_SRV/A_SalesOrder", {"expand": "to_Unknown"}, 400),
    ],
)
async def test_errors_have_the_same_status_and_envelope(
    pair: Pair, path: str, options: dict[str, str], status: int
) -> None:
    ours, theirs = await pair.get(path, **options)

    assert (ours.status_code, theirs.status_code) == (status, status)
    for answer in (ours.json(), theirs.json()):
        assert isinstance(answer["error"]["code"], str)
        assert answer["error"]["message"]["lang"] == "en"
        assert answer["error"]["message"]["value"]
        assert isinstance(answer["error"]["innererror"]["errordetails"], list)


async def test_pages_follow_each_other_by_next_links(pair: Pair) -> None:
    pages = {}
    for name, client in (("ours", pair.ours), ("theirs", pair.theirs)):
        first = (await client.get("API_SALES_ORDER_SRV/A_SalesOrder", params={"$orderby": "SalesOrder desc"})).json()
        second = (await client.get(first["d"]["__next"])).json()
        assert "$skiptoken=8" in first["d"]["__next"]
        assert "__next" not in second["d"]
        pages[name] = [[row["SalesOrder"] for row in page["d"]["results"]] for page in (first, second)]

    assert pages["ours"] == pages["theirs"]
    assert [len(page) for page in pages["ours"]] == [8, 4]


async def test_a_write_without_a_token_is_refused_alike_and_a_fetched_one_is_accepted(pair: Pair) -> None:
    for client in (pair.ours, pair.theirs):
        refused = await client.post("API_SALES_ORDER_SRV/$batch", content=b"")
        assert (refused.status_code, refused.headers["x-csrf-token"]) == (403, "Required")
        assert refused.text == "CSRF token validation failed"

        fetched = await client.get("API_SALES_ORDER_SRV/", headers={"x-csrf-token": "Fetch"})
        assert fetched.headers["x-csrf-token"] not in {"", "Required", "Fetch"}


async def test_a_batch_of_reads_is_answered_part_by_part(pair: Pair) -> None:
    answers = []
    for client in (pair.ours, pair.theirs):
        body = batch(
            "GET A_SalesOrder?$filter=SalesOrder%20eq%20'1004'&$expand=to_Item HTTP/1.1",
            "GET A_SalesOrder('9999') HTTP/1.1",
            "GET A_SalesOrderItem?$top=1 HTTP/1.1",
        )
        response = await post_batch(client, body)
        assert response.status_code == 202
        answers.append(parts(response))

    assert [status for status, _ in answers[0]] == [status for status, _ in answers[1]] == [200, 404, 200]
    for ours, theirs in zip(*answers, strict=True):
        if ours[0] == 200:
            assert alike(ours[1], theirs[1])


async def test_a_changeset_with_a_mistake_keeps_nothing_and_answers_once(pair: Pair) -> None:
    for client in (pair.ours, pair.theirs):
        good = "PATCH A_SalesOrderItem(SalesOrder='1006',SalesOrderItem='10') HTTP/1.1|{\"RequestedQuantity\":\"99\"}"
        bad = "PATCH A_SalesOrderItem(SalesOrder='1006',SalesOrderItem='10') HTTP/1.1|{\"NoSuchProperty\":\"1\"}"
        response = await post_batch(client, changeset(good, bad))

        assert response.status_code == 202
        assert [status for status, _ in parts(response)] == [400]
        item = (await client.get("API_SALES_ORDER_SRV/A_SalesOrderItem(SalesOrder='1006',SalesOrderItem='10')")).json()
        assert item["d"]["RequestedQuantity"] == "6.000"


async def test_entity_tags_are_demanded_and_compared_alike(pair: Pair) -> None:
    for client in (pair.ours, pair.theirs):
        fetched = await client.get("API_SALES_ORDER_SRV/", headers={"x-csrf-token": "Fetch"})
        token = {"x-csrf-token": fetched.headers["x-csrf-token"]}
        path, change = "API_SALES_ORDER_SRV/A_SalesOrder('1008')", {"PurchaseOrderByCustomer": "801-8"}

        without = await client.patch(path, json=change, headers=token)
        stale = await client.patch(path, json=change, headers={**token, "if-match": 'W/"stale"'})
        star = await client.patch(path, json=change, headers={**token, "if-match": "*"})

        assert (without.status_code, stale.status_code) == (428, 412)
        # CAP answers a change with the entity, the real system with nothing.
        assert star.status_code == (204 if client is pair.ours else 200)


async def test_a_deep_insert_books_the_same_order_from_the_same_body(pair: Pair) -> None:
    item = {"Material": "TG11", "RequestedQuantity": "3", "RequestedQuantityISOUnit": "PCE"}
    body = {
        "SalesOrder": "5000",
        "SalesOrderType": "OR",
        "SalesOrganization": "1710",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "17100001",
        "PurchaseOrderByCustomer": "DEEP",
        "CustomerPurchaseOrderDate": "/Date(1764028800000)/",
        "to_Partner": [{"PartnerFunction": "SH", "Customer": "17100003"}],
        "to_Item": {"results": [item, {**item, "RequestedQuantity": "1.5"}]},
    }
    select = "SalesOrder,LastChangeDateTime,SoldToParty,PurchaseOrderByCustomer,CustomerPurchaseOrderDate"
    items = ("SalesOrder", "SalesOrderItem", "Material", "RequestedQuantity", "RequestedQuantityISOUnit")
    query = {"$expand": "to_Item", "$select": ",".join([select, *(f"to_Item/{name}" for name in items)])}
    booked = []
    for client in (pair.ours, pair.theirs):
        fetched = await client.get("API_SALES_ORDER_SRV/", headers={"x-csrf-token": "Fetch"})
        token = {"x-csrf-token": fetched.headers["x-csrf-token"]}

        answer = await client.post("API_SALES_ORDER_SRV/A_SalesOrder", json=body, headers=token)

        assert answer.status_code == 201
        assert urlsplit(answer.headers["location"]).path.endswith("/API_SALES_ORDER_SRV/A_SalesOrder('5000')")
        order = (await client.get("API_SALES_ORDER_SRV/A_SalesOrder('5000')", params=query)).json()["d"]
        await client.delete("API_SALES_ORDER_SRV/A_SalesOrder('5000')", headers={**token, "if-match": "*"})
        # When it was saved differs: CAP stamps nothing by itself.
        booked.append({**order, "LastChangeDateTime": None, "__metadata": {**order["__metadata"], "etag": 'W/""'}})

    assert alike(*booked)


def batch(*requests: str) -> bytes:
    lines = []
    for request in requests:
        lines += ["--b1", "Content-Type: application/http", "Content-Transfer-Encoding: binary", ""]
        lines += [request, "Accept: application/json", "", ""]
    return "\r\n".join([*lines, "--b1--", ""]).encode()


def changeset(*requests: str) -> bytes:
    lines = ["--b1", "Content-Type: multipart/mixed; boundary=cs1", ""]
    for place, request in enumerate(requests, 1):
        line, _, body = request.partition("|")
        lines += ["--cs1", "Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        lines += [f"Content-ID: {place}", "", line, "Content-Type: application/json", "Accept: application/json"]
        lines += [f"Content-Length: {len(body)}", "", body]
    return "\r\n".join([*lines, "--cs1--", "", "--b1--", ""]).encode()


async def post_batch(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    fetched = await client.get("API_SALES_ORDER_SRV/", headers={"x-csrf-token": "Fetch"})
    headers = {"content-type": "multipart/mixed; boundary=b1", "x-csrf-token": fetched.headers["x-csrf-token"]}
    # CAP's V4 core stops at the first refused part unless told otherwise; the real system always goes on.
    headers["prefer"] = "odata.continue-on-error"
    return await client.post("API_SALES_ORDER_SRV/$batch", content=body, headers=headers)


def parts(response: httpx.Response) -> list[tuple[int, object]]:
    """Status and JSON of each part of a batch's answer."""
    boundary = response.headers["content-type"].partition("boundary=")[2]
    found = []
    for piece in response.content.split(b"--" + boundary.encode())[1:-1]:
        message = piece.partition(b"\r\n\r\n")[2]
        head, _, body = message.partition(b"\r\n\r\n")
        found.append((int(head.split()[1]), httpx.Response(200, content=body.strip()).json()))
    return found
