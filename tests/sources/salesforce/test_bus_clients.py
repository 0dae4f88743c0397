"""Clients of the Pub/Sub API that we did not write judge the pretend org's event bus."""

from __future__ import annotations

import io
import json
import queue
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import fastavro
import grpc
import httpx
import pytest

from sources.kit.sandbox.faults import Fault
from sources.kit.sandbox.serving import Served, serve_in_thread
from sources.salesforce.pubsub import eventbus_pb2 as pb
from sources.salesforce.pubsub import eventbus_pb2_grpc
from sources.salesforce.sandbox.box import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from sources.salesforce.sandbox.org import ORG_ID
from tests.clients.npm import install
from tests.house.tree import ROOT
from tests.sources.salesforce.conftest import ACCOUNT, BOOK, ROWS

TOPIC: Final = "/event/Revgraph_Order_Status__e"
PROJECT: Final = ROOT / "tests/clients/salesforce_pubsub"
WITHIN: Final = 20.0
PREFIX: Final = "sfdc.platform.eventbus.grpc."


@dataclass
class Plain:
    """The stub as protoc writes it, on the pretend org; it blocks, as the published examples do."""

    box: SalesforceSandbox
    url: str
    token: str
    stub: Any

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("accesstoken", self.token), ("instanceurl", self.url), ("tenantid", ORG_ID))

    def topic(self, name: str) -> pb.TopicInfo:
        found: pb.TopicInfo = self.stub.GetTopic(
            pb.TopicRequest(topic_name=name), metadata=self.metadata, timeout=WITHIN
        )
        return found

    def schema(self, schema_id: str) -> Any:
        request = pb.SchemaRequest(schema_id=schema_id)
        return json.loads(self.stub.GetSchema(request, metadata=self.metadata, timeout=WITHIN).schema_json)

    def publish(self, *texts: str) -> pb.PublishResponse:
        schema_id = self.topic(TOPIC).schema_id
        schema = self.schema(schema_id)
        events = []
        for text in texts:
            held = io.BytesIO()
            fastavro.schemaless_writer(held, schema, {"CreatedDate": 1, "CreatedById": "005", "Status__c": text})
            events.append(pb.ProducerEvent(id=f"key {text}", schema_id=schema_id, payload=held.getvalue()))
        request = pb.PublishRequest(topic_name=TOPIC, events=events)
        answer: pb.PublishResponse = self.stub.Publish(request, metadata=self.metadata, timeout=WITHIN)
        return answer

    def subscribe(self, *requests: pb.FetchRequest) -> Iterator[pb.FetchResponse]:
        """Responses to these requests; the stream stays open on our side."""
        waiting: queue.Queue[pb.FetchRequest | None] = queue.Queue()
        for request in requests:
            waiting.put(request)
        call = self.stub.Subscribe(iter(waiting.get, None), metadata=self.metadata, timeout=WITHIN)
        try:
            yield from call
        finally:
            call.cancel()
            waiting.put(None)

    def refused(self, *requests: pb.FetchRequest) -> tuple[grpc.StatusCode, str]:
        with pytest.raises(grpc.RpcError) as raised:
            list(self.subscribe(*requests))
        error: Any = raised.value
        return error.code(), dict(error.trailing_metadata())["error-code"].removeprefix(PREFIX)


def served(box: SalesforceSandbox, at: Served) -> Plain:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    with httpx.Client(trust_env=False) as client:
        token = client.post(f"{at.url}/services/oauth2/token", data=form).json()["access_token"]
    return Plain(box, at.url, token, None)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Plain]:
    box = SalesforceSandbox("crm", None, events=tmp_path, keepalive=0.3)
    box.load(ROWS)
    with serve_in_thread(box.app) as at:
        told = box.settings()
        trusted = grpc.ssl_channel_credentials(Path(told["pubsub_ca_file"]).read_bytes())
        with grpc.secure_channel(told["pubsub_endpoint"], trusted) as channel:
            one = served(box, at)
            one.stub = eventbus_pb2_grpc.PubSubStub(channel)  # type: ignore[no-untyped-call]  # protoc writes no types
            yield one
    box.close()


def fetch(number: int, **more: Any) -> pb.FetchRequest:
    return pb.FetchRequest(topic_name=TOPIC, num_requested=number, **more)


def statuses(plain: Plain, responses: list[pb.FetchResponse]) -> list[str]:
    schema = plain.schema(plain.topic(TOPIC).schema_id)
    payloads = [event.event.payload for response in responses for event in response.events]
    read = [fastavro.schemaless_reader(io.BytesIO(payload), schema, None) for payload in payloads]
    return [one["Status__c"] for one in read if isinstance(one, dict)]


def until(events: int, responses: Iterator[pb.FetchResponse]) -> list[pb.FetchResponse]:
    found: list[pb.FetchResponse] = []
    while sum(len(one.events) for one in found) < events:
        found.append(next(responses))
    return found


def test_what_is_published_is_delivered_in_its_order(plain: Plain) -> None:
    answer = plain.publish("A", "B", "C")

    responses = until(3, plain.subscribe(fetch(3, replay_preset=pb.EARLIEST)))

    assert [one.correlation_key for one in answer.results] == ["key A", "key B", "key C"]
    assert statuses(plain, responses) == ["A", "B", "C"]
    assert [event.replay_id for one in responses for event in one.events] == [one.replay_id for one in answer.results]
    assert responses[-1].pending_num_requested == 0


def test_a_stream_begins_behind_a_replay_id(plain: Plain) -> None:
    behind = plain.publish("A", "B", "C").results[0].replay_id

    responses = until(2, plain.subscribe(fetch(9, replay_preset=pb.CUSTOM, replay_id=behind)))
    shorter = until(2, plain.subscribe(fetch(9, replay_preset=pb.CUSTOM, replay_id=behind[:8])))

    assert statuses(plain, responses) == statuses(plain, shorter) == ["B", "C"]


def test_no_more_is_delivered_than_was_asked_for(plain: Plain) -> None:
    plain.publish(*"ABCDEFG")

    stream = plain.subscribe(fetch(2, replay_preset=pb.EARLIEST))
    first = until(2, stream)
    after = next(stream)

    assert statuses(plain, first) == ["A", "B"]
    assert (len(after.events), after.pending_num_requested) == (0, 0)
    assert after.latest_replay_id == first[-1].events[-1].replay_id


def test_requests_add_up_and_a_hundred_is_the_most(plain: Plain) -> None:
    plain.publish(*(str(number) for number in range(150)))

    stream = plain.subscribe(fetch(80, replay_preset=pb.EARLIEST), fetch(80))
    responses = [next(stream) for _ in range(4)]

    assert 100 <= len(statuses(plain, responses)) <= 150


def test_silence_is_broken_by_a_sign_of_life_with_the_latest_replay_id(plain: Plain) -> None:
    last = plain.publish("A").results[-1].replay_id

    response = next(plain.subscribe(fetch(1)))

    assert (list(response.events), response.latest_replay_id) == ([], last)


@pytest.mark.parametrize(
    "request_,expected",
    [
        (fetch(0), (grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.requested.events.invalid")),
        (
            fetch(1, replay_preset=pb.CUSTOM, replay_id=b"x"),
            (grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted"),
        ),
        (
            fetch(1, replay_preset=pb.CUSTOM),
            (grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.validation.failed"),
        ),
        (pb.FetchRequest(topic_name="/event/No__e", num_requested=1), (grpc.StatusCode.NOT_FOUND, "topic.not.found")),
    ],
)
def test_a_wrong_request_is_refused_in_the_published_words(
    plain: Plain, request_: pb.FetchRequest, expected: tuple[grpc.StatusCode, str]
) -> None:
    assert plain.refused(request_) == expected


def test_a_stream_cannot_change_its_topic(plain: Plain) -> None:
    other = pb.FetchRequest(topic_name="/data/OrderChangeEvent", num_requested=1)

    assert plain.refused(fetch(1), other)[0] is grpc.StatusCode.INVALID_ARGUMENT


def test_what_is_older_than_three_days_is_gone(plain: Plain) -> None:
    old = plain.publish("A").results[-1].replay_id
    plain.publish("B")
    plain.box.org.log.forget(int.from_bytes(plain.publish("C").results[-1].replay_id[:8], "big"))

    refused = plain.refused(fetch(1, replay_preset=pb.CUSTOM, replay_id=old))

    assert refused == (grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.replayid.corrupted")


def test_whoever_has_no_session_is_refused(plain: Plain) -> None:
    plain.token = "bad"

    assert plain.refused(fetch(1)) == (grpc.StatusCode.UNAUTHENTICATED, "service.auth.error")


def test_events_are_published_on_a_stream_too(plain: Plain) -> None:
    schema_id = plain.topic(TOPIC).schema_id
    event = pb.ProducerEvent(id="k", schema_id=schema_id, payload=b"\x02\x00" + b"\x00" * 8)
    requests = [pb.PublishRequest(topic_name=TOPIC, events=[event]), pb.PublishRequest(events=[event])]

    answers = list(plain.stub.PublishStream(iter(requests), metadata=plain.metadata, timeout=WITHIN))

    assert [one.correlation_key for answer in answers for one in answer.results] == ["k", "k"]


def test_a_fault_of_the_box_hits_the_bus_by_its_line(plain: Plain) -> None:
    plain.box.faults.add(Fault(kind="status", match=f"^TOPIC {TOPIC}$", status=503, times=1))

    with pytest.raises(grpc.RpcError) as raised:
        plain.topic(TOPIC)

    error: Any = raised.value
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert plain.topic(TOPIC).can_publish


def node_client(into: Path) -> Path:
    """The npm client with its locked dependencies."""
    into.mkdir()
    for file in ("package.json", "package-lock.json", "listen.mjs"):
        shutil.copy(PROJECT / file, into / file)
    install(into)
    return into


def listen(project: Path, plain: Plain, **told: object) -> list[dict[str, Any]]:
    asked = {
        "endpoint": plain.box.settings()["pubsub_endpoint"],
        "instance": plain.url.replace("http:", "https:"),
        "token": plain.token,
        "organization": ORG_ID,
        **told,
    }
    command = ["node", "listen.mjs", json.dumps(asked)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(400)
def test_the_client_that_salesforce_s_people_use_reads_changes_and_their_bitmaps(plain: Plain, tmp_path: Path) -> None:
    project = node_client(tmp_path / "client")
    values = {"AccountId": ACCOUNT, "Pricebook2Id": BOOK, "Status": "Draft", "EffectiveDate": "2026-11-01"}
    made = plain.box.make("Order", {**values, "BillingCity": "Bonn", "Type": "New"})
    plain.box.change("Order", made, {"PoNumber": "7", "ShippingCity": "Ulm", "BillingCity": None, "Type": None})

    created, updated = listen(project, plain, topic="/data/OrderChangeEvent", events=2)
    (again,) = listen(project, plain, topic="/data/OrderChangeEvent", events=1, replay=created["replayId"])
    (refused,) = listen(project, plain, topic="/data/OrderChangeEvent", events=1, replay=7)

    header = updated["payload"]["ChangeEventHeader"]
    assert created["payload"]["ChangeEventHeader"]["recordIds"] == [made]
    assert created["payload"]["BillingAddress"]["City"] == "Bonn"
    assert (header["entityName"], header["changeType"], header["recordIds"]) == ("Order", "UPDATE", [made])
    assert {"PoNumber", "BillingAddress.City", "ShippingAddress.City"} <= set(header["changedFields"])
    assert header["nulledFields"] == ["Type", "BillingAddress.City"]
    assert (updated["payload"]["PoNumber"], updated["payload"]["Status"]) == ("7", None)
    assert again == updated
    assert "replayid" in refused["error"].lower().replace(" ", "")
