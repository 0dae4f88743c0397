"""Answers to writes that SAP's own words leave room for: nothing unclear is taken for done or for not done."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from canonical.errors import OutcomeUnknown, ProblemCategory, Refused, Throttled
from canonical.intake import Amendment
from sources.s4hana.adapter import S4Hana
from tests.sources.s4hana.opened import adapter, call
from tests.sources.s4hana.test_client import Scripted, gateway
from tests.sources.s4hana.test_customer_bodies import ACME
from tests.sources.s4hana.test_order_bodies import request

STANDING = {
    "d": {
        "results": [
            {
                "__metadata": {"etag": 'W/"1"'},
                "SalesOrder": "4711",
                "SalesOrganization": "1710",
                "PurchaseOrderByCustomer": "RG-7F3K",
                "to_Item": {"results": [{"SalesOrderItem": "10", "DeliveryStatus": "A"}]},
            }
        ]
    }
}
LOCK = json.dumps({"error": {"code": "V1/042", "message": {"value": "Order 4711 is currently being processed by X"}}})
DUMP = json.dumps({"error": {"code": "/IWBEP/CM_MGW_RT/001", "message": {"value": "An exception was raised"}}})
CHANGE = Amendment(
    reference="RG-A1",
    order_key="4711",
    legal_entity_code="US01",
    purchase_order_number="PO-2",
    expected_version='W/"1"',
)


@asynccontextmanager
async def answering(
    posted: Callable[[httpx.Request], httpx.Response], read: object = None
) -> AsyncIterator[tuple[S4Hana, Scripted]]:
    """The adapter over a gateway that answers POSTs as told, and reads with these rows."""
    tokens = gateway(posted)

    def answer(asked: httpx.Request) -> httpx.Response:
        if asked.method == "GET" and not asked.url.path.endswith("/"):
            return httpx.Response(200, json=read or {"d": {"results": []}})
        return tokens(asked)

    transport = Scripted(answer)
    async with adapter("http://sap.example", transport) as source:
        yield source, transport


def parts(*answers: tuple[int, str], inner: bool = False) -> httpx.Response:
    """A batch's answer: plain parts, or the parts of one changeset that took effect."""
    body = "".join(
        f"--x\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} So\r\nContent-Type: application/json\r\n\r\n"
        f"{text}\r\n"
        for status, text in answers
    )
    body += "--x--\r\n"
    if inner:
        body = f"--y\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n{body}\r\n--y--\r\n"
    kind = f"multipart/mixed; boundary={'y' if inner else 'x'}"
    return httpx.Response(202, headers={"content-type": kind}, content=body.encode())


@pytest.mark.parametrize("content", [b"", b"{}", b'{"d":{}}', b'{"d":{"SalesOrder":5}}', b"not json"])
async def test_a_booking_whose_answer_cannot_be_read_is_to_be_looked_for(content: bytes) -> None:
    async with answering(lambda _: httpx.Response(201, content=content)) as (source, transport):
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            await source.book_order(call(), request())

    assert transport.lines() == ["GET ", "POST A_SalesOrder"]


async def test_a_booking_goes_out_with_the_token_the_cookies_and_plain_json() -> None:
    booked = {"d": {"SalesOrder": "4711", "to_Item": {"__deferred": {"uri": "x"}}}}
    async with answering(lambda _: httpx.Response(201, json=booked)) as (source, transport):
        acknowledged = await source.book_order(call(), request())

    sent = transport.asked[-1]
    assert acknowledged.number == "4711"
    assert sent.url.path == "/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder"
    assert (sent.headers["x-csrf-token"], sent.headers["cookie"]) == ("secret-token", "s=1")
    assert (sent.headers["content-type"], sent.headers["accept"]) == ("application/json", "application/json")
    assert json.loads(sent.content)["PurchaseOrderByCustomer"] == "RG-7F3K"


@pytest.mark.parametrize(
    "answer",
    [
        parts((500, DUMP)),
        parts((204, ""), (500, DUMP), inner=True),
        parts((204, ""), (204, ""), (204, ""), inner=True),
        parts((503, "")),
        parts(),
        parts((204, ""), (204, "")),
        httpx.Response(202, headers={"content-type": "multipart/mixed; boundary=x"}, content=b"--x\r\ncut"),
        httpx.Response(202, headers={"content-type": "text/plain"}, content=b"?"),
        httpx.Response(202, headers={"content-type": "text/html"}, content=b"<html>Log on</html>"),
        httpx.Response(302, headers={"location": "/login"}),
    ],
)
async def test_a_changeset_whose_answer_is_not_clear_is_to_be_looked_for(answer: httpx.Response) -> None:
    async with answering(lambda _: answer, STANDING) as (source, _):
        with pytest.raises(OutcomeUnknown):
            await source.amend_order(call(), CHANGE)


async def test_a_changeset_is_bound_to_the_version_that_was_read() -> None:
    async with answering(lambda _: parts((204, ""), inner=True), STANDING) as (source, transport):
        await source.amend_order(call(), CHANGE)

    sent = transport.asked[-2]
    assert sent.url.path.endswith("/$batch")
    assert b"PATCH A_SalesOrder('4711') HTTP/1.1" in sent.content
    assert b'If-Match: W/"1"' in sent.content
    assert b'{"PurchaseOrderByShipToParty":"PO-2"}' in sent.content


@pytest.mark.parametrize("status", [412, 428])
async def test_a_version_that_has_passed_is_a_conflict(status: int) -> None:
    async with answering(lambda _: parts((status, DUMP)), STANDING) as (source, _):
        with pytest.raises(Refused) as refused:
            await source.amend_order(call(), CHANGE)

    assert refused.value.category is ProblemCategory.CONFLICT


async def test_a_lock_inside_a_batch_is_a_wait_too() -> None:
    async with answering(lambda _: parts((400, LOCK)), STANDING) as (source, _):
        with pytest.raises(Throttled) as held:
            await source.cancel_order(call(), "4711", "RG-C", "why")

    assert held.value.category is ProblemCategory.CONFLICT


async def test_a_customer_number_that_comes_a_moment_later_is_read_again() -> None:
    later = {"d": {"results": [{"BusinessPartner": "100", "Customer": "200"}]}}
    created = {"d": {"BusinessPartner": "100", "Customer": ""}}
    async with answering(lambda _: httpx.Response(201, json=created), later) as (source, transport):
        acknowledged = await source.create_customer(call(), ACME)

    assert (acknowledged.customer.key, acknowledged.number) == ("200", "200")
    assert transport.lines() == ["GET ", "POST A_BusinessPartner", "GET A_BusinessPartner"]


@pytest.mark.parametrize("content", [b"", b'{"d":{"BusinessPartner":"100","Customer":""}}'])
async def test_a_customer_without_number_is_to_be_looked_for(content: bytes) -> None:
    async with answering(lambda _: httpx.Response(201, content=content)) as (source, _):
        with pytest.raises(OutcomeUnknown, match="customer number"):
            await source.create_customer(call(), ACME)


async def test_a_business_partner_that_is_no_customer_yet_is_a_persons_affair() -> None:
    row = {"BusinessPartner": "100", "Customer": "", "BusinessPartnerIDByExtSystem": "RG-CUS-1"}
    async with answering(lambda _: httpx.Response(500), {"d": {"results": [row]}}) as (source, _):
        with pytest.raises(Refused, match="Business partner 100") as refused:
            await source.find_created_customers(call(), ["RG-CUS-1"])

    assert refused.value.category is ProblemCategory.CUSTOMER_MASTER


async def test_references_that_fit_no_field_are_not_asked_for() -> None:
    async with answering(lambda _: httpx.Response(500)) as (source, transport):
        assert await source.find_created_customers(call(), ["x" * 30, "", "y" * 80]) == {}
        assert await source.find_orders(call(), ["x" * 36, ""]) == {}

    assert transport.asked == []


async def test_a_reference_is_found_where_the_system_has_capitalised_it() -> None:
    row = {"SalesOrder": "4711", "PurchaseOrderByCustomer": "RG-7F3K-ABC"}
    async with answering(lambda _: httpx.Response(500), {"d": {"results": [row]}}) as (source, _):
        found = await source.find_orders(call(), ["rg-7f3k-abc", "rg-other"])

    assert {reference: [one.number for one in orders] for reference, orders in found.items()} == {
        "rg-7f3k-abc": ["4711"]
    }
