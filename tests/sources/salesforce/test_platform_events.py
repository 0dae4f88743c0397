"""Platform events over real gRPC: whatever a publisher puts into one, its record is looked at, or a person sees it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest

from canonical.changes import LONGEST_PAYLOAD, Concept
from sources.salesforce.sandbox.avro import EventType
from tests.sources.salesforce.conftest import ACCOUNT, Shop
from tests.sources.salesforce.listening import line, listening, order, ready_for

LOOK: Final = "Revgraph_Look__e"
OPPORTUNITY: Final = "006000000000AAAAA2"


def kind_of(shop: Shop) -> EventType:
    kind = shop.box.org.platform.find(LOOK)
    assert kind
    return kind


def publish(shop: Shop, record: str | None, created: int, name: str = "") -> None:
    """As over gRPC, where the publisher says himself when that was and what the event's id is."""
    kind = kind_of(shop)
    user = "005000000000001AAA"
    payload = kind.encode({"CreatedDate": created, "CreatedById": user, "Record_Id__c": record})
    shop.box.org.log.append(kind.topic, name, kind.schema_id, payload)
    shop.box.org.log.wake()


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


async def test_a_platform_event_asks_to_look_at_the_record_that_it_names(bus: Shop) -> None:
    made = order(bus)
    kind = kind_of(bus)
    async with listening(bus.listen({"pubsub_topics": [kind.topic]})) as heard:
        await ready_for(bus, heard, LOOK, ACCOUNT)
        bus.box.org.platform.publish(kind, {"Record_Id__c": made})
        bus.box.org.platform.publish(kind, {"Record_Id__c": ACCOUNT})

        told = await heard.changed(2)

    assert [(one.concept, one.key) for one in told] == [(Concept.ORDER, made), (Concept.CUSTOMER, ACCOUNT)]
    assert heard.unreadable == []


@pytest.mark.parametrize("record", [None, "", "nonsense", "801nonsense", OPPORTUNITY, "802000000000ZZZ"])
async def test_a_platform_event_that_names_nothing_that_is_read_here_is_shown_to_a_person(
    bus: Shop, record: str | None
) -> None:
    kind = kind_of(bus)
    async with listening(bus.listen({"pubsub_topics": [kind.topic]})) as heard:
        await ready_for(bus, heard, LOOK, ACCOUNT)
        publish(bus, record, milliseconds(datetime.now(UTC)))
        bus.box.org.platform.publish(kind, {"Record_Id__c": ACCOUNT})

        told = await heard.changed(1)

    assert [one.key for one in told] == [ACCOUNT]
    (shown,) = heard.unreadable
    assert shown.sentence == (
        "An event on /event/Revgraph_Look__e cannot be read: "
        "its field Record_Id__c names no record of which anything is read here."
    )


async def test_a_record_field_that_the_event_does_not_have_is_shown_to_a_person(bus: Shop) -> None:
    kind = kind_of(bus)
    crm = bus.listen({"pubsub_topics": [kind.topic], "pubsub_record_field": "Rekord__c"})
    async with listening(crm) as heard:
        await heard.until(lambda one: one.position is not None)
        position = heard.position
    bus.box.org.platform.publish(kind, {"Record_Id__c": ACCOUNT})

    async with listening(crm, position) as again:
        await again.until(lambda one: bool(one.unreadable))

    assert "its field Rekord__c names no record" in again.unreadable[0].sentence


@pytest.mark.parametrize("per_second", [0, 1, 1_000_000, 1_000_000_000])
async def test_a_publisher_who_has_no_milliseconds_is_heard_and_nothing_stands_still(
    bus: Shop, per_second: int
) -> None:
    made, begun = order(bus), datetime.now(UTC)
    kind = kind_of(bus)
    async with listening(bus.listen({"pubsub_topics": [kind.topic]})) as heard:
        await ready_for(bus, heard, LOOK, ACCOUNT)
        publish(bus, made, round(begun.timestamp()) * per_second)
        bus.box.org.platform.publish(kind, {"Record_Id__c": ACCOUNT})

        told = await heard.changed(2)

    assert [one.key for one in told] == [made, ACCOUNT]
    assert begun <= told[0].changed_at <= datetime.now(UTC)


async def test_when_it_was_published_is_what_its_publisher_says(bus: Shop) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
    kind = kind_of(bus)
    async with listening(bus.listen({"pubsub_topics": [kind.topic]})) as heard:
        await ready_for(bus, heard, LOOK, ACCOUNT)
        publish(bus, ACCOUNT, milliseconds(at))

        told = await heard.changed(1)

    assert [one.changed_at for one in told] == [at]


async def test_events_to_which_publishers_gave_one_id_are_told_apart_and_are_the_same_when_told_again(
    bus: Shop,
) -> None:
    made, now = order(bus), milliseconds(datetime.now(UTC))
    kind = kind_of(bus)
    crm = bus.listen({"pubsub_topics": [kind.topic]})
    async with listening(crm) as heard:
        await ready_for(bus, heard, LOOK, ACCOUNT)
        position = heard.position
        publish(bus, made, now, "261")
        publish(bus, ACCOUNT, now, "261")
        publish(bus, "nonsense", now, "261")
        await heard.until(lambda one: bool(one.unreadable))
    async with listening(crm, position) as again:
        await again.until(lambda one: bool(one.unreadable))

    names = [*(one.event_id for one in heard.changes), *(one.event_id for one in heard.unreadable)]
    assert [one.key for one in heard.changes] == [made, ACCOUNT]
    assert len(set(names)) == 3
    assert [*(one.event_id for one in again.changes), *(one.event_id for one in again.unreadable)] == names


async def test_a_line_is_looked_at_as_its_order(bus: Shop) -> None:
    made = order(bus)
    of = line(bus, made)
    kind = kind_of(bus)
    async with listening(bus.listen({"pubsub_topics": [kind.topic]})) as heard:
        await ready_for(bus, heard, LOOK, ACCOUNT)
        bus.box.org.platform.publish(kind, {"Record_Id__c": of})

        told = await heard.changed(1)

    assert [(one.key, one.order_keys) for one in told] == [(made, (made,))]


async def test_of_an_event_that_is_too_long_as_much_is_shown_as_can_be_decoded(bus: Shop) -> None:
    kind = kind_of(bus)
    async with listening(bus.listen({"pubsub_topics": [kind.topic]})) as heard:
        await ready_for(bus, heard, LOOK, ACCOUNT)
        bus.box.org.log.append(kind.topic, "long", kind.schema_id, bytes(range(256)) * 3_900)
        bus.box.org.log.wake()

        await heard.until(lambda one: bool(one.unreadable))

    (shown,) = heard.unreadable
    told = msgspec.json.decode(shown.payload)
    kept = base64.b64decode(told["payload"], validate=True)
    assert len(shown.payload) <= LONGEST_PAYLOAD
    assert (told["bytes"], told["kept"]) == (998_400, len(kept))
    assert kept == (bytes(range(256)) * 3_900)[: len(kept)]
    assert len(kept) > 70_000
