"""Lets fakes of this process be asked by workers in others: their ports over HTTP, slow and lossy on demand.

What was begun goes on when whoever asked is gone, as it does in a real system.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web

from canonical.errors import Fault
from canonical.intake import Amendment, CrmOrderRequest, CustomerRequest, OrderRequest, WriteBack
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import Lookup
from tests.fakes.intake import TradingCrm, TradingErp

GIVEN: Mapping[str, tuple[Any, ...]] = {
    "quote_order": (OrderRequest,),
    "find_orders": (list[str],),
    "book_order": (OrderRequest,),
    "amend_order": (Amendment,),
    "cancel_order": (str, str, str),
    "find_created_customers": (list[str],),
    "create_customer": (CustomerRequest,),
    "fetch_customers": (Lookup,),
    "fetch_orders": (Lookup,),
    "register_order": (CrmOrderRequest,),
    "write_back": (WriteBack,),
}
LOST, SLOWEST = 0.2, 1.0
WITH_WANTED = ("fetch_customers", "fetch_orders")


class Exchange:
    """The server. `deaths` are points at which whoever asks dies.

    While `held`, bookings arrive, and are in flight until they are let through; `arrived` is by whom they were sent.
    In bad `weather` bookings take their time, and some of their replies are lost.
    """

    def __init__(self, call: Call, *systems: TradingErp | TradingCrm) -> None:
        self.systems = {system.name: system for system in systems}
        self.call = call
        self.through = asyncio.Event()
        self.through.set()
        self.arrived: asyncio.Queue[int] = asyncio.Queue()
        self.weather: random.Random | None = None
        self.lost = 0
        self.deaths: list[str] = []
        self.died: list[str] = []
        self.running: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Bookings arrive, and take effect when the block ends."""
        self.through.clear()
        try:
            yield
        finally:
            self.through.set()

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """One call of a port."""
        system, method = request.match_info["system"], request.match_info["method"]
        given = msgspec.json.decode(await request.read(), type=list[msgspec.Raw])
        kinds = GIVEN[method]
        arguments = [msgspec.json.decode(raw, type=kind) for raw, kind in zip(given, kinds, strict=True)]
        work = asyncio.ensure_future(self._do(system, method, arguments, int(request.headers["X-Pid"])))
        self.running.add(work)
        work.add_done_callback(self.running.discard)
        answer = await asyncio.shield(work)
        if method == "book_order" and self.weather and self.weather.random() < LOST and request.transport:
            self.lost += 1
            request.transport.close()
        return web.Response(body=answer, content_type="application/json")

    async def _do(self, system: str, method: str, arguments: list[Any], pid: int) -> bytes:
        fake = self.systems[system]

        def watch(point: str) -> None:
            if point in self.deaths:
                self.deaths.remove(point)
                self.died.append(point)
                os.kill(pid, signal.SIGKILL)

        fake.mood.watch = watch
        if method == "book_order":
            self.arrived.put_nowait(pid)
            await self.through.wait()
        if method == "book_order" and self.weather:
            await asyncio.sleep(self.weather.uniform(0.0, SLOWEST))
        wanted = [Wanted.of("number", "name", "billing_address", "version")] if method in WITH_WANTED else []
        try:
            value = await getattr(fake, method)(self.call, *arguments, *wanted)
        except Fault as fault:
            told = {"fault": type(fault).__name__, "system": fault.system, "sentence": fault.sentence}
            return msgspec.json.encode({**told, "retry_after": fault.retry_after, "category": fault.category.value})
        return msgspec.json.encode({"value": value})


@asynccontextmanager
async def open_exchange(call: Call, *systems: TradingErp | TradingCrm) -> AsyncIterator[tuple[Exchange, str]]:
    """The server and its address, until the block ends."""
    exchange = Exchange(call, *systems)
    app = web.Application()
    app.add_routes([web.post("/{system}/{method}", exchange.ask)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield exchange, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        if exchange.running:
            await asyncio.wait(exchange.running)
