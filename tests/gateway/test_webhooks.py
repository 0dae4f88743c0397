"""What a system delivers is stored before it is acknowledged, and strangers keep nobody's deliveries out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from sqlalchemy import text

from gateway.webhooks import MOST_UNREADABLE, Bounds
from tests.fakes.waiting import until
from tests.gateway.doors import BATCH, STRUCTURED, body_of, door, event, heard, signed
from tests.gateway.pretend import gateway
from workflows.store.opening import Store

BODY = body_of(event(1))
WAITING = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@asynccontextmanager
async def standstill(store: Store) -> AsyncIterator[None]:
    """Whatever is stored here is not committed before the block ends."""
    async with store.transaction() as transaction:
        await transaction.execute(text("lock table feed in exclusive mode"))
        yield


async def stuck(store: Store) -> list[int]:
    async with store.transaction() as transaction:
        return [int(row[0]) for row in await transaction.execute(text(WAITING))]


async def slowly() -> AsyncIterator[bytes]:
    yield b"["
    await asyncio.Event().wait()


async def post(client: httpx.AsyncClient, body: bytes = BODY, system: str = "acme") -> httpx.Response:
    return await client.post(f"/webhooks/{system}", content=body, headers=signed(body))


async def test_it_is_acknowledged_when_it_is_stored_and_not_before(store: Store) -> None:
    async with door(store) as client:
        async with standstill(store):
            posted = asyncio.create_task(post(client))
            await until(lambda: stuck(store))
            assert not posted.done()
        answer = await posted

    assert answer.status_code == 200
    assert await heard(store) == [("acme", "/acme e-1", "1")]


async def test_what_is_sent_again_is_acknowledged_and_stored_once(store: Store) -> None:
    async with door(store) as client:
        answers = [await post(client) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert await heard(store) == [("acme", "/acme e-1", "1")]


async def test_when_the_store_goes_away_before_the_commit_it_is_to_be_sent_again_and_nothing_is_kept(
    store: Store,
) -> None:
    async with door(store) as client:
        async with standstill(store):
            posted = asyncio.create_task(post(client))
            await until(lambda: stuck(store))
            async with store.transaction() as transaction:
                await transaction.execute(text(f"select pg_terminate_backend(pid) from ({WAITING}) as waiting"))
            lost = await posted
        kept = await heard(store)
        again = await post(client)

    assert (lost.status_code, lost.headers["retry-after"]) == (503, "5")
    assert kept == []
    assert again.status_code == 200
    assert await heard(store) == [("acme", "/acme e-1", "1")]


@pytest.mark.parametrize(
    "headers",
    [signed(BODY, key="a-key-of-somebody-else"), signed(b"another body"), {"content-type": BATCH}],
)
async def test_what_is_not_proven_is_refused_and_not_kept(store: Store, headers: dict[str, str]) -> None:
    async with door(store) as client:
        answer = await client.post("/webhooks/acme", content=BODY, headers=headers)

    assert answer.status_code == 401
    assert await heard(store) == []


async def test_a_body_that_is_too_large_is_refused_as_soon_as_that_is_seen(store: Store) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1000

    async with door(store, webhook_limit_bytes=5000) as client:
        announced = await post(client, b" " * 5001)
        found = await client.post("/webhooks/acme", content=endless())

    assert (announced.status_code, found.status_code) == (413, 413)


async def test_nobody_delivers_for_a_system_that_is_not_there(store: Store) -> None:
    async with door(store) as client:
        answer = await post(client, system="nobody")

    assert (answer.status_code, answer.json()["message"]) == (404, "No system is set up to deliver here.")


async def test_a_gateway_without_a_store_sends_deliveries_elsewhere() -> None:
    async with door(None) as client:
        answer = await post(client)

    assert answer.status_code == 503
    assert answer.json()["message"] == "This gateway reads only, and stores nothing: deliver to one that has a store."


async def test_a_handshake_stores_nothing_and_is_answered(store: Store) -> None:
    async with door(store) as client:
        answer = await client.options("/webhooks/acme", headers={"webhook-request-origin": "acme.example"})

    assert answer.headers["webhook-allowed-origin"] == "acme.example"
    assert await heard(store) == []


async def test_the_door_is_a_route_of_the_gateway() -> None:
    async with gateway() as client:
        answer = await client.post("/webhooks/books")

    assert answer.json() == {"message": "No system is set up to deliver here."}


async def test_strangers_who_send_slowly_keep_no_delivery_out(store: Store) -> None:
    async with door(store, Bounds(readers=32)) as client, AsyncExitStack() as stack:
        strangers = [asyncio.create_task(client.post("/webhooks/acme", content=slowly())) for _ in range(40)]
        for stranger in strangers:
            stack.callback(stranger.cancel)
        await until(lambda: sum(stranger.done() for stranger in strangers) == 8)

        answer = await post(client)
        await until(lambda: sum(stranger.done() for stranger in strangers) == 9)
        sent_away = [stranger.result().status_code for stranger in strangers if stranger.done()]

    assert answer.status_code == 200
    assert sent_away == [503] * 9


async def test_a_body_that_does_not_come_is_not_waited_for(store: Store) -> None:
    async with door(store, Bounds(read_within=0.05)) as client:
        answer = await client.post("/webhooks/acme", content=slowly())

    assert answer.status_code == 408
    assert answer.json()["message"] == "The body was not here within 0.05 seconds."


async def test_a_system_that_delivers_too_much_at_once_waits_and_the_others_do_not(store: Store) -> None:
    async with door(store, Bounds(stored_at_once=1)) as client:
        async with standstill(store):
            first = asyncio.create_task(post(client))
            await until(lambda: stuck(store))
            second = await post(client, body_of(event(2)))
            other = asyncio.create_task(post(client, body_of(event(3)), "other"))
            await until(lambda: _all_stuck(store, 2))
        answers = [await first, await other]

    assert (second.status_code, second.headers["retry-after"]) == (503, "5")
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_what_cannot_be_stored_in_time_is_to_be_sent_again(store: Store) -> None:
    async with door(store, Bounds(store_within=0.2)) as client, standstill(store):
        answer = await post(client)

    assert answer.status_code == 503
    assert await heard(store) == []


async def test_a_message_in_which_too_much_means_nothing_is_refused_whole(store: Store) -> None:
    nothing = [event(number, "acme.weather.changed") for number in range(MOST_UNREADABLE + 1)]
    async with door(store) as client:
        taken = await post(client, body_of(event(200), *nothing[1:]))
        refused = await post(client, body_of(event(201), *nothing))

    assert (taken.status_code, refused.status_code) == (200, 413)
    assert refused.json()["message"] == (
        "101 events of this message mean nothing here, and at most 100 are taken at once: send fewer in one."
    )
    assert "201" not in {key for _, _, key in await heard(store)}
    assert len(await heard(store)) == 1 + MOST_UNREADABLE


async def test_one_event_alone_is_a_message_too(store: Store) -> None:
    body = BODY[1:-1]
    async with door(store) as client:
        answer = await client.post("/webhooks/acme", content=body, headers=signed(body, media=STRUCTURED))

    assert answer.status_code == 200
    assert await heard(store) == [("acme", "/acme e-1", "1")]


async def _all_stuck(store: Store, number: int) -> bool:
    return len(await stuck(store)) == number
