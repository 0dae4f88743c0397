"""Connections are few, kept, replaced when they have gone, and given back whatever becomes of an answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from canonical.errors import OutcomeUnknown, Unavailable
from sources.kit.http.ask import Ask
from sources.kit.http.breaker import BreakerState
from sources.kit.http.client import SystemClient
from sources.kit.http.transport import KeptConnections
from sources.landscape import Limits
from tests.sources.kit.http.peer import BODY, Manner, Peer, listening
from tests.sources.kit.http.pretend import AskAs, Clock, OpenClient, until

CALLERS = 32
HASTY = Limits(concurrency=2, attempts=1, timeout_seconds=0.2, breaker_failures=1000)
WRITE = Ask(method="POST", path="/orders", content=b"{}", operation="book order", safety="write")


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    async with listening() as one:
        yield one


def read(number: int) -> Ask:
    return Ask(path=f"/orders/{number}", operation="read order")


async def everyone_asks(client: SystemClient, ask_as: AskAs) -> None:
    answers = await asyncio.gather(*(client.send(ask_as(), read(number)) for number in range(CALLERS)))
    assert [answer.content for answer in answers] == [BODY] * CALLERS


async def everyone_asks_at_once(client: SystemClient, ask_as: AskAs, peer: Peer, places: int) -> None:
    """As `everyone_asks`, and no answer is given before as many questions are under way as there are places."""
    peer.gate.clear()
    asking = asyncio.create_task(everyone_asks(client, ask_as))
    await until(lambda: peer.waiting == places)
    peer.gate.set()
    await asking


def in_use(client: SystemClient) -> int:
    """How many connections aiohttp's pool has lent out."""
    transport = client._wire._transport
    assert isinstance(transport, KeptConnections)
    session = transport.client
    assert session is not None
    assert not callable(session)
    assert session.connector is not None
    return len(session.connector._acquired)


@pytest.mark.parametrize("places", [1, 8, 32])
async def test_32_callers_open_one_connection_a_place_and_keep_it_round_after_round(
    places: int, peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=places), base_url=peer.url)

    for _ in range(5):
        await everyone_asks_at_once(client, ask_as, peer, places)

    assert (peer.opened, peer.open, in_use(client)) == (places, places, 0)
    assert set(peer.paths.values()) == {5}


async def test_connections_closed_while_idle_are_opened_again_once_and_no_read_fails(
    peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=CALLERS), base_url=peer.url)
    await everyone_asks_at_once(client, ask_as, peer, CALLERS)

    peer.close_idle()
    await until(lambda: peer.open == 0)
    for _ in range(3):
        await everyone_asks_at_once(client, ask_as, peer, CALLERS)

    assert (peer.opened, peer.open) == (2 * CALLERS, CALLERS)
    assert set(peer.paths.values()) == {4}


async def test_a_connection_half_closed_while_idle_is_not_asked_again(
    peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=1), base_url=peer.url)
    await client.send(ask_as(), read(1))

    peer.half_close_idle()
    await until(lambda: peer.open == 0)
    await client.send(ask_as(), WRITE)

    assert (peer.opened, peer.paths) == (2, Counter({"/orders/1": 1, "/orders": 1}))


async def test_reads_on_connections_that_went_stale_unseen_go_out_again_at_once_on_new_ones(
    peer: Peer, open_client: OpenClient, ask_as: AskAs, clock: Clock
) -> None:
    client = open_client(Limits(concurrency=CALLERS, attempts=1, breaker_failures=1), base_url=peer.url)
    await everyone_asks_at_once(client, ask_as, peer, CALLERS)

    peer.manner = lambda before: "hang up" if before else "answer"
    await everyone_asks_at_once(client, ask_as, peer, CALLERS)

    assert peer.opened == 2 * CALLERS
    assert set(peer.paths.values()) == {3}
    assert (clock.slept, client.health[0].state) == ([], BreakerState.CLOSED)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_a_write_on_a_connection_that_went_stale_unseen_is_sent_once_and_its_outcome_unknown(
    method: str, peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(base_url=peer.url)
    await client.send(ask_as(), read(1))
    peer.manner = lambda before: "hang up" if before else "answer"

    with pytest.raises(OutcomeUnknown, match="broke off"):
        await client.send(ask_as(), Ask(method=method, path="/orders", operation="write", safety="write"))

    assert peer.paths["/orders"] == 1


async def test_a_system_that_hangs_up_on_new_connections_is_not_asked_twice_for_one_try(
    peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    peer.manner = lambda _: "hang up"

    with pytest.raises(Unavailable, match="broke off"):
        await open_client(Limits(attempts=1), base_url=peer.url).send(ask_as(), read(1))

    assert peer.opened == 1


@pytest.mark.parametrize(
    "manner,words",
    [("stall", "northwind did not answer in time."), ("half close", "northwind broke off the connection.")],
)
async def test_a_body_that_does_not_end_costs_its_connection_and_not_its_place(
    manner: Manner, words: str, peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(HASTY, base_url=peer.url)
    peer.manner = lambda _: manner
    told = await asyncio.gather(*(client.send(ask_as(), read(one)) for one in range(4)), return_exceptions=True)
    await until(lambda: peer.open == 0)

    peer.manner = lambda _: "answer"
    await everyone_asks(client, ask_as)

    assert [str(one) for one in told] == [words] * 4
    assert (peer.open, in_use(client)) == (2, 0)


async def test_a_question_cancelled_while_it_is_answered_gives_its_place_back(
    peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=1), base_url=peer.url)
    peer.manner = lambda _: "stall"
    asking = asyncio.create_task(client.send(ask_as(), read(1)))
    await until(lambda: peer.asked)

    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await until(lambda: peer.open == 0)
    peer.manner = lambda _: "answer"

    assert (await client.send(ask_as(), read(1))).content == BODY
    assert (peer.opened, in_use(client)) == (2, 0)


async def test_an_answer_larger_than_allowed_gives_its_place_back(
    peer: Peer, open_client: OpenClient, ask_as: AskAs
) -> None:
    client = open_client(Limits(concurrency=1, attempts=1), base_url=peer.url, largest_answer=len(BODY) // 4)
    peer.manner = lambda _: "stall"

    told = await asyncio.gather(client.send(ask_as(), read(1)), return_exceptions=True)
    await until(lambda: peer.open == 0)

    assert [str(one) for one in told] == ["northwind sent more than we take at once."]
    assert in_use(client) == 0
