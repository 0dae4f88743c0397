"""What graphql-sse promises in its single connection mode, and what we do beyond it, over real sockets."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway import sse_streams
from gateway.subscription import EndedError
from tests.gateway.events import Event, Events
from tests.gateway.news import SUBSCRIPTION, News, Served, served, until
from tests.gateway.pretend import HEADERS, SIGNER

TOKEN = "X-GraphQL-Event-Stream-Token"
ANOTHER = {"Authorization": "Bearer " + SIGNER.sign(["orders:read"], subject="another")}


def short() -> dict[str, str]:
    """A token that ends within two seconds: the leeway of five counts, too."""
    return {"Authorization": "Bearer " + SIGNER.sign(["orders:read"], seconds=2, now=time.time() - 5)}


class Line:
    """A reserved stream, and what may be asked over it."""

    def __init__(self, client: httpx.AsyncClient, url: str, token: str) -> None:
        self.client, self.url, self.token = client, url, token
        self.headers = {**HEADERS, TOKEN: token}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Events]:
        # As a browser's EventSource does: no header of ours, the token in the address.
        given = {"params": {"token": self.token}, "headers": {"Accept": "text/event-stream"}}
        async with self.client.stream("GET", self.url, **given) as answer:  # type: ignore[arg-type] # two kinds of dict
            yield Events(answer)

    async def ask(self, id: object, query: str = SUBSCRIPTION, **more: Any) -> httpx.Response:
        extensions = {"operationId": id, **more.pop("extensions", {})}
        body = {"query": query, "extensions": extensions, **more}
        return await self.client.post(self.url, json=body, headers=self.headers)

    async def stop(self, id: str) -> httpx.Response:
        return await self.client.delete(self.url, params={"operationId": id}, headers=self.headers)


@asynccontextmanager
async def reserved(gateway: Served, headers: dict[str, str] = HEADERS) -> AsyncIterator[Line]:
    async with httpx.AsyncClient(timeout=20) as client:
        answer = await client.put(gateway.url + "/stream", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (201, "text/plain; charset=utf-8")
        yield Line(client, gateway.url + "/stream", answer.text)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_many_operations_tell_over_one_stream_each_by_its_id() -> None:
    news = News()
    async with served(news) as gateway, reserved(gateway) as line, line.opened() as events:
        assert (await line.ask("s")).status_code == 202
        assert (await line.ask("q", "{ hello }")).status_code == 202
        told = aiter(events)
        first = [await anext(told) for _ in range(3)]
        await until(lambda: news.readers)
        await news.write("one")
        await news.end()

        assert first == [
            Event(comment=""),
            Event("next", {"id": "q", "payload": {"data": {"hello": "hello you"}}}),
            Event("complete", {"id": "q"}),
        ]
        assert [await anext(told) for _ in range(2)] == [
            Event("next", {"id": "s", "payload": {"data": {"news": "one"}}}, id="1"),
            Event("complete", {"id": "s"}),
        ]


async def test_what_is_asked_before_the_stream_is_open_begins_with_it() -> None:
    async with served() as gateway, reserved(gateway) as line:
        assert (await line.ask("q", "{ hello }")).status_code == 202
        assert code_of(await line.ask("q", "{ hello }")) == (409, "OPERATION_EXISTS")
        assert (await line.ask("unwanted", "{ hello }")).status_code == 202
        assert (await line.stop("unwanted")).status_code == 200

        async with line.opened() as events:
            told = aiter(events)
            assert [await anext(told) for _ in range(3)][1].data["id"] == "q"


async def test_an_operation_is_ended_by_its_id_which_is_free_then() -> None:
    news = News()
    async with served(news) as gateway, reserved(gateway) as line, line.opened():
        await line.ask("s")
        await until(lambda: news.readers)
        assert code_of(await line.ask("s")) == (409, "OPERATION_EXISTS")

        assert (await line.stop("s")).status_code == 200
        await until(lambda: not news.readers)

        assert (await line.stop("s")).status_code == 200
        assert (await line.ask("s")).status_code == 202


async def test_what_is_wrong_with_a_request_is_its_own_answer() -> None:
    async with served() as gateway, reserved(gateway) as line, line.opened():
        assert code_of(await line.ask("x", "{ nothing }")) == (200, "GRAPHQL_VALIDATION_FAILED")
        assert code_of(await line.ask(None, "{ hello }")) == (400, "BAD_REQUEST")
        assert code_of(await line.ask(7, "{ hello }")) == (400, "BAD_REQUEST")
        assert code_of(await line.stop("")) == (400, "BAD_REQUEST")
        assert (await line.client.patch(line.url, headers=line.headers)).status_code == 405
        modern = {**line.headers, "Accept": "application/graphql-response+json"}
        assert (await line.client.post(line.url, json={"query": "{"}, headers=modern)).status_code == 400


async def test_a_stream_is_opened_once_and_only_with_its_token() -> None:
    async with served() as gateway, reserved(gateway) as line, line.opened():
        async with line.opened() as second:
            assert (second.answer.status_code, (await second.json())["errors"][0]["extensions"]["code"]) == (
                409,
                "STREAM_OPEN",
            )
        stranger = Line(line.client, line.url, "guessed")
        async with stranger.opened() as third:
            assert third.answer.status_code == 404
        assert code_of(await stranger.ask("x", "{ hello }")) == (404, "STREAM_UNKNOWN")


async def test_nobody_reserves_or_asks_without_a_token_and_nobody_asks_over_the_stream_of_another() -> None:
    async with served() as gateway, reserved(gateway) as line:
        assert (await line.client.put(line.url)).status_code == 401
        line.headers = {TOKEN: line.token}
        assert code_of(await line.ask("x", "{ hello }")) == (401, "UNAUTHENTICATED")
        line.headers = {TOKEN: line.token, **ANOTHER}
        assert code_of(await line.ask("x", "{ hello }")) == (404, "STREAM_UNKNOWN")
        assert code_of(await line.stop("x")) == (404, "STREAM_UNKNOWN")


async def test_an_operation_goes_on_behind_the_cursor_in_its_extensions() -> None:
    news = News(["one", "two"])
    async with served(news) as gateway, reserved(gateway) as line, line.opened() as events:
        await line.ask("s", extensions={"after": "1"})

        assert await anext(events.told()) == {"id": "s", "payload": {"data": {"news": "two"}}}


async def test_a_client_that_goes_takes_its_reservation_along() -> None:
    news = News()
    async with served(news) as gateway, reserved(gateway) as line:
        async with line.opened():
            await line.ask("s")
            await until(lambda: news.readers)

        await until(lambda: not news.readers)
        await until(lambda: not len(gateway.transports.reception.connections))
        assert code_of(await line.ask("s")) == (404, "STREAM_UNKNOWN")


async def test_a_reservation_that_nobody_opens_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse_streams, "OPEN_WITHIN", 0.05)
    async with served() as gateway, reserved(gateway) as line:
        await until(lambda: not len(gateway.transports.reception.connections))

        assert code_of(await line.ask("s")) == (404, "STREAM_UNKNOWN")


async def test_reservations_count_as_connections() -> None:
    async with served(max_connections_per_caller=1) as gateway, reserved(gateway) as line:
        assert code_of(await line.client.put(line.url, headers=HEADERS)) == (429, "TOO_MANY_CONNECTIONS")


async def test_operations_of_one_stream_are_bounded_also_before_it_is_open() -> None:
    async with served(max_operations_per_connection=1) as gateway, reserved(gateway) as line:
        await line.ask("1")
        assert code_of(await line.ask("2")) == (429, "TOO_MANY_OPERATIONS")
        async with line.opened() as events:
            await anext(aiter(events))
            assert code_of(await line.ask("2")) == (429, "TOO_MANY_OPERATIONS")


async def test_an_operation_that_ends_for_good_leaves_the_stream_open() -> None:
    news = News(["one"])
    async with served(news) as gateway, reserved(gateway) as line, line.opened() as events:
        await line.ask("s")
        await until(lambda: news.readers)
        await news.end(EndedError("CURSOR_UNKNOWN", "This cursor is of another database.", again=False))
        told = aiter(events)
        _, error, end = [await anext(told) for _ in range(3)]
        await line.ask("q", "{ hello }")

        assert error.data["payload"]["errors"][0]["extensions"]["code"] == "CURSOR_UNKNOWN"
        assert (error.data["id"], end) == ("s", Event("complete", {"id": "s"}))
        assert (await anext(told)).data["id"] == "q"


async def test_who_is_sent_away_is_told_the_cursor_of_each_operation_and_no_complete() -> None:
    news = News(["one", "two"])
    async with served(news) as gateway, reserved(gateway) as line, line.opened() as events:
        await line.ask("a", extensions={"after": "1"})
        await line.ask("b")
        await until(lambda: len(news.readers) == 2)
        told = aiter(events)
        _, first = await anext(told), await anext(told)

        await gateway.transports.drain()
        [last] = [event async for event in told]

    assert first.data["id"] == "a"
    assert (last.name, last.retry is not None) == (None, True)
    assert '"code":"GOING_AWAY"' in last.comment
    assert '"cursors":{"a":"2","b":"2"}' in last.comment


async def test_an_ending_process_takes_no_reservations_and_drops_those_that_wait() -> None:
    async with served() as gateway, reserved(gateway) as line:
        await gateway.transports.drain()

        assert code_of(await line.client.put(line.url, headers=HEADERS)) == (503, "GOING_AWAY")
        assert code_of(await line.ask("s")) == (404, "STREAM_UNKNOWN")


async def test_a_token_that_ends_is_told_to_each_operation_with_its_cursor() -> None:
    news = News(["one", "two"])
    async with served(news) as gateway, reserved(gateway, short()) as line, line.opened() as events:
        await line.ask("s")
        await until(lambda: news.readers)
        _, told, end = [event async for event in events]

    [error] = told.data["payload"]["errors"]
    assert (error["extensions"]["code"], error["extensions"]["cursor"]) == ("TOKEN_EXPIRED", "2")
    assert end == Event("complete", {"id": "s"})


async def test_an_operation_ends_with_its_own_token_and_the_others_of_its_stream_go_on() -> None:
    news = News(["one", "two"])
    async with served(news) as gateway, reserved(gateway) as line, line.opened() as events:
        await line.ask("long")
        line.headers = {**short(), TOKEN: line.token}
        await line.ask("short")
        await until(lambda: len(news.readers) == 2)
        told = aiter(events)
        _, error, end = [await anext(told) for _ in range(3)]
        await until(lambda: len(news.readers) == 1)
        await news.write("three")
        after = await anext(told)

    [said] = error.data["payload"]["errors"]
    assert (error.data["id"], end) == ("short", Event("complete", {"id": "short"}))
    assert (said["extensions"]["code"], said["extensions"]["cursor"]) == ("TOKEN_EXPIRED", "2")
    assert after == Event("next", {"id": "long", "payload": {"data": {"news": "three"}}}, id="3")


async def test_an_operation_that_ended_with_its_token_is_asked_again_over_the_same_stream() -> None:
    news = News(["one"])
    async with served(news) as gateway, reserved(gateway) as line, line.opened() as events:
        line.headers = {**short(), TOKEN: line.token}
        await line.ask("s")
        told = aiter(events)
        _, error, _ = [await anext(told) for _ in range(3)]
        cursor = error.data["payload"]["errors"][0]["extensions"]["cursor"]
        await news.write("two")
        line.headers = {**HEADERS, TOKEN: line.token}

        await until(lambda: not news.readers)
        assert (await line.ask("s", extensions={"after": cursor})).status_code == 202
        assert (await anext(told)).data == {"id": "s", "payload": {"data": {"news": "two"}}}


async def test_a_token_that_an_event_finds_ended_ends_its_operation_alone() -> None:
    news = News(["one"])
    async with served(news) as gateway, reserved(gateway) as line, line.opened() as events:
        await line.ask("s")
        await until(lambda: news.readers)
        await news.end(EndedError("TOKEN_EXPIRED", "Your token has expired."))
        told = aiter(events)
        _, error, end = [await anext(told) for _ in range(3)]
        await line.ask("q", "{ hello }")

        assert error.data["payload"]["errors"][0]["extensions"]["code"] == "TOKEN_EXPIRED"
        assert (error.data["id"], end) == ("s", Event("complete", {"id": "s"}))
        assert (await anext(told)).data["id"] == "q"


async def test_a_fresh_token_of_an_operation_does_not_outlive_that_of_its_stream() -> None:
    async with served(News()) as gateway, reserved(gateway, short()) as line, line.opened() as events:
        line.headers = {**HEADERS, TOKEN: line.token}
        await line.ask("s")
        _, error, end = [event async for event in events]

    assert error.data["payload"]["errors"][0]["extensions"]["code"] == "TOKEN_EXPIRED"
    assert end == Event("complete", {"id": "s"})
