"""Those who subscribe to the graph of a small company, as a transport subscribes for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import orjson
from msgspec.structs import replace

from canonical.events import Event
from engine.documents import Documents
from engine.measuring import Limits
from gateway.request import GraphQLRequest
from gateway.subscribing import Subscribing
from gateway.subscription import Caller, Message
from resolvers.access import view_of
from resolvers.context import Context
from sources.kit.call import Call
from tests.fakes.company import NOW
from tests.fakes.events import Telling, attached
from tests.fakes.systems import FakeSystems
from tests.schema.asking import EVERYTHING, LOOMS, SCHEMA
from tests.workflows.house import House
from workflows.hub import Hub
from workflows.relay import Relay

SECONDS = 60.0


class Seat:
    """One subscription."""

    def __init__(self, messages: AsyncIterator[Message]) -> None:
        self.messages = messages
        self._next: asyncio.Future[Message] | None = None

    def listen(self) -> None:
        """Begin to wait for the next message."""
        if self._next is None:
            self._next = asyncio.ensure_future(anext(cast("Any", self.messages)))

    async def message(self) -> Message:
        """The next message."""
        self.listen()
        assert self._next is not None
        waiting, self._next = self._next, None
        return await asyncio.wait_for(waiting, SECONDS)

    async def answer(self) -> Any:
        """The next message as the client reads it."""
        return orjson.loads((await self.message()).body)

    async def data(self) -> Any:
        """The next message's only field; it has no errors."""
        answer = await self.answer()
        assert "errors" not in answer, answer
        [value] = answer["data"].values()
        return value

    async def leave(self) -> None:
        """The client goes."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.wait([self._next])
        await cast("Any", self.messages).aclose()


class Audience:
    """Takes seats, and tells what happens."""

    def __init__(self, house: House, engine: str, *, hears: bool = True) -> None:
        self.house = house
        self.now = 1000.0
        self.hub = Hub(house.store, "acme", look_every=0.05, patience=0.3)
        self.telling = Telling(house.store, Relay(house.store, "acme"))
        self.heard_by = self.hub if hears else None
        self.seats: list[Seat] = []
        documents = Documents(SCHEMA, Limits())
        self.operate = Subscribing(LOOMS[engine], documents, self.context, view_of, SECONDS, lambda: self.now, 0.0)

    def context(self, call: Call) -> Context:
        """A new operation's."""
        house, hub = self.house, self.heard_by
        systems = FakeSystems(house.crm, house.eu, house.us)
        position = {"resume_from": hub.cursor} if hub else {}
        return Context(house.landscape, systems, call, lambda: NOW, desk=house.desk, hub=hub, **cast("Any", position))

    async def seat(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        after: str | None = None,
        expires_at: float = 1e12,
        **rights: Any,
    ) -> Seat:
        """Subscribe, with all rights or those that are given."""
        who = Caller(replace(EVERYTHING, **rights), expires_at, "c-1")
        self.seats.append(Seat(await self.operate(GraphQLRequest(text, None, variables or {}, {}), who, after)))
        return self.seats[-1]

    async def seated(self, *seats: Seat) -> None:
        """Come back once these, and nobody else, are told of what comes."""
        for one in seats:
            one.listen()
        await attached(self.hub, len(seats))

    async def tell(self, *events: Event) -> None:
        """These happen."""
        await self.telling.log(*events)
