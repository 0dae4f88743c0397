"""A system of the test's own on a real socket, and clients for it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from canonical.deadline import Deadline
from canonical.errors import Fault
from canonical.principal import Principal, View
from sources.kit.auth.authorization import Authorization
from sources.kit.auth.fixed import bearer
from sources.kit.call import Call
from sources.kit.http.ask import Answer
from sources.kit.http.client import SystemClient
from sources.kit.http.wire import LARGEST_ANSWER
from sources.kit.sandbox.middleware import Manners, misbehaving
from sources.kit.sandbox.serving import serve
from sources.landscape import Instance, Limits, Secret
from tests.sources.kit.http.pretend import TOKEN, AskAs, Clock, OpenClient, System


@pytest_asyncio.fixture
async def system() -> AsyncIterator[System]:
    one = System()
    one.gate.set()
    manners = Manners(lambda status: ("application/json", b'{"oops":%d}' % status), one.good_tokens.clear)
    async with serve(misbehaving(one.app, one.faults, one.log, manners)) as served:
        one.url = served.url
        yield one
        one.gate.set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def open_client(system: System, clock: Clock) -> AsyncIterator[OpenClient]:
    opened: list[SystemClient] = []

    def open_one(
        limits: Limits | None = None,
        authorization: Authorization | None = None,
        translate: Callable[[Answer], Fault | None] = lambda _: None,
        base_url: str | None = None,
        largest_answer: int = LARGEST_ANSWER,
    ) -> SystemClient:
        instance = Instance(
            "northwind",
            "pretend",
            "erp",
            base_url or system.url,
            limits=limits or Limits(),
            credentials={"token": Secret(TOKEN)},
        )
        authorized = authorization or bearer(Secret(TOKEN))
        client = SystemClient(instance, authorized, translate, clockwork=clock.work(), largest_answer=largest_answer)
        opened.append(client)
        return client

    yield open_one
    for client in opened:
        await client.close()


_numbers = itertools.count(1)


@pytest.fixture
def ask_as() -> AskAs:
    def make(seconds: float = 10.0, accounts: frozenset[str] | None = None) -> Call:
        principal = Principal("anna", "acme", "test", frozenset())
        view = View(accounts=accounts)
        return Call(principal, view, Deadline.after(seconds), f"cid-{next(_numbers)}", "00-aa-bb-01")

    return make
