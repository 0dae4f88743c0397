"""Each fault as a client meets it on a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from sources.kit.sandbox.faults import Fault, Faults
from sources.kit.sandbox.locks import held
from sources.kit.sandbox.log import RequestLog
from sources.kit.sandbox.middleware import Manners, misbehaving
from sources.kit.sandbox.rows import spoil
from sources.kit.sandbox.serving import Served, serve, serve_all, serve_in_thread


@dataclass
class Pretend:
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    commits: int = 0
    expired: int = 0
    held: list[bool] = field(default_factory=list)
    served: Served = field(default_factory=lambda: Served("", 0))

    def expire(self) -> None:
        self.expired += 1

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        self.commits += 1
        self.held.append(held())
        body = ",".join(spoil(["a", "b", "c", "d"])).encode()
        headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"text/csv")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest_asyncio.fixture
async def pretend() -> AsyncIterator[Pretend]:
    one = Pretend()
    manners = Manners(lambda status: ("application/json", b'{"oops":%d}' % status), one.expire)
    async with serve(misbehaving(one.app, one.faults, one.log, manners)) as one.served:
        yield one


@pytest_asyncio.fixture
async def client(pretend: Pretend) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=pretend.served.url, timeout=5, trust_env=False) as one:
        yield one


async def test_without_faults_the_app_answers_and_is_recorded(pretend: Pretend, client: httpx.AsyncClient) -> None:
    answer = await client.get("/x?q=1", headers={"authorization": "Bearer secret", "x-request-id": "r1"})

    assert (answer.status_code, answer.text) == (200, "a,b,c,d")
    [asked] = pretend.log.asked("GET /x")
    assert (asked.line, asked.status) == ("GET /x?q=1", 200)
    assert asked.headers["authorization"] == "[redacted]"
    assert asked.headers["x-request-id"] == "r1"


async def test_latency_delays_the_answer(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="latency", seconds=0.05, times=1))
    started = time.perf_counter()

    answer = await client.get("/")

    assert answer.status_code == 200
    assert time.perf_counter() - started >= 0.05


async def test_a_status_comes_in_the_vendors_words(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="status", status=500, times=1))

    answer = await client.get("/")

    assert (answer.status_code, answer.json(), pretend.commits) == (500, {"oops": 500}, 0)


async def test_a_throttle_says_when_to_come_back(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="throttle", seconds=2.5, body="slow down"))

    answer = await client.get("/")

    assert (answer.status_code, answer.headers["retry-after"], answer.text) == (429, "3", "slow down")


async def test_a_timeout_holds_the_request_until_the_client_goes(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="timeout", seconds=60, times=1))

    with pytest.raises(httpx.ReadTimeout):
        await client.post("/", content=b"x", timeout=0.1)

    async with asyncio.timeout(2):
        while not pretend.log.total:  # noqa: ASYNC110 - the log rings no bell
            await asyncio.sleep(0.01)
    assert (pretend.log.asked()[0].status, pretend.commits) == (None, 0)


async def test_a_timeout_nobody_waits_out_ends_in_504(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="timeout", seconds=0.05, times=1))

    assert (await client.get("/")).status_code == 504


async def test_a_failure_may_come_after_the_commit(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="status_after", status=500, times=1))

    answer = await client.post("/", content=b"order")

    assert (answer.status_code, answer.json(), pretend.commits) == (500, {"oops": 500}, 1)


async def test_a_slow_system_commits_though_its_client_has_gone(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="slow", seconds=0.3, times=1))

    with pytest.raises(httpx.ReadTimeout):
        await client.post("/", content=b"order", timeout=0.02)

    async with asyncio.timeout(5):
        while not pretend.log.total:  # noqa: ASYNC110 - the log rings no bell
            await asyncio.sleep(0.01)
    assert pretend.commits == 1


async def test_a_slow_system_answers_whoever_waits(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="slow", seconds=0.02, times=1))

    answer = await client.post("/", content=b"order")

    assert (answer.status_code, answer.text, pretend.commits) == (200, "a,b,c,d", 1)


async def test_a_lock_is_told_to_the_app_for_its_own_request_alone(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="lock", match="POST", times=1))

    for _ in range(2):
        await client.post("/", content=b"order")

    assert pretend.held == [True, False]


async def test_a_reset_before_the_commit_commits_nothing(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="reset_before", times=1))

    with pytest.raises(httpx.ReadError):
        await client.post("/", content=b"order")

    assert pretend.commits == 0
    assert (await client.post("/", content=b"order")).status_code == 200


async def test_a_reset_after_the_commit_commits_without_a_word(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="reset_after", times=1))

    with pytest.raises(httpx.ReadError):
        await client.post("/", content=b"order")

    assert pretend.commits == 1


async def test_a_truncated_answer_promises_more_than_it_gives(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="truncate", times=1))

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        await client.get("/")

    assert pretend.commits == 1


async def test_a_login_page_comes_where_an_answer_was_due(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="content_type", times=1))

    answer = await client.get("/")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")


async def test_tokens_expire_before_the_request_is_served(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="expire_token", times=1))

    assert (await client.get("/")).status_code == 200
    assert pretend.expired == 1


async def test_rows_are_spoilt_where_they_are_rendered(pretend: Pretend, client: httpx.AsyncClient) -> None:
    pretend.faults.add(Fault(kind="drop_rows", times=1))

    assert (await client.get("/")).text == "b,d"
    assert (await client.get("/")).text == "a,b,c,d"


async def test_several_apps_are_served_side_by_side() -> None:
    one, two = Pretend(), Pretend()

    async with serve_all({"one": (one.app, 0), "two": (two.app, 0)}) as served, httpx.AsyncClient() as client:
        answers = [await client.get(served[name].url) for name in ("one", "two", "two")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (one.commits, two.commits) == (1, 2)


async def test_serving_ends_at_once_with_a_request_still_held() -> None:
    one = Pretend()
    one.faults.add(Fault(kind="timeout", seconds=60))
    app = misbehaving(one.app, one.faults, one.log, Manners(lambda _: ("text/plain", b""), one.expire))
    started = time.perf_counter()

    async with httpx.AsyncClient() as client, serve(app) as served:
        held = asyncio.ensure_future(client.get(served.url))
        while not one.faults.hits:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)

    with pytest.raises(httpx.HTTPError):
        await held
    assert time.perf_counter() - started < 1.5


def test_a_client_that_blocks_is_served_from_a_thread() -> None:
    one = Pretend()

    with serve_in_thread(one.app) as served:
        assert httpx.get(served.url).text == "a,b,c,d"

    with pytest.raises(httpx.ConnectError):
        httpx.get(served.url)
