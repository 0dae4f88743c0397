"""What is proven is read and lost to nobody; what is not is refused in words that give nothing away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.changes import LONGEST_PAYLOAD, Change, Concept
from sources.feeds import Delivery, DeliveryRefusedError
from sources.kit.webhook.door import LARGEST_BODY, Door, Told, by_type
from sources.kit.webhook.signing import sign, signed_headers
from tests.sources.kit.webhook.sent import (
    BODY,
    EVENT,
    NEXT,
    NOW,
    SECRET,
    STRUCTURED,
    TOKEN,
    basic,
    delivery,
    instance,
    signature,
    signed,
)

BATCH = "application/cloudevents-batch+json"
BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "e-1",
    "ce-source": "/acme/erp",
    "ce-type": "acme.order.changed",
    "ce-time": "2026-11-26T10:59:30Z",
}
MEAN = by_type(
    {
        "acme.order.changed": Told(Concept.ORDER, "order"),
        "acme.shipment.sent": Told(Concept.SHIPMENT, "shipment", ("order",)),
        "acme.customer.changed": Told(Concept.CUSTOMER),
    }
)
CHANGE = Change(
    event_id="/acme/erp e-1",
    concept=Concept.ORDER,
    key="4711",
    changed_at=datetime(2026, 11, 26, 10, 59, 30, tzinfo=UTC),
)


def door(**credentials: str) -> Door:
    return Door(instance(**credentials), MEAN)


def refused(sent: Delivery, **credentials: str) -> DeliveryRefusedError:
    with pytest.raises(DeliveryRefusedError) as why:
        door(**credentials).read(sent)
    for secret in (SECRET, NEXT, TOKEN):
        assert secret not in why.value.sentence
    return why.value


def event(**other: object) -> bytes:
    return json.dumps({**EVENT, **other}).encode()


def test_a_structured_event_is_told_under_its_source_and_id() -> None:
    receipt = door().read(signed())

    assert (receipt.status, receipt.changes.changes, receipt.changes.unreadable) == (200, (CHANGE,), ())
    assert receipt.changes.position is None


def test_the_same_event_in_binary_mode_says_the_same() -> None:
    sent = signed(json.dumps(EVENT["data"]).encode(), "application/json", binary=BINARY)

    assert door().read(sent).changes.changes == (CHANGE,)


def test_a_batch_tells_all_of_its_events_and_a_broken_one_takes_none_along() -> None:
    body = json.dumps(
        [EVENT, {"id": "without all else"}, {**EVENT, "id": "e-2", "type": "acme.shipment.sent"}, 7]
    ).encode()

    changes = door().read(signed(body, BATCH)).changes

    assert [(one.event_id, one.concept, one.key, one.order_keys) for one in changes.changes] == [
        ("/acme/erp e-1", Concept.ORDER, "4711", ()),
        ("/acme/erp e-2", Concept.SHIPMENT, "12", ("4711",)),
    ]
    assert [one.payload for one in changes.unreadable] == ['{"id": "without all else"}', "7"]
    assert len({one.event_id for one in changes.unreadable}) == 2


def test_the_subject_names_the_record_where_the_type_says_so() -> None:
    body = event(type="acme.customer.changed", subject="C-9", data=None, time=None)

    (change,) = door().read(signed(body)).changes.changes

    assert (change.concept, change.key, change.changed_at) == (Concept.CUSTOMER, "C-9", NOW)


@pytest.mark.parametrize(
    "body,media,sentence",
    [
        (event(type="acme.weather"), STRUCTURED, "Events of the type acme.weather say nothing here."),
        (event(data={"order": True}), STRUCTURED, "It names no record: order is missing."),
        (event(type="acme.customer.changed"), STRUCTURED, "It names no record: its subject is missing."),
        (event(data={"order": "x" * 101}), STRUCTURED, "It names its record by something that cannot be a key."),
        (event(data={"order": "a\x00b"}), STRUCTURED, "It names its record by something that cannot be a key."),
        (event(specversion="0.3"), STRUCTURED, "It is a CloudEvent of another version than 1.0."),
        (event(id=""), STRUCTURED, "It is a CloudEvent whose id, source or type is empty."),
        (b"[]x", BATCH, "It is no batch of CloudEvents: its body is no JSON array."),
        (b"[" + b"[" * 100_000, BATCH, "It is no batch of CloudEvents: its body is no JSON array."),
        (b"\xff", STRUCTURED, "It is no CloudEvent: specversion, id, source and type are needed, in JSON."),
        (b"<xml/>", "text/xml", "It is no CloudEvent: specversion, id, source and type are needed, in JSON."),
        (json.dumps([1] * 1001).encode(), BATCH, "It is a batch of 1001 events; at most 1000 are taken at once."),
    ],
)
def test_what_is_proven_and_means_nothing_is_kept_with_its_payload(body: bytes, media: str, sentence: str) -> None:
    receipt = door().read(signed(body, media))
    (found,) = receipt.changes.unreadable

    assert (receipt.status, receipt.changes.changes, found.sentence) == (200, (), sentence)
    assert found.payload[:20] == body[:20].decode("utf-8", "replace")
    assert len(found.payload) <= LONGEST_PAYLOAD
    assert found == door().read(signed(body, media)).changes.unreadable[0]


def test_a_payload_is_shown_without_secrets_and_no_longer_than_is_kept() -> None:
    data = {"password": "hush-hush", "said": SECRET, "long": "x" * 3 * LONGEST_PAYLOAD}
    (found,) = door().read(signed(event(type="acme.weather", data=data))).changes.unreadable

    assert len(found.payload) == LONGEST_PAYLOAD
    assert "hush-hush" not in found.payload
    assert SECRET not in found.payload


def test_an_event_with_a_long_source_has_a_name_that_fits_and_stays() -> None:
    body = event(source="/acme/" + "x" * 500)
    first, second = (door().read(signed(body)).changes.changes[0] for _ in range(2))

    assert first.event_id == second.event_id
    assert len(first.event_id) <= 200


def test_both_secrets_are_good_while_keys_change() -> None:
    both = {"webhook_secret": SECRET, "webhook_secret_next": NEXT}
    for secret in (SECRET, NEXT):
        assert door(**both).read(signed(secret=secret)).changes.changes == (CHANGE,)

    assert refused(signed(secret=NEXT)).status == 401


def test_a_sender_with_two_secrets_signs_with_both_and_one_is_enough() -> None:
    headers = signed_headers(["somebody-elses-secret", SECRET], int(NOW.timestamp()), BODY)

    assert door().read(delivery({"content-type": STRUCTURED, **headers})).changes.changes == (CHANGE,)


@pytest.mark.parametrize("seconds,taken", [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_replay_is_refused_and_so_is_a_clock_far_ahead(seconds: int, taken: bool) -> None:
    sent = signed(at=NOW + timedelta(seconds=seconds))

    if taken:
        assert door().read(sent).changes.changes == (CHANGE,)
    else:
        assert refused(sent).status == 401


@pytest.mark.parametrize(
    "authorization", [f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic("sap", TOKEN), basic("", TOKEN)]
)
def test_a_token_opens_for_systems_that_cannot_sign(authorization: str) -> None:
    sent = delivery({"content-type": STRUCTURED, "authorization": authorization})

    assert door(webhook_token="an-older-token-of-tests", webhook_token_next=TOKEN).read(sent).changes.changes


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic !!"},
        {"authorization": basic(TOKEN, "wrong")},
        {"authorization": f"Digest {TOKEN}"},
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": "Bearer ünïcode"},
        {"revgraph-signature": "v1=00", "revgraph-timestamp": str(int(NOW.timestamp()))},
        {"revgraph-signature": "v1=00", "revgraph-timestamp": "٣٤"},
        {"revgraph-signature": signature(SECRET, int(NOW.timestamp()), BODY)},
        {"revgraph-timestamp": str(int(NOW.timestamp()))},
    ],
)
def test_what_proves_nothing_is_refused_without_a_word_of_the_secret(headers: Mapping[str, str]) -> None:
    both = {"webhook_secret": SECRET, "webhook_token": TOKEN}

    assert refused(delivery({"content-type": STRUCTURED, **headers}), **both).status == 401


def test_more_signatures_than_keys_can_change_at_once_are_refused() -> None:
    sent = signed()
    many = ",".join(["v1=00"] * 5 + [sent.headers["revgraph-signature"]])

    assert refused(delivery({**sent.headers, "revgraph-signature": many})).status == 401


def test_a_body_that_is_too_large_is_refused_before_it_is_looked_at() -> None:
    assert refused(signed(b" " * (LARGEST_BODY + 1))).status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "post"])
def test_deliveries_are_posted(method: str) -> None:
    assert refused(delivery(signed().headers, method=method)).status == 405


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_a_system_without_credentials_has_no_door(method: str) -> None:
    sent = delivery({"webhook-request-origin": "acme.example"}, method=method)

    assert refused(sent, other="a-secret-for-something-else").status == 404


def test_a_secret_that_can_be_guessed_is_refused_when_the_system_is_opened() -> None:
    for name in ("webhook_secret", "webhook_secret_next", "webhook_token", "webhook_token_next"):
        with pytest.raises(ValueError, match=f"{name} of acme needs at least 16 characters"):
            door(**{name: "fifteen-letters"})


def test_the_handshake_allows_who_asks() -> None:
    asked = {"webhook-request-origin": "mesh.example:443", "webhook-request-rate": "120"}
    receipt = door().read(delivery(asked, b"", "OPTIONS"))

    assert (receipt.status, receipt.body, receipt.changes.changes) == (200, b"", ())
    assert receipt.headers == {
        "allow": "POST, OPTIONS",
        "webhook-allowed-origin": "mesh.example:443",
        "webhook-allowed-rate": "*",
    }


@pytest.mark.parametrize("origin", ["", "mesh example", "a\r\nset-cookie: b", "<script>", "x" * 300])
def test_a_handshake_without_a_host_is_refused(origin: str) -> None:
    assert refused(delivery({"webhook-request-origin": origin}, b"", "OPTIONS")).status == 400


def test_the_published_example_is_signed_as_it_says() -> None:
    assert sign("a-secret-of-tests-1", 1764158400, b'{"a":1}') == signature(SECRET, 1764158400, b'{"a":1}')
    assert sign(SECRET, 1, b"", {"ce-id": "1", "CE-Source": "/a"}) == signature(
        SECRET, 1, b"", "ce-id:1\nce-source:/a\n\n"
    )


@given(body=st.binary(max_size=200), secret=st.text(st.characters(codec="ascii"), min_size=16, max_size=40))
def test_any_body_that_is_signed_is_taken(body: bytes, secret: str) -> None:
    receipt = door(webhook_secret=secret).read(signed(body, secret=secret))

    assert len(receipt.changes.changes) + len(receipt.changes.unreadable) == 1


@given(data=st.data(), binary=st.booleans())
def test_any_bit_that_is_flipped_on_the_way_is_refused(data: st.DataObject, binary: bool) -> None:
    sent = signed(binary=BINARY if binary else None)
    part = data.draw(st.sampled_from(["body", *(name for name in sent.headers if name != "content-type")]))
    held = sent.body if part == "body" else sent.headers[part].encode("latin-1")
    place, bit = data.draw(st.integers(0, len(held) - 1)), data.draw(st.integers(0, 7))
    flipped = held[:place] + bytes([held[place] ^ (1 << bit)]) + held[place + 1 :]
    other = (
        msgspec.structs.replace(sent, body=flipped)
        if part == "body"
        else msgspec.structs.replace(sent, headers={**sent.headers, part: flipped.decode("latin-1")})
    )

    assert refused(other).status == 401


@given(header=st.text(max_size=60), timestamp=st.one_of(st.just(str(int(NOW.timestamp()))), st.text(max_size=20)))
def test_no_signature_can_be_made_up(header: str, timestamp: str) -> None:
    sent = {"content-type": STRUCTURED, "revgraph-signature": header, "revgraph-timestamp": timestamp}

    assert refused(delivery(sent)).status == 401
