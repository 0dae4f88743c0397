"""What is written in one turn of the loop goes out in one piece, in order, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
import uvloop

from gateway.corking import MOST_HELD, Corked

SECONDS = 20.0


class Pieces(asyncio.Transport):
    """A transport that keeps each piece which it is given, and when it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.closed = self.ended = self.broken = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.closed or self.broken:
            raise RuntimeError("closed")
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def write_eof(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 7


def corked() -> tuple[Corked, Pieces]:
    below = Pieces()
    return Corked(below, asyncio.get_running_loop()), below


async def test_what_is_written_in_one_turn_is_one_piece() -> None:
    above, below = corked()
    for part in (b"a", b"b", b"", b"c"):
        above.write(part)
    assert below.pieces == []
    await asyncio.sleep(0)
    assert below.pieces == [b"abc"]


async def test_each_turn_and_each_client_has_a_piece_of_its_own() -> None:
    one, below_one = corked()
    other, below_other = corked()
    for turn in (b"1", b"2"):
        one.write(turn + b"x")
        other.write(turn + b"y")
        one.write(b"z")
        await asyncio.sleep(0)
    assert below_one.pieces == [b"1xz", b"2xz"]
    assert below_other.pieces == [b"1y", b"2y"]


async def test_more_than_is_held_over_all_clients_goes_out_within_the_turn() -> None:
    each = MOST_HELD // 4
    pairs = [corked() for _ in range(6)]
    for above, _ in pairs:
        above.write(b"m" * each)
    assert [len(below.pieces) for _, below in pairs] == [1, 1, 1, 1, 1, 0]
    await asyncio.sleep(0)
    assert [len(below.pieces) for _, below in pairs] == [1] * 6


async def test_the_buffer_counts_what_is_held() -> None:
    above, below = corked()
    above.write(b"abc")
    assert above.get_write_buffer_size() == 3 + below.get_write_buffer_size()


@pytest.mark.parametrize("end", [Corked.close, Corked.write_eof])
async def test_whoever_ends_it_in_order_has_written_everything_before(end: Callable[[Corked], None]) -> None:
    above, below = corked()
    above.write(b"last words")
    end(above)
    assert below.pieces == [b"last words"]
    assert below.closed or below.ended


async def test_whoever_aborts_it_writes_nothing_more() -> None:
    above, below = corked()
    above.write(b"unread")
    above.abort()
    await asyncio.sleep(0)
    assert below.closed
    assert below.pieces == []


async def test_what_was_held_when_the_client_went_disturbs_nobody() -> None:
    gone, below_gone = corked()
    there, below_there = corked()
    gone.write(b"into the void")
    there.write(b"heard")
    below_gone.closed = True
    await asyncio.sleep(0)
    assert below_gone.pieces == []
    assert below_there.pieces == [b"heard"]


async def test_one_that_cannot_be_written_to_is_ended_and_keeps_nobody_up() -> None:
    pairs = [corked() for _ in range(3)]
    pairs[0][1].broken = True
    for turn in (b"1", b"2"):
        for above, below in pairs:
            if not below.closed:
                above.write(turn)
        await asyncio.sleep(0)
    assert [below.pieces for _, below in pairs] == [[], [b"1", b"2"], [b"1", b"2"]]
    assert [below.closed for _, below in pairs] == [True, False, False]


async def test_writing_to_what_is_closed_fails_as_it_would_by_itself() -> None:
    above, below = corked()
    below.closed = True
    with pytest.raises(RuntimeError, match="closed"):
        above.write(b"too late")


class Reading(asyncio.Protocol):
    """A server's side of a connection: it keeps its corked transport, and when it was paused."""

    def __init__(self, made: asyncio.Future[Reading]) -> None:
        self._made = made
        self.paused = asyncio.Event()
        self.lost = asyncio.Event()
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = Corked(cast(asyncio.Transport, transport), asyncio.get_running_loop())
        self._made.set_result(self)

    def data_received(self, data: bytes) -> None:
        self.heard.put_nowait(data)

    def pause_writing(self) -> None:
        self.paused.set()

    def resume_writing(self) -> None:
        self.paused.clear()

    def connection_lost(self, _: Exception | None) -> None:
        self.lost.set()


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[Reading, socket.socket]]:
    """A server's connection and its client, which reads only when it is told to."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Reading] = loop.create_future()
    server = await loop.create_server(lambda: Reading(made), "127.0.0.1", 0)
    async with server:
        with socket.socket() as client:
            client.settimeout(0)
            await loop.sock_connect(client, server.sockets[0].getsockname())
            served = await made
            yield served, client
            if not served.lost.is_set():
                served.transport.abort()
                await served.lost.wait()


async def everything(client: socket.socket) -> bytes:
    """What the client reads until the end."""
    loop, came = asyncio.get_running_loop(), b""
    while data := await loop.sock_recv(client, 1_000_000):
        came += data
    return came


async def a_client_that_does_not_read() -> None:
    """It pauses its server within a turn of the loop; once it reads, it gets all of it in order."""
    async with asyncio.timeout(SECONDS), connected() as (served, client):
        sent = b""
        while not served.paused.is_set():
            for _ in range(100):
                part = b"%08d" % (len(sent) // 8) * 1_000
                sent += part
                served.transport.write(part)
            await asyncio.sleep(0)
        assert served.transport.get_write_buffer_size() > 0
        served.transport.close()
        assert await everything(client) == sent


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_a_client_that_does_not_read_pauses_its_server_and_misses_nothing(loop: Callable[[], Any]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(a_client_that_does_not_read())


async def test_all_else_is_the_transports_own() -> None:
    async with asyncio.timeout(SECONDS), connected() as (served, client):
        above = served.transport
        assert above.get_extra_info("peername") == client.getsockname()
        assert above.get_extra_info("nothing", 4) == 4
        assert above.get_protocol() is served
        assert above.can_write_eof()
        assert not above.is_closing()
        above.pause_reading()
        assert not above.is_reading()
        above.resume_reading()
        assert above.is_reading()
        above.set_write_buffer_limits(high=10, low=5)
        assert above.get_write_buffer_limits() == (5, 10)
        above.set_protocol(served)
        await asyncio.get_running_loop().sock_sendall(client, b"hello")
        assert await served.heard.get() == b"hello"
