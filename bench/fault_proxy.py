"""Stands between us and every system, and lets calls go wrong on the way, as networks do: by chance, from a seed.

    python -m bench.fault_proxy --seed N --ready FILE NAME=URL ...

One port for each system, where its HTTP is passed on byte by byte, and one for orders to the proxy itself: a line of
JSON in, a line out (`command`). Fair until it is told otherwise. Ends with SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from bench.http1 import LONGEST_HEAD, Message, NotHttpError, page, read_answer, read_request
from bench.weather import Fault, Weather

HOST: Final = "127.0.0.1"
ANSWERED_WITHIN: Final = 120.0
SPARE_FOR: Final = 2.0
"""Seconds that a connection to a system is kept for the next request: less than any server keeps it."""
IDLE_FOR: Final = 90.0
_REASONS: Final = {429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
_BROKEN: Final = (OSError, asyncio.IncompleteReadError, NotHttpError, TimeoutError, ValueError, IndexError)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class CutError(Exception):
    """The client's connection ends here: `told` is sent before; it is reset where nothing is."""

    def __init__(self, told: bytes = b"") -> None:
        """Keep the words."""
        super().__init__()
        self.told = told


class Command(Struct, frozen=True):
    """What the proxy is told: the part of all requests that goes wrong and how, on the way to these systems or all.

    With no faults the weather is fair again. Without `part` nothing is changed. The answer always tells what was met.
    """

    part: float | None = None
    faults: tuple[Fault, ...] = ()
    systems: tuple[str, ...] = ()


class Way:
    """The way to one system, and what was met on it."""

    def __init__(self, url: str, seed: str) -> None:
        """Connect to nothing yet."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or HOST, parts.port or 80
        self.weather, self.port = Weather(seed), 0
        self.requests, self.hits, self.gone = 0, Counter[str](), Counter[str]()
        self.clients, self.upstreams = 0, 0
        self._spare: list[tuple[Streams, float]] = []

    def told(self) -> dict[str, Any]:
        """Requests, faults met by kind, those whose sender had gone when they reached the system, and open sockets."""
        return {
            "requests": self.requests,
            "hits": dict(self.hits),
            "gone": dict(self.gone),
            "clients": self.clients,
            "upstreams": self.upstreams,
        }

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until either side has enough."""
        self.clients += 1
        try:
            while await self._next(reader, writer):
                pass
        except CutError as cut:
            if cut.told:
                writer.write(cut.told)
            else:
                _reset(writer)
        except _BROKEN:
            _reset(writer)
        finally:
            self.clients -= 1
            writer.close()

    async def open(self) -> asyncio.Server:
        """Take a port, and listen there."""
        server = await asyncio.start_server(self.talk, HOST, 0, limit=LONGEST_HEAD, backlog=256)
        self.port = int(server.sockets[0].getsockname()[1])
        return server

    def close(self) -> None:
        """Give back the connections that are kept."""
        while self._spare:
            self._part_from(self._spare.pop()[0])

    async def _next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether there may be another."""
        async with asyncio.timeout(IDLE_FOR):
            request = await read_request(reader)
        if request is None:
            return False
        self.requests += 1
        fault = self.weather.take(request.asked)
        if fault is None:
            answer = await self._forward(request)
        else:
            self.hits[fault.kind] += 1
            answer = await self._spoil(request, fault, reader)
        writer.write(answer.whole)
        await writer.drain()
        return request.kept and answer.kept

    async def _spoil(self, request: Message, fault: Fault, client: asyncio.StreamReader) -> Message:
        """The answer to a request that a fault hits; CutError where it gets none."""
        match fault.kind:
            case "drop_before":
                raise CutError
            case "throttle":
                return _page(429, f"Retry-After: {max(1, round(fault.seconds))}")
            case "fail_before":
                return _page(fault.status)
            case "delay" | "late_arrival":
                await asyncio.sleep(fault.seconds)
                self._note(client, fault)
                return await self._forward(request)
            case "duplicate":
                answer, _ = await asyncio.gather(self._forward(request), self._forward(request))
                return answer
            case "repeat":
                await self._forward(request)
                return await self._forward(request)
            case _:
                return await self._lose(await self._forward(request), fault, client)

    async def _lose(self, answer: Message, fault: Fault, client: asyncio.StreamReader) -> Message:
        """What comes back of an answer that the system gave."""
        match fault.kind:
            case "fail_after":
                return _page(fault.status)
            case "half":
                cut = len(answer.body) // 2
                raise CutError(answer.head + answer.body[:cut] if answer.body else answer.head[: len(answer.head) // 2])
            case "late_answer":
                await asyncio.sleep(fault.seconds)
                self._note(client, fault)
                return answer
            case _:
                raise CutError

    def _note(self, client: asyncio.StreamReader, fault: Fault) -> None:
        if client.at_eof() or client.exception() is not None:
            self.gone[fault.kind] += 1

    async def _forward(self, request: Message) -> Message:
        streams = self._take() or await self._connect()
        kept = False
        try:
            async with asyncio.timeout(ANSWERED_WITHIN):
                streams[1].write(request.whole)
                await streams[1].drain()
                answer = await read_answer(streams[0], request.first.partition(" ")[0])
            kept = answer.kept and request.kept
        except _BROKEN:
            # Not a fault of ours: the system itself broke off.
            self.hits["broken_by_the_system"] += 1
            raise
        finally:
            if kept:
                self._spare.append((streams, asyncio.get_running_loop().time()))
            else:
                self._part_from(streams)
        return answer

    def _take(self) -> Streams | None:
        """A connection that was kept, and that the system has not closed meanwhile."""
        now = asyncio.get_running_loop().time()
        while self._spare:
            streams, since = self._spare.pop()
            if now - since < SPARE_FOR and not streams[0].at_eof() and not streams[1].is_closing():
                return streams
            self._part_from(streams)
        return None

    async def _connect(self) -> Streams:
        streams = await asyncio.open_connection(self._host, self._port, limit=LONGEST_HEAD)
        self.upstreams += 1
        return streams

    def _part_from(self, streams: Streams) -> None:
        self.upstreams -= 1
        streams[1].close()


class Proxy:
    """All ways, and the orders that are given."""

    def __init__(self, systems: Mapping[str, str], seed: int) -> None:
        """Each way has a chance of its own, so that one system's calls do not move another's."""
        self.ways = {name: Way(url, f"{seed}:{name}") for name, url in systems.items()}

    def obey(self, line: bytes) -> bytes:
        """Do what a line says, and tell what was met so far; what cannot be understood is told."""
        try:
            command = msgspec.json.decode(line, type=Command)
            chosen = [self.ways[name] for name in command.systems or self.ways]
        except (msgspec.MsgspecError, ValueError, KeyError) as wrong:
            return json.dumps({"refused": str(wrong)}).encode() + b"\n"
        for way in chosen if command.part is not None else ():
            way.weather.turn(command.part or 0.0, command.faults)
        return json.dumps({name: way.told() for name, way in self.ways.items()}).encode() + b"\n"

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Obey a line after the other."""
        try:
            while line := await reader.readline():
                writer.write(self.obey(line))
                await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            writer.close()


def tell(port: int, command: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Tell a running proxy something, or ask what was met."""
    with socket.create_connection((HOST, port), timeout=10) as line, line.makefile("rwb") as words:
        words.write(json.dumps(command or {}).encode() + b"\n")
        words.flush()
        found: dict[str, Any] = json.loads(words.readline())
    if "refused" in found:
        raise ValueError(found["refused"])
    return found


async def serve(systems: Mapping[str, str], seed: int, ready: Path) -> None:
    """Stand between until a signal asks for the end; the file is written once every port is open."""
    proxy, stop = Proxy(systems, seed), asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    with ExitStack() as stack:
        for way in proxy.ways.values():
            stack.callback((await way.open()).close)
            stack.callback(way.close)
        control = await asyncio.start_server(proxy.listen, HOST, 0)
        stack.callback(control.close)
        told = {
            "control": control.sockets[0].getsockname()[1],
            "systems": {name: f"http://{HOST}:{way.port}" for name, way in proxy.ways.items()},
        }
        draft = ready.with_suffix(".draft")
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(ready)
        await stop.wait()


def _page(status: int, *fields: str) -> Message:
    return Message(page(status, _REASONS.get(status, "Failed"), *fields), b"", kept=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection as a machine does that is gone: the other side is told nothing but that."""
    held = writer.get_extra_info("socket")
    if held is not None:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def main(given: Sequence[str] | None = None) -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("systems", nargs="+", metavar="NAME=URL")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--ready", type=Path, required=True, help="file that is written when every port is open")
    told = parser.parse_args(given)
    systems = dict(one.split("=", 1) for one in told.systems)
    asyncio.run(serve(systems, told.seed, told.ready))


if __name__ == "__main__":
    main()
