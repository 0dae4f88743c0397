"""Change events over real gRPC: what happens in the org is told, once or more often, and never not at all."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from canonical.changes import Concept
from canonical.errors import Fault, Refused, Throttled, Unavailable
from sources.feeds import PositionLostError
from sources.kit.sandbox.serving import serve
from sources.salesforce.ids import long_id
from sources.salesforce.sandbox.box import SalesforceSandbox
from sources.salesforce.sandbox.certificates import certify
from tests.sources.salesforce.asking import asked
from tests.sources.salesforce.conftest import ACCOUNT, QUOTE, Shop
from tests.sources.salesforce.listening import line, listening, order, ready, soon

OTHER: Final = long_id("001000000000AAB")


async def test_what_is_saved_is_told_of_whose_record_it_is(bus: Shop) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        made = order(bus)
        bus.box.change("Quote", QUOTE, {"Status": "Approved"})

        told = await heard.changed(2)

    assert {(one.concept, one.key, one.order_keys) for one in told} == {
        (Concept.ORDER, made, (made,)),
        (Concept.QUOTE, QUOTE, ()),
    }
    assert len({one.event_id for one in told}) == 2


async def test_a_contract_is_listened_to_where_it_says_when_it_was_amended(bus: Shop) -> None:
    contract = bus.box.make("Contract", {"AccountId": ACCOUNT, "ContractTerm": 12, "StartDate": "2026-11-01"})
    async with listening(bus.listen({"contract_amended_at_field": "Amended_At__c"})) as heard:
        await ready(bus, heard, streams=5)
        bus.box.change("Contract", contract, {"ContractTerm": 24, "Amended_At__c": "2026-11-26T10:00:00Z"})

        [told] = await heard.changed(1)

    assert (told.concept, told.key, told.order_keys) == (Concept.CONTRACT, contract, ())


async def test_nothing_is_lost_between_two_connections_and_nothing_told_twice(bus: Shop) -> None:
    crm = bus.listen()
    async with listening(crm) as heard:
        await ready(bus, heard)
        position = heard.position
    order(bus)
    bus.box.change("Quote", QUOTE, {"Status": "Approved"})
    bus.box.change("Account", ACCOUNT, {"Name": "Acme Two"})

    async with listening(crm, position) as again:
        told = await again.changed(3)
        bus.box.change("Account", ACCOUNT, {"Name": "Acme Three"})
        await again.changed(4)

    # The quote's topic was never heard of before the break; the account's was, and resumes behind what was told.
    assert sorted(one.concept.name for one in told) == ["CUSTOMER", "CUSTOMER", "ORDER", "QUOTE"]
    assert len({one.event_id for one in told}) == 4


async def test_who_begins_now_is_not_told_of_yesterday(bus: Shop) -> None:
    order(bus)

    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        made = order(bus)
        told = await heard.changed(1)

    assert [one.key for one in told] == [made]


async def test_what_is_not_kept_any_more_is_a_position_lost(bus: Shop) -> None:
    crm = bus.listen()
    async with listening(crm) as heard:
        await ready(bus, heard)
    order(bus)
    bus.box.org.log.forget()

    with pytest.raises(PositionLostError):
        async with listening(crm, heard.position) as again:
            await again.changed(1)


@pytest.mark.parametrize("position", ["", "nonsense", '{"/data/OrderChangeEvent":"%"}', '["a"]'])
async def test_a_text_that_is_no_position_is_a_position_lost(bus: Shop, position: str) -> None:
    with pytest.raises(PositionLostError):
        async with listening(bus.listen(), position) as heard:
            await heard.changed(1)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
async def test_a_connection_that_breaks_is_a_fault_and_nothing_is_lost(bus: Shop, kind: str) -> None:
    crm = bus.listen()
    async with listening(crm) as heard:
        await ready(bus, heard)
        bus.fail(kind, "^DELIVER /data/OrderChangeEvent")
        made = order(bus)
        with pytest.raises(Unavailable, match="crm does not tell of changes just now"):
            await heard.changed(2)

    async with listening(crm, heard.position) as again:
        await again.until(lambda one: made in {each.key for each in [*heard.changes, *one.changes]})

    assert [one.key for one in [*heard.changes, *again.changes]] == [made]


@pytest.mark.parametrize("kind,line", [("duplicate_rows", "^DELIVER"), ("duplicate_events", "^EVENT /data/Order")])
async def test_what_is_told_twice_has_one_event_id(bus: Shop, kind: str, line: str) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        bus.fail(kind, line)
        order(bus)

        first, second = await heard.changed(2)

    assert first == second


async def test_what_is_told_in_another_order_is_told_all_the_same(bus: Shop) -> None:
    crm = bus.listen()
    async with listening(crm) as heard:
        await ready(bus, heard)
    await soon(lambda: bus.box.bus.streams == 0)
    bus.fail("shuffle_rows", "^DELIVER /data/OrderChangeEvent")
    made = [order(bus) for _ in range(3)]

    async with listening(crm, heard.position) as again:
        told = await again.changed(3)
        position = again.position
    async with listening(crm, position) as once_more:
        await once_more.changed(2)

    assert [one.key for one in told] == made[::-1]
    assert [one.key for one in once_more.changes] == made[1:]


async def test_an_event_that_cannot_be_read_is_shown_and_the_stream_goes_on(bus: Shop) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        bus.fail("truncate", "^DELIVER /data/OrderChangeEvent")
        order(bus)
        await heard.until(lambda one: bool(one.unreadable))
        made = order(bus)
        told = await heard.changed(1)

    (shown,) = heard.unreadable
    assert shown.sentence.startswith("An event on /data/OrderChangeEvent cannot be read: ")
    assert '"payload":"' in shown.payload
    assert shown.event_id
    assert [one.key for one in told] == [made]


async def test_an_event_whose_schema_nobody_knows_is_shown(bus: Shop) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        bus.box.org.log.append("/data/OrderChangeEvent", "event-1", "no-such-schema", b"12")
        await heard.until(lambda one: bool(one.unreadable))

    assert heard.unreadable[0].event_id == "event-1"
    assert "its schema is not known" in heard.unreadable[0].sentence


async def test_an_event_of_an_instant_that_is_none_is_shown_and_holds_nothing_up(bus: Shop) -> None:
    log, topic = bus.box.org.log, "/data/OrderChangeEvent"
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        before = log.latest
        made = order(bus)
        (event,) = log.behind([topic], before, 1)
        kind = next(one for one in bus.box.org.capture.kinds.values() if one.topic == topic)
        values = kind.decode(event.payload)
        values["ChangeEventHeader"]["commitTimestamp"] = 10**18
        log.append(topic, "event-1", event.schema_id, kind.encode(values))
        bus.box.change("Quote", QUOTE, {"Status": "Approved"})

        told = await heard.changed(2)
        await heard.until(lambda one: bool(one.unreadable))

    assert {one.key for one in told} == {made, QUOTE}
    assert [one.event_id for one in heard.unreadable] == ["event-1"]
    assert "cannot be read: ValueError: year" in heard.unreadable[0].sentence


@pytest.mark.parametrize("kind,line", [("drop_rows", "^DELIVER /data/Order"), ("lose_events", "^EVENT /data/Order")])
async def test_a_gap_is_a_change_of_the_record_that_it_names(bus: Shop, kind: str, line: str) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        bus.fail(kind, line)
        made = order(bus)

        told = await heard.changed(1)

    assert [one.key for one in told] == [made]


async def test_an_overflow_names_nothing_and_is_looked_up(bus: Shop) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        bus.box.org.capture.overflow = 0
        made = order(bus)

        told = await heard.changed(1)

    assert [(one.concept, one.key) for one in told] == [(Concept.ORDER, made)]


async def test_a_line_is_a_change_of_its_order_looked_up_once_a_batch(bus: Shop) -> None:
    crm = bus.listen({"pubsub_topics": ["/data/OrderItemChangeEvent"]})
    made = order(bus)
    lines = [line(bus, made) for _ in range(3)]
    async with listening(crm) as heard:
        await heard.until(lambda one: one.position is not None)
        position = heard.position
    for each in lines:
        bus.box.change("OrderItem", each, {"Quantity": 5})
    bus.sent()

    async with listening(crm, position) as again:
        told = await again.changed(6)

    assert {one.key for one in told} == {made}
    assert {one.order_keys for one in told} == {(made,)}
    assert len([sent for sent in bus.sent() if "queryAll" in sent]) == 1


async def test_a_line_that_is_deleted_is_told_of_its_order(bus: Shop) -> None:
    made = order(bus)
    gone = line(bus, made)
    async with listening(bus.listen({"pubsub_topics": ["/data/OrderItemChangeEvent"]})) as heard:
        await heard.until(lambda one: one.position is not None)
        position = heard.position
        bus.box.remove("OrderItem", gone)
    async with listening(bus.listen({"pubsub_topics": ["/data/OrderItemChangeEvent"]}), position) as again:
        told = await again.changed(2)

    assert [one.key for one in told] == [made, made]


async def test_records_that_changed_alike_are_told_one_by_one(bus: Shop) -> None:
    bus.box.load({"Account": [{"Id": OTHER, "Name": "Other"}]})
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        at = bus.box.org.store.clock() + timedelta(seconds=1)
        bus.box.org.store.clock = lambda: at
        before = bus.box.org.log.latest
        with bus.box.org.store.atomic():
            bus.box.change("Account", ACCOUNT, {"AccountNumber": "7"})
            bus.box.change("Account", OTHER, {"AccountNumber": "7"})
        told = await heard.changed(2)

    assert len(bus.box.org.log.behind(["/data/AccountChangeEvent"], before, 9)) == 1
    assert [one.key for one in told] == [ACCOUNT, OTHER]
    assert len({one.event_id for one in told}) == 2


async def test_a_session_that_ends_is_renewed_and_the_stream_goes_on(bus: Shop) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        bus.fail("expire_token", "^DELIVER /data/OrderChangeEvent")
        made = order(bus)

        told = await heard.changed(1)

    assert [one.key for one in told] == [made]
    assert len(bus.box.log.asked("oauth2/token")) == 2


async def test_no_more_is_asked_for_than_was_taken(bus: Shop) -> None:
    crm = bus.listen({"pubsub_topics": ["/data/AccountChangeEvent"]})
    async with listening(crm) as heard:
        await heard.until(lambda one: one.position is not None)
    for number in range(250):
        bus.box.change("Account", ACCOUNT, {"AccountNumber": str(number)})

    async with listening(crm, heard.position) as again:
        told = await again.changed(250)

    asked = [int(one.query) for one in bus.box.log.asked("^FETCH")]
    assert len({one.event_id for one in told}) == 250
    assert all(0 < number <= 100 for number in asked)
    assert sum(asked) <= 250
    assert len(bus.box.log.asked("^SCHEMA")) == 1


async def test_silence_moves_the_position_on(bus: Shop) -> None:
    bus.box.bus.keepalive = 0.05
    async with listening(bus.listen()) as heard:
        await heard.until(lambda one: one.batches >= 6 and "17" not in (one.position or "")[:40])

    assert heard.changes == []
    assert all(topic in (heard.position or "") for topic in ("OrderChange", "OrderItemChange", "AccountChange"))


async def test_what_happens_on_other_topics_makes_no_stream_silent(bus: Shop) -> None:
    bus.box.bus.keepalive = 0.5

    async def trade() -> None:
        while True:
            order(bus)
            await asyncio.sleep(0.05)

    async with asyncio.timeout(30), listening(bus.listen({"pubsub_topics": ["/data/QuoteChangeEvent"]})) as heard:
        await heard.until(lambda one: one.position is not None)
        trading, before = asyncio.ensure_future(trade()), heard.batches
        await heard.until(lambda one: one.batches > before + 1)
        trading.cancel()

    assert heard.changes == []


async def test_a_connection_that_is_too_quiet_counts_as_lost(bus: Shop) -> None:
    with pytest.raises(Unavailable, match="says nothing any more"):
        async with listening(bus.listen({"pubsub_quiet_seconds": 0.2})) as heard:
            await heard.changed(1)


async def test_whoever_stops_listening_leaves_no_stream_behind(bus: Shop) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)

    await soon(lambda: bus.box.bus.streams == 0)


async def test_what_is_rolled_back_was_never_told(bus: Shop) -> None:
    async with listening(bus.listen()) as heard:
        await ready(bus, heard)
        with suppress(RuntimeError), bus.box.org.store.atomic():
            order(bus)
            raise RuntimeError
        made = order(bus)

        told = await heard.changed(1)

    assert [one.key for one in told] == [made]


async def test_fields_that_nobody_heeds_are_not_told_of(bus: Shop) -> None:
    async with listening(bus.listen({"unheeded_fields": ["AnnualRevenue", "ShippingCity"]})) as heard:
        await ready(bus, heard)
        bus.box.change("Account", ACCOUNT, {"AnnualRevenue": 5, "ShippingCity": "Ulm"})
        bus.box.change("Account", ACCOUNT, {"AnnualRevenue": 6, "BillingCity": "Bonn"})

        told = await heard.changed(1)
        bus.box.change("Account", ACCOUNT, {"Name": "The end"})
        await heard.changed(2)

    assert len(told) == 2


async def test_one_channel_may_tell_of_everything(bus: Shop) -> None:
    async with listening(bus.listen({"pubsub_topics": ["/data/ChangeEvents"]})) as heard:
        await ready(bus, heard, 1)
        made = order(bus)
        bus.box.change("Quote", QUOTE, {"Status": "Approved"})

        told = await heard.changed(2)

    assert [one.key for one in told] == [made, QUOTE]


@pytest.mark.parametrize(
    "fault,expected",
    [
        (("status", 401), Refused),
        (("status", 403), Refused),
        (("status", 404), Refused),
        (("status", 410), PositionLostError),
        (("status", 503), Unavailable),
        (("throttle", 429), Throttled),
    ],
)
async def test_each_failure_of_the_bus_is_one_that_can_be_acted_upon(
    bus: Shop, fault: tuple[str, int], expected: type[Exception]
) -> None:
    bus.fail(fault[0], "^SUBSCRIBE", status=fault[1], times=8)

    with pytest.raises(expected) as raised:
        async with listening(bus.listen({"pubsub_topics": ["/data/OrderChangeEvent"]})) as heard:
            await heard.changed(1)

    assert "SecretToken" not in str(raised.value)
    if isinstance(raised.value, Throttled):
        assert raised.value.retry_after == 3600
    if isinstance(raised.value, Fault):
        assert raised.value.system == "crm"


async def test_the_doctor_hears_of_each_topic(bus: Shop) -> None:
    well = await bus.listen().check(asked(), thorough=True)
    ill = await bus.listen({"pubsub_topics": ["/data/NoSuchChangeEvent"]}).check(asked(), thorough=True)

    assert [one.name for one in well.findings if one.name.startswith("tells of")] == [
        "tells of /data/OrderChangeEvent",
        "tells of /data/OrderItemChangeEvent",
        "tells of /data/AccountChangeEvent",
        "tells of /data/QuoteChangeEvent",
    ]
    assert all(one.well for one in well.findings if one.name.startswith("tells of")), well.findings
    (advice,) = [one.advice for one in ill.findings if one.name == "tells of /data/NoSuchChangeEvent"]
    assert advice
    assert advice.startswith("crm does not let us listen to /data/NoSuchChangeEvent: Change Data Capture has to be on")


async def test_a_bus_that_goes_away_is_a_fault(tmp_path: Path) -> None:
    box = SalesforceSandbox("crm", None, events=tmp_path)
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serve(box.app))
        shop = Shop(box, served.url)
        crm = shop.listen()
        async with listening(crm) as heard:
            await heard.until(lambda one: one.position is not None)
            reading = asyncio.ensure_future(heard.changed(1))
            await soon(lambda: box.bus.streams == 4)
            await stack.aclose()
            with pytest.raises(Unavailable):
                await reading
        await crm.close()
    box.close()


async def test_an_authority_that_is_not_ours_is_not_trusted(bus: Shop, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(certify("127.0.0.1").authority)

    with pytest.raises(Unavailable):
        async with listening(bus.listen({"pubsub_ca_file": str(other)})) as heard:
            await heard.changed(1)


def test_certificates_that_cannot_be_read_are_told_at_the_start(bus: Shop) -> None:
    with pytest.raises(ValueError, match="pubsub_ca_file cannot be read"):
        bus.listen({"pubsub_ca_file": "/no/such/file"})
