"""Any httpx transport stands below the client, and what goes through it are httpx's own requests and responses."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from canonical.errors import ContractBroken, OutcomeUnknown, Unavailable
from sources.kit.auth.fixed import bearer
from sources.kit.http.ask import Ask
from sources.kit.http.client import SystemClient
from sources.kit.http.transport import open_transport
from sources.landscape import Instance, Limits, Secret
from tests.sources.kit.http.pretend import TOKEN, AskAs, System

READ = Ask(path="/orders", query=(("q", "a b"),), headers=(("Accept", "application/xml"),), operation="read orders")
WRITE = Ask(method="POST", path="/orders", content=b'{"a": 1}', operation="book order", safety="write")


def instance(base_url: str = "http://northwind:8000/api") -> Instance:
    return Instance("northwind", "pretend", "erp", base_url, limits=Limits(attempts=1))


def client_over(transport: httpx.AsyncBaseTransport, base_url: str = "http://northwind:8000/api") -> SystemClient:
    return SystemClient(
        instance(base_url), bearer(Secret(TOKEN)), lambda _: None, transport=transport, largest_answer=64
    )


def echo(request: httpx.Request) -> httpx.Response:
    told = [request.method, str(request.url), request.content.decode()]
    return httpx.Response(200, json=told, headers={"x-seen": ",".join(sorted(request.headers))})


async def test_httpx_s_mock_transport_sees_the_whole_request(ask_as: AskAs) -> None:
    client = client_over(httpx.MockTransport(echo))

    read, written = await client.send(ask_as(), READ), await client.send(ask_as(), WRITE)

    assert json.loads(read.content) == ["GET", "http://northwind:8000/api/orders?q=a+b", ""]
    assert json.loads(written.content) == ["POST", "http://northwind:8000/api/orders", '{"a": 1}']
    standing = "accept,accept-encoding,authorization"
    assert read.headers["x-seen"] == f"{standing},host,traceparent,user-agent,x-correlation-id"
    assert written.headers["x-seen"] == f"{standing},content-length,host,traceparent,user-agent,x-correlation-id"


@pytest.mark.parametrize(
    "ask,name,value",
    [
        (READ, "accept", "application/xml"),
        (READ, "authorization", f"Bearer {TOKEN}"),
        (READ, "host", "northwind:8000"),
        (READ, "traceparent", "00-aa-bb-01"),
        (WRITE, "accept", "application/json"),
        (WRITE, "content-length", "8"),
        (Ask(method="PUT", path="/", operation="empty", safety="replayable"), "content-length", "0"),
    ],
)
async def test_each_header_goes_out_once_and_the_question_s_own_wins(
    ask: Ask, name: str, value: str, ask_as: AskAs
) -> None:
    seen: list[httpx.Headers] = []

    def look(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    await client_over(httpx.MockTransport(look)).send(ask_as(), ask)

    assert seen[0].get_list(name) == [value]


async def test_httpx_s_asgi_transport_reaches_an_app(system: System, ask_as: AskAs) -> None:
    client = client_over(httpx.ASGITransport(system.app))

    answer = await client.send(ask_as(), WRITE)

    assert (answer.status, answer.content, answer.media_type) == (200, b'{"call": 1}', "application/json")


async def test_the_plain_aiohttp_transport_does_too(system: System, ask_as: AskAs) -> None:
    client = client_over(AiohttpTransport(), system.url)

    answers = [await client.send(ask_as(), ask) for ask in (READ, WRITE)]
    await client.close()

    assert [answer.content for answer in answers] == [b'{"call": 1}', b'{"call": 2}']


class Watched(httpx.AsyncBaseTransport):
    """Stands around a transport as instrumentation does, and reads what goes through."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.told: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["x-watched"] = "yes"
        response = await self.inner.handle_async_request(request)
        seen = f"{response.http_version} {response.status_code} {response.reason_phrase}"
        self.told.append(f"{request.method} {request.url.path}: {seen} {response.headers['content-type']}")
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_instrumentation_around_our_own_transport_sees_and_changes_what_goes_through(
    system: System, ask_as: AskAs
) -> None:
    watched = Watched(open_transport(instance(system.url)))
    client = client_over(watched, system.url)

    await client.send(ask_as(), READ)
    await client.close()

    assert watched.told == ["GET /orders: HTTP/1.1 200 OK application/json"]
    assert system.seen[0]["x-watched"] == "yes"


async def test_our_own_transport_serves_httpx_s_own_client(system: System) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"in "
        yield b"parts"

    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=open_transport(instance(system.url)), base_url=system.url) as client:
        got = await client.get("/orders", headers=headers)
        posted = await client.post("/orders", headers=headers, content=body())

    assert [got.json(), posted.json()] == [{"call": 1}, {"call": 2}]
    assert got.is_closed


async def test_a_compressed_answer_counts_by_what_it_holds(ask_as: AskAs) -> None:
    def bomb(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, stream=httpx.ByteStream(gzip.compress(b" " * 4096)), headers={"Content-Encoding": "gzip"}
        )

    with pytest.raises(ContractBroken, match="more than we take"):
        await client_over(httpx.MockTransport(bomb)).send(ask_as(), READ)


@pytest.mark.parametrize(
    "wrong,ask,becomes",
    [
        (httpx.ConnectError("no"), WRITE, Unavailable),
        (httpx.PoolTimeout("no"), WRITE, Unavailable),
        (httpx.ReadError("no"), WRITE, OutcomeUnknown),
        (httpx.ReadTimeout("no"), READ, Unavailable),
        (httpx.RemoteProtocolError("no"), WRITE, OutcomeUnknown),
    ],
)
async def test_what_any_transport_raises_becomes_a_fault(
    wrong: httpx.HTTPError, ask: Ask, becomes: type[Exception], ask_as: AskAs
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise wrong

    with pytest.raises(becomes):
        await client_over(httpx.MockTransport(fail)).send(ask_as(), ask)
