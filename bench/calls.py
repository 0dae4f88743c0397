"""What one outside call costs the asker, way beside way in one run; writes its section of docs/benchmarks.md.

    python -m bench.calls [--rounds 9]

Every round measures every way once, in turn: what else the machine does hits all of them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import platform
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path
from statistics import median
from typing import Final, TypeAlias
from urllib.parse import quote_plus

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from canonical.deadline import Deadline
from canonical.principal import Principal, View
from sources.kit.auth.fixed import bearer
from sources.kit.call import Call
from sources.kit.http.ask import Ask
from sources.kit.http.client import SystemClient
from sources.kit.http.transport import open_transport
from sources.landscape import Instance, Limits, Secret

REPORT: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MARK: Final = "<!-- calls -->"
SIZES: Final = (2_000, 80_000)
CALLERS: Final = (1, 32)
CALLS: Final = {1: 250, 32: 640}
"""Calls a round, by callers at once."""
TOKEN: Final = "a-token-of-the-usual-length-0123456789-0123456789-0123456789"
HEADERS: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": "revgraph",
    "authorization": f"Bearer {TOKEN}",
    "x-correlation-id": "bench",
}
QUERY: Final = "q=" + quote_plus(
    "SELECT Id, Name, Amount, CurrencyIsoCode, (SELECT Id, Quantity, UnitPrice FROM OrderItems) FROM Order "
    "WHERE AccountId IN ('0018d00000ABCDEFG', '0018d00000ABCDEFH') AND Status != 'Draft' ORDER BY EffectiveDate DESC"
)
BASE: Final = "aiohttp alone"
BASE_ANEW: Final = "aiohttp alone, each question new"

Way: TypeAlias = Callable[[int, int], Awaitable[int]]
"""Asks once, as this caller, for an answer of this size; says how many bytes came."""
Opened: TypeAlias = Callable[[str], AsyncIterator[Way]]


async def through_httpx(url: str) -> AsyncIterator[Way]:
    """The client and transport of httpx itself."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(headers=HEADERS, limits=limits) as client:
        yield _through(client, url)


async def through_httpx_aiohttp(url: str) -> AsyncIterator[Way]:
    """The client of httpx on aiohttp."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with HttpxAiohttpClient(headers=HEADERS, limits=limits) as client:
        yield _through(client, url)


def _through(client: httpx.AsyncClient, url: str) -> Way:
    async def ask(size: int, caller: int) -> int:
        return len((await client.get(f"{url}/{size}/{caller}?{QUERY}")).content)

    return ask


async def through_their_transport(url: str) -> AsyncIterator[Way]:
    """Types of httpx on httpx-aiohttp's transport called straight, URL and headers built before."""
    async with AiohttpTransport() as transport:
        yield _straight(transport, url)


async def through_our_transport(url: str) -> AsyncIterator[Way]:
    """Types of httpx on our own transport called straight, URL and headers built before."""
    async with open_transport(_instance(url)) as transport:
        yield _straight(transport, url)


def _straight(transport: httpx.AsyncBaseTransport, url: str) -> Way:
    headers = httpx.Headers(HEADERS)
    urls = {key: httpx.URL(text) for key, text in _addresses(url).items()}

    async def ask(size: int, caller: int) -> int:
        extensions = {"timeout": {"connect": 3.0}}
        request = httpx.Request("GET", urls[size, caller], headers=headers, extensions=extensions)
        return len(await (await transport.handle_async_request(request)).aread())

    return ask


def _addresses(url: str) -> dict[tuple[int, int], str]:
    return {(size, caller): f"{url}/{size}/{caller}?{QUERY}" for size in SIZES for caller in range(max(CALLERS))}


async def through_aiohttp(url: str) -> AsyncIterator[Way]:
    """A session of aiohttp, nothing above it; each caller has its address, built before."""
    async with aiohttp.ClientSession(headers=HEADERS, connector=aiohttp.TCPConnector(limit=100)) as session:
        urls = _addresses(url)

        async def ask(size: int, caller: int) -> int:
            async with session.get(urls[size, caller]) as response:
                return len(await response.read())

        yield ask


async def through_aiohttp_anew(url: str) -> AsyncIterator[Way]:
    """A session of aiohttp, nothing above it; no address was ever asked before."""
    async with aiohttp.ClientSession(headers=HEADERS, connector=aiohttp.TCPConnector(limit=100)) as session:
        numbers = count()

        async def ask(size: int, _: int) -> int:
            async with session.get(f"{url}/{size}/{next(numbers)}?{QUERY}") as response:
                return len(await response.read())

        yield ask


async def through_the_client(url: str) -> AsyncIterator[Way]:
    """Our whole staircase; each caller asks its own question, again and again."""
    client = _client(url)

    async def ask(size: int, caller: int) -> int:
        asked = Ask(path=f"/{size}/{caller}", query=QUERY, operation="read orders")
        return len((await client.send(_call(), asked)).content)

    yield ask
    await client.close()


async def through_the_client_anew(url: str) -> AsyncIterator[Way]:
    """Our whole staircase; no question was ever asked before."""
    client, numbers = _client(url), count()

    async def ask(size: int, _: int) -> int:
        asked = Ask(path=f"/{size}/{next(numbers)}", query=QUERY, operation="read orders")
        return len((await client.send(_call(), asked)).content)

    yield ask
    await client.close()


def _client(url: str) -> SystemClient:
    return SystemClient(_instance(url), bearer(Secret(TOKEN)), lambda _: None)


def _instance(url: str) -> Instance:
    return Instance("bench", "bench", "erp", url, limits=Limits(concurrency=32), credentials={"t": Secret(TOKEN)})


_ANNA: Final = Principal("anna", "acme", "bench", frozenset())
_ALL: Final = View()


def _call() -> Call:
    return Call(_ANNA, _ALL, Deadline.after(10), "bench")


WAYS: Final[Mapping[str, Opened]] = {
    "httpx.AsyncClient": through_httpx,
    "httpx on aiohttp (HttpxAiohttpClient)": through_httpx_aiohttp,
    "httpx-aiohttp's transport called straight": through_their_transport,
    "our transport called straight": through_our_transport,
    "SystemClient.send": through_the_client,
    "SystemClient.send, each question new": through_the_client_anew,
    BASE: through_aiohttp,
    BASE_ANEW: through_aiohttp_anew,
}


@dataclass
class Measured:
    """One way, one size, one number of callers: microseconds a call, one figure a round."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


async def burst(way: Way, size: int, callers: int, into: Measured) -> None:
    """One round of one way."""
    each = CALLS[callers] // callers

    async def caller(number: int) -> None:
        for _ in range(each):
            if await way(size, number) < size:
                raise SystemExit("An answer came short.")

    gc.collect()
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    into.cpu.append((time.process_time_ns() - cpu) / 1000 / each / callers)
    into.wall.append((time.perf_counter_ns() - wall) / 1000 / each / callers)


Found: TypeAlias = dict[tuple[int, int, str], Measured]


async def run(url: str, rounds: int) -> Found:
    """Every way at every size and number of callers, round after round; the first round warms up."""
    found: Found = {(size, callers, name): Measured() for size in SIZES for callers in CALLERS for name in WAYS}
    async with AsyncExitStack() as stack:
        ways = {name: await stack.enter_async_context(asynccontextmanager(way)(url)) for name, way in WAYS.items()}
        for number in range(rounds + 1):
            for (size, callers, name), into in found.items():
                await burst(ways[name], size, callers, into if number else Measured())
            print(f"round {number} of {rounds}", file=sys.stderr)
    return found


@contextmanager
def answering() -> Iterator[str]:
    """The address of a server of our own."""
    command = [sys.executable, "-m", "bench.answering"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdin is None or server.stdout is None:
            raise SystemExit("The server has no pipes.")
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.stdin.close()
        server.wait(timeout=10)


def rows(found: Found) -> list[str]:
    """The table's rows."""
    told = []
    for (size, callers, name), one in found.items():
        base = found[size, callers, BASE_ANEW if name.endswith("new") else BASE]
        ratio = median(mine / its for mine, its in zip(one.cpu, base.cpu, strict=True))
        told.append(
            f"| {size // 1000} KB | {callers} | {name} | {min(one.cpu):.0f} | {median(one.cpu):.0f} | {ratio:.2f} "
            f"| {median(one.wall):.0f} |"
        )
    return told


def report(found: Found, command: str) -> str:
    """The section of docs/benchmarks.md."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("httpx", "httpx-aiohttp", "aiohttp", "uvloop"))
    rounds = len(next(iter(found.values())).cpu)
    return "\n".join(
        [
            MARK,
            "## What one outside call costs the gateway",
            "",
            (
                f"`{command}`: {rounds} interleaved rounds of {CALLS[1]} calls by one caller and {CALLS[32]} by 32, "
                f"keep-alive, loopback, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}. CPU is "
                "the asking process's alone, in microseconds a call; the factor is the median of the rounds' own, new "
                "questions beside aiohttp's new questions. Each caller asks its own, so that nothing is shared. The "
                "server is a bare protocol in its own process."
            ),
            "",
            "| answer | callers | way | CPU us, least | CPU us, median | times aiohttp's | wall us a call, median |",
            "|---|---|---|---|---|---|---|",
            *rows(found),
            MARK,
            "",
        ]
    )


def write(section: str) -> None:
    """Put the section into the report, in the place of the one before."""
    held = REPORT.read_text() if REPORT.exists() else "# Benchmarks\n\n"
    before, _, rest = held.partition(MARK)
    after = rest.partition(MARK)[2].lstrip("\n")
    REPORT.write_text(before + section + after)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="how often each way is measured (default 9)")
    parser.add_argument("--print", action="store_true", help="print the section instead of writing it")
    given = parser.parse_args()
    with answering() as url:
        section = report(uvloop.run(run(url, min(given.rounds, 100))), "python -m bench.calls")
    if given.print:
        print(section)
    else:
        write(section)


if __name__ == "__main__":
    main()
