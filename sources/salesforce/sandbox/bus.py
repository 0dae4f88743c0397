"""The Pub/Sub API over gRPC, as published: topics, schemas, publishing, and subscriptions with flow control and replay.

Managed subscriptions, which are in beta, are not implemented.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import grpc

from sources.kit.sandbox.faults import Fault, Faults
from sources.kit.sandbox.log import Asked, RequestLog
from sources.salesforce.pubsub import eventbus_pb2 as pb
from sources.salesforce.sandbox.avro import EventType
from sources.salesforce.sandbox.eventlog import Stored, from_replay_id, to_replay_id
from sources.salesforce.sandbox.failing import AUTH, LOST, NO_TOPIC, Context, Failure, break_after, fail, meet
from sources.salesforce.sandbox.ids import id18
from sources.salesforce.sandbox.oauth import Tokens
from sources.salesforce.sandbox.org import ORG_ID, Org

MOST_PENDING: Final = 100
MOST_PUBLISHED: Final = 200
KEEPALIVE: Final = 270.0
ALL_CHANGES: Final = "/data/ChangeEvents"
# Whoever writes from another thread does not wake us.
_TICK: Final = 0.2
_NO_EVENTS: Final = (
    grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.requested.events.invalid", "Ask for one event at least.",
)  # fmt: skip
_NO_REPLAY_ID: Final = (
    grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.validation.failed", "CUSTOM needs a Replay ID.",
)  # fmt: skip
_OTHER_TOPIC: Final = (
    grpc.StatusCode.INVALID_ARGUMENT, "subscription.topic.mismatch", "The topic of a stream cannot change.",
)  # fmt: skip
_TOO_MANY: Final = (
    grpc.StatusCode.INVALID_ARGUMENT, "publish.event.count.invalid", f"A request has 1 to {MOST_PUBLISHED} events.",
)  # fmt: skip
_NO_SCHEMA: Final = (grpc.StatusCode.NOT_FOUND, "schema.not.found", "The schema does not exist.")


Note = Callable[[str], None]


class PubSub:
    """The service of one org. `keepalive` is the longest silence on a stream, in seconds."""

    def __init__(self, org: Org, tokens: Tokens, faults: Faults, log: RequestLog, keepalive: float = KEEPALIVE) -> None:
        self.keepalive = keepalive
        self.channels: dict[str, tuple[str, ...]] = {}
        """Custom channels by topic ("/data/Revenue__chn"), with the topics that are on them."""
        self.streams = 0
        """How many subscriptions are open."""
        self._org, self._tokens, self._faults, self._log = org, tokens, faults, log
        kinds = [*org.capture.kinds.values(), *org.platform.kinds.values()]
        self._topics: dict[str, EventType] = {kind.topic: kind for kind in kinds}
        self._schemas: dict[str, EventType] = {kind.schema_id: kind for kind in kinds}

    def handlers(self) -> grpc.GenericRpcHandler:
        """The methods by name, for a server."""
        table: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "Subscribe": grpc.stream_stream_rpc_method_handler(
                self.subscribe, pb.FetchRequest.FromString, pb.FetchResponse.SerializeToString
            ),
            "GetSchema": grpc.unary_unary_rpc_method_handler(
                self.get_schema, pb.SchemaRequest.FromString, pb.SchemaInfo.SerializeToString
            ),
            "GetTopic": grpc.unary_unary_rpc_method_handler(
                self.get_topic, pb.TopicRequest.FromString, pb.TopicInfo.SerializeToString
            ),
            "Publish": grpc.unary_unary_rpc_method_handler(
                self.publish, pb.PublishRequest.FromString, pb.PublishResponse.SerializeToString
            ),
            "PublishStream": grpc.stream_stream_rpc_method_handler(
                self.publish_stream, pb.PublishRequest.FromString, pb.PublishResponse.SerializeToString
            ),
        }
        return grpc.method_handlers_generic_handler("eventbus.v1.PubSub", table)

    async def get_topic(self, request: pb.TopicRequest, context: Context) -> pb.TopicInfo:
        """What a topic is."""
        await self._admit(context, f"TOPIC {request.topic_name}")
        kind = self._topics.get(request.topic_name)
        if kind is None and not self._members(request.topic_name):
            await fail(context, NO_TOPIC)
        return pb.TopicInfo(
            topic_name=request.topic_name,
            tenant_guid=f"core/sandbox/{ORG_ID}",
            can_publish=request.topic_name.startswith("/event/"),
            can_subscribe=True,
            schema_id=kind.schema_id if kind else "",
            rpc_id=str(uuid4()),
        )

    async def get_schema(self, request: pb.SchemaRequest, context: Context) -> pb.SchemaInfo:
        """A schema by its id."""
        await self._admit(context, f"SCHEMA /{request.schema_id}")
        kind = self._schemas.get(request.schema_id)
        if kind is None:
            await fail(context, _NO_SCHEMA)
        return pb.SchemaInfo(schema_json=kind.json, schema_id=kind.schema_id, rpc_id=str(uuid4()))

    async def publish(self, request: pb.PublishRequest, context: Context) -> pb.PublishResponse:
        """Store platform events as they are given."""
        await self._admit(context, f"PUBLISH {request.topic_name}")
        kind = self._topics.get(request.topic_name)
        if kind is None or not request.topic_name.startswith("/event/"):
            await fail(context, NO_TOPIC)
        if not 0 < len(request.events) <= MOST_PUBLISHED:
            await fail(context, _TOO_MANY)
        results = []
        with self._org.store.atomic():
            for event in request.events:
                place = self._org.log.append(kind.topic, event.id or str(uuid4()), event.schema_id, event.payload)
                results.append(pb.PublishResult(replay_id=to_replay_id(place), correlation_key=event.id))
        return pb.PublishResponse(results=results, schema_id=kind.schema_id, rpc_id=str(uuid4()))

    async def publish_stream(
        self, requests: AsyncIterator[pb.PublishRequest], context: Context
    ) -> AsyncIterator[pb.PublishResponse]:
        """As `publish`, request by request; later ones may leave the topic out."""
        topic = ""
        async for request in requests:
            topic = request.topic_name or topic
            yield await self.publish(pb.PublishRequest(topic_name=topic, events=request.events), context)

    async def subscribe(
        self, requests: AsyncIterator[pb.FetchRequest], context: Context
    ) -> AsyncIterator[pb.FetchResponse]:
        """Events from behind a place, as many as are asked for; a sign of life where there are none."""
        first = await anext(aiter(requests), None)
        if first is None:
            return
        preset = pb.ReplayPreset.Name(first.replay_preset)
        await self._admit(context, f"SUBSCRIBE {first.topic_name}?{preset}")
        wish = _Wish(first.topic_name)
        place = await self._beginning(context, first)
        wish.add(first)
        listening = asyncio.ensure_future(wish.listen(requests, self._note))
        self.streams += 1
        spoke_at = time.monotonic()
        try:
            while True:
                if wish.failure is not None:
                    await fail(context, wish.failure)
                sent = self._org.log.behind(self._members(first.topic_name), place, wish.pending)
                if sent:
                    place = sent[-1].place
                    wish.pending -= len(sent)
                    async for response in self._delivered(context, first.topic_name, sent, wish.pending):
                        yield response
                    spoke_at = time.monotonic()
                elif wish.over and not wish.pending:
                    return
                elif await self._quiet(context, wish, spoke_at + self.keepalive):
                    place = max(place, self._org.log.latest) if wish.pending else place
                    yield _response((), place, wish.pending)
                    spoke_at = time.monotonic()
        finally:
            self.streams -= 1
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _delivered(
        self, context: Context, topic: str, sent: Sequence[Stored], pending: int
    ) -> AsyncIterator[pb.FetchResponse]:
        """One batch, as the faults that hit it leave it."""
        await self._admit(context, f"DELIVER {topic}", quietly=True)
        hit = await meet(context, self._faults, self._tokens, f"DELIVER {topic}")
        hit += self._faults.take_events(f"EVENT {topic}")
        spoiled = self._spoiled(sent, hit)
        yield _response(spoiled, spoiled[-1].place, pending)
        await break_after(context, hit)

    def _spoiled(self, sent: Sequence[Stored], hit: Sequence[Fault]) -> list[Stored]:
        kinds = {fault.kind for fault in hit}
        events = list(sent)
        if kinds & {"drop_rows", "lose_events"}:
            events = [self._gap(event) for event in events]
        if "truncate" in kinds:
            events = [replace(event, payload=event.payload[: len(event.payload) // 2]) for event in events]
        if kinds & {"duplicate_rows", "duplicate_events"}:
            events = [event for event in events for _ in range(2)]
        if kinds & {"shuffle_rows", "shuffle_events"}:
            events.reverse()
        return events

    def _gap(self, event: Stored) -> Stored:
        """The event without its body, which the bus has lost."""
        kind = self._topics[event.topic]
        header = kind.decode(event.payload).get("ChangeEventHeader") if event.topic.startswith("/data/") else None
        if not isinstance(header, dict) or str(header["changeType"]).startswith("GAP_"):
            return event
        return replace(event, payload=self._org.capture.gap(kind, header["changeType"], header["recordIds"]))

    async def _beginning(self, context: Context, first: pb.FetchRequest) -> int:
        if not self._members(first.topic_name):
            await fail(context, NO_TOPIC)
        if first.num_requested <= 0:
            await fail(context, _NO_EVENTS)
        if first.replay_preset == pb.EARLIEST:
            return self._org.log.forgotten
        if first.replay_preset == pb.LATEST:
            return self._org.log.latest
        if not first.replay_id:
            await fail(context, _NO_REPLAY_ID)
        place = from_replay_id(first.replay_id)
        if place is None or not self._org.log.holds(place):
            await fail(context, LOST)
        return place

    async def _quiet(self, context: Context, wish: _Wish, until: float) -> bool:
        """Wait for news or a wish; whether it was quiet until then, so that a sign of life is due."""
        pending, latest = wish.pending, self._org.log.latest
        while time.monotonic() < until:
            await self._org.log.news(min(_TICK, max(0.0, until - time.monotonic())))
            if wish.pending != pending or wish.over or wish.failure or self._org.log.latest != latest:
                return False
            await self._admit(context, "", quietly=True)
        return True

    def _members(self, topic: str) -> tuple[str, ...]:
        """The topics that are on a channel, or the topic itself; none where there is no such thing."""
        if topic == ALL_CHANGES:
            return tuple(name for name in self._topics if name.startswith("/data/"))
        return self.channels.get(topic, (topic,) if topic in self._topics else ())

    async def _admit(self, context: Context, line: str, *, quietly: bool = False) -> None:
        """Refuse whoever has no session; a call that is not `quietly` made is recorded, and may meet a fault."""
        if not quietly:
            self._note(line)
            await meet(context, self._faults, self._tokens, line)
        told = {key: str(value) for key, value in context.invocation_metadata() or ()}
        known = told.get("instanceurl") and id18(told.get("tenantid", "")) == ORG_ID
        if not known or not self._tokens.valid(told.get("accesstoken", "")):
            await fail(context, AUTH)

    def _note(self, line: str) -> None:
        method, _, rest = line.partition(" ")
        path, _, query = rest.partition("?")
        self._log.add(Asked(method, path, query, 0, 0.0))


class _Wish:
    """How many events a client still wants on its stream."""

    def __init__(self, topic: str) -> None:
        self.pending = 0
        self.over = False
        self.failure: Failure | None = None
        self._topic = topic

    def add(self, request: pb.FetchRequest) -> None:
        """Want more, up to what a stream may have under way."""
        self.pending = min(MOST_PENDING, self.pending + request.num_requested)

    async def listen(self, requests: AsyncIterator[pb.FetchRequest], note: Note) -> None:
        """Hear further requests until there are no more."""
        async for request in requests:
            note(f"FETCH {self._topic}?{request.num_requested}")
            if request.topic_name not in {"", self._topic}:
                self.failure = _OTHER_TOPIC
            elif request.num_requested <= 0:
                self.failure = _NO_EVENTS
            self.add(request)
        self.over = True


def _response(sent: Sequence[Stored], place: int, pending: int) -> pb.FetchResponse:
    events = [
        pb.ConsumerEvent(
            event=pb.ProducerEvent(id=one.id, schema_id=one.schema_id, payload=one.payload),
            replay_id=to_replay_id(one.place),
        )
        for one in sent
    ]
    return pb.FetchResponse(
        events=events, latest_replay_id=to_replay_id(place), rpc_id=str(uuid4()), pending_num_requested=pending
    )
