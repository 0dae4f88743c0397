"""The client over a transport that answers as told: tokens, parts of a batch, metadata, links."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import msgspec
import pytest

from canonical.errors import ContractBroken, Refused, Unavailable
from canonical.wanted import Wanted
from sources.kit.auth.fixed import basic
from sources.kit.odata.payload import Collection
from sources.kit.odata.query import Query, Shape
from sources.landscape import Secret
from sources.ports import Lookup
from sources.s4hana.client import S4Client
from sources.s4hana.faults import NotThere, TokenRequired
from sources.s4hana.services import ORDERS
from sources.s4hana.settings import settings_of
from sources.s4hana.wire_masters import Product
from tests.sources.s4hana.opened import adapter, call, instance

DECODER = msgspec.json.Decoder(Collection[Product])
QUERY = Query("A_Product", Shape.of("Product", "BaseUnit"))
ROWS = b'{"d":{"results":[{"Product":"TG11"}]}}'
METADATA = (
    b'<edmx:Edmx><EntityType Name="P"><Property Name="Product"/></EntityType>'
    b'<EntitySet Name="A_Product" EntityType="S.P"/></edmx:Edmx>'
)
REFUSAL = b'{"error":{"code":"X/1","message":{"value":"Property \'BaseUnit\' not found in type \'P\'"}}}'


class Scripted(httpx.AsyncBaseTransport):
    """Answers each request by a function, and keeps what was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer, self.asked = answer, list[httpx.Request]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)

    def lines(self) -> list[str]:
        return [f"{one.method} {one.url.path.rpartition('/')[2]}" for one in self.asked]


def batch(*parts: tuple[int, bytes]) -> httpx.Response:
    body = b"".join(
        b"--x\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 %d So\r\nContent-Type: application/json\r\n\r\n%s\r\n"
        % part
        for part in parts
    )
    return httpx.Response(202, headers={"content-type": "multipart/mixed; boundary=x"}, content=body + b"--x--\r\n")


def gateway(posted: Callable[[httpx.Request], httpx.Response]) -> Callable[[httpx.Request], httpx.Response]:
    """Gives a token to whoever fetches one, and answers POSTs as told."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return posted(request)
        return httpx.Response(200, headers={"x-csrf-token": "secret-token", "set-cookie": "s=1; path=/"}, content=b"{}")

    return answer


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[Callable[[httpx.Request], httpx.Response]], tuple[S4Client, Scripted]]]:
    clients: list[S4Client] = []

    def build(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[S4Client, Scripted]:
        transport, held = Scripted(answer), instance("http://sap.example", sap_client="100")
        client = S4Client(held, settings_of(held), basic("REVGRAPH", Secret("Welcome-1")), transport)
        clients.append(client)
        return client, transport

    yield build
    for client in clients:
        await client.close()


Build = Callable[[Callable[[httpx.Request], httpx.Response]], tuple[S4Client, Scripted]]


async def test_each_call_says_which_client_language_and_user(opened: Build) -> None:
    client, transport = opened(lambda _: httpx.Response(200, content=ROWS))
    await client.read(call(), ORDERS, [QUERY], DECODER)

    (asked,) = transport.asked
    assert (
        str(asked.url) == "http://sap.example/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_Product?$select=Product,BaseUnit"
    )
    assert (asked.headers["sap-client"], asked.headers["accept-language"]) == ("100", "EN")
    assert asked.headers["authorization"].startswith("Basic ")
    assert (asked.headers["accept"], asked.headers["x-correlation-id"]) == ("application/json", "correlation-1")


async def test_a_batch_carries_the_token_and_its_cookies(opened: Build) -> None:
    client, transport = opened(gateway(lambda _: batch((200, ROWS), (200, ROWS))))
    found = await client.read(call(), ORDERS, [QUERY, QUERY], DECODER)

    assert [len(rows) for rows in found] == [1, 1]
    posted = transport.asked[-1]
    assert (posted.headers["x-csrf-token"], posted.headers["cookie"]) == ("secret-token", "s=1")
    assert posted.headers["content-type"] == "multipart/mixed; boundary=revgraph"


async def test_a_token_that_is_never_good_enough_is_refused_after_one_more_try(opened: Build) -> None:
    required = httpx.Response(403, headers={"x-csrf-token": "Required"}, content=b"CSRF token validation failed")
    client, transport = opened(gateway(lambda _: required))

    with pytest.raises(TokenRequired):
        await client.read(call(), ORDERS, [QUERY, QUERY], DECODER)
    assert transport.lines() == ["GET ", "POST $batch", "GET ", "POST $batch"]


@pytest.mark.parametrize(
    "parts,kind",
    [
        (((200, ROWS), (404, REFUSAL)), NotThere),
        (((404, REFUSAL),), NotThere),
        (((500, b"dump"), (200, ROWS)), Unavailable),
        (((403, b""), (200, ROWS)), Refused),
        (((200, ROWS),), ContractBroken),
        (((200, ROWS), (200, b"<html/>")), ContractBroken),
    ],
)
async def test_a_failed_or_missing_part_is_a_fault(
    opened: Build, parts: tuple[tuple[int, bytes], ...], kind: type[Exception]
) -> None:
    def posted(_: httpx.Request) -> httpx.Response:
        return batch(*parts)

    client, _ = opened(gateway(posted))

    with pytest.raises(kind):
        await client.read(call(), ORDERS, [QUERY, QUERY], DECODER)


async def test_a_system_that_refuses_is_asked_once_for_what_it_has(opened: Build) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("$metadata"):
            return httpx.Response(200, headers={"content-type": "application/xml"}, content=METADATA)
        good = b"BaseUnit" not in request.url.query
        return httpx.Response(200 if good else 400, content=ROWS if good else REFUSAL)

    client, transport = opened(answer)
    first = await client.read(call(), ORDERS, [QUERY], DECODER)
    second = await client.read(call(), ORDERS, [QUERY], DECODER)

    assert [row.Product for row in first[0]] == [row.Product for row in second[0]] == ["TG11"]
    assert transport.lines() == ["GET A_Product", "GET $metadata", "GET A_Product", "GET A_Product"]


async def test_a_refusal_that_has_nothing_to_do_with_fields_stays_a_refusal(opened: Build) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("$metadata"):
            known = METADATA.replace(
                b'<Property Name="Product"/>', b'<Property Name="Product"/><Property Name="BaseUnit"/>'
            )
            return httpx.Response(200, content=known)
        return httpx.Response(400, content=REFUSAL)

    client, transport = opened(answer)
    for _ in range(2):
        with pytest.raises(NotThere, match="BaseUnit"):
            await client.read(call(), ORDERS, [QUERY], DECODER)

    assert transport.lines() == ["GET A_Product", "GET $metadata", "GET A_Product"]


async def test_a_lack_of_rights_is_not_taken_for_a_lack_of_fields(opened: Build) -> None:
    client, transport = opened(lambda _: httpx.Response(403, content=b"{}"))

    with pytest.raises(Refused):
        await client.read(call(), ORDERS, [QUERY], DECODER)
    assert transport.lines() == ["GET A_Product"]


async def test_a_page_link_of_another_host_leads_back_to_the_configured_one(opened: Build) -> None:
    cut = b'{"d":{"results":[{"Product":"TG11"}],"__next":"https://inside:1/sap/opu/odata/sap/API_SALES_ORDER_SRV/A?$skiptoken=1"}}'

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=ROWS if b"skiptoken" in request.url.query else cut)

    client, transport = opened(answer)
    (rows,) = await client.read(call(), ORDERS, [QUERY], DECODER)

    assert len(rows) == 2
    assert transport.asked[-1].url.host == "sap.example"


@pytest.mark.parametrize("link", ["https://evil.example/A?x=1", "/other/A"])
async def test_a_page_link_out_of_the_service_is_not_followed(opened: Build, link: str) -> None:
    body = b'{"d":{"results":[],"__next":"%s"}}' % link.encode()
    client, transport = opened(lambda _: httpx.Response(200, content=body))

    with pytest.raises(ContractBroken):
        await client.read(call(), ORDERS, [QUERY], DECODER)
    assert len(transport.asked) == 1


@pytest.mark.parametrize("body", [b"<html>Log on</html>", b"", b"{}", b'{"d":{"results":[{"Product":7}]}}'])
async def test_what_is_no_answer_of_this_contract_is_not_taken_for_one(opened: Build, body: bytes) -> None:
    client, _ = opened(lambda _: httpx.Response(200, headers={"content-type": "application/json"}, content=body))

    with pytest.raises(ContractBroken) as raised:
        await client.read(call(), ORDERS, [QUERY], DECODER)
    assert raised.value.system == "sap"


async def test_a_companys_own_field_can_carry_the_reference() -> None:
    row = (
        b'{"d":{"results":[{"SalesOrder":"1","CreationDate":"/Date(1761955200000)/","SalesOrganization":"1710",'
        b'"YY1_CrmOrder_SDH":"8015g0000021stiAAA"}]}}'
    )
    transport = Scripted(lambda _: httpx.Response(200, content=row))
    async with adapter("http://sap.example", transport, {"reference_field": "YY1_CrmOrder_SDH"}) as source:
        found = await source.fetch_orders(call(), Lookup(partner_keys=("8015g0000021stiAAA",)), Wanted.of("number"))

    assert [order.partner_keys for order in found] == [("8015g0000021stiAAA",)]
    assert "$filter=YY1_CrmOrder_SDH%20eq%20'8015g0000021stiAAA'" in str(transport.asked[0].url)
    assert "YY1_CrmOrder_SDH" in str(transport.asked[0].url).partition("$select=")[2]


async def test_a_companys_own_field_can_carry_the_customers_key() -> None:
    row = b'{"d":{"results":[{"BusinessPartner":"1","Customer":"1","YY1_Crm_bus":"0015g0000021sTdAAI"}]}}'
    transport = Scripted(lambda _: httpx.Response(200, content=row))
    async with adapter("http://sap.example", transport, {"customer_reference_field": "YY1_Crm_bus"}) as source:
        (customer,) = await source.fetch_customers(call(), Lookup(keys=("1",)), Wanted.of("name"))

    assert customer.partner_keys == ("0015g0000021sTdAAI",)
