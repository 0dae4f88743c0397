"""The event bus over gRPC: topics, schemas, and subscriptions that ask for as much as is taken.

Pub/Sub API guide: "Subscribe RPC Method", "Authentication"; what a call carries stands in pubsub/eventbus.proto.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import grpc
from google.protobuf.message import Message
from grpc.aio import AioRpcError, Channel, Metadata, StreamStreamCall, StreamStreamMultiCallable

from canonical.errors import Unavailable
from sources.salesforce.bus_faults import to_failure
from sources.salesforce.positions import Place
from sources.salesforce.pubsub import eventbus_pb2 as bus

A = TypeVar("A", bound=Message)

WINDOW: Final = 100
"""Events that may be under way on a stream; the bus delivers no more, whatever is asked."""
ANSWERS_WITHIN: Final = 10.0
_NO_SUCH: Final = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT})
_SERVICE: Final = "/eventbus.v1.PubSub/"
# A window of the largest events there are, 1 MB each.
_OPTIONS: Final = (("grpc.max_receive_message_length", 110 * 1024 * 1024),)

Sign = Callable[[], Awaitable[Metadata]]
Renew = Callable[[Metadata], Awaitable[bool]]


class Bus:
    """One connection to the bus. `sign` says who we are, `renew` asks for another token; faults are of our own tree."""

    def __init__(self, system: str, channel: Channel, sign: Sign, renew: Renew, quiet_seconds: float) -> None:
        """Keep the connection; whoever opened it closes it."""
        self.system = system
        self.quiet_seconds = quiet_seconds
        self.sign, self.renew = sign, renew
        self.subscribe: StreamStreamMultiCallable[bus.FetchRequest, bus.FetchResponse] = channel.stream_stream(
            _SERVICE + "Subscribe",
            request_serializer=bus.FetchRequest.SerializeToString,
            response_deserializer=bus.FetchResponse.FromString,
        )
        self._topic = channel.unary_unary(
            _SERVICE + "GetTopic",
            request_serializer=bus.TopicRequest.SerializeToString,
            response_deserializer=bus.TopicInfo.FromString,
        )
        self._schema = channel.unary_unary(
            _SERVICE + "GetSchema",
            request_serializer=bus.SchemaRequest.SerializeToString,
            response_deserializer=bus.SchemaInfo.FromString,
        )

    async def topic(self, name: str, within: float = ANSWERS_WITHIN) -> bus.TopicInfo:
        """What a topic is, and whether we may listen to it."""

        async def ask(signed: Metadata) -> bus.TopicInfo:
            return await self._topic(bus.TopicRequest(topic_name=name), timeout=within, metadata=signed)

        return await self._asked(f"listen to {name}", ask)

    async def schema(self, schema_id: str) -> str:
        """The Avro schema of that name, as JSON; empty where there is none."""

        async def ask(signed: Metadata) -> bus.SchemaInfo:
            request = bus.SchemaRequest(schema_id=schema_id)
            try:
                return await self._schema(request, timeout=ANSWERS_WITHIN, metadata=signed)
            except AioRpcError as error:
                if error.code() in _NO_SUCH:
                    return bus.SchemaInfo()
                raise

        return (await self._asked(f"read the schema {schema_id[:40]}", ask)).schema_json

    async def _asked(self, words: str, ask: Callable[[Metadata], Awaitable[A]]) -> A:
        """Ask, and once more with another token where this one is refused."""
        signed = await self.sign()
        try:
            return await ask(signed)
        except AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED or not await self.renew(signed):
                raise to_failure(self.system, error, words) from error
        try:
            return await ask(await self.sign())
        except AioRpcError as error:
            raise to_failure(self.system, error, words) from error


class Subscription:
    """One topic, read behind a place. A token that ends meanwhile is renewed, and the stream goes on where it was."""

    def __init__(self, opened: Bus, topic: str, place: Place, preset: bus.ReplayPreset) -> None:
        """Keep where to begin; nothing is sent before the first `read`."""
        self.topic = topic
        self._bus = opened
        self._place, self._preset = place, preset
        self._call: StreamStreamCall[bus.FetchRequest, bus.FetchResponse] | None = None
        self._signed = Metadata()
        self._may_renew = True
        self._under_way = 0

    async def read(self) -> bus.FetchResponse:
        """What comes next: events, or a sign of life. Raises a Fault or PositionLostError, and is at its end then."""
        try:
            response = await self._next()
        except AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED or not self._may_renew:
                raise self._failure(error) from error
            self._may_renew = False
            if not await self._bus.renew(self._signed):
                raise self._failure(error) from error
            self._call = None
            if self._preset == bus.LATEST:
                # What came since we began would be lost; whoever reads leaves out what is older.
                self._preset = bus.EARLIEST
            return await self.read()
        self._may_renew = True
        self._under_way = max(0, self._under_way - len(response.events))
        behind = response.events[-1].replay_id if response.events else response.latest_replay_id
        if behind:
            self._place, self._preset = Place(behind), bus.CUSTOM
        return response

    async def ask(self, events: int) -> None:
        """Say that so many events were taken, and as many more may come: never more than WINDOW together."""
        more = min(events, WINDOW - self._under_way)
        if self._call is None or more <= 0:
            return
        self._under_way += more
        try:
            await self._call.write(bus.FetchRequest(num_requested=more))
        except (AioRpcError, asyncio.InvalidStateError):
            return  # what became of the stream is told by the next `read`

    def close(self) -> None:
        """End the stream."""
        if self._call is not None:
            self._call.cancel()

    async def _next(self) -> bus.FetchResponse:
        if self._call is None:
            self._signed = await self._bus.sign()
            self._call = self._bus.subscribe(metadata=self._signed)
            await self._call.write(self._first())
            self._under_way = WINDOW
        try:
            async with asyncio.timeout(self._bus.quiet_seconds):
                response = await self._call.read()
        except TimeoutError as error:
            self.close()
            sentence = f"{self._bus.system} says nothing any more on the connection that it tells of changes on."
            raise Unavailable(self._bus.system, sentence, detail=self.topic) from error
        if isinstance(response, bus.FetchResponse):
            return response
        raise Unavailable(self._bus.system, f"{self._bus.system} ended the connection that it tells of changes on.")

    def _first(self) -> bus.FetchRequest:
        return bus.FetchRequest(
            topic_name=self.topic,
            replay_preset=self._preset,
            replay_id=self._place.replay_id,
            num_requested=WINDOW,
        )

    def _failure(self, error: AioRpcError) -> Exception:
        return to_failure(self._bus.system, error, f"listen to {self.topic}")


@asynccontextmanager
async def open_channel(endpoint: str, ca: bytes | None) -> AsyncIterator[Channel]:
    """A connection under TLS, opened when it is needed and closed with the block."""
    channel = grpc.aio.secure_channel(endpoint, grpc.ssl_channel_credentials(ca), options=_OPTIONS)
    try:
        yield channel
    finally:
        await channel.close()


def signature(headers: Mapping[str, str], instance_url: str, organization: str) -> Metadata:
    """What every call to the bus carries, of the headers that calls over HTTP carry."""
    token = headers.get("Authorization", "").rpartition(" ")[2]
    return Metadata(("accesstoken", token), ("instanceurl", instance_url), ("tenantid", organization))
