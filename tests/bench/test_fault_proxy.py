"""Each fault of the proxy, seen from both sides: what the client gets, and what the system got."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.fault_proxy import Proxy, Way, tell
from bench.http1 import Message, read_answer, read_request
from bench.weather import Fault, Kind, Weather
from tests.house.tree import ROOT

Gone = (ConnectionError, asyncio.IncompleteReadError)
PATIENCE = 10.0


@dataclass
class System:
    """A server that tells with each answer how many requests it has got, and speaks as its paths ask it to."""

    got: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while (request := await read_request(reader)) is not None:
                self.got.append(request.asked)
                self.bodies.append(request.body)
                writer.write(self.answer(request))
                await writer.drain()
                if "/closing" in request.asked:
                    break
        finally:
            self.open -= 1
            writer.close()

    def answer(self, request: Message) -> bytes:
        said = f"number {len(self.got)} of {request.asked}".encode()
        match request.asked.split():
            case ["HEAD", _]:
                return b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
            case [_, "/chunked"]:
                parts = (said[:5], said[5:])
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
                return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nX-Sum: 1\r\n\r\n"
            case [_, "/closing"]:
                return b"HTTP/1.0 200 OK\r\n\r\n" + said
            case [_, "/nothing"]:
                return b"HTTP/1.1 204 No Content\r\n\r\n"
            case _:
                return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)


@dataclass
class Client:
    """One connection through the proxy."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, method: str = "POST", path: str = "/orders", body: bytes = b"{}") -> None:
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: erp\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        await self.writer.drain()

    async def ask(self, method: str = "POST", path: str = "/orders", body: bytes = b"{}") -> Message:
        await self.send(method, path, body)
        return await read_answer(self.reader, method)


@dataclass
class Between:
    """The system, the way to it, and its clients."""

    system: System
    way: Way
    clients: list[Client] = field(default_factory=list)

    async def client(self) -> Client:
        self.clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.way.port)))
        return self.clients[-1]

    def let(self, kind: Kind, **more: Any) -> None:
        """Let every request meet this fault."""
        self.way.weather.turn(1.0, [Fault(kind=kind, **more)])


@asynccontextmanager
async def standing_between() -> AsyncIterator[Between]:
    system = System()
    upstream = await asyncio.start_server(system.talk, "127.0.0.1", 0)
    way = Way(f"http://127.0.0.1:{upstream.sockets[0].getsockname()[1]}", "1")
    server = await way.open()
    between = Between(system, way)
    try:
        yield between
    finally:
        for one in between.clients:
            one.writer.close()
        server.close()
        way.close()
        upstream.close()


@pytest.fixture
async def between() -> AsyncIterator[Between]:
    async with asyncio.timeout(60), standing_between() as opened:
        yield opened


async def holds(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


async def test_in_fair_weather_everything_is_passed_on_as_it_is_over_connections_that_are_kept(
    between: Between,
) -> None:
    client = await between.client()

    first = await client.ask(body=b"one")
    second = await client.ask("GET", "/orders?of=7")

    assert (first.body, second.body) == (b"number 1 of POST /orders", b"number 2 of GET /orders?of=7")
    assert between.system.bodies == [b"one", b"{}"]
    assert between.system.connections == 1


@pytest.mark.parametrize("path", ["/chunked", "/closing", "/nothing"])
async def test_answers_end_where_they_say_in_each_way_of_saying_it(between: Between, path: str) -> None:
    straight = await between.client()

    passed_on = await straight.ask("GET", path)

    assert passed_on.whole == between.system.answer(Message(f"GET {path} HTTP/1.1\r\n".encode(), b"", kept=True))


async def test_an_answer_to_head_has_no_body_and_the_connection_goes_on(between: Between) -> None:
    client = await between.client()

    await client.ask("HEAD")
    after = await client.ask()

    assert after.body == b"number 2 of POST /orders"


async def test_a_request_in_chunks_arrives_in_the_same_chunks(between: Between) -> None:
    client = await between.client()

    client.writer.write(b"POST /orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    await read_answer(client.reader, "POST")

    assert between.system.bodies == [b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"]


@pytest.mark.parametrize("kind,arrived", [("drop_before", 0), ("drop_after", 1)])
async def test_a_connection_that_breaks_before_or_after_the_system_acted(
    between: Between, kind: Kind, arrived: int
) -> None:
    between.let(kind)
    client = await between.client()

    with pytest.raises(Gone):
        await client.ask()

    assert len(between.system.got) == arrived
    assert between.way.hits == {kind: 1}


@pytest.mark.parametrize("kind,arrived", [("fail_before", 0), ("fail_after", 1)])
async def test_a_page_of_failure_before_or_after_the_system_acted(between: Between, kind: Kind, arrived: int) -> None:
    between.let(kind, status=502)
    client = await between.client()

    answer = await client.ask()

    assert answer.first == "HTTP/1.1 502 Bad Gateway"
    assert answer.body.startswith(b"<html>")
    assert len(between.system.got) == arrived


async def test_throttling_says_when_to_come_back_and_the_system_hears_nothing(between: Between) -> None:
    between.let("throttle", seconds=2)
    client = await between.client()

    answer = await client.ask()

    assert answer.first == "HTTP/1.1 429 Too Many Requests"
    assert b"Retry-After: 2\r\n" in answer.head
    assert between.system.got == []


@pytest.mark.parametrize("path", ["/orders", "/chunked", "/nothing"])
async def test_half_an_answer_and_then_nothing(between: Between, path: str) -> None:
    between.let("half")
    client = await between.client()

    await client.send("POST", path)
    told = await client.reader.read()

    whole = between.system.answer(Message(f"POST {path} HTTP/1.1\r\n".encode(), b"", kept=True))
    assert 0 < len(told) < len(whole)
    assert whole.startswith(told)
    assert len(between.system.got) == 1


@pytest.mark.parametrize("kind,told", [("duplicate", (b"number 1 ", b"number 2 ")), ("repeat", (b"number 2 ",))])
async def test_a_request_that_is_delivered_twice_has_one_answer(
    between: Between, kind: Kind, told: tuple[bytes, ...]
) -> None:
    between.let(kind)
    client = await between.client()

    answer = await client.ask(body=b"once")

    assert answer.body[:9] in told
    assert between.system.got == ["POST /orders"] * 2
    assert between.system.bodies == [b"once"] * 2


async def test_a_late_answer_is_to_a_request_that_has_long_been_done(between: Between) -> None:
    between.let("late_answer", seconds=0.3)
    client = await between.client()

    await client.send()
    await holds(lambda: len(between.system.got) == 1)
    before = between.way.told()["clients"]
    answer = await read_answer(client.reader, "POST")

    assert before == 1
    assert answer.body == b"number 1 of POST /orders"


async def test_what_arrives_late_takes_effect_although_whoever_sent_it_has_gone(between: Between) -> None:
    between.let("late_arrival", seconds=0.2)
    client = await between.client()

    await client.send()
    await holds(lambda: between.way.hits["late_arrival"] == 1)
    client.writer.transport.abort()
    nothing_yet = list(between.system.got)
    await holds(lambda: len(between.system.got) == 1)

    assert nothing_yet == []
    assert between.way.gone == {"late_arrival": 1}


async def test_a_delay_ends_in_the_answer(between: Between) -> None:
    between.let("delay", seconds=0.01)
    client = await between.client()

    assert (await client.ask()).body == b"number 1 of POST /orders"


KINDS: list[Kind] = ["drop_before", "drop_after", "late_arrival", "duplicate", "repeat", "fail_after", "half"]


async def test_nothing_stays_open_whatever_went_wrong(between: Between) -> None:
    async def one(kind: Kind, ask: Callable[[Client], Awaitable[object]]) -> None:
        between.let(kind, seconds=0.01)
        client = await between.client()
        with suppress(*Gone):
            await ask(client)
        client.writer.close()

    for kind in KINDS:
        for path in ("/orders", "/chunked", "/closing"):
            await one(kind, lambda client, path=path: client.ask("GET", path))  # type: ignore[misc]
    await holds(lambda: between.way.clients == 0)
    between.way.close()

    await holds(lambda: between.system.open == 0)
    assert between.way.upstreams == 0


async def test_a_system_that_is_gone_is_told_by_a_broken_connection() -> None:
    way = Way("http://127.0.0.1:9", "1")
    server = await way.open()
    client = Client(*await asyncio.open_connection("127.0.0.1", way.port))

    with pytest.raises(Gone):
        await client.ask()

    client.writer.close()
    server.close()
    assert way.upstreams == 0


async def test_a_kept_connection_that_the_system_has_closed_is_not_used_again(between: Between) -> None:
    client = await between.client()
    await client.ask()
    await holds(lambda: len(between.way._spare) == 1)
    for streams, _ in between.way._spare:
        streams[0].feed_eof()

    answer = await client.ask()

    assert answer.body == b"number 2 of POST /orders"
    assert between.system.connections == 2


FAULTS = [Fault(kind="drop_before"), Fault(kind="repeat", weight=3, never="^POST /orders$")]


def test_the_same_seed_makes_the_same_weather() -> None:
    def hits(seed: str) -> list[str | None]:
        weather = Weather(seed)
        weather.turn(0.5, FAULTS)
        taken = (weather.take("GET /orders") for _ in range(400))
        return [fault.kind if fault else None for fault in taken]

    assert hits("7:erp") == hits("7:erp") != hits("8:erp")
    assert 150 < sum(hit is not None for hit in hits("7:erp")) < 250
    assert hits("7:erp").count("repeat") > 2 * hits("7:erp").count("drop_before")


def test_a_fault_spares_what_it_must_never_hit_and_another_comes_instead() -> None:
    weather = Weather("1")
    weather.turn(1.0, FAULTS)

    assert {weather.take("POST /orders") for _ in range(50)} == {FAULTS[0]}


def test_what_the_proxy_does_not_understand_it_refuses_and_goes_on() -> None:
    proxy = Proxy({"erp": "http://127.0.0.1:9"}, 1)

    assert "refused" in json.loads(proxy.obey(b'{"part": 0.5, "faults": [{"kind": "earthquake"}]}'))
    assert "refused" in json.loads(proxy.obey(b'{"part": 0.5, "faults": [{"kind": "delay", "seconds": 999}]}'))
    assert "refused" in json.loads(proxy.obey(b'{"part": 0.5, "systems": ["none"]}'))
    assert json.loads(proxy.obey(b"{}"))["erp"]["requests"] == 0


async def test_it_runs_as_a_process_of_its_own_and_is_told_by_lines(between: Between, tmp_path: Path) -> None:
    ready = tmp_path / "proxy.json"
    address = f"erp=http://127.0.0.1:{between.way.port}"
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.fault_proxy", "--seed", "7", "--ready", str(ready), address,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        await holds(ready.exists)
        told = json.loads(ready.read_text())
        port = int(told["systems"]["erp"].rpartition(":")[2])
        await asyncio.to_thread(tell, told["control"], {"part": 1.0, "faults": [{"kind": "fail_before"}]})
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        failed = await client.ask()
        await asyncio.to_thread(tell, told["control"], {"part": 0.0})
        well = await client.ask()
        client.writer.close()
        met = await asyncio.to_thread(tell, told["control"])
    finally:
        running.terminate()
        code = await running.wait()

    assert (failed.first, well.body) == ("HTTP/1.1 503 Service Unavailable", b"number 1 of POST /orders")
    assert (met["erp"]["requests"], met["erp"]["hits"]) == (2, {"fail_before": 1})
    assert code == 0
