"""One suite for every system that tells of changes, over real HTTP: feeds.py's promises hold for all.

A system joins by a line in PLACES. It is changed through what else its adapter can do; how one knocks at its webhook is
its own, and stands in KNOCKS.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from canonical.changes import Change, Concept
from canonical.deadline import Deadline
from canonical.errors import Fault
from canonical.intake import LineRequest, OrderRequest
from canonical.principal import Principal, View
from canonical.wanted import Wanted
from sandbox.opening import Tale
from sandbox.serve import Company, open_company
from sources.catalog import Sources, open_sources, opener
from sources.feeds import ChangePolling, Delivery, DeliveryRefusedError, Webhook
from sources.intake import OrderIntake
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


def knocks_with_a_token(body: bytes, token: str) -> Delivery:
    headers = {"content-type": "application/cloudevents+json", "authorization": f"Bearer {token}"}
    return Delivery(method="POST", headers=headers, query={}, body=body, received_at=datetime.now(UTC))


KNOCKS: Mapping[str, Callable[[bytes, str], Delivery]] = {
    "s4hana": knocks_with_a_token,
    "tryton": knocks_with_a_token,
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
    source = opener(instance.kind)(replace(instance, credentials={**held, "webhook_token": Secret(TOKEN)}))
    if not isinstance(source, Webhook) or instance.kind not in KNOCKS:
        pytest.skip(f"nobody knows how to knock at {name}")
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


async def test_a_position_behind_all_brings_nothing_until_something_is_changed(poller: ChangePolling) -> None:
    _, position = await all_changes(poller, poller.position_at(datetime.now(UTC)))
    again, _ = await all_changes(poller, position)

    assert again == []


@pytest.mark.parametrize(
    "body", [b"", b"no json", json.dumps({"specversion": "1.0", "id": "1", "source": "/x", "type": "x.y"}).encode()]
)
async def test_a_proven_message_that_means_nothing_is_kept_whole(webhook: Webhook, body: bytes) -> None:
    sent = KNOCKS[webhook.kind](body, TOKEN)
    receipt = webhook.read_delivery(sent)

    (kept,) = receipt.changes.unreadable
    assert (receipt.status, receipt.changes.changes, kept.payload) == (200, (), body.decode())
    assert kept.sentence
    assert webhook.read_delivery(sent) == receipt


async def test_a_message_that_proves_nothing_is_refused_and_gives_nothing_away(webhook: Webhook) -> None:
    with pytest.raises(DeliveryRefusedError) as why:
        webhook.read_delivery(KNOCKS[webhook.kind](b"{}", "somebody-elses-token"))

    assert 400 <= why.value.status < 500
    assert TOKEN not in why.value.sentence
