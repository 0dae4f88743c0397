"""Statuses as platform events: what a component on the order's page hears, and what becomes of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import httpx
import pytest

from canonical.errors import Fault, OutcomeUnknown, Refused, Throttled
from canonical.order import OrderStatus
from sources.feeds import Bulletin
from tests.sources.salesforce.asking import asked
from tests.sources.salesforce.conftest import SETTINGS, Gate, Shop

TOPIC: Final = "/event/Revgraph_Order_Status__e"
AT: Final = datetime(2026, 11, 26, 10, 0, 0, 250_000, UTC)


def bulletin(number: int = 1, **other: Any) -> Bulletin:
    told: dict[str, Any] = {
        "id": f"b-{number}",
        "order_key": "801000000000AAAYAU",
        "order_id": "T3JkZXI6MQ",
        "status": OrderStatus.BOOKED,
        "previous": None,
        "version": number,
        "at": AT,
        "cursor": "ZS4x",
    }
    return Bulletin(**{**told, **other})


def heard(shop: Shop) -> list[dict[str, Any]]:
    kind = shop.box.org.platform.find("Revgraph_Order_Status__e")
    assert kind
    return [kind.decode(event.payload) for event in shop.box.org.log.behind([TOPIC], 0, 1000)]


async def test_a_bulletin_is_a_platform_event_with_its_parts(shop: Shop) -> None:
    refused = await shop.open().publish(asked(), [bulletin(previous=OrderStatus.SUBMITTED)])

    (event,) = heard(shop)
    assert refused == {}
    assert {name: value for name, value in event.items() if name.endswith("__c")} == {
        "Bulletin_Id__c": "b-1",
        "Record_Id__c": "801000000000AAAYAU",
        "Order_Id__c": "T3JkZXI6MQ",
        "Status__c": "BOOKED",
        "Previous_Status__c": "SUBMITTED",
        "Version__c": 1.0,
        "Changed_At__c": 1795687200250,
        "Cursor__c": "ZS4x",
    }


async def test_two_hundred_go_in_a_call(shop: Shop) -> None:
    await shop.open().publish(asked(), [bulletin(number) for number in range(450)])

    assert shop.sent() == ["POST /composite/sobjects"] * 3
    assert [event["Bulletin_Id__c"] for event in heard(shop)] == [f"b-{number}" for number in range(450)]


async def test_nothing_is_sent_for_nothing(shop: Shop) -> None:
    assert await shop.open().publish(asked(), []) == {}
    assert shop.sent() == []


async def test_what_is_refused_is_told_by_its_id(shop: Shop) -> None:
    refused = await shop.open().publish(asked(), [bulletin(1), bulletin(2, order_key="x" * 40), bulletin(3)])

    assert list(refused) == ["b-2"]
    assert refused["b-2"].startswith("crm does not accept what was entered. (400 STRING_TOO_LONG: ")
    assert [event["Bulletin_Id__c"] for event in heard(shop)] == ["b-1", "b-3"]


async def test_an_event_that_the_org_does_not_know_is_refused_in_words(shop: Shop) -> None:
    crm = shop.open({**SETTINGS, "bulletin_event": "No_Such__e"})

    refused = await crm.publish(asked(), [bulletin()])

    assert "INVALID_TYPE" in refused["b-1"]


async def test_parts_stand_where_the_settings_say_or_nowhere(shop: Shop) -> None:
    fields = {"status": "Previous_Status__c", "previous": "", "cursor": ""}
    await shop.open({**SETTINGS, "bulletin_fields": fields}).publish(asked(), [bulletin()])

    (event,) = heard(shop)
    assert (event["Previous_Status__c"], event["Status__c"], event["Cursor__c"]) == ("BOOKED", None, None)


async def test_an_org_that_is_down_is_a_fault_for_all(shop: Shop) -> None:
    shop.fail("status", "composite/sobjects", status=503)

    with pytest.raises(Fault, match="out of order"):
        await shop.open(attempts=3).publish(asked(), [bulletin()])

    # Once: whoever asked keeps a budget, and decides about the next time.
    assert shop.sent() == ["POST /composite/sobjects"]


@pytest.mark.parametrize(
    "failure", [{"kind": "reset_after"}, {"kind": "content_type", "body": "[]"}, {"kind": "content_type", "body": "{}"}]
)
async def test_an_answer_that_is_lost_or_cannot_be_read_leaves_it_open_whether_it_was_published(
    shop: Shop, failure: dict[str, str]
) -> None:
    shop.fail(match="composite/sobjects", **failure)

    with pytest.raises(OutcomeUnknown):
        await shop.open(attempts=3).publish(asked(), [bulletin()])

    assert shop.sent() == ["POST /composite/sobjects"]


async def test_what_is_throttled_was_not_published(shop: Shop) -> None:
    shop.fail("throttle", "composite/sobjects")

    with pytest.raises(Throttled):
        await shop.open().publish(asked(), [bulletin()])


async def test_where_the_second_call_is_throttled_the_first_was_published_nevertheless(shop: Shop) -> None:
    class SecondThrottled(Gate):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("composite/sobjects") and heard(shop):
                shop.fail("throttle", "composite/sobjects")
            return await super().handle_async_request(request)

    with pytest.raises(OutcomeUnknown):
        await shop.open(gate=SecondThrottled("nowhere")).publish(asked(), [bulletin(one) for one in range(201)])

    assert len(heard(shop)) == 200


async def test_an_org_that_is_not_written_to_is_told_of_nothing(shop: Shop) -> None:
    with pytest.raises(Refused, match="read only"):
        await shop.open({**SETTINGS, "read_only": True}).publish(asked(), [bulletin()])

    assert shop.sent() == []
