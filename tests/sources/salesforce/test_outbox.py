"""The pretend org's outbound messages at a door of ours: sent until they are acknowledged, and read by the adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from fastapi import FastAPI, Request, Response

from canonical.changes import Change, Concept
from sources.feeds import Delivery, DeliveryRefusedError
from sources.kit.sandbox.contract import Emits
from sources.kit.sandbox.serving import serve
from sources.landscape import Secret
from sources.salesforce.outbound import read_message
from sources.salesforce.sandbox.box import SalesforceSandbox
from sources.salesforce.sandbox.org import ORG_ID
from sources.salesforce.sandbox.outbound import OutboundMessage
from tests.fakes.waiting import until
from tests.sources.salesforce.conftest import ACCOUNT, BOOK, PUMP_PRICE, QUOTE, ROWS, Shop


class Door:
    """A door as the gateway has one: reads with the adapter's own function, fails as often as it is told to."""

    def __init__(self) -> None:
        self.told: list[Change] = []
        self.failures = 0
        self.knocks = 0
        self.url = ""

    async def knock(self, request: Request) -> Response:
        self.knocks += 1
        if self.failures:
            self.failures -= 1
            return Response(status_code=503)
        body = await request.body()
        sent = Delivery(
            method=request.method,
            headers=dict(request.headers),
            query=dict(request.query_params),
            body=body,
            received_at=datetime.now(UTC),
        )
        try:
            receipt = read_message(sent, (Secret("s3cret"),), ORG_ID)
        except DeliveryRefusedError as refused:
            return Response(refused.sentence, refused.status)
        self.told += receipt.changes.changes
        return Response(receipt.body, receipt.status, media_type=receipt.media)

    async def heard(self, number: int) -> list[Change]:
        async with asyncio.timeout(10):
            while len(self.told) < number:  # noqa: ASYNC110 - the sender rings no bell
                await asyncio.sleep(0.01)
        return self.told


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    one = Door()
    app = FastAPI()
    app.add_api_route("/webhooks/crm", one.knock, methods=["POST"])
    async with serve(app) as served:
        one.url = f"{served.url}/webhooks/crm?secret=s3cret"
        yield one


def order(shop: Shop) -> str:
    values = {"AccountId": ACCOUNT, "Pricebook2Id": BOOK, "Status": "Draft", "EffectiveDate": "2026-11-01"}
    return shop.box.make("Order", values)


async def test_each_save_is_a_notification_and_many_go_in_one_message(bus: Shop, door: Door) -> None:
    bus.box.send_outbound(OutboundMessage("Order", ("Status", "SystemModstamp"), door.url))
    made = [order(bus) for _ in range(30)]

    told = await door.heard(30)

    assert [one.key for one in told] == made
    assert {one.concept for one in told} == {Concept.ORDER}
    assert len({one.event_id for one in told}) == 30
    assert door.knocks == 1


async def test_an_org_that_is_opened_again_gives_no_id_a_second_time(door: Door, tmp_path: Path) -> None:
    for number in (1, 2):
        box = SalesforceSandbox("crm", tmp_path, events=tmp_path)
        if number == 1:
            box.load(ROWS)
        box.send_outbound(OutboundMessage("Account", ("Name",), door.url))
        async with serve(box.app):
            box.change("Account", ACCOUNT, {"Name": f"Acme {number}"})
            await door.heard(number)
        box.close()

    assert len({one.event_id for one in door.told}) == 2


async def test_what_is_not_acknowledged_is_sent_again_under_the_same_id(bus: Shop, door: Door) -> None:
    bus.box.outbox.pause = 0.01
    door.failures = 2
    bus.box.send_outbound(OutboundMessage("Order", ("Status",), door.url))
    made = order(bus)

    told = await door.heard(1)
    async with asyncio.timeout(10):
        while bus.box.outbox.waiting:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)

    assert [one.key for one in told] == [made]
    assert door.knocks == 3
    assert list(bus.box.outbox.acknowledged) == [one.event_id for one in told]


async def test_a_door_that_refuses_is_knocked_at_again(bus: Shop, door: Door) -> None:
    bus.box.outbox.pause = 0.01
    bus.box.send_outbound(OutboundMessage("Account", ("Name",), door.url.replace("s3cret", "other")))
    bus.box.change("Account", ACCOUNT, {"Name": "Acme & Sons <Ltd>"})

    async with asyncio.timeout(10):
        while door.knocks < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)

    assert door.told == []
    assert bus.box.outbox.waiting == 1


async def test_a_system_that_is_told_where_to_post_sends_what_our_adapter_reads(bus: Shop, door: Door) -> None:
    box = bus.box
    assert isinstance(box, Emits)
    box.send_to(door.url.partition("?")[0], "s3cret")
    made = order(bus)
    values = {"OrderId": made, "PricebookEntryId": PUMP_PRICE, "Quantity": 2, "UnitPrice": 12}
    box.make("OrderItem", values)
    box.change("Account", ACCOUNT, {"Name": "Acme & Sons"})
    box.change("Quote", QUOTE, {"Name": "Another"})

    await until(lambda: not box.outbox.waiting)

    assert {(one.concept, one.key) for one in door.told} == {
        (Concept.ORDER, made),
        (Concept.CUSTOMER, ACCOUNT),
        (Concept.QUOTE, QUOTE),
    }
    assert [one.concept for one in door.told].count(Concept.ORDER) == 3  # made, its line made, its total changed
    assert box.posting == (door.url.partition("?")[0], 5, 0)


async def test_what_waited_for_an_address_is_forgotten_when_it_is_told_another(bus: Shop, door: Door) -> None:
    box = bus.box
    box.send_to("http://127.0.0.1:9/webhooks/crm")
    order(bus)
    waited = box.outbox.waiting
    box.send_to(door.url.partition("?")[0], "s3cret")
    made = order(bus)

    await until(lambda: box.posting.sent)
    box.send_to(None)
    order(bus)

    assert (waited, box.outbox.waiting) == (1, 0)
    assert [one.key for one in door.told] == [made]
    assert box.posting == (None, 1, 0)


async def test_a_message_that_nobody_acknowledges_keeps_no_other_waiting(bus: Shop, door: Door) -> None:
    box = bus.box
    box.outbox.pause = 3600.0
    box.send_outbound(OutboundMessage("Account", ("Name",), door.url.replace("s3cret", "other")))
    box.send_outbound(OutboundMessage("Order", ("Status",), door.url))
    box.change("Account", ACCOUNT, {"Name": "Acme & Sons"})
    await until(lambda: door.knocks)
    made = order(bus)

    await until(lambda: box.outbox.waiting == 1)

    assert [one.key for one in door.told] == [made]


async def test_messages_are_lost_repeated_and_overtaken_where_that_is_asked_for(bus: Shop, door: Door) -> None:
    box = bus.box
    box.send_to(door.url.partition("?")[0], "s3cret")
    bus.fail("lose_events", "EVENT Order ")
    order(bus)
    bus.fail("shuffle_events", "EVENT Order ")
    late = order(bus)
    bus.fail("duplicate_events", "EVENT Order ")
    twice = order(bus)

    await until(lambda: box.posting.sent == 3)

    assert [one.key for one in door.told] == [twice, twice, late]
    assert len({one.event_id for one in door.told}) == 2
    assert box.posting.lost == 1
