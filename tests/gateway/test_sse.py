"""What graphql-sse promises in its distinct connections mode, and what we do beyond it, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.subscription import EndedError
from tests.gateway.events import Event, Events
from tests.gateway.news import SUBSCRIPTION, News, served, until
from tests.gateway.pretend import HEADERS, SIGNER

STREAM = {**HEADERS, "Accept": "text/event-stream"}


@asynccontextmanager
async def asked(url: str, query: str = SUBSCRIPTION, method: str = "POST", **headers: str) -> AsyncIterator[Events]:
    given: dict[str, Any] = {"json": {"query": query}} if method == "POST" else {"params": {"query": query}}
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream(method, url, headers={**STREAM, **headers}, **given) as answer,
    ):
        yield Events(answer)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_each_message_is_an_event_with_its_cursor_until_the_end(method: str) -> None:
    news = News()
    async with served(news) as gateway, asked(gateway.url, method=method) as events:
        await until(lambda: news.readers)
        await news.write("one", "two")
        await news.end()

        assert events.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert events.answer.headers["x-accel-buffering"] == "no"
        assert [event async for event in events] == [
            Event(comment=""),
            Event("next", {"data": {"news": "one"}}, id="1"),
            Event("next", {"data": {"news": "two"}}, id="2"),
            Event("complete", None),
        ]


async def test_a_query_is_answered_by_one_event() -> None:
    async with served() as gateway, asked(gateway.url, "{ hello }") as events:
        assert [event async for event in events][1:] == [
            Event("next", {"data": {"hello": "hello you"}}),
            Event("complete", None),
        ]


async def test_what_is_wrong_with_a_document_is_told_in_the_stream_as_the_protocol_wants_it() -> None:
    async with served() as gateway, asked(gateway.url, "subscription { nothing }", "GET") as events:
        assert events.answer.status_code == 200
        _, told, end = [event async for event in events]

    assert told.data["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert end == Event("complete", None)


async def test_lines_end_in_lf_alone() -> None:
    async with served() as gateway, asked(gateway.url, "{ hello }") as events:
        assert await events.answer.aread() == (
            b':\n\nevent: next\ndata: {"data":{"hello":"hello you"}}\n\nevent: complete\ndata:\n\n'
        )


async def test_a_mutation_is_executed_by_post_and_never_by_get() -> None:
    async with served() as gateway:
        async with asked(gateway.url, "mutation { write }") as events:
            assert (await anext(events.told()))["data"] == {"write": None}
        async with asked(gateway.url, "mutation { write }", "GET") as events:
            assert (events.answer.status_code, events.answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "headers,status",
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer x.y.z"}, 401),
        ({"Content-Type": "text/plain"}, 415),
        ({"Last-Event-ID": "9" * 2_000}, 400),
    ],
)
async def test_who_may_not_ask_is_refused_before_the_stream(headers: dict[str, str], status: int) -> None:
    async with served() as gateway, asked(gateway.url, **headers) as events:
        assert events.answer.status_code == status
        assert "errors" in await events.json()


async def test_other_methods_are_refused() -> None:
    async with served() as gateway, httpx.AsyncClient() as client:
        assert (await client.put(gateway.url, headers=STREAM)).status_code == 405


@pytest.mark.parametrize(
    "accept,streamed",
    [
        ("text/event-stream", True),
        ("text/event-stream, multipart/mixed", True),
        ("application/json;q=0.5, text/event-stream", True),
        ("application/graphql-response+json, application/json, text/event-stream, multipart/mixed", False),
        ("text/event-stream;q=0.4, */*", False),
        ("text/event-stream;q=0, application/json", False),
    ],
)
async def test_a_stream_is_answered_to_whom_likes_it_best(accept: str, streamed: bool) -> None:
    async with served() as gateway, asked(gateway.url, "{ hello }", Accept=accept) as events:
        assert events.answer.headers["content-type"].startswith("text/event-stream") is streamed


async def test_a_browser_that_connects_again_goes_on_behind_the_last_event_it_saw() -> None:
    news = News(["one", "two", "three"])
    async with served(news) as gateway, asked(gateway.url, **{"Last-Event-ID": "1"}) as events:
        told = events.told()

        assert [(await anext(told))["data"]["news"] for _ in range(2)] == ["two", "three"]


async def test_an_idle_stream_shows_signs_of_life() -> None:
    async with served(keepalive_seconds=0.1) as gateway, asked(gateway.url) as events:
        beats = aiter(events)

        assert [await anext(beats) for _ in range(4)] == [Event(comment="")] * 4


async def test_a_client_that_goes_leaves_nothing_behind() -> None:
    news = News()
    async with served(news) as gateway:
        async with asked(gateway.url):
            await until(lambda: news.readers)

        await until(lambda: not news.readers)
        await until(lambda: not len(gateway.transports.reception.connections))


async def test_what_ends_for_good_is_an_error_with_code_and_cursor_and_then_complete() -> None:
    news = News(["one"])
    async with served(news) as gateway, asked(gateway.url, **{"Last-Event-ID": "1"}) as events:
        await until(lambda: news.readers)
        await news.end(EndedError("CURSOR_UNKNOWN", "This cursor is of another database.", again=False))
        _, told, end = [event async for event in events]

    [error] = told.data["errors"]
    assert error["message"] == "This cursor is of another database."
    assert (error["extensions"]["code"], error["extensions"]["cursor"]) == ("CURSOR_UNKNOWN", "1")
    assert end == Event("complete", None)


async def test_what_may_be_taken_up_again_ends_without_complete_so_that_clients_come_back() -> None:
    news = News(["one"])
    async with served(news) as gateway, asked(gateway.url) as events:
        await until(lambda: news.readers)
        await news.end(EndedError("SLOW_CONSUMER", "You read too slowly."))
        _, last = [event async for event in events]

    assert (last.name, last.id) == (None, "1")
    assert last.retry is not None
    assert 100 <= last.retry <= 1_500
    assert '"code":"SLOW_CONSUMER"' in last.comment


async def test_who_is_sent_away_gets_its_cursor_and_no_complete() -> None:
    news = News()
    async with served(news) as gateway, asked(gateway.url) as events:
        await until(lambda: news.readers)
        await news.write("one")
        told_so_far = aiter(events)
        _, told = await anext(told_so_far), await anext(told_so_far)
        await gateway.transports.drain()
        [last] = [event async for event in told_so_far]

    assert (told.id, last.id, last.name) == ("1", "1", None)
    assert '"code":"GOING_AWAY"' in last.comment


async def test_who_has_seen_nothing_yet_gets_the_place_where_it_began() -> None:
    news = News(["one", "two"])
    async with served(news) as gateway, asked(gateway.url) as events:
        await until(lambda: news.readers)
        await gateway.transports.drain()
        *_, last = [event async for event in events]

    assert last.id == "2"


async def test_an_answer_under_way_still_goes_out() -> None:
    async with served(deadline_seconds=0.3) as gateway, asked(gateway.url, "{ slow }") as events:
        await gateway.transports.drain()
        _, told, end = [event async for event in events]

    assert told.data["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
    assert end == Event("complete", None)


async def test_whoever_comes_while_the_gateway_ends_is_sent_on_at_once() -> None:
    async with served() as gateway, httpx.AsyncClient() as client:
        assert (await client.get(gateway.url.replace("graphql", "readyz"))).status_code == 200
        await gateway.transports.drain()
        assert (await client.get(gateway.url.replace("graphql", "readyz"))).status_code == 503

        async with asked(gateway.url) as events:
            assert events.answer.status_code == 200
            *_, last = [event async for event in events]

    assert '"code":"GOING_AWAY"' in last.comment


async def test_a_token_that_ends_is_told_as_an_error_with_the_cursor() -> None:
    news = News(["one"])
    # The leeway of five seconds counts, too: it ends within two.
    short = SIGNER.sign(["orders:read"], seconds=2, now=time.time() - 5)
    async with served(news) as gateway, asked(gateway.url, Authorization=f"Bearer {short}") as events:
        _, told, end = [event async for event in events]

    [error] = told.data["errors"]
    assert (error["extensions"]["code"], error["extensions"]["cursor"]) == ("TOKEN_EXPIRED", "1")
    assert end == Event("complete", None)


async def test_too_many_streams_of_one_caller_are_refused() -> None:
    async with (
        served(max_connections_per_caller=1) as gateway,
        asked(gateway.url) as first,
        asked(gateway.url) as second,
    ):
        assert (first.answer.status_code, second.answer.status_code) == (200, 429)
        assert (await second.json())["errors"][0]["extensions"]["code"] == "TOO_MANY_CONNECTIONS"


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    news = News()
    async with served(news, unread_seconds=0.3) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port)) as line:
            head = "".join(f"{name}: {value}\r\n" for name, value in STREAM.items())
            line.sendall(f"GET /graphql?query=subscription{{news}} HTTP/1.1\r\nHost: here\r\n{head}\r\n".encode())
            await until(lambda: news.readers)

            # More than the buffers of both ends of a socket can hold.
            for _ in range(30):
                await news.write("x" * 400_000)

            await until(lambda: not news.readers)
            await until(lambda: not len(gateway.transports.reception.connections))


async def test_streams_end_with_the_process_when_they_do_not_read_their_goodbye() -> None:
    news = News()
    async with served(news, unread_seconds=60, deadline_seconds=0.1) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port)) as line:
            head = "".join(f"{name}: {value}\r\n" for name, value in STREAM.items())
            line.sendall(f"GET /graphql?query=subscription{{news}} HTTP/1.1\r\nHost: here\r\n{head}\r\n".encode())
            await until(lambda: news.readers)
            for _ in range(30):
                await news.write("x" * 400_000)

            async with asyncio.timeout(5):
                await gateway.transports.drain()
            assert not news.readers
