"""Clients that other people wrote subscribe, lose their connection or their gateway, and miss nothing."""

from __future__ import annotations

from typing import Any

import pytest
from gql import Client as GqlClient
from gql import GraphQLRequest, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport

from gateway.subscription import EndedError
from tests.gateway.news import News, Served, drop, served, until
from tests.gateway.pretend import SIGNER, TOKEN
from tests.gateway.real_clients import NAMES, SCRIPTS, Client, installed, running


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    installed()


def given(*gateways: Served, tokens: tuple[str, ...] = (TOKEN,)) -> dict[str, Any]:
    return {
        "urls": [gateway.url for gateway in gateways],
        "sockets": [gateway.socket for gateway in gateways],
        "tokens": list(tokens),
    }


async def first_piece(client: Client, news: News) -> None:
    await until(lambda: news.readers)
    await news.write("one")
    assert await client.news() == "one"


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
async def test_a_connection_that_is_cut_is_taken_up_again_behind_the_cursor(script: tuple[str, ...]) -> None:
    news = News(with_cursors=True)
    async with served(news) as gateway, running(*script, **given(gateway)) as client:
        await first_piece(client, news)

        drop(gateway)
        await news.write("two", "three")
        assert [await client.news() for _ in range(2)] == ["two", "three"]
        await news.write("four")
        assert await client.news() == "four"

        await news.end()
        assert await client.told() == {"complete": True}


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
async def test_a_gateway_that_ends_sends_its_subscribers_to_the_next_one(script: tuple[str, ...]) -> None:
    news = News(with_cursors=True)
    async with served(news) as old, served(news) as new, running(*script, **given(old, new)) as client:
        await first_piece(client, news)

        await old.transports.drain()
        await news.write("two")

        assert await client.news() == "two"
        assert len(news.readers) == 1
        assert len(new.transports.reception.connections) == 1


async def test_graphql_ws_comes_back_with_a_fresh_token_when_the_old_one_ends() -> None:
    fresh = SIGNER.sign(["orders:read"], subject="fresh")
    news = News(with_cursors=True)
    async with (
        served(news) as gateway,
        running("graphql_ws.js", **given(gateway, tokens=(TOKEN, fresh))) as client,
    ):
        await first_piece(client, news)
        for connection in gateway.transports.reception.connections:
            connection.leave(EndedError("TOKEN_EXPIRED", "The token has expired."))
        assert [await client.told(), await client.told()] == [{"told": "TOKEN_EXPIRED"}, {"closed": 4403}]

        await news.write("two")
        assert await client.news() == "two"
        assert [caller.principal.subject for caller in news.readers.values()] == ["fresh"]


async def test_graphql_ws_that_had_no_message_yet_resumes_where_it_began() -> None:
    news = News(["before"], with_cursors=True)
    async with served(news) as old, served(news) as new, running("graphql_ws.js", **given(old, new)) as client:
        await until(lambda: news.readers)
        assert await client.told() == {"hello": "hello you"}

        await old.transports.drain()
        await news.write("while nobody read")

        assert await client.news() == "while nobody read"


@pytest.mark.parametrize("script", SCRIPTS, ids=NAMES)
async def test_what_ends_for_good_is_not_asked_for_again(script: tuple[str, ...]) -> None:
    news = News(with_cursors=True)
    async with served(news) as gateway, running(*script, **given(gateway)) as client:
        await first_piece(client, news)

        await news.end(EndedError("CURSOR_UNKNOWN", "This cursor is of another database.", again=False))

        await client.process.wait()
        assert not news.readers


async def test_urql_gets_json_for_a_query_and_events_for_a_subscription() -> None:
    news = News(with_cursors=True)
    async with served(news) as gateway, running("urql.js", **given(gateway)) as client:
        assert await client.told() == {"hello": "hello you"}
        await first_piece(client, news)
        await news.write("two")
        assert await client.news() == "two"

        await news.end()
        assert await client.told() == {"complete": True}


async def test_gql_of_python_subscribes_and_asks_over_one_socket_and_resumes_on_the_next() -> None:
    news = News(with_cursors=True)
    subscription = gql("subscription News($after: String) { news(after: $after) }")
    seen: list[str] = []

    async def read(gateway: Served, after: str | None) -> None:
        transport = WebsocketsTransport(gateway.socket, init_payload={"Authorization": f"Bearer {TOKEN}"})
        async with GqlClient(transport=transport) as session:
            assert await session.execute(gql("{ hello }")) == {"hello": "hello you"}
            asked = GraphQLRequest(subscription, variable_values={"after": after})
            async for result in session.subscribe(asked):
                seen.append(result["news"])
                if len(seen) == 1:
                    await news.write("two")
                    await gateway.transports.drain()
                elif len(seen) == 2:
                    return

    async with served(news) as old, served(news) as new:
        await news.write("one")
        with pytest.raises((TransportClosed, TransportConnectionFailed)):
            await read(old, "0")
        seen = seen[:1]
        await read(new, "1")

    assert seen == ["one", "two"]
