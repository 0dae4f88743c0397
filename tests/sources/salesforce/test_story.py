"""The whole story as the adapter reads it from the sandbox: every order, quote and customer, exact."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import pytest_asyncio

from canonical.order import OrderRecord, Stage
from canonical.quote import QuoteRecord
from canonical.wanted import Wanted
from sandbox.story import tell_story
from sources.kit.sandbox.serving import serve
from sources.kit.sandbox.story import Deal, Story
from sources.landscape import Instance, Secret
from sources.ports import CustomerQuery, Lookup, OrderQuery, Position
from sources.salesforce.adapter import Salesforce, open_source
from sources.salesforce.sandbox.box import SalesforceSandbox
from tests.sources.salesforce.asking import Settings, asked

STORY = tell_story(deals=150, buyers=30)
SOLD = {deal.crm_key: deal for deal in STORY.deals if deal.crm_key}
STAGES = {"Draft": Stage.DRAFT, "Activated": Stage.SUBMITTED, "Canceled": Stage.CANCELLED}
SETTINGS: Settings = {
    "multi_currency": True,
    "requested_date_field": "Requested_Date__c",
    "cancelled_at_field": "Cancelled_At__c",
    "line_number_field": "Line_Number__c",
    "line_legal_entity_field": "Legal_Entity__c",
    "line_segment_field": "Segment__c",
    "line_parent_field": "Parent_Item__c",
    "quote_approved_at_field": "Approved_At__c",
    "quote_accepted_at_field": "Accepted_At__c",
    "service_families": ["Services"],
}
ORDER = Wanted.of(
    "subtotal", "currency_code", "quote_key", "opportunity_key", "purchase_order_number", "requested_delivery_date",
    "submitted_at", "cancelled_at", "lines.number", "lines.sku", "lines.quantity", "lines.unit_price", "lines.segment",
    "lines.starts_on", "lines.ends_on", "lines.parent_key",
)  # fmt: skip


@dataclass
class Told:
    crm: Salesforce
    box: SalesforceSandbox


@pytest_asyncio.fixture
async def told() -> AsyncIterator[Told]:
    box = SalesforceSandbox("crm", None)
    box.tell(STORY, STORY.crm_instance)
    known = box.settings()
    async with serve(box.app) as served:
        secrets = {"client_id": Secret(known["client_id"]), "client_secret": Secret(known["client_secret"])}
        crm = open_source(Instance("crm", "salesforce", "crm", served.url, settings=SETTINGS, credentials=secrets))
        yield Told(crm, box)
        await crm.close()
    box.close()


def meant(deal: Deal) -> dict[str, object]:
    written = [one.number for one in deal.bookings if one.known_to_crm] if deal.written_back else []
    keys = {line.number: line.crm_key for line in deal.lines}
    return {
        "number": deal.crm_number,
        "stage": STAGES[deal.crm_status],
        "erp": tuple(written),
        "at": deal.created_at,
        "customer": STORY.buyers[deal.buyer].crm_key,
        "currency": deal.currency,
        "quote": deal.offer.crm_key if deal.offer else None,
        "opportunity": deal.opportunity_key,
        "po": deal.purchase_order,
        "requested": deal.requested_on,
        "activated": deal.activated_at,
        "cancelled": deal.cancelled_at,
        "lines": {
            (
                line.crm_key,
                str(line.number),
                line.sku,
                line.quantity,
                line.unit_price,
                line.segment,
                line.starts_on,
                line.ends_on,
                keys.get(line.parent or -1),
                line.entity,
            )
            for line in deal.lines
        },
    }


def read(record: OrderRecord) -> dict[str, object]:
    assert isinstance(record.lines, tuple)
    lines = {
        (
            line.key,
            line.number,
            line.sku,
            line.quantity,
            getattr(line.unit_price, "amount", None),
            line.segment,
            line.starts_on,
            line.ends_on,
            line.parent_key,
            line.legal_entity_code,
        )
        for line in record.lines
    }
    return {
        "number": record.number,
        "stage": record.stage,
        "erp": record.partner_keys,
        "at": record.ordered_at,
        "customer": record.customer_key,
        "currency": record.currency_code,
        "quote": record.quote_key,
        "opportunity": record.opportunity_key,
        "po": record.purchase_order_number,
        "requested": record.requested_delivery_date,
        "activated": record.submitted_at,
        "cancelled": record.cancelled_at,
        "lines": lines,
    }


async def test_every_order_of_the_story_is_read_as_it_is(told: Told) -> None:
    records: dict[str, OrderRecord] = {}
    after: Position | None = None
    more = True
    while more:
        page = await told.crm.list_orders(asked(), OrderQuery(first=50, after=after), ORDER)
        records |= {one.ref.key: one for one in page.items}
        after, more = Position(page.items[-1].ordered_at, page.items[-1].ref.key), page.more

    assert records.keys() == SOLD.keys()
    assert {key: read(record) for key, record in records.items()} == {key: meant(deal) for key, deal in SOLD.items()}
    for record in records.values():
        assert isinstance(record.lines, tuple)
        sold = sum((getattr(one.unit_price, "amount", 0) * (one.quantity or 0) for one in record.lines), Decimal(0))
        assert abs(getattr(record.subtotal, "amount", 0) - sold) < Decimal("0.05")


async def test_an_order_is_found_by_each_erp_number_that_was_written_back(told: Told) -> None:
    written = {
        one.number: key for key, deal in SOLD.items() if deal.written_back for one in deal.bookings if one.known_to_crm
    }
    told.box.log.clear()

    found = await told.crm.fetch_orders(asked(), Lookup(partner_keys=tuple(written)), Wanted())

    assert {
        number: record.ref.key for record in found for number in record.partner_keys if number in written
    } == written
    assert len(told.box.log.asked("composite")) == 1


async def test_every_quote_of_the_story_is_read_as_it_is(told: Told) -> None:
    offers = {deal.offer.crm_key: deal.offer for deal in SOLD.values() if deal.offer}
    wanted = Wanted.of("number", "created_at", "approved_at", "accepted_at", "expires_on", "lines.sku")

    found = await told.crm.fetch_quotes(asked(), Lookup(keys=tuple(offers)), wanted)

    def told_by(quote: QuoteRecord) -> tuple[object, ...]:
        lines = len(quote.lines) if isinstance(quote.lines, tuple) else None
        return (quote.number, quote.created_at, quote.approved_at, quote.accepted_at, quote.expires_on, lines)

    assert {one.ref.key: told_by(one) for one in found} == {
        key: (one.number, one.created_at, one.approved_at, one.accepted_at, one.expires_on, len(one.line_keys))
        for key, one in offers.items()
    }


async def test_every_customer_of_the_story_is_read_as_it_is(told: Told) -> None:
    buyers = {buyer.crm_key: buyer for buyer in STORY.buyers.values() if buyer.crm_key}
    wanted = Wanted.of("name", "number", "parent_key", "contacts", "billing_address")

    page = await told.crm.list_customers(asked(), CustomerQuery(first=500), wanted)

    assert {
        one.ref.key: (one.name, one.number, one.parent_key, one.partner_keys, one.ref.system) for one in page.items
    } == {
        key: (one.name, one.number, _parent_key(STORY, one.parent), tuple(a.number for a in one.accounts), "crm")
        for key, one in buyers.items()
    }
    emails = {one.ref.key: {person.email for person in one.contacts or ()} for one in page.items}
    assert emails == {key: {person.email for person in one.people} for key, one in buyers.items()}


def _parent_key(story: Story, number: str | None) -> str | None:
    return story.buyers[number].crm_key if number else None
