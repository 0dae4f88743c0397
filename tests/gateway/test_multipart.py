"""What Apollo's multipart protocol for subscriptions promises, over real sockets."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.subscription import EndedError
from tests.gateway.news import SUBSCRIPTION, News, served, until
from tests.gateway.pretend import HEADERS, SIGNER

ACCEPT = "multipart/mixed;subscriptionSpec=1.0, application/json"
FIRST = "\r\n--graphql"
HEAD = "\r\ncontent-type: application/json\r\n\r\n"


class Parts:
    """The parts of an answer, each when the boundary after it has come."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer

    async def __aiter__(self) -> AsyncIterator[Any]:
        text = ""
        began = False
        async for piece in self.answer.aiter_text():
            text += piece
            while FIRST in text:
                part, _, text = text.partition(FIRST)
                if began:
                    assert part.startswith(HEAD)
                    yield json.loads(part.removeprefix(HEAD))
                assert began or not part
                began = True
        assert text == "--\r\n"


@asynccontextmanager
async def asked(url: str, query: str = SUBSCRIPTION, **headers: str) -> AsyncIterator[Parts]:
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("POST", url, headers={**HEADERS, "Accept": ACCEPT, **headers}, json={"query": query}) as answer,
    ):
        yield Parts(answer)


async def test_each_message_is_a_part_that_ends_with_its_boundary() -> None:
    news = News()
    async with served(news) as gateway, asked(gateway.url) as parts:
        await until(lambda: news.readers)
        await news.write("one", "two")
        await news.end()

        assert parts.answer.headers["content-type"] == 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
        assert [part async for part in parts] == [
            {},
            {"payload": {"data": {"news": "one"}}},
            {"payload": {"data": {"news": "two"}}},
        ]


@pytest.mark.parametrize(
    "accept,media",
    [
        ('multipart/mixed; subscriptionSpec="1.0"', "multipart/mixed"),
        ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json;q=0.9", "multipart/mixed"),
        ("application/json, multipart/mixed;subscriptionSpec=1.0", "application/json"),
        ("multipart/mixed;deferSpec=20220824, application/json", "application/json"),
    ],
)
async def test_parts_are_answered_to_whom_likes_them_best(accept: str, media: str) -> None:
    async with served() as gateway, asked(gateway.url, "{ hello }", Accept=accept) as parts:
        assert parts.answer.headers["content-type"].startswith(media)


async def test_parts_alone_without_the_specification_of_subscriptions_are_not_acceptable() -> None:
    async with served() as gateway, asked(gateway.url, Accept="multipart/mixed") as parts:
        assert parts.answer.status_code == 406
        assert "multipart/mixed;subscriptionSpec=1.0" in json.loads(await parts.answer.aread())["errors"][0]["message"]


async def test_a_query_is_answered_by_one_part() -> None:
    async with served() as gateway, asked(gateway.url, "{ hello }") as parts:
        assert [part async for part in parts] == [{}, {"payload": {"data": {"hello": "hello you"}}}]


async def test_what_is_wrong_with_a_document_is_a_response_of_errors() -> None:
    async with served() as gateway, asked(gateway.url, "subscription { nothing }") as parts:
        _, told = [part async for part in parts]

    assert told["payload"]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_an_idle_stream_shows_signs_of_life() -> None:
    async with served(keepalive_seconds=0.1) as gateway, asked(gateway.url) as parts:
        beats = aiter(parts)

        assert [await anext(beats) for _ in range(3)] == [{}, {}, {}]


async def test_who_may_not_ask_is_refused_before_the_stream() -> None:
    async with served() as gateway, asked(gateway.url, Authorization="") as parts:
        assert parts.answer.status_code == 401


@pytest.mark.parametrize("again", [True, False])
async def test_what_is_ended_is_an_error_of_the_transport_with_the_cursor(again: bool) -> None:
    news = News(["one"])
    async with served(news) as gateway, asked(gateway.url) as parts:
        await until(lambda: news.readers)
        await news.end(EndedError("SLOW_CONSUMER", "You read too slowly.", again=again))
        _, last = [part async for part in parts]

    assert last["payload"] is None
    [error] = last["errors"]
    told = error["extensions"]
    assert (told["code"], told["cursor"], told["retryable"]) == ("SLOW_CONSUMER", "1", again)


async def test_who_is_sent_away_gets_its_cursor() -> None:
    news = News(["one"])
    async with served(news) as gateway, asked(gateway.url) as parts:
        await until(lambda: news.readers)
        await gateway.transports.drain()
        _, last = [part async for part in parts]

    told = last["errors"][0]["extensions"]
    assert (last["payload"], told["code"], told["cursor"]) == (None, "GOING_AWAY", "1")


async def test_a_token_that_ends_is_an_error_of_the_transport_with_the_cursor() -> None:
    news = News(["one"])
    # The leeway of five seconds counts, too: it ends within two.
    short = SIGNER.sign(["orders:read"], seconds=2, now=time.time() - 5)
    async with served(news) as gateway, asked(gateway.url, Authorization=f"Bearer {short}") as parts:
        _, last = [part async for part in parts]

    told = last["errors"][0]["extensions"]
    assert (last["payload"], told["code"], told["cursor"]) == (None, "TOKEN_EXPIRED", "1")
