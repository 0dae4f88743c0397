"""Orders that were born elsewhere, registered in a pretend org over HTTP: once, whatever happens to the answers."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from canonical.errors import Outcome, OutcomeUnknown, ProblemCategory, Refused, Throttled, Unavailable
from canonical.intake import CrmOrderRequest, LineRequest
from canonical.refs import Ref
from sources.intake import OrderWriteBack
from sources.salesforce.adapter import Salesforce
from sources.salesforce.ids import long_id
from sources.salesforce.sandbox.refusing import Refusal, row_lock, validation_rule
from sources.salesforce.sandbox.store import Row
from tests.sources.salesforce.asking import asked
from tests.sources.salesforce.conftest import ACCOUNT, DEAL, PUMP, QUOTE, QUOTE_LINE, SETTINGS, VALVE, Gate, Shop

LOOK, GRAPH, ACTIVATE = "POST /composite", "POST /composite/graph", "PATCH /sobjects/Order/"
LINES = (
    LineRequest(sku="P-1", quantity=Decimal(1), unit_price=Decimal("11.25"), segment=1, ends_on=date(2027, 12, 31)),
    LineRequest(sku="V-1", quantity=Decimal("2.5"), parent=0, discount_percent=Decimal(10)),
)
ORDER = CrmOrderRequest(
    reference="R-1",
    customer_key=ACCOUNT,
    currency_code="USD",
    starts_on=date(2026, 11, 23),
    lines=LINES,
    purchase_order_number="PO-7",
)


def order_with(lines: int) -> CrmOrderRequest:
    return replace(ORDER, lines=tuple(LineRequest(sku="V-1", quantity=Decimal(n)) for n in range(1, lines + 1)))


def calls(shop: Shop) -> list[str]:
    return [call if not call.startswith(ACTIVATE) else ACTIVATE for call in shop.sent()]


async def test_an_order_stands_there_with_all_that_was_told_and_is_active(shop: Shop, crm: Salesforce) -> None:
    dated = tuple(replace(line, requested_delivery_date=date(2026, 12, 24)) for line in LINES)
    quoted = (replace(dated[0], source_key=QUOTE_LINE), dated[1])
    request = replace(ORDER, lines=quoted, quote_key=QUOTE, opportunity_key=DEAL, legal_entity_code="US01")

    ref = await crm.register_order(asked(), request)

    ((key, *order),) = shop.rows(
        "Order", "Id", "AccountId", "EffectiveDate", "StatusCode", "PoNumber", "QuoteId", "OpportunityId",
        "Legal_Entity__c", "Requested_Date__c", "Gateway_Key__c", "TotalAmount",
    )  # fmt: skip
    lines = shop.rows(
        "OrderItem", "OrderId", "Product2Id", "Quantity", "UnitPrice", "EndDate", "QuoteLineItemId", "Segment__c",
        "Gateway_Key__c",
    )  # fmt: skip
    assert isinstance(crm, OrderWriteBack)
    assert ref == Ref("crm", key)
    assert order == [
        ACCOUNT, "2026-11-23", "Activated", "PO-7", QUOTE, DEAL, "US01", "2026-12-24", "R-1", 18.0,
    ]  # fmt: skip
    assert lines == [
        (key, PUMP, 1.0, 11.25, "2027-12-31", QUOTE_LINE, 1.0, "R-1#1"),
        (key, VALVE, 2.5, 2.7, None, None, None, "R-1#2"),
    ]
    assert shop.rows("OrderItem", "Parent_Item__c") == [(None,), (shop.rows("OrderItem", "Id")[0][0],)]
    assert calls(shop) == [LOOK, GRAPH, ACTIVATE]


async def test_a_repeat_looks_and_sends_nothing(shop: Shop, crm: Salesforce) -> None:
    first = await crm.register_order(asked(), ORDER)
    calls(shop)

    again = await crm.register_order(asked(), ORDER)

    assert again == first
    assert calls(shop) == [LOOK]
    assert len(shop.rows("OrderItem", "Id")) == 2


@pytest.mark.parametrize("kind", ["reset_after", "truncate", "content_type"])
async def test_a_lost_reply_is_unknown_and_a_repeat_finds_the_order(kind: str, shop: Shop, crm: Salesforce) -> None:
    shop.fail(kind, "composite/graph")

    with pytest.raises(OutcomeUnknown) as unknown:
        await crm.register_order(asked(), ORDER)
    ref = await crm.register_order(asked(), ORDER)

    assert unknown.value.outcome is Outcome.UNCERTAIN
    assert shop.rows("Order", "Id", "StatusCode") == [(ref.key, "Activated")]
    assert len(shop.rows("OrderItem", "Id")) == 2


@pytest.mark.parametrize("kind", ["reset_before", "status"])
async def test_an_org_that_fails_before_the_order_is_made_makes_it_on_a_repeat(
    kind: str, shop: Shop, crm: Salesforce
) -> None:
    shop.fail(kind, "composite/graph")

    with pytest.raises(OutcomeUnknown):
        await crm.register_order(asked(), ORDER)
    assert shop.rows("Order", "Id") == []
    ref = await crm.register_order(asked(), ORDER)

    assert shop.rows("Order", "Id", "StatusCode") == [(ref.key, "Activated")]


async def test_a_lost_activation_is_made_good_by_a_repeat(shop: Shop, crm: Salesforce) -> None:
    shop.fail("reset_before", "PATCH .*sobjects/Order/")

    with pytest.raises(OutcomeUnknown):
        await crm.register_order(asked(), ORDER)
    assert shop.rows("Order", "StatusCode") == [("Draft",)]
    await crm.register_order(asked(), ORDER)

    assert shop.rows("Order", "StatusCode") == [("Activated",)]


async def test_an_activation_may_be_sent_again_at_once(shop: Shop) -> None:
    patient = shop.open(attempts=2)
    shop.fail("reset_after", "PATCH .*sobjects/Order/")

    await patient.register_order(asked(), ORDER)

    assert calls(shop) == [LOOK, GRAPH, ACTIVATE, ACTIVATE]
    assert shop.rows("Order", "StatusCode") == [("Activated",)]


async def test_a_graph_is_never_sent_again_by_itself(shop: Shop) -> None:
    patient = shop.open(attempts=3)
    shop.fail("reset_after", "composite/graph")

    with pytest.raises(OutcomeUnknown):
        await patient.register_order(asked(), ORDER)

    assert calls(shop) == [LOOK, GRAPH]


async def test_a_session_that_ends_midway_is_renewed_and_makes_one_order(shop: Shop, crm: Salesforce) -> None:
    shop.fail("expire_token", "composite/graph")

    ref = await crm.register_order(asked(), ORDER)

    assert shop.rows("Order", "Id", "StatusCode") == [(ref.key, "Activated")]
    assert len(shop.rows("OrderItem", "Id")) == 2


async def test_many_at_once_register_one_order(shop: Shop) -> None:
    adapters = [shop.open() for _ in range(8)]

    refs = await asyncio.gather(*(adapter.register_order(asked(), ORDER) for adapter in adapters))

    assert shop.rows("Order", "Id", "StatusCode") == [(refs[0].key, "Activated")]
    assert set(refs) == {refs[0]}
    assert len(shop.rows("OrderItem", "Id")) == 2


async def test_whoever_comes_second_finds_what_the_first_made(shop: Shop, crm: Salesforce) -> None:
    """Its look came too early, its graph too late: the platform refuses it, and it looks again."""
    gate = Gate("/composite/graph")
    slow = shop.open(gate=gate)

    async with asyncio.TaskGroup() as group:
        late = group.create_task(slow.register_order(asked(), ORDER))
        await gate.reached.wait()
        early = await crm.register_order(asked(), ORDER)
        gate.opened.set()

    assert late.result() == early
    assert shop.rows("Order", "Id", "StatusCode") == [(early.key, "Activated")]
    assert calls(shop) == [LOOK, LOOK, GRAPH, ACTIVATE, GRAPH, "GET /query"]


async def test_nobody_takes_another_s_look_for_its_own(shop: Shop, crm: Salesforce) -> None:
    await crm.register_order(asked(), ORDER)
    calls(shop)

    await asyncio.gather(*(crm.register_order(asked(), ORDER) for _ in range(2)))

    assert calls(shop) == [LOOK, LOOK]


async def test_an_order_that_was_cancelled_since_stays_as_it_is(shop: Shop, crm: Salesforce) -> None:
    ref = await crm.register_order(asked(), ORDER)
    shop.box.org.store.run("UPDATE \"Order\" SET Status = 'Canceled', StatusCode = 'Canceled'")
    calls(shop)

    assert await crm.register_order(asked(), ORDER) == ref
    assert calls(shop) == [LOOK]


async def test_references_that_differ_in_case_are_two_orders(shop: Shop, crm: Salesforce) -> None:
    upper = await crm.register_order(asked(), ORDER)
    lower = await crm.register_order(asked(), replace(ORDER, reference="r-1"))

    assert shop.rows("Order", "Id", "Gateway_Key__c") == [(upper.key, "R-1"), (lower.key, "r-1")]


async def test_an_order_that_no_graph_can_hold_follows_in_several_and_is_then_activated(
    shop: Shop, crm: Salesforce
) -> None:
    await crm.register_order(asked(), order_with(600))

    assert calls(shop) == [LOOK, GRAPH, GRAPH, ACTIVATE]
    assert len(shop.rows("OrderItem", "Id")) == 600
    assert shop.rows("Order", "StatusCode") == [("Activated",)]


async def test_a_large_order_that_broke_off_is_continued_where_it_stands(shop: Shop, crm: Salesforce) -> None:
    large = replace(order_with(600), lines=(*order_with(599).lines, replace(LINES[1], parent=0)))
    shop.box.refusals.add(Refusal("OrderItem", "UNABLE_TO_LOCK_ROW", "locked", applies=_is_line_550, times=1))

    with pytest.raises(Unavailable):
        await crm.register_order(asked(), large)
    assert len(shop.rows("OrderItem", "Id")) == 499
    calls(shop)
    await crm.register_order(asked(), large)

    assert calls(shop) == [LOOK, GRAPH, ACTIVATE]
    rows = shop.rows("OrderItem", "Id", "Gateway_Key__c", "Parent_Item__c")
    assert sorted(int(row[1].removeprefix("R-1#")) for row in rows) == list(range(1, 601))
    assert [row[2] for row in rows if row[1] == "R-1#600"] == [rows[0][0]]


def _is_line_550(row: Row) -> bool:
    return row["Gateway_Key__c"] == "R-1#550"


async def test_a_part_may_stand_before_its_bundle(shop: Shop, crm: Salesforce) -> None:
    part, bundle = replace(LINES[1], parent=1), replace(LINES[0], parent=None)

    await crm.register_order(asked(), replace(ORDER, lines=(part, bundle)))

    rows = {row[0]: row[1:] for row in shop.rows("OrderItem", "Gateway_Key__c", "Id", "Parent_Item__c")}
    assert rows["R-1#1"][1] == rows["R-1#2"][0]


async def test_parts_of_each_other_are_refused_and_nothing_is_made(shop: Shop, crm: Salesforce) -> None:
    circle = (replace(LINES[0], parent=1), replace(LINES[1], parent=0))

    with pytest.raises(Refused):
        await crm.register_order(asked(), replace(ORDER, lines=circle))

    assert shop.rows("Order", "Id") == []


async def test_a_validation_rule_is_told_in_its_own_words_and_nothing_is_made(shop: Shop, crm: Salesforce) -> None:
    rule = validation_rule("OrderItem", "Valves come by the whole.", lambda row: row["Quantity"] == 2.5, "Quantity")
    shop.box.refusals.add(rule)

    with pytest.raises(Refused) as refused:
        await crm.register_order(asked(), ORDER)

    assert refused.value.sentence == "Line 2 (V-1): crm does not allow it: Valves come by the whole."
    assert refused.value.detail == ("Line 2 (V-1): 400 FIELD_CUSTOM_VALIDATION_EXCEPTION: Valves come by the whole.")
    assert (refused.value.category, refused.value.outcome) == (ProblemCategory.INVALID_INPUT, Outcome.NOT_APPLIED)
    assert (shop.rows("Order", "Id"), shop.rows("OrderItem", "Id")) == ([], [])


@pytest.mark.parametrize("sobject", ["Order", "OrderItem"])
async def test_a_locked_row_wrote_nothing_and_may_be_tried_again(sobject: str, shop: Shop, crm: Salesforce) -> None:
    shop.box.refusals.add(row_lock(sobject))

    with pytest.raises(Unavailable) as locked:
        await crm.register_order(asked(), ORDER)
    assert (locked.value.outcome, locked.value.retryable) == (Outcome.NOT_APPLIED, True)
    assert shop.rows("Order", "Id") == []
    await crm.register_order(asked(), ORDER)

    assert shop.rows("Order", "StatusCode") == [("Activated",)]


async def test_a_spent_allowance_is_told_and_a_repeat_goes_on_where_it_stopped(shop: Shop, crm: Salesforce) -> None:
    await crm.check(asked())
    shop.box.org.usage.allowance = shop.box.org.usage.used + 2

    with pytest.raises(Throttled) as throttled:
        await crm.register_order(asked(), ORDER)
    assert (throttled.value.retry_after, throttled.value.outcome) == (3600.0, Outcome.NOT_APPLIED)
    assert shop.rows("Order", "StatusCode") == [("Draft",)]
    shop.box.org.usage.allowance = 1000
    await crm.register_order(asked(), ORDER)

    assert shop.rows("Order", "StatusCode") == [("Activated",)]


async def test_an_order_that_may_not_be_activated_stays_a_draft_until_it_may(shop: Shop, crm: Salesforce) -> None:
    shop.box.org.permissions.discard("ActivateOrders")

    with pytest.raises(Refused) as refused:
        await crm.register_order(asked(), ORDER)
    assert refused.value.category is ProblemCategory.PERMISSION
    assert shop.rows("Order", "StatusCode") == [("Draft",)]
    shop.box.org.permissions.add("ActivateOrders")
    await crm.register_order(asked(), ORDER)

    assert shop.rows("Order", "StatusCode") == [("Activated",)]


async def test_an_order_without_products_is_not_activated(crm: Salesforce) -> None:
    with pytest.raises(Refused, match="An order must have at least one product"):
        await crm.register_order(asked(), replace(ORDER, lines=()))


async def test_where_people_activate_a_registered_order_stays_a_draft(shop: Shop) -> None:
    crm = shop.open({**SETTINGS, "activate_registered": False})

    await crm.register_order(asked(), ORDER)

    assert calls(shop) == [LOOK, GRAPH]
    assert shop.rows("Order", "StatusCode") == [("Draft",)]


@pytest.mark.parametrize(
    "change, category, words",
    [
        (
            {"lines": (*LINES, LineRequest(sku="X-9", quantity=Decimal(1)))},
            ProblemCategory.PRICING,
            "The price book in crm has no USD price of X-9.",
        ),
        (
            {"currency_code": "EUR"},
            ProblemCategory.PRICING,
            "crm keeps USD only, and the order is in EUR.",
        ),
        (
            {"customer_key": "nobody"},
            ProblemCategory.CUSTOMER_MASTER,
            "crm does not accept what was entered.",
        ),
        (
            {"quote_key": QUOTE, "lines": (replace(LINES[0], source_key="0QL000000000ZZZ"),)},
            ProblemCategory.INVALID_INPUT,
            "Line 1 (P-1): crm does not accept what was entered.",
        ),
    ],
)
async def test_what_the_org_does_not_know_is_told_by_its_kind_and_nothing_is_made(
    change: dict[str, object], category: ProblemCategory, words: str, shop: Shop, crm: Salesforce
) -> None:
    with pytest.raises(Refused) as refused:
        await crm.register_order(asked(), replace(ORDER, **change))

    assert (refused.value.sentence, refused.value.category) == (words, category)
    assert shop.rows("Order", "Id") == []


async def test_two_orders_of_one_reference_are_for_a_person_to_settle(shop: Shop) -> None:
    crm = shop.open({**SETTINGS, "order_reference_field": "PoNumber"})
    row = {"AccountId": ACCOUNT, "EffectiveDate": "2026-11-23", "Status": "Draft", "PoNumber": "R-1"}
    shop.box.load({"Order": [row, row]})

    with pytest.raises(Refused, match="2 orders that carry R-1") as refused:
        await crm.register_order(asked(), replace(ORDER, purchase_order_number=None))

    assert refused.value.category is ProblemCategory.CONFLICT


async def test_an_org_of_many_currencies_prices_in_the_order_s_own(shop: Shop) -> None:
    crm = shop.open({**SETTINGS, "multi_currency": True})
    euro = {"Product2Id": VALVE, "UnitPrice": Decimal("2.75"), "IsActive": True, "CurrencyIsoCode": "EUR"}
    shop.box.load({"PricebookEntry": [{"Pricebook2Id": "01sRg0000000001", **euro}]})
    line = LineRequest(sku="V-1", quantity=Decimal(4))

    await crm.register_order(asked(), replace(ORDER, currency_code="EUR", lines=(line,)))

    assert shop.rows("Order", "CurrencyIsoCode", "TotalAmount") == [("EUR", 11.0)]


async def test_a_price_book_of_one_s_own_is_taken_where_the_settings_name_it(shop: Shop) -> None:
    book = long_id("01s000000000AAA")
    entry = {"Pricebook2Id": book, "Product2Id": VALVE, "UnitPrice": Decimal("2.00"), "IsActive": True}
    shop.box.load({"Pricebook2": [{"Id": book, "Name": "Partners", "IsActive": True}], "PricebookEntry": [entry]})
    crm = shop.open({**SETTINGS, "pricebook": book})

    await crm.register_order(asked(), replace(ORDER, lines=(LineRequest(sku="V-1", quantity=Decimal(4)),)))

    assert shop.rows("Order", "TotalAmount") == [(8.0,)]


async def test_the_package_s_quotes_are_named_by_its_own_fields(shop: Shop) -> None:
    offer, line = long_id("a0q000000000AAA"), long_id("a0l000000000AAA")
    shop.box.load(
        {
            "SBQQ__Quote__c": [{"Id": offer, "Name": "Q-00007", "SBQQ__Account__c": ACCOUNT}],
            "SBQQ__QuoteLine__c": [{"Id": line, "SBQQ__Quote__c": offer, "SBQQ__Product__c": PUMP}],
        }
    )
    crm = shop.open({**SETTINGS, "quote_model": "sbqq"})

    await crm.register_order(
        asked(), replace(ORDER, quote_key=offer, lines=(replace(LINES[0], source_key=line), LINES[1]))
    )

    assert shop.rows("Order", "SBQQ__Quote__c", "QuoteId") == [(offer, None)]
    assert shop.rows("OrderItem", "SBQQ__QuoteLine__c") == [(line,), (None,)]


async def test_an_org_that_is_read_only_is_not_written_to(shop: Shop) -> None:
    crm = shop.open({**SETTINGS, "read_only": True})

    with pytest.raises(Refused, match="crm is set up to be read only"):
        await crm.register_order(asked(), ORDER)

    assert calls(shop) == []
