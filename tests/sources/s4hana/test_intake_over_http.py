"""What only SAP does when it is written to: tokens, versions, numbers, holds and refusals, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from canonical.errors import Fault, Outcome, OutcomeUnknown, ProblemCategory, Refused, Throttled, Unavailable
from canonical.intake import Amendment, LineChange, LineRequest, OrderRequest
from canonical.wanted import Wanted
from sources.kit.sandbox.faults import Fault as Trouble
from sources.landscape import SettingValue
from sources.ports import Lookup
from sources.s4hana.sandbox import COMPANY, Permissions, SystemSettings
from tests.sources.s4hana.opened import call
from tests.sources.s4hana.pretend import Opened, pretend

OWN: dict[str, SettingValue] = {
    "amendment_field": "YY1_LastAmendment_SDH",
    "crm_key_field": "AssignmentReference",
    "line_start_field": "YY1_ServiceStart_SDI",
    "line_end_field": "YY1_ServiceEnd_SDI",
    "line_segment_field": "YY1_Segment_SDI",
    "identification_type": "ZRVG",
}
NUMBERED: dict[str, SettingValue] = {
    "numbering": "external",
    "number_from": 7_000_000_000,
    "number_to": 7_999_999_999,
}
LATER = date.today() + timedelta(days=60)  # noqa: DTZ011 - the pretend system asks the same clock
ORDERS = "POST .*/A_SalesOrder$"
CHANGES = r"POST .*/\$batch"


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    async with pretend(system=COMPANY, settings=OWN) as held:
        yield held


def customer(at: Opened) -> str:
    """One in good standing, with room for more."""
    accounts = [account for buyer in at.story.buyers.values() for account in buyer.accounts]
    fine = [one for one in accounts if one.instance == at.instance.name and not one.on_hold]
    return max(fine, key=lambda one: one.credit_limit or Decimal(0)).number


def goods(at: Opened) -> list[str]:
    return [article.sku for article in at.story.articles.values() if article.active and not article.service]


def service(at: Opened) -> str:
    return next(article.sku for article in at.story.articles.values() if article.active and article.service)


def order(at: Opened, *lines: LineRequest, **changes: object) -> OrderRequest:
    request = OrderRequest(
        reference="RG-7F3K",
        legal_entity_code="DE01",
        customer_key=customer(at),
        currency_code="EUR",
        requested_delivery_date=LATER,
        lines=lines or (LineRequest(sku=goods(at)[0], quantity=Decimal(2)),),
    )
    return msgspec.structs.replace(request, **changes)


def amendment(key: str, **changes: object) -> Amendment:
    return msgspec.structs.replace(Amendment(reference="RG-A1", order_key=key, legal_entity_code="DE01"), **changes)


async def test_one_order_is_one_post_and_its_lines_own_days_are_one_changeset_more(opened: Opened) -> None:
    dated = LineRequest(sku=goods(opened)[1], quantity=Decimal(1), requested_delivery_date=LATER + timedelta(days=9))
    await opened.source.book_order(call(), order(opened))
    opened.lines()

    await opened.source.book_order(call(), order(opened, reference="RG-2"))
    plain = opened.lines()
    booked = await opened.source.book_order(call(), order(opened, dated, reference="RG-3"))

    assert plain == ["POST API_SALES_ORDER_SRV/A_SalesOrder"]
    assert opened.lines() == [
        "POST API_SALES_ORDER_SRV/A_SalesOrder",
        "GET API_SALES_ORDER_SRV/A_SalesOrder",
        "POST API_SALES_ORDER_SRV/$batch",
        "GET API_SALES_ORDER_SRV/A_SalesOrder",
    ]
    assert days(opened, booked.order.key) == {"10": LATER + timedelta(days=9)}
    assert booked.warnings == ()


def days(at: Opened, number: str) -> dict[str, date]:
    store = at.sandbox.system.store
    rows = store.one(
        'SELECT json_group_object(ltrim("SalesOrderItem", \'0\'), "RequestedDeliveryDate")'
        ' FROM "A_SalesOrderScheduleLine" WHERE "SalesOrder" = ?',
        (number.zfill(10),),
    )
    told = msgspec.json.decode(str(rows), type=dict[str, int])
    return {item: date(1970, 1, 1) + timedelta(milliseconds=stamp) for item, stamp in told.items()}


async def test_an_order_stands_though_its_lines_own_days_were_not_taken_over(opened: Opened) -> None:
    lines = (
        LineRequest(sku=goods(opened)[1], quantity=Decimal(1), requested_delivery_date=LATER + timedelta(days=9)),
        LineRequest(sku=service(opened), quantity=Decimal(1), requested_delivery_date=LATER + timedelta(days=9)),
    )
    opened.sandbox.faults.add(Trouble(kind="reset_before", match=CHANGES, times=1))

    failed = await opened.source.book_order(call(), order(opened, *lines))
    partly = await opened.source.book_order(call(), order(opened, *lines, reference="RG-2"))

    assert "requested dates of lines 10, 20 were not kept" in failed.warnings[0]
    assert partly.warnings == ("Line 20 is not delivered, so its requested date was not kept.",)
    assert days(opened, partly.order.key)["10"] == LATER + timedelta(days=9)


async def test_a_session_that_ended_is_begun_anew_and_the_order_booked_once(opened: Opened) -> None:
    await opened.source.book_order(call(), order(opened))
    opened.lines()
    opened.sandbox.faults.add(Trouble(kind="expire_token", match=ORDERS, times=1))

    await opened.source.book_order(call(), order(opened, reference="RG-2"))

    assert opened.lines() == [
        "POST API_SALES_ORDER_SRV/A_SalesOrder",
        "GET API_SALES_ORDER_SRV/",
        "POST API_SALES_ORDER_SRV/A_SalesOrder",
    ]
    assert len((await opened.source.find_orders(call(), ["RG-2"]))["RG-2"]) == 1


async def test_a_token_that_never_pleases_is_refused_and_nothing_is_booked(opened: Opened) -> None:
    await opened.source.book_order(call(), order(opened))
    opened.sandbox.faults.add(Trouble(kind="expire_token", match=ORDERS))

    with pytest.raises(Refused):
        await opened.source.book_order(call(), order(opened, reference="RG-2"))

    assert await opened.source.find_orders(call(), ["RG-2"]) == {}


async def test_without_a_token_to_be_had_nothing_is_sent(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=503, match="GET .*_SRV/$"))

    with pytest.raises(Unavailable):
        await opened.source.book_order(call(), order(opened))

    assert opened.sandbox.log.asked("POST") == []


async def test_warnings_of_a_booking_are_kept_and_its_hold_is_told(opened: Opened) -> None:
    many = LineRequest(sku=goods(opened)[0], quantity=Decimal(90_000))

    booked = await opened.source.book_order(call(), order(opened, many))
    (read,) = await opened.source.fetch_orders(call(), Lookup(keys=(booked.order.key,)), Wanted.of("holds"))

    assert booked.warnings == (
        "Credit check: the credit limit is exceeded, the document is blocked (UKM/100)",
        "The credit check did not let it pass.",
    )
    assert [hold.kind.value for hold in read.holds] == ["CREDIT"]


@pytest.mark.parametrize(
    "loaded,changes,category",
    [
        ({"OrderIsBlockedForCustomer": "01"}, {}, ProblemCategory.CUSTOMER_MASTER),
        ({}, {"requested_delivery_date": date(2020, 1, 1)}, ProblemCategory.INVALID_INPUT),
        ({}, {"currency_code": "SEK"}, ProblemCategory.PRICING),
    ],
)
async def test_what_sap_refuses_is_told_alike_by_a_quotation_and_by_a_booking(
    opened: Opened, loaded: dict[str, str], changes: dict[str, object], category: ProblemCategory
) -> None:
    if loaded:
        opened.sandbox.load({"A_Customer": [{"Customer": customer(opened), **loaded}]})
    request = order(opened, **changes)

    quoted = await opened.source.quote_order(call(), request)
    with pytest.raises(Refused) as refused:
        await opened.source.book_order(call(), request)

    assert refused.value.category is category
    assert [one.sentence for one in quoted.refusals] == [refused.value.sentence]
    assert refused.value.detail is not None
    assert refused.value.detail.startswith("400 ")


async def test_a_customer_whose_credit_is_blocked_is_refused(opened: Opened) -> None:
    account = {"BusinessPartner": customer(opened), "CreditSegment": "0000", "CreditAccountIsBlocked": True}
    opened.sandbox.load({"CreditManagementAccount": [account]})

    with pytest.raises(Refused) as refused:
        await opened.source.book_order(call(), order(opened))

    assert refused.value.category is ProblemCategory.CREDIT


async def test_who_may_not_book_is_told_so_and_not_taken_for_a_refused_order(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=403, match="POST"))

    for attempt in (opened.source.quote_order, opened.source.book_order):
        with pytest.raises(Refused) as refused:
            await attempt(call(), order(opened))
        assert refused.value.category is ProblemCategory.PERMISSION


async def test_a_service_that_is_not_switched_on_is_no_refusal_of_the_order(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="status", status=404, match="SIMULATION"))

    with pytest.raises(Refused):
        await opened.source.quote_order(call(), order(opened))


async def test_a_lock_is_a_wait_for_bookings_too(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="lock", match=ORDERS, times=1))

    with pytest.raises(Throttled) as held:
        await opened.source.book_order(call(), order(opened))

    assert (held.value.retry_after, held.value.outcome) == (2.0, Outcome.NOT_APPLIED)
    assert await opened.source.find_orders(call(), ["RG-7F3K"]) == {}


async def test_an_order_that_a_person_has_open_is_a_wait_until_it_is_closed(opened: Opened) -> None:
    booked = await opened.source.book_order(call(), order(opened))
    opened.sandbox.lock_order(booked.order.key, by="MEIER")

    with pytest.raises(Throttled, match="Someone is working on this"):
        await opened.source.cancel_order(call(), booked.order.key, "RG-C", "why")
    opened.sandbox.unlock_order(booked.order.key)

    assert (await opened.source.cancel_order(call(), booked.order.key, "RG-C", "why")).cancelled


async def test_a_change_that_comes_between_the_look_and_the_amendment_is_a_conflict(opened: Opened) -> None:
    booked = await opened.source.book_order(call(), order(opened))
    opened.sandbox.faults.add(Trouble(kind="latency", match=CHANGES, seconds=0.3, times=1))
    first = amendment(booked.order.key, change=(LineChange(key="10", quantity=Decimal(3)),))
    second = msgspec.structs.replace(first, reference="RG-A2", change=(LineChange(key="10", quantity=Decimal(9)),))

    answers = await asyncio.gather(
        opened.source.amend_order(call(), first), opened.source.amend_order(call(), second), return_exceptions=True
    )

    (refused,) = [one for one in answers if isinstance(one, Refused)]
    assert refused.category is ProblemCategory.CONFLICT
    assert len([one for one in answers if not isinstance(one, BaseException)]) == 1


async def test_an_amendment_whose_reply_was_lost_is_found_and_never_made_twice(opened: Opened) -> None:
    booked = await opened.source.book_order(call(), order(opened))
    opened.sandbox.faults.add(Trouble(kind="reset_after", match=CHANGES, times=1))
    adding = amendment(booked.order.key, add=(LineRequest(sku=goods(opened)[1], quantity=Decimal(1)),))

    with pytest.raises(OutcomeUnknown):
        await opened.source.amend_order(call(), adding)
    (found,) = (await opened.source.find_orders(call(), ["RG-A1"]))["RG-A1"]
    again = await opened.source.amend_order(call(), adding)

    assert found.order == again.order == booked.order
    assert found.line_keys == again.line_keys == ("10", "20")


@pytest.mark.parametrize("kind,status", [("status_after", 500), ("status", 503), ("truncate", 500)])
async def test_a_changeset_that_breaks_down_leaves_it_open_what_became_of_it(
    opened: Opened, kind: str, status: int
) -> None:
    booked = await opened.source.book_order(call(), order(opened))
    opened.sandbox.faults.add(Trouble.model_validate({"kind": kind, "status": status, "match": CHANGES, "times": 1}))

    with pytest.raises(OutcomeUnknown):
        await opened.source.amend_order(
            call(), amendment(booked.order.key, change=(LineChange(key="10", quantity=Decimal(3)),))
        )


async def test_an_amendment_that_cannot_be_read_again_is_acknowledged_without_its_version(opened: Opened) -> None:
    booked = await opened.source.book_order(call(), order(opened))
    # The look before a change reads prices too, the look after it does not.
    opened.sandbox.faults.add(Trouble(kind="status", match=r"GET .*A_SalesOrder\?(?!.*PricingElement)", times=1))

    amended = await opened.source.amend_order(
        call(), amendment(booked.order.key, change=(LineChange(key="10", quantity=Decimal(3)),))
    )

    assert (amended.order, amended.version, amended.line_keys) == (booked.order, None, booked.line_keys)
    assert amended.warnings == ("It was changed, but could not be read again: sap-eu is out of order just now.",)


async def test_an_order_that_cannot_be_looked_at_first_is_not_changed(opened: Opened) -> None:
    booked = await opened.source.book_order(call(), order(opened))
    opened.sandbox.faults.add(Trouble(kind="status", match="GET", times=1))
    opened.sandbox.log.clear()

    with pytest.raises(Unavailable):
        await opened.source.cancel_order(call(), booked.order.key, "RG-C", "why")

    assert opened.sandbox.log.asked("POST") == []


async def test_an_order_of_another_legal_entity_is_not_amended(opened: Opened) -> None:
    booked = await opened.source.book_order(call(), order(opened))

    with pytest.raises(Refused) as refused:
        await opened.source.amend_order(call(), amendment(booked.order.key, legal_entity_code="US01", remove=("10",)))

    assert refused.value.category is ProblemCategory.ROUTING


async def test_what_has_been_delivered_takes_a_return_and_no_cancellation(opened: Opened) -> None:
    shipped = next(
        number
        for number, held in opened.told.items()
        if any(parcel.posted_at for parcel in held.booking.parcels) and not held.booking.cancelled_at
    )

    with pytest.raises(Refused, match="return or a credit") as refused:
        await opened.source.cancel_order(call(), shipped, "RG-C", "why")

    assert refused.value.category is ProblemCategory.CONFLICT


async def test_a_number_of_our_own_cannot_be_booked_twice_whoever_posts_it() -> None:
    async with pretend(system=COMPANY, settings={**OWN, **NUMBERED}) as at:
        request = order(at)
        first = await at.source.book_order(call(), request)
        second = await at.source.book_order(call(), request)
        many = await asyncio.gather(*(at.source.book_order(call(), order(at, reference="RG-2")) for _ in range(8)))

        assert first.order == second.order
        assert first.number is not None
        assert 7_000_000_000 <= int(first.number) <= 7_999_999_999
        assert len({one.order for one in many}) == 1
        assert len((await at.source.find_orders(call(), ["RG-2"]))["RG-2"]) == 1


async def test_a_number_of_our_own_makes_a_lost_booking_safe_to_repeat() -> None:
    async with pretend(system=COMPANY, settings={**OWN, **NUMBERED}) as at:
        at.sandbox.faults.add(Trouble(kind="reset_after", match=ORDERS, times=1))
        with pytest.raises(OutcomeUnknown):
            await at.source.book_order(call(), order(at))

        again = await at.source.book_order(call(), order(at))

        assert [one.order for one in (await at.source.find_orders(call(), ["RG-7F3K"]))["RG-7F3K"]] == [again.order]


async def test_a_number_that_another_order_holds_is_passed_over() -> None:
    narrow = {**NUMBERED, "number_to": 7_000_000_001}
    async with pretend(system=COMPANY, settings={**OWN, **narrow}) as at:
        booked = [await at.source.book_order(call(), order(at, reference=reference)) for reference in ("RG-1", "RG-2")]
        with pytest.raises(Refused, match="range is nearly full"):
            await at.source.book_order(call(), order(at, reference="RG-3"))

        assert {one.number for one in booked} == {"7000000000", "7000000001"}


async def test_a_refused_order_is_refused_under_a_number_of_our_own_too() -> None:
    async with pretend(system=COMPANY, settings={**OWN, **NUMBERED}) as at:
        unknown = LineRequest(sku="NO-SUCH-THING", quantity=Decimal(1))

        with pytest.raises(Refused) as refused:
            await at.source.book_order(call(), order(at, unknown))

        assert refused.value.category is ProblemCategory.PRODUCT


async def test_a_system_that_takes_one_change_at_a_time_is_cancelled_item_by_item() -> None:
    system = SystemSettings(custom_fields=COMPANY.custom_fields, one_change_a_changeset=True)
    async with pretend(system=system, settings={**OWN, "one_change_a_changeset": True}) as at:
        lines = tuple(LineRequest(sku=sku, quantity=Decimal(1)) for sku in goods(at)[:3])
        booked = await at.source.book_order(call(), order(at, *lines))
        at.sandbox.faults.add(Trouble(kind="reset_before", match=CHANGES, times=1))
        at.sandbox.log.clear()

        with pytest.raises(OutcomeUnknown):
            await at.source.cancel_order(call(), booked.order.key, "RG-C", "why")
        changed = await at.source.amend_order(
            call(), amendment(booked.order.key, change=(LineChange(key="20", quantity=Decimal(4)),))
        )
        cancelled = await at.source.cancel_order(call(), booked.order.key, "RG-C", "why")

        assert not changed.cancelled
        assert cancelled.cancelled
        assert len(at.sandbox.log.asked(CHANGES)) == 5


async def test_a_system_that_unexpectedly_takes_one_change_says_so_in_words() -> None:
    system = SystemSettings(custom_fields=COMPANY.custom_fields, one_change_a_changeset=True)
    async with pretend(system=system, settings=OWN) as at:
        booked = await at.source.book_order(call(), order(at))

        with pytest.raises(Refused, match="setting one_change_a_changeset"):
            await at.source.cancel_order(call(), booked.order.key, "RG-C", "why")


async def test_a_field_that_the_system_lacks_is_told_and_nothing_is_booked() -> None:
    async with pretend(system=SystemSettings(), settings=OWN) as at:
        ramp = LineRequest(sku=service(at), quantity=Decimal(1), segment=1)

        with pytest.raises(Refused, match="YY1_Segment_SDI"):
            await at.source.book_order(call(), order(at, ramp))


async def test_an_older_release_is_booked_into_without_the_fields_it_lacks() -> None:
    async with pretend(system=SystemSettings(release="2020"), settings={"line_place_field": ""}) as at:
        lines = tuple(LineRequest(sku=sku, quantity=Decimal(1)) for sku in goods(at)[:3])
        booked = await at.source.book_order(call(), order(at, *lines))
        (found,) = (await at.source.find_orders(call(), ["RG-7F3K"]))["RG-7F3K"]

        assert booked.line_keys == found.line_keys == ("10", "20", "30")


async def test_a_system_that_is_only_read_is_never_written_to() -> None:
    async with pretend(system=COMPANY, settings={**OWN, "writes": False}) as at:
        at.sandbox.log.clear()
        for attempt in (
            at.source.book_order(call(), order(at)),
            at.source.amend_order(call(), amendment("1")),
            at.source.cancel_order(call(), "1", "RG-C", "why"),
        ):
            with pytest.raises(Refused, match="only read"):
                await attempt

        assert at.sandbox.log.total == 0


async def test_what_our_user_may_not_see_is_not_found_though_it_stands(opened: Opened) -> None:
    await opened.source.book_order(call(), order(opened))
    opened.sandbox.restrict(Permissions(sales_organizations=frozenset({"9999"})))

    assert await opened.source.find_orders(call(), ["RG-7F3K"]) == {}


async def test_many_references_are_looked_for_in_one_call(opened: Opened) -> None:
    await opened.source.book_order(call(), order(opened))
    asked = call()

    found = await opened.source.find_orders(asked, [f"RG-{n}" for n in range(150)] + ["RG-7F3K"])

    assert list(found) == ["RG-7F3K"]
    assert len(asked.record.calls) == 1


async def test_the_crms_key_on_an_order_leads_to_it_before_anything_is_written_back(opened: Opened) -> None:
    key = "8015g0000021stiAAA"
    booked = await opened.source.book_order(call(), order(opened, crm_order_key=key))

    (read,) = await opened.source.fetch_orders(call(), Lookup(partner_keys=(key,)), Wanted.of("number"))

    assert read.ref == booked.order
    assert read.partner_keys == ("RG-7F3K", key)


async def test_a_slow_booking_may_take_longer_than_a_read(opened: Opened) -> None:
    opened.sandbox.faults.add(Trouble(kind="slow", match=ORDERS, seconds=0.3, times=1))

    booked = await opened.source.book_order(call(), order(opened))

    assert booked.number is not None


async def test_faults_of_writing_are_faults_of_our_tree(opened: Opened) -> None:
    for kind in ("status", "throttle", "timeout", "reset_before", "reset_after", "content_type", "truncate"):
        opened.sandbox.faults.add(Trouble.model_validate({"kind": kind, "match": ORDERS, "times": 1, "seconds": 0.05}))
        with pytest.raises(Fault) as fault:
            await opened.source.book_order(call(), order(opened))
        assert isinstance(fault.value, Throttled if kind == "throttle" else OutcomeUnknown), kind
