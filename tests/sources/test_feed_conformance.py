"""One suite for every system that tells of changes, over real HTTP: feeds.py's promises hold for all.

A system joins by a line in PLACES. It is changed through what else its adapter can do; how one knocks at its webhook is
its own, and stands in KNOCKS.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from canonical.changes import Change, Concept
from canonical.deadline import Deadline
from canonical.errors import Fault
from canonical.intake import LineRequest, OrderRequest, WriteBack
from canonical.principal import Principal, View
from canonical.wanted import Wanted
from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from sources.catalog import Sources, open_sources, opener
from sources.feeds import ChangePolling, Delivery, DeliveryRefusedError, Webhook
from sources.intake import OrderIntake, OrderWriteBack
from sources.kit.call import Call
from sources.kit.sandbox import faults
from sources.landscape import Secret
from sources.landscape_file import read_landscape
from sources.ports import CustomerSource, Lookup, OrderSource

pytestmark = pytest.mark.asyncio(loop_scope="session")

REAL = [pytest.mark.tryton, pytest.mark.xdist_group("tryton"), pytest.mark.timeout(600)]
PLACES = [
    pytest.param(("pretended", "salesforce"), id="salesforce"),
    pytest.param(("pretended", "sap-eu"), id="sap-eu"),
    pytest.param(("real", "erp-us"), id="a real erp", marks=REAL),
]
TOKEN = "a-token-of-this-suite"
NOTICE = b"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>%s</OrganizationId>
<Notification><Id>04l000000000001AAA</Id><sObject xsi:type="sf:Weather"
 xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>5005g0000021stiAAA</sf:Id></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>"""


@dataclass(frozen=True)
class Knock:
    """How one vendor's deliveries are proven, by which credential, and messages that are proven and mean nothing."""

    credential: str
    send: Callable[[bytes, str], Delivery]
    meaningless: Sequence[bytes]


def _posted(body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> Delivery:
    return Delivery(method="POST", headers=headers, query=query, body=body, received_at=datetime.now(UTC))


def with_a_token(body: bytes, token: str) -> Delivery:
    headers = {"content-type": "application/cloudevents+json", "authorization": f"Bearer {token}"}
    return _posted(body, headers, {})


def with_a_secret_in_the_address(body: bytes, secret: str) -> Delivery:
    return _posted(body, {"content-type": "text/xml"}, {"secret": secret})


CLOUD_EVENTS = Knock(
    "webhook_token",
    with_a_token,
    [b"", b"no json", json.dumps({"specversion": "1.0", "id": "1", "source": "/x", "type": "x.y"}).encode()],
)
KNOCKS: Mapping[str, Knock] = {
    "s4hana": CLOUD_EVENTS,
    "tryton": CLOUD_EVENTS,
    "salesforce": Knock("webhook_secret", with_a_secret_in_the_address, [NOTICE]),
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pretended() -> AsyncIterator[Company]:
    async with open_company() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def real() -> AsyncIterator[Company]:
    """The company whose second ERP is a real one, that we did not write."""
    async with open_company(Tale("tryton")) as opened:
        yield opened


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def poller(sources: Sources, name: str) -> ChangePolling:
    source = sources.get(name, ChangePolling)
    if source is None:
        pytest.skip(f"{name} is not asked what was changed")
    return source


@pytest_asyncio.fixture(loop_scope="session")
async def webhook(company: Company, name: str) -> AsyncIterator[Webhook]:
    """The system's door, with a token of this suite."""
    instance = read_landscape(company.landscape, os.environ).instances[name]
    held = {key: secret for key, secret in instance.credentials.items() if not key.startswith("webhook_")}
    if instance.kind not in KNOCKS:
        pytest.skip(f"nobody knows how to knock at {name}")
    secret = {KNOCKS[instance.kind].credential: Secret(TOKEN)}
    source = opener(instance.kind)(replace(instance, credentials={**held, **secret}))
    assert isinstance(source, Webhook)
    yield source
    await source.close()


def call(seconds: float = 30) -> Call:
    principal = Principal("ann", "brightwell", "tests", frozenset())
    return Call(principal, View(), Deadline.after(seconds), "conformance")


async def all_changes(poller: ChangePolling, position: str) -> tuple[list[Change], str]:
    """What is told from there on until nothing more is at once, and where that ends."""
    found: list[Change] = []
    for _ in range(200):
        step = await poller.poll_changes(call(), position)
        assert step.position is not None
        found, position = [*found, *step.changes], step.position
        if not step.more:
            return found, position
    raise AssertionError("The feed has no end.")


async def change_an_order(company: Company, sources: Sources, name: str) -> str:
    """Change the system through its own adapter; the key of the order that is another then."""
    crm = sources.get(name, OrderWriteBack)
    if crm is not None:
        return await tell_an_order(company, crm)
    intake, customers = sources.get(name, OrderIntake), sources.get(name, CustomerSource)
    if intake is None or customers is None:
        pytest.skip(f"{name} takes no orders")
    entity = next(one for one in company.story.entities if one.instance == name)
    accounts = [
        (account.credit_limit or Decimal(10**9), account.number)
        for buyer in company.story.buyers.values()
        for account in buyer.accounts
        if account.instance == name and not account.on_hold
    ]
    (customer, *_) = await customers.fetch_customers(call(), Lookup(numbers=(max(accounts)[1],)), Wanted())
    goods = next(one.sku for one in company.story.articles.values() if one.active and not one.service)
    request = OrderRequest(
        reference=f"RG-FEED-{os.getpid()}-{datetime.now(UTC):%H%M%S%f}",
        legal_entity_code=entity.code,
        customer_key=customer.ref.key,
        currency_code=entity.currency,
        requested_delivery_date=datetime.now(UTC).date() + timedelta(days=60),
        lines=(LineRequest(sku=goods, quantity=Decimal(1)),),
    )
    return (await intake.book_order(call(), request)).order.key


async def tell_an_order(company: Company, crm: OrderWriteBack) -> str:
    """Tell the CRM's first booked order of one more number."""
    key = next(deal.crm_key for deal in company.story.deals if deal.crm_key is not None and deal.bookings)
    number = f"F-{datetime.now(UTC):%H%M%S%f}"
    await crm.write_back(call(), WriteBack(order_key=key, reference=f"RG-{number}", numbers=(number,)))
    return key


async def test_a_change_made_after_a_position_is_told_and_told_again_by_the_same_name(
    company: Company, sources: Sources, name: str, poller: ChangePolling
) -> None:
    position = poller.position_at(datetime.now(UTC))
    key = await change_an_order(company, sources, name)

    first, _ = await all_changes(poller, position)
    again, _ = await all_changes(poller, position)

    told = {one.event_id for one in first if (one.concept, one.key) == (Concept.ORDER, key)}
    assert told
    assert told <= {one.event_id for one in again}
    assert all(0 < len(one.event_id) <= 200 for one in first)


async def test_what_was_changed_is_fetched_by_the_key_it_is_told_with(
    company: Company, sources: Sources, name: str, poller: ChangePolling
) -> None:
    _, position = await all_changes(poller, poller.position_at(datetime.now(UTC)))
    await change_an_order(company, sources, name)
    orders = sources.get(name, OrderSource)
    assert orders is not None

    keys = tuple({one.key for one in (await all_changes(poller, position))[0] if one.concept is Concept.ORDER})
    records = await orders.fetch_orders(call(), Lookup(keys=keys), Wanted.of("number"))

    assert keys
    assert {record.ref.key for record in records} == set(keys)


async def test_a_position_stays_good_after_a_fault(
    company: Company, sources: Sources, name: str, poller: ChangePolling
) -> None:
    if name not in company.sandboxes:
        pytest.skip(f"{name} is a real system: it misbehaves at no one's word")
    position = poller.position_at(datetime.now(UTC))
    key = await change_an_order(company, sources, name)
    company.sandboxes[name].faults.add(faults.Fault(kind="status", status=503))
    with pytest.raises(Fault):
        await poller.poll_changes(call(), position)
    company.sandboxes[name].faults.clear()

    another = open_sources(read_landscape(company.landscape, os.environ))  # without a breaker that remembers
    try:
        again = another.get(name, ChangePolling)
        assert again is not None
        assert key in {one.key for one in (await all_changes(again, position))[0]}
    finally:
        await another.close()


async def test_nothing_has_a_new_name_as_long_as_nothing_is_changed(poller: ChangePolling) -> None:
    first, position = await all_changes(poller, poller.position_at(datetime.now(UTC)))
    again, _ = await all_changes(poller, position)

    assert {one.event_id for one in again} <= {one.event_id for one in first}


async def test_a_proven_message_that_means_nothing_is_kept(company: Company, webhook: Webhook) -> None:
    knock = KNOCKS[webhook.kind]
    organization = read_landscape(company.landscape, os.environ).instances[webhook.name].settings.get("organization_id")
    for message in knock.meaningless:
        sent = knock.send(message.replace(b"%s", str(organization).encode()), TOKEN)
        receipt = webhook.read_delivery(sent)

        (kept,) = receipt.changes.unreadable
        assert (receipt.status, receipt.changes.changes) == (200, ())
        assert kept.sentence
        assert kept.payload == message.decode() if knock is CLOUD_EVENTS else "Weather" in kept.payload
        assert webhook.read_delivery(sent).changes == receipt.changes


async def test_a_message_that_proves_nothing_is_refused_and_gives_nothing_away(webhook: Webhook) -> None:
    with pytest.raises(DeliveryRefusedError) as why:
        webhook.read_delivery(KNOCKS[webhook.kind].send(b"{}", "somebody-elses-token"))

    assert 400 <= why.value.status < 500
    assert TOKEN not in why.value.sentence
