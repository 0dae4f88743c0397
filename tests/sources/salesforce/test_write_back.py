"""What is written back to a pretend org over HTTP: only what does not stand there, and once more changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from canonical.errors import Fault, Outcome, OutcomeUnknown, ProblemCategory, Refused, Throttled, Unavailable
from canonical.intake import CrmOrderRequest, LineRequest, WriteBack
from canonical.wanted import Wanted
from sources.intake import CustomerWriteBack
from sources.ports import Lookup
from sources.salesforce.adapter import Salesforce
from sources.salesforce.ids import long_id
from sources.salesforce.sandbox.refusing import Refusal, row_lock, validation_rule
from tests.sources.salesforce.asking import asked
from tests.sources.salesforce.conftest import ACCOUNT, PUMP_PRICE, QUOTE, QUOTE_LINE, SETTINGS, Gate, Shop

LOOK, WRITE = "GET /query", "PATCH /composite/sobjects"
ORDER, FIRST, SECOND = long_id("801000000000AAA"), long_id("802000000000AAA"), long_id("802000000000AAB")
SALE = {"AccountId": ACCOUNT, "EffectiveDate": "2026-11-23", "Status": "Activated", "StatusCode": "Activated"}
ITEM = {"OrderId": ORDER, "PricebookEntryId": PUMP_PRICE, "Quantity": 1, "UnitPrice": 1}
ROWS: dict[str, list[dict[str, object]]] = {
    "Order": [{"Id": ORDER, **SALE}],
    "OrderItem": [{"Id": key, **ITEM} for key in (FIRST, SECOND)],
}
BOOKED = WriteBack(
    order_key=ORDER, reference="R-1", numbers=("4711", "0815"), line_keys=((FIRST, "10"), (SECOND, "20"))
)


@pytest.fixture(autouse=True)
def sold(shop: Shop) -> None:
    shop.box.load(ROWS)


def told(shop: Shop) -> tuple[Any, ...]:
    (row,) = shop.rows("Order", "ERP_Order_Number__c", "ERP_Status__c", "ERP_Failure__c")
    return row


async def test_a_booking_is_told_on_the_order_and_its_lines_also_when_it_is_active(shop: Shop, crm: Salesforce) -> None:
    await crm.write_back(asked(), BOOKED)

    assert told(shop) == ("4711;0815", "Booked", None)
    assert shop.rows("OrderItem", "ERP_Line_Number__c") == [("10",), ("20",)]
    assert shop.sent() == [LOOK, WRITE]


async def test_the_same_words_once_more_are_not_sent(shop: Shop, crm: Salesforce) -> None:
    await crm.write_back(asked(), BOOKED)
    stamps = shop.rows("Order", "SystemModstamp")
    shop.sent()

    await crm.write_back(asked(), BOOKED)

    assert shop.sent() == [LOOK]
    assert shop.rows("Order", "SystemModstamp") == stamps


async def test_only_what_differs_is_sent(shop: Shop, crm: Salesforce) -> None:
    await crm.write_back(asked(), BOOKED)
    before = shop.rows("OrderItem", "SystemModstamp")
    shop.box.org.store.clock = lambda: datetime.now(UTC) + timedelta(seconds=1)

    await crm.write_back(
        asked(), WriteBack(order_key=ORDER, reference="R-1", numbers=("4711", "0815"), line_keys=((SECOND, "21"),))
    )

    after = shop.rows("OrderItem", "SystemModstamp")
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    assert shop.rows("OrderItem", "ERP_Line_Number__c") == [("10",), ("21",)]


async def test_what_is_written_back_is_what_the_order_is_read_and_found_by(crm: Salesforce) -> None:
    await crm.write_back(asked(), BOOKED)

    (order,) = await crm.fetch_orders(asked(), Lookup(partner_keys=("0815",)), Wanted())

    assert (order.ref.key, order.partner_keys) == (ORDER, ("4711", "0815"))


async def test_a_failure_is_told_with_its_reason_which_goes_when_it_is_over(shop: Shop, crm: Salesforce) -> None:
    reason = "No credit:  " + "x" * 300
    await crm.write_back(asked(), WriteBack(order_key=ORDER, reference="R-1", numbers=(), failed=reason))
    failed = told(shop)

    await crm.write_back(asked(), BOOKED)

    assert failed == (None, "Failed", "No credit: " + "x" * 244)
    assert told(shop) == ("4711;0815", "Booked", None)


async def test_a_cancellation_leaves_the_numbers(shop: Shop, crm: Salesforce) -> None:
    await crm.write_back(asked(), BOOKED)

    await crm.write_back(asked(), WriteBack(order_key=ORDER, reference="R-1", numbers=(), cancelled=True))

    assert told(shop) == ("4711;0815", "Cancelled", None)


async def test_nothing_told_is_nothing_written(shop: Shop, crm: Salesforce) -> None:
    await crm.write_back(asked(), BOOKED)

    await crm.write_back(asked(), WriteBack(order_key=ORDER, reference="R-1", numbers=()))

    assert told(shop) == ("4711;0815", "Booked", None)


async def test_the_words_and_fields_are_the_settings_and_what_has_no_field_is_not_sent(shop: Shop) -> None:
    words = {"booked_word": "In ERP", "erp_status_field": "OrderReferenceNumber"}
    await shop.open({**SETTINGS, **words}).write_back(asked(), BOOKED)
    bare = shop.open({"erp_status_field": "", "erp_order_number_field": "Description"})
    await bare.write_back(asked(), BOOKED)

    row = shop.rows("Order", "ERP_Order_Number__c", "OrderReferenceNumber", "ERP_Status__c", "Description")
    assert row == [("4711;0815", "In ERP", None, "4711;0815")]


async def test_a_line_in_several_erps_has_all_their_keys_and_one_that_is_gone_is_left_out(
    shop: Shop, crm: Salesforce
) -> None:
    gone = long_id("802000000000AAZ")
    keys = ((FIRST[:15], "10"), (FIRST, "7"), (FIRST, "10"), (gone, "30"))

    await crm.write_back(asked(), WriteBack(order_key=ORDER[:15], reference="R-1", numbers=("1",), line_keys=keys))

    assert shop.rows("OrderItem", "ERP_Line_Number__c") == [("10;7",), (None,)]


async def test_a_registered_order_s_lines_are_known_by_the_quote_s_lines_too(shop: Shop, crm: Salesforce) -> None:
    line = LineRequest(sku="P-1", quantity=Decimal(1), source_key=QUOTE_LINE)
    request = CrmOrderRequest(
        reference="R-2",
        customer_key=ACCOUNT,
        currency_code="USD",
        starts_on=date(2026, 11, 23),
        lines=(line,),
        quote_key=QUOTE,
    )
    order = await crm.register_order(asked(), request)

    told = WriteBack(order_key=order.key, reference="R-2", numbers=("1",), line_keys=((QUOTE_LINE, "10"),))
    await crm.write_back(asked(), told)

    assert shop.rows("OrderItem", "QuoteLineItemId", "ERP_Line_Number__c")[-1] == (QUOTE_LINE, "10")


async def test_hundreds_of_lines_are_a_few_calls(shop: Shop, crm: Salesforce) -> None:
    keys = [long_id(f"802000000001{number:03d}") for number in range(450)]
    shop.box.load({"OrderItem": [{"Id": key, **ITEM} for key in keys]})
    pairs = tuple((key, str(place)) for place, key in enumerate(keys))

    await crm.write_back(asked(), WriteBack(order_key=ORDER, reference="R-1", numbers=("1",), line_keys=pairs))

    assert shop.sent() == [LOOK, WRITE, WRITE, WRITE]
    assert len([row for row in shop.rows("OrderItem", "ERP_Line_Number__c") if row[0]]) == 450
    assert told(shop) == ("1", "Booked", None)


async def test_a_lost_reply_is_unknown_and_a_repeat_finds_everything_said(shop: Shop, crm: Salesforce) -> None:
    shop.fail("reset_after", "composite/sobjects")

    with pytest.raises(OutcomeUnknown):
        await crm.write_back(asked(), BOOKED)
    shop.sent()
    await crm.write_back(asked(), BOOKED)

    assert shop.sent() == [LOOK]
    assert told(shop) == ("4711;0815", "Booked", None)


@pytest.mark.parametrize("kind", ["reset_after", "reset_before", "status", "truncate", "throttle"])
async def test_the_client_may_send_it_again_by_itself(kind: str, shop: Shop) -> None:
    patient = shop.open(attempts=2)
    shop.fail(kind, "composite/sobjects", seconds=0)

    await patient.write_back(asked(), BOOKED)

    assert shop.sent() == [LOOK, WRITE, WRITE]
    assert told(shop) == ("4711;0815", "Booked", None)


async def test_a_session_that_ends_midway_is_renewed(shop: Shop, crm: Salesforce) -> None:
    shop.fail("expire_token", "composite/sobjects")

    await crm.write_back(asked(), BOOKED)

    assert told(shop) == ("4711;0815", "Booked", None)


@pytest.mark.parametrize(
    "refusal, fault, category, words",
    [
        (
            validation_rule("OrderItem", "Lines of May are closed."),
            Refused,
            ProblemCategory.INVALID_INPUT,
            "Line 1: crm does not allow it: Lines of May are closed.",
        ),
        (
            row_lock("Order"),
            Unavailable,
            ProblemCategory.SYSTEM_UNAVAILABLE,
            "Someone else is changing this record in crm just now.",
        ),
        (
            Refusal("Order", "ENTITY_IS_LOCKED", "entity is locked for editing"),
            Refused,
            ProblemCategory.SYSTEM_REFUSED,
            "The record is locked in crm: it is active, or waits for an approval.",
        ),
        (
            Refusal("Order", "CANNOT_EXECUTE_FLOW_TRIGGER", "flow v3 failed at Get_Records"),
            Refused,
            ProblemCategory.SYSTEM_REFUSED,
            "An automation in crm failed on the record: whoever looks after it must see why.",
        ),
    ],
)
async def test_what_is_refused_of_one_record_is_written_of_none(
    refusal: Refusal, fault: type[Fault], category: ProblemCategory, words: str, shop: Shop, crm: Salesforce
) -> None:
    shop.box.refusals.add(refusal)

    with pytest.raises(fault) as refused:
        await crm.write_back(asked(), BOOKED)

    assert (refused.value.sentence, refused.value.category) == (words, category)
    assert refused.value.outcome is Outcome.NOT_APPLIED
    assert told(shop) == (None, None, None)
    assert shop.rows("OrderItem", "ERP_Line_Number__c") == [(None,), (None,)]


async def test_a_user_who_may_not_edit_active_orders_is_told_so(shop: Shop, crm: Salesforce) -> None:
    shop.box.org.permissions.discard("EditActivatedOrders")

    with pytest.raises(Refused) as refused:
        await crm.write_back(asked(), BOOKED)

    assert refused.value.category is ProblemCategory.PERMISSION
    assert "INSUFFICIENT_ACCESS_OR_READONLY" in (refused.value.detail or "")


async def test_calls_that_are_used_up_are_told(shop: Shop, crm: Salesforce) -> None:
    await crm.check(asked())
    shop.box.org.usage.allowance = shop.box.org.usage.used + 1

    with pytest.raises(Throttled) as throttled:
        await crm.write_back(asked(), BOOKED)

    assert throttled.value.retry_after == 3600.0


@pytest.mark.parametrize("key", [long_id("801000000000ZZZ"), "' OR Id != '"])
async def test_an_order_or_account_that_is_not_there_is_refused(key: str, shop: Shop, crm: Salesforce) -> None:
    with pytest.raises(Refused, match="order is no longer in crm") as refused:
        await crm.write_back(asked(), WriteBack(order_key=key, reference="R-1", numbers=("1",)))
    with pytest.raises(Refused, match="account is no longer in crm"):
        await crm.write_back_customer(asked(), key, ["1"])

    assert refused.value.category is ProblemCategory.CONFLICT


async def test_an_org_that_is_read_only_is_neither_asked_nor_told(shop: Shop) -> None:
    crm = shop.open({**SETTINGS, "read_only": True})

    for work in (crm.write_back(asked(), BOOKED), crm.write_back_customer(asked(), ACCOUNT, ["1"])):
        with pytest.raises(Refused, match="read only"):
            await work

    assert shop.sent() == []


async def test_a_customer_s_numbers_stand_beside_those_it_had(shop: Shop, crm: Salesforce) -> None:
    await crm.write_back_customer(asked(), ACCOUNT[:15], ["200", "100", "200"])
    first = shop.rows("Account", "ERP_Customer_Number__c")
    shop.sent()
    await crm.write_back_customer(asked(), ACCOUNT, ["200"])

    (customer,) = await crm.fetch_customers(asked(), Lookup(partner_keys=("200",)), Wanted())
    assert isinstance(crm, CustomerWriteBack)
    assert first == [("100;200",)]
    assert shop.sent() == [LOOK, LOOK]
    assert customer.partner_keys == ("100", "200")


async def test_of_two_that_tell_an_account_at_once_none_wipes_out_the_other_s_number(
    shop: Shop, crm: Salesforce
) -> None:
    gate = Gate(f"/sobjects/Account/{ACCOUNT}")
    slow = shop.open(gate=gate)
    shop.box.org.store.run("UPDATE Account SET LastModifiedDate = '2026-01-01T00:00:00.000+0000'")

    async def tell_late() -> None:
        with pytest.raises(Unavailable, match="Someone else changed this record"):
            await slow.write_back_customer(asked(), ACCOUNT, ["300"])

    async with asyncio.TaskGroup() as group:
        group.create_task(tell_late())
        await gate.reached.wait()
        await crm.write_back_customer(asked(), ACCOUNT, ["200"])
        gate.opened.set()
    await slow.write_back_customer(asked(), ACCOUNT, ["300"])

    assert shop.rows("Account", "ERP_Customer_Number__c") == [("100;200;300",)]


async def test_a_customer_s_lost_reply_is_unknown_and_a_repeat_adds_nothing(shop: Shop) -> None:
    crm = shop.open(attempts=3)
    shop.fail("reset_after", "sobjects/Account/")

    with pytest.raises(OutcomeUnknown):
        await crm.write_back_customer(asked(), ACCOUNT, ["200"])
    await crm.write_back_customer(asked(), ACCOUNT, ["200"])

    assert shop.rows("Account", "ERP_Customer_Number__c") == [("100;200",)]
    assert [line for line in shop.sent() if line.startswith("PATCH")] == [f"PATCH /sobjects/Account/{ACCOUNT}"]
