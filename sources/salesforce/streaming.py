"""Change events as they come over the event bus, several topics on one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import Final

from grpc.aio import Metadata
from msgspec.structs import replace

from canonical.changes import Changes
from canonical.errors import ProblemCategory, Refused
from sources.feeds import PositionLostError
from sources.salesforce import ids
from sources.salesforce.bus import Bus, Subscription, open_channel, signature
from sources.salesforce.client import Org
from sources.salesforce.polling import Polling
from sources.salesforce.positions import Place, places_in, position_of
from sources.salesforce.pubsub import eventbus_pb2 as bus
from sources.salesforce.settings import Settings
from sources.salesforce.understanding import Understanding, asking

CLOCKS_APART: Final = 300_000
"""Milliseconds that our clock and the org's may differ by."""


class Streaming:
    """Listens to one org's bus.

    A topic that was never heard of yet has no replay id. Its place is then the instant at which we began: after a break
    it is read from the earliest event that is kept, and record changes that are older are left out. So nothing is lost
    in between.
    """

    def __init__(
        self, org: Org, system: str, base_url: str, settings: Settings, polling: Polling, now: Callable[[], datetime]
    ) -> None:
        """Keep all; nothing is opened before somebody listens. ValueError where the certificates cannot be read."""
        self._org, self._system, self._base_url, self._settings = org, system, base_url, settings
        self._understanding = Understanding(settings, polling, now)
        self._now = now
        self._ca = _certificates(settings.pubsub_ca_file)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bus]:
        """A connection to the bus."""
        async with open_channel(self._settings.pubsub_endpoint or "", self._ca) as channel:
            yield Bus(self._system, channel, self._sign, self._renew, self._settings.pubsub_quiet_seconds)

    async def stream(self, position: str | None) -> AsyncGenerator[Changes]:
        """What comes on all topics from behind the position; each batch says where to resume."""
        known = _places(position)
        began = Place(since=round(self._now().timestamp() * 1000) - CLOCKS_APART)
        places = {topic: known.get(topic, began) for topic in self._settings.topics}
        if places != known:
            yield Changes(position=position_of(places))
        since = {topic: place.since for topic, place in places.items()}
        async with self.open() as opened:
            streams = [Subscription(opened, topic, place, _preset(known.get(topic))) for topic, place in places.items()]
            async with aclosing(_together(streams)) as responses:
                async for stream, response in responses:
                    heard = await self._understanding.read(opened, stream.topic, response.events, since[stream.topic])
                    places[stream.topic] = _behind(response) or places[stream.topic]
                    yield replace(heard, position=position_of(places))
                    await stream.ask(len(response.events))

    async def _sign(self) -> Metadata:
        headers = await self._org.credentials(asking())
        organization = self._settings.organization_id or ids.named(
            headers.get("Authorization", "").removeprefix("Bearer ").partition("!")[0], ids.ORGANIZATION
        )
        if organization is None:
            sentence = f"{self._system} needs the setting organization_id: its tokens do not say which org they are of."
            raise Refused(self._system, sentence, category=ProblemCategory.PERMISSION)
        return signature(headers, self._base_url, organization)

    async def _renew(self, signed: Metadata) -> bool:
        return await self._org.forget({"Authorization": "Bearer " + str(signed["accesstoken"])})


async def _together(streams: Sequence[Subscription]) -> AsyncGenerator[tuple[Subscription, bus.FetchResponse]]:
    """What comes on any of them, one at a time; the next of a stream is waited for while this one is worked on."""
    reads = {asyncio.ensure_future(stream.read()): stream for stream in streams}
    try:
        while reads:
            done, _ = await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
            for read in done:
                stream = reads.pop(read)
                yield stream, read.result()
                reads[asyncio.ensure_future(stream.read())] = stream
    finally:
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)
        for stream in streams:
            stream.close()


def _places(position: str | None) -> dict[str, Place]:
    try:
        return places_in(position) if position is not None else {}
    except ValueError as error:
        raise PositionLostError(str(error)) from error


def _preset(known: Place | None) -> bus.ReplayPreset:
    if known is None:
        return bus.LATEST
    return bus.CUSTOM if known.replay_id else bus.EARLIEST


def _behind(response: bus.FetchResponse) -> Place | None:
    behind = response.events[-1].replay_id if response.events else response.latest_replay_id
    return Place(behind) if behind else None


def _certificates(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path is no shorter
            return file.read()
    except OSError as error:
        raise ValueError(f"pubsub_ca_file cannot be read: {error.strerror}") from error
