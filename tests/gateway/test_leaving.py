"""Processes end under load while others go on, and no subscriber misses a message or gets one twice."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from subprocess import PIPE

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from gateway.leaving import end_within, farewell, finish_within
from gateway.settings import Settings
from tests.gateway.events import Events
from tests.gateway.news import until
from tests.gateway.pretend import HEADERS, TOKEN

QUERY = "subscription News($after: String) { news(after: $after) }"
SOCKETS, STREAMS = 12, 6
START_WITHIN = 90.0


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        yield listener


@asynccontextmanager
async def counting(listener: socket.socket, workers: int = 1) -> AsyncIterator[asyncio.subprocess.Process]:
    """A gateway on this address, once it has started; ended with the block where nobody ended it before."""
    number = listener.fileno()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.gateway.counting", str(number), str(workers), pass_fds=[number], stdout=PIPE
    )
    try:
        assert process.stdout is not None
        for _ in range(workers):
            async with asyncio.timeout(START_WITHIN):
                assert await process.stdout.readline() == b"started\n"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class Subscriber:
    """Subscribes again behind its cursor, wherever it is sent, until it is cancelled; keeps what it saw."""

    def __init__(self, port: int) -> None:
        self.seen: list[int] = []
        self.ends: list[object] = []
        self.address = f"127.0.0.1:{port}/graphql"

    @property
    def variables(self) -> dict[str, str]:
        return {"after": str(self.seen[-1])} if self.seen else {}

    async def by_socket(self) -> None:
        while True:
            try:
                await self._one_socket()
            except ConnectionClosed as closed:
                self.ends.append(closed.rcvd and closed.rcvd.code)
            except (OSError, InvalidHandshake):
                # A process that ends closes what it accepted in its last moment, before it was asked anything.
                self.ends.append("unasked")

    async def by_stream(self) -> None:
        while True:
            try:
                await self._one_stream()
            except httpx.TransportError:
                self.ends.append("unasked")

    async def _one_socket(self) -> None:
        protocol = Subprotocol("graphql-transport-ws")
        async with connect(
            f"ws://{self.address}", subprotocols=[protocol], compression=None, open_timeout=START_WITHIN
        ) as client:
            await client.send(json.dumps({"type": "connection_init", "payload": {"authToken": TOKEN}}))
            await client.recv()
            payload = {"query": QUERY, "variables": self.variables}
            await client.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            while True:
                said = json.loads(await client.recv())
                if said["type"] == "next":
                    self.seen.append(int(said["payload"]["data"]["news"]))

    async def _one_stream(self) -> None:
        headers = {**HEADERS, "Accept": "text/event-stream"}
        if self.seen:
            headers["Last-Event-ID"] = str(self.seen[-1])
        async with (
            httpx.AsyncClient(timeout=START_WITHIN) as client,
            client.stream("POST", f"http://{self.address}", json={"query": QUERY}, headers=headers) as answer,
        ):
            assert answer.status_code == 200
            async for event in Events(answer):
                if event.name == "next":
                    self.seen.append(int(event.data["data"]["news"]))
                elif event.retry:
                    self.ends.append("reconnect")


async def ask_again_and_again(port: int, answers: list[object]) -> None:
    """Queries by HTTP, each over a connection of its own."""
    while True:
        async with httpx.AsyncClient(timeout=START_WITHIN) as client:
            try:
                answer = await client.post(
                    f"http://127.0.0.1:{port}/graphql", json={"query": "{ hello }"}, headers=HEADERS
                )
            except httpx.TransportError:
                continue
            answers.append(answer.json())


async def ended(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    async with asyncio.timeout(START_WITHIN):
        await process.wait()


@pytest.mark.timeout(400)
async def test_processes_are_replaced_one_by_one_and_nobody_misses_anything(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    subscribers = [Subscriber(port) for _ in range(SOCKETS + STREAMS)]
    answers: list[object] = []
    async with counting(listening) as first, counting(listening) as second:
        tasks = [asyncio.create_task(subscriber.by_socket()) for subscriber in subscribers[:SOCKETS]]
        tasks += [asyncio.create_task(subscriber.by_stream()) for subscriber in subscribers[SOCKETS:]]
        tasks.append(asyncio.create_task(ask_again_and_again(port, answers)))
        await until(lambda: all(len(subscriber.seen) > 2 for subscriber in subscribers), START_WITHIN)

        async with counting(listening) as third:
            await ended(first)
            await ended(second)
            seen = [len(subscriber.seen) for subscriber in subscribers]
            await until(
                lambda: all(len(one.seen) > before + 5 for one, before in zip(subscribers, seen, strict=True)),
                START_WITHIN,
            )
            assert third.returncode is None
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)

    assert [outcome for outcome in done if not isinstance(outcome, asyncio.CancelledError)] == []
    for subscriber in subscribers:
        assert subscriber.seen == list(range(subscriber.seen[0], subscriber.seen[0] + len(subscriber.seen)))
    ends = [end for subscriber in subscribers for end in subscriber.ends]
    assert {1012, "reconnect"} <= set(ends) <= {1012, "reconnect", "unasked"}
    assert len(ends) >= SOCKETS + STREAMS
    assert [answer for answer in answers if answer != {"data": {"hello": "hello you"}}] == []


@pytest.mark.timeout(400)
async def test_a_supervisor_of_several_workers_sends_the_subscribers_of_each_away(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    subscribers = [Subscriber(port) for _ in range(SOCKETS)]
    async with counting(listening, workers=2) as supervisor:
        tasks = [asyncio.create_task(subscriber.by_socket()) for subscriber in subscribers]
        await until(lambda: all(len(subscriber.seen) > 1 for subscriber in subscribers), START_WITHIN)

        await ended(supervisor)
        await until(lambda: all(subscriber.ends for subscriber in subscribers), START_WITHIN)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert {subscriber.ends[0] for subscriber in subscribers} == {1012}


@pytest.mark.parametrize(
    "deadline,requests,all_of_it", [(0.5, 10, 14.5), (4.0, 10, 18.0), (9.5, 11, 24.5), (120.0, 121, 245.0)]
)
def test_whatever_was_let_in_has_until_its_deadline_when_the_gateway_ends(
    deadline: float, requests: int, all_of_it: float
) -> None:
    settings = Settings(deadline_seconds=deadline)

    assert finish_within(settings) == requests
    assert end_within(settings) == all_of_it


async def test_a_signal_waits_for_the_goodbye_and_the_second_does_not() -> None:
    heard: list[str] = []
    finish = asyncio.Event()
    began = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("server"))

    async def goodbye() -> None:
        heard.append("goodbye")
        began.set()
        await finish.wait()

    try:
        async with farewell(goodbye):
            signal.raise_signal(signal.SIGTERM)
            await began.wait()
            assert heard == ["goodbye"]
            signal.raise_signal(signal.SIGTERM)
            assert heard == ["goodbye", "server"]
            finish.set()
            await until(lambda: len(heard) == 3)

        signal.raise_signal(signal.SIGTERM)
        assert heard == ["goodbye", "server", "server", "server"]
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_a_signal_that_nobody_handles_stays_as_it_is() -> None:
    async def goodbye() -> None:
        raise AssertionError

    async with farewell(goodbye):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
