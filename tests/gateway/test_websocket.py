"""What graphql-transport-ws promises, and what we do beyond it, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from gateway.subscription import EndedError
from tests.gateway.news import PATIENCE, SUBSCRIPTION, News, Served, served, until
from tests.gateway.pretend import HEADERS, SECRET, SIGNER, TOKEN

PROTOCOL = Subprotocol("graphql-transport-ws")
INIT = {"type": "connection_init", "payload": {"Authorization": f"Bearer {TOKEN}"}}


def subscribe(id: str = "1", query: str = SUBSCRIPTION, **more: Any) -> dict[str, Any]:
    return {"id": id, "type": "subscribe", "payload": {"query": query, **more}}


@asynccontextmanager
async def opened(gateway: Served, **more: Any) -> AsyncIterator[ClientConnection]:
    async with connect(gateway.socket, subprotocols=[PROTOCOL], compression=None, **more) as client:
        yield client


@asynccontextmanager
async def talking(gateway: Served, **more: Any) -> AsyncIterator[ClientConnection]:
    """A connection that has been acknowledged."""
    async with opened(gateway, **more) as client:
        await say(client, INIT)
        assert await heard(client) == {"type": "connection_ack"}
        yield client


async def say(client: ClientConnection, message: object) -> None:
    await client.send(json.dumps(message))


async def heard(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        said: dict[str, Any] = json.loads(await client.recv())
    return said


async def ending(client: ClientConnection) -> tuple[int, str]:
    """How the server closes, whatever it says before."""
    try:
        while True:
            await heard(client)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


@pytest.mark.parametrize(
    "payload",
    [{"Authorization": f"Bearer {TOKEN}"}, {"authorization": f"bearer {TOKEN}"}, {"authToken": TOKEN, "more": 1}],
    ids=["Authorization", "in small letters", "authToken"],
)
async def test_a_socket_is_acknowledged_for_a_token_in_its_first_message(payload: dict[str, Any]) -> None:
    async with served() as gateway, opened(gateway) as client:
        await say(client, {"type": "connection_init", "payload": payload})

        assert client.subprotocol == PROTOCOL
        assert await heard(client) == {"type": "connection_ack"}


async def test_a_token_in_the_header_of_the_handshake_is_as_good() -> None:
    async with served() as gateway, opened(gateway, additional_headers=HEADERS) as client:
        await say(client, {"type": "connection_init"})

        assert await heard(client) == {"type": "connection_ack"}


async def test_messages_come_in_order_until_the_subscription_is_complete() -> None:
    news = News()
    async with served(news) as gateway, talking(gateway) as client:
        await say(client, subscribe("a"))
        await until(lambda: news.readers)

        await news.write("one", "two")
        await news.end()

        assert [await heard(client) for _ in range(3)] == [
            {"id": "a", "type": "next", "payload": {"data": {"news": "one"}}},
            {"id": "a", "type": "next", "payload": {"data": {"news": "two"}}},
            {"id": "a", "type": "complete"},
        ]


async def test_a_query_is_answered_once_beside_a_subscription() -> None:
    async with served() as gateway, talking(gateway) as client:
        await say(client, subscribe("long"))
        await say(client, subscribe("q", "query ($n: String!) { hello(name: $n) down }", variables={"n": "Zoë"}))

        answer = await heard(client)

        assert answer["payload"]["data"] == {"hello": "hello Zoë", "down": None}
        assert answer["payload"]["errors"][0]["extensions"]["code"] == "SOURCE_UNAVAILABLE"
        assert await heard(client) == {"id": "q", "type": "complete"}


@pytest.mark.parametrize(
    "query,code",
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { __typename @skip(if: false) }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_wrong_document_ends_its_operation_and_not_the_socket(query: str, code: str) -> None:
    async with served() as gateway, talking(gateway) as client:
        await say(client, subscribe("bad", query))
        refused = await heard(client)
        await say(client, subscribe("bad", "{ hello }"))

        assert (refused["type"], refused["id"]) == ("error", "bad")
        assert refused["payload"][0]["extensions"]["code"] == code
        assert (await heard(client))["payload"] == {"data": {"hello": "hello you"}}


async def test_every_operation_has_a_correlation_id_of_its_own_below_that_of_the_socket() -> None:
    async with served() as gateway, talking(gateway, additional_headers={"X-Correlation-Id": "deal-7"}) as client:
        await say(client, subscribe("1", "{"))
        await say(client, subscribe("2", "{"))

        told = [(await heard(client))["payload"][0]["extensions"]["correlationId"] for _ in range(2)]

        assert told == ["deal-7.1", "deal-7.2"]


@pytest.mark.parametrize(
    "first,code,reason",
    [
        ({"type": "connection_init"}, 4401, "Send your token in the header Authorization: Bearer <token>"),
        ({"type": "connection_init", "payload": {"authToken": "x.y.z"}}, 4403, "The token is not a JSON Web Token"),
        (subscribe(), 4401, "Send connection_init with your token first"),
    ],
)
async def test_nothing_is_begun_without_a_good_token(first: object, code: int, reason: str) -> None:
    async with served() as gateway, opened(gateway) as client:
        await say(client, first)

        assert await ending(client) == (code, reason)


async def test_a_wrong_token_in_the_header_is_not_made_good_by_another() -> None:
    async with served() as gateway, opened(gateway, additional_headers={"Authorization": "Bearer x.y.z"}) as client:
        await say(client, INIT)

        assert (await ending(client))[0] == 4403


async def test_an_expired_token_is_told_apart_in_words() -> None:
    stale = SIGNER.sign(["orders:read"], seconds=1, now=time.time() - 60)
    async with served() as gateway, opened(gateway) as client:
        await say(client, {"type": "connection_init", "payload": {"authToken": stale}})

        assert await ending(client) == (4403, "The token has expired")


async def test_who_does_not_introduce_itself_is_closed_with_4408() -> None:
    async with served(init_seconds=0.05) as gateway, opened(gateway) as client:
        assert await ending(client) == (4408, "No connection_init came within 0.05 seconds")


async def test_who_introduces_itself_twice_is_closed_with_4429() -> None:
    async with served() as gateway, talking(gateway) as client:
        await say(client, INIT)

        assert await ending(client) == (4429, "This connection was initialised already")


@pytest.mark.parametrize("second", [SUBSCRIPTION, "{ hello }"])
async def test_an_id_that_is_in_use_closes_with_4409(second: str) -> None:
    async with served() as gateway, talking(gateway) as client:
        await say(client, subscribe("twin"))
        await say(client, subscribe("twin", second))

        assert await ending(client) == (4409, "Subscriber for twin already exists")


async def test_another_subprotocol_is_closed_with_4406() -> None:
    async with served() as gateway, connect(gateway.socket) as client:
        assert await ending(client) == (4406, "Speak graphql-transport-ws")


async def test_what_is_no_message_closes_with_4400_and_says_why() -> None:
    async with served() as gateway, talking(gateway) as client:
        await client.send('{"type": "subscribe", "id": 1, "payload": {"query": "{a}"}}')

        assert await ending(client) == (4400, "The message needs an id, as text")


async def test_a_binary_frame_closes_with_4400() -> None:
    async with served() as gateway, talking(gateway) as client:
        await client.send(b'{"type": "ping"}')

        assert (await ending(client))[0] == 4400


async def test_a_message_beyond_the_body_limit_closes_with_1009() -> None:
    async with served(body_limit_bytes=1_000) as gateway, talking(gateway) as client:
        await say(client, subscribe(query="{ hello }" + " " * 2_000))

        assert (await ending(client))[0] == 1009


async def test_a_ping_is_answered_with_its_payload_also_before_the_acknowledgment() -> None:
    async with served() as gateway, opened(gateway) as client:
        await say(client, {"type": "ping", "payload": {"n": 1}})
        await say(client, {"type": "ping"})
        await say(client, {"type": "pong"})

        assert [await heard(client), await heard(client)] == [{"type": "pong", "payload": {"n": 1}}, {"type": "pong"}]


async def test_what_a_client_wants_no_more_ends_at_once_and_its_id_is_free_again() -> None:
    news = News()
    async with served(news) as gateway, talking(gateway) as client:
        await say(client, subscribe("1"))
        await until(lambda: news.readers)

        await say(client, {"id": "1", "type": "complete"})
        await until(lambda: not news.readers)
        await say(client, {"id": "1", "type": "complete"})
        await say(client, subscribe("1", "{ hello }"))

        assert (await heard(client))["payload"] == {"data": {"hello": "hello you"}}


async def test_a_client_that_goes_leaves_nothing_behind() -> None:
    news = News()
    async with served(news) as gateway:
        async with talking(gateway) as client:
            await say(client, subscribe("1"))
            await say(client, subscribe("2"))
            await until(lambda: len(news.readers) == 2)
            client.transport.abort()

        await until(lambda: not news.readers)
        await until(lambda: not len(gateway.transports.reception.connections))


async def test_a_subscription_goes_on_behind_the_cursor_in_its_extensions() -> None:
    news = News(["one", "two", "three"])
    async with served(news) as gateway, talking(gateway) as client:
        await say(client, subscribe(extensions={"after": "1"}))

        assert [(await heard(client))["payload"]["data"]["news"] for _ in range(2)] == ["two", "three"]


async def test_what_ends_for_good_is_an_error_with_code_and_cursor() -> None:
    news = News(["one"])
    async with served(news) as gateway, talking(gateway) as client:
        await say(client, subscribe("1", extensions={"after": "0"}))
        await heard(client)
        await news.end(EndedError("CURSOR_UNKNOWN", "This cursor is of another database.", again=False))
        last = await heard(client)
        await say(client, subscribe("2", "{ hello }"))

        assert (last["type"], last["id"]) == ("error", "1")
        assert last["payload"][0]["message"] == "This cursor is of another database."
        told = last["payload"][0]["extensions"]
        assert (told["code"], told["cursor"], told["retryable"]) == ("CURSOR_UNKNOWN", "1", False)
        assert (await heard(client))["id"] == "2"


async def test_what_may_be_taken_up_again_is_told_beside_and_the_socket_closed_so_that_clients_come_back() -> None:
    news = News(["one"])
    async with served(news) as gateway, talking(gateway) as client:
        await say(client, subscribe("1", extensions={"after": "0"}))
        await heard(client)
        await news.end(EndedError("SLOW_CONSUMER", "You read too slowly.", "1"))

        assert (await heard(client))["payload"] == {
            "code": "SLOW_CONSUMER",
            "message": "You read too slowly.",
            "cursors": {"1": "1"},
        }
        assert await ending(client) == (1013, "SLOW_CONSUMER: You read too slowly.")


async def test_a_token_that_ends_closes_the_socket_with_4403_and_tells_where_to_go_on() -> None:
    news = News(["one"])
    # The leeway of five seconds counts, too: it ends within two.
    short = SIGNER.sign(["orders:read"], seconds=2, now=time.time() - 5)
    async with served(news) as gateway, opened(gateway) as client:
        await say(client, {"type": "connection_init", "payload": {"authToken": short}})
        await heard(client)
        await say(client, subscribe("mine"))

        told = await heard(client)

        assert told["type"] == "pong"
        assert (told["payload"]["code"], told["payload"]["cursors"]) == ("TOKEN_EXPIRED", {"mine": "1"})
        code, reason = await ending(client)
        assert (code, reason[:14]) == (4403, "TOKEN_EXPIRED:")


async def test_who_is_sent_away_is_told_every_cursor_and_closed_with_1012() -> None:
    news = News()
    async with served(news) as gateway, talking(gateway) as client:
        await say(client, subscribe("read"))
        await until(lambda: news.readers)
        await news.write("one")
        await heard(client)
        await say(client, subscribe("unread"))
        await until(lambda: len(news.readers) == 2)

        await gateway.transports.drain()

        told = await heard(client)
        assert (told["type"], told["payload"]["code"]) == ("pong", "GOING_AWAY")
        assert told["payload"]["cursors"] == {"read": "1", "unread": "1"}
        assert (await ending(client))[0] == 1012
        assert not news.readers


async def test_an_answer_under_way_still_goes_out_before_the_socket_is_closed() -> None:
    async with served(deadline_seconds=0.3) as gateway, talking(gateway) as client:
        await say(client, subscribe("q", "{ slow }"))
        await say(client, {"type": "ping"})
        await heard(client)

        draining = asyncio.create_task(gateway.transports.drain())
        assert (await heard(client))["payload"]["code"] == "GOING_AWAY"
        await say(client, subscribe("late", "{ hello }"))

        answer = await heard(client)
        assert (answer["id"], answer["payload"][0]["extensions"]["code"]) == ("q", "DEADLINE_EXCEEDED")
        assert (await ending(client))[0] == 1012
        await draining


async def test_whoever_comes_while_the_gateway_ends_is_sent_on_at_once() -> None:
    async with served() as gateway:
        await gateway.transports.drain()

        async with opened(gateway) as client:
            assert (await ending(client))[0] == 1012


async def test_one_operation_more_than_a_connection_may_have_is_refused_alone() -> None:
    async with served(max_operations_per_connection=2) as gateway, talking(gateway) as client:
        for number in range(3):
            await say(client, subscribe(str(number)))

        refused = await heard(client)
        await say(client, {"id": "0", "type": "complete"})
        await say(client, {"type": "ping"})

        assert (refused["id"], refused["type"]) == ("2", "error")
        assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        assert await heard(client) == {"type": "pong"}


async def test_a_caller_with_too_many_connections_is_asked_to_come_later() -> None:
    other = SIGNER.sign(["orders:read"], subject="someone else")
    async with served(max_connections_per_caller=1) as gateway, talking(gateway), opened(gateway) as second:
        await say(second, INIT)

        assert await ending(second) == (1013, "You have 1 connections open; close one first.")
        async with opened(gateway) as third:
            await say(third, {"type": "connection_init", "payload": {"authToken": other}})
            assert await heard(third) == {"type": "connection_ack"}


async def test_a_full_gateway_asks_to_come_later_and_counts_who_goes() -> None:
    async with served(max_connections=1) as gateway:
        async with talking(gateway), opened(gateway) as second:
            assert (await ending(second))[0] == 1013
        await until(lambda: not len(gateway.transports.reception.connections))

        async with talking(gateway) as third:
            await say(third, {"type": "ping"})
            assert await heard(third) == {"type": "pong"}


async def test_a_page_of_another_origin_may_not_open_a_socket() -> None:
    async with served() as gateway:
        for origin in ("https://evil.example", "null", "https://127.0.0.1:1"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(gateway.socket, subprotocols=[PROTOCOL], origin=Origin(origin))

            assert refused.value.response.status_code == 403


async def test_pages_of_our_own_host_and_of_allowed_origins_may_open_one() -> None:
    async with served(allowed_origins="https://shop.example/, https://desk.example") as gateway:
        for origin in (f"http://127.0.0.1:{gateway.port}", "https://shop.example", "https://desk.example"):
            async with talking(gateway, origin=Origin(origin)) as client:
                await say(client, {"type": "ping"})
                assert await heard(client) == {"type": "pong"}


async def test_a_client_that_does_not_read_is_cut_off_and_holds_up_nobody() -> None:
    news = News()
    async with (
        served(news, unread_seconds=0.4) as gateway,
        talking(gateway, max_queue=1) as deaf,
        talking(gateway) as keen,
    ):
        await say(deaf, subscribe())
        await say(keen, subscribe())
        await until(lambda: len(news.readers) == 2)

        # More than the buffers of both ends of a socket can hold.
        for _ in range(30):
            await news.write("x" * 400_000)
            assert len((await heard(keen))["payload"]["data"]["news"]) == 400_000

        await until(lambda: len(news.readers) == 1)
        await until(lambda: len(gateway.transports.reception.connections) == 1)
        await say(keen, {"type": "ping"})
        assert await heard(keen) == {"type": "pong"}
        deaf.transport.abort()


async def test_a_peer_that_is_dead_is_found_by_two_pings_at_most() -> None:
    async with served(keepalive_seconds=0.2) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port)) as line:
            asking = (
                f"GET /graphql HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
            )
            line.sendall(asking.encode())
            await until(lambda: len(gateway.transports.reception.connections) == 1)

            # It never answers a ping.
            await until(lambda: not len(gateway.transports.reception.connections))
            line.settimeout(PATIENCE)
            heard = await asyncio.to_thread(line.makefile("rb").read)
            # Pings alone: a closing frame would keep the graphql-ws library from coming back.
            _, _, frames = heard.partition(b"\r\n\r\n")
            assert {frames[at] for at in range(0, len(frames), 6)} == {0x89}


async def test_no_secret_is_in_what_a_socket_writes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served() as gateway, talking(gateway) as client:
        await say(client, subscribe("1", "{ broken }"))
        assert (await heard(client))["payload"]["errors"][0]["message"] == "Something went wrong inside the gateway"

    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text


async def test_what_stands_in_the_query_of_a_socket_s_address_is_not_written_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with served() as gateway, connect(f"{gateway.socket}?anything=THE-SECRET", subprotocols=[PROTOCOL]) as client:
        await say(client, INIT)
        assert await heard(client) == {"type": "connection_ack"}

    assert '"WebSocket /graphql" [accepted]' in caplog.text
    assert "THE-SECRET" not in caplog.text
