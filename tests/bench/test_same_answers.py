"""Whoever is measured gives the gateway's own answers from the same calls; in Node where its packages are installed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from bench.peers import ours, questions
from bench.peers.asking import in_order
from bench.peers.contestants import ENTRIES, SECRET, Contestant, why_no_node
from bench.peers.desk.serve import Desk
from bench.peers.plain import handwritten, strawberry_peer
from gateway.tokens import Signer
from resolvers.access import SCOPES

Served = tuple[Desk, str]
TOKEN = Signer(SECRET, ours.TENANT).sign(SCOPES)
TURNS = 12
PEERS: Mapping[str, Callable[[str, str], Any]] = {
    "hand-written": handwritten.app_of,
    "Strawberry": strawberry_peer.app_of,
}
NODE = [entry for entry in ENTRIES if entry.node]


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    lifespan = asyncio.Queue[dict[str, str]]()
    told = asyncio.Queue[dict[str, str]]()
    async with asyncio.TaskGroup() as group:
        group.create_task(app({"type": "lifespan", "asgi": {}, "state": {}}, lifespan.get, told.put))
        lifespan.put_nowait({"type": "lifespan.startup"})
        assert await told.get() == {"type": "lifespan.startup.complete"}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://peer", headers=headers
        ) as client:
            yield client
        lifespan.put_nowait({"type": "lifespan.shutdown"})
        assert await told.get() == {"type": "lifespan.shutdown.complete"}


async def page(client: httpx.AsyncClient, turn: int) -> bytes:
    variables = {"until": questions.until(turn)}
    return (await client.post("/graphql", json={"query": questions.PAGE, "variables": variables})).content


async def one(client: httpx.AsyncClient, turn: int) -> bytes:
    variables = {"id": questions.one_id(turn)}
    return (await client.post("/graphql", json={"query": questions.ONE, "variables": variables})).content


async def answers(client: httpx.AsyncClient) -> list[bytes]:
    told = [await ask(client, turn) for turn in range(TURNS) for ask in (page, one)]
    return [in_order(answer) for answer in told]


@pytest.mark.parametrize("name", PEERS)
async def test_a_peer_in_python_answers_as_the_gateway_does(desk: Served, name: str) -> None:
    async with running(ours.app(desk[1], SECRET)) as client:
        expected = await answers(client)

    async with running(PEERS[name](desk[1], SECRET)) as client:
        found = await answers(client)

    assert found == expected


@pytest.mark.parametrize("name", [ours.TENANT, *PEERS])
async def test_everybody_makes_the_same_calls_and_no_more_than_it_takes(desk: Served, name: str) -> None:
    async with running({ours.TENANT: ours.app, **PEERS}[name](desk[1], SECRET)) as client:
        await page(client, 3)
        of_a_page = dict(desk[0].calls)
        desk[0].calls.clear()
        await one(client, 3)

    assert of_a_page == {
        "sales not booked": 1,
        "bookings listed": 1,
        "sales by key": 1,
        "documents by order": 2,
        "payments by invoice": 1,
    }
    assert desk[0].calls == {"sales by key": 1, "bookings by key": 1}


@pytest.mark.parametrize("name", [ours.TENANT, *PEERS])
async def test_nobody_answers_without_a_token(desk: Served, name: str) -> None:
    async with running({ours.TENANT: ours.app, **PEERS}[name](desk[1], SECRET)) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN[:-4]}AAAA"
        answer = await client.post("/graphql", json={"query": questions.PAGE, "variables": {"until": "2020-01-01"}})

    assert answer.status_code == 401
    assert desk[0].calls == {}


async def test_a_page_has_about_3800_fields_and_every_status_an_order_of_the_desk_can_have(desk: Served) -> None:
    async with running(ours.app(desk[1], SECRET)) as client:
        told = orjson.loads(await page(client, 0))["data"]

    assert 3_700 < questions.fields(told) < 3_900
    assert {node["status"] for node in told["orders"]["nodes"]} == {
        "BOOKED",
        "IN_FULFILLMENT",
        "FULFILLED",
        "COMPLETED",
        "CANCELLED",
        "ON_HOLD",
    }


def test_no_variable_comes_twice_before_all_have_come() -> None:
    assert len({questions.until(turn) for turn in range(3_800)}) == 3_800
    assert len({questions.one_id(turn) for turn in range(3_800)}) == 3_800


@pytest.mark.skipif(why_no_node() is not None, reason=why_no_node() or "")
@pytest.mark.parametrize("entry", NODE, ids=[entry.name for entry in NODE])
async def test_a_peer_in_node_answers_as_the_gateway_does(desk: Served, tmp_path: Path, entry: Any) -> None:
    async with running(ours.app(desk[1], SECRET)) as client:
        expected = await answers(client)
    contestant = Contestant(entry, int(desk[1].rpartition(":")[2]), tmp_path)
    try:
        base = f"http://127.0.0.1:{contestant.port}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30) as client:
            await up(client, contestant)
            found = await answers(client)
            client.headers["Authorization"] = f"Bearer {TOKEN[:-4]}AAAA"
            refused = await page(client, 0)
    finally:
        contestant.stop()

    assert found == expected
    assert b"SO-" not in refused


async def up(client: httpx.AsyncClient, contestant: Contestant) -> None:
    for _ in range(600):
        contestant.check()
        try:
            if (await page(client, 0)).startswith(b'{"data":{"orders":{'):
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    sys.exit(f"{contestant.name} did not start")
