from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import chain, pairwise

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sandbox.plans import ORDINARY, SPECIAL
from sandbox.story import TOLD_ON, tell_story
from sources.kit.sandbox.story import Booking, Deal, Story
from sources.kit.sandbox.sums import billed, booked, credited, priced, still_open

OVER_ENTITIES = {"multi_entity"}


@cache
def whole() -> Story:
    return tell_story()


@cache
def small(seed: int) -> Story:
    return tell_story(seed, deals=110, buyers=40)


seeds = st.integers(min_value=0, max_value=10_000)
few = settings(max_examples=5, phases=(Phase.generate,))


def bookings(story: Story) -> Iterator[tuple[Deal, Booking]]:
    return ((deal, booking) for deal in story.deals for booking in deal.bookings)


def test_the_company_has_two_thousand_orders_and_two_hundred_customers() -> None:
    assert len(whole().deals) == 2000
    assert len(whole().buyers) == 200
    assert {(entity.code, entity.currency, entity.instance) for entity in whole().entities} == {
        ("DE01", "EUR", "sap-eu"),
        ("US01", "USD", "erp-us"),
    }


def test_the_orders_span_a_year_up_to_the_telling() -> None:
    made = [deal.created_at for deal in whole().deals]

    assert made == sorted(made)
    assert made[0].date() < date(2025, 12, 1)
    assert made[-1].date() == date(2026, 11, 20)
    assert whole().told_on == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_every_special_kind_of_order_occurs_at_least_five_times() -> None:
    counts = Counter(trait for deal in whole().deals for trait in deal.traits)

    missing = {plan.trait: counts[plan.trait] for plan in (*SPECIAL, *ORDINARY) if counts[plan.trait] < 5}

    assert missing == {}
    assert counts["customer_name_differs"] >= 5
    assert counts["subscription"] >= 5


def test_a_small_story_has_every_kind_too() -> None:
    counts = Counter(trait for deal in small(7).deals for trait in deal.traits)

    assert {plan.trait for plan in SPECIAL if not counts[plan.trait]} == set()


def test_the_same_seed_tells_the_same_story_in_every_process() -> None:
    code = (
        "from hashlib import sha256; from sandbox.story import tell_story; s = tell_story(3, deals=80, buyers=30);"
        "print(sha256(repr([(d.buyer, d.crm_key, d.lines, d.offer, d.bookings, sorted(d.traits)) for d in s.deals])"
        ".encode()).hexdigest())"
    )

    prints = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }

    assert len(prints) == 1


def test_another_seed_tells_another_story() -> None:
    assert tell_story(1, deals=80, buyers=30) == tell_story(1, deals=80, buyers=30)
    assert tell_story(1, deals=80, buyers=30) != tell_story(2, deals=80, buyers=30)


@given(seeds)
@few
def test_keys_and_numbers_are_never_given_twice(seed: int) -> None:
    story = small(seed)
    keys = [deal.crm_key for deal in story.deals if deal.crm_key]
    lines = [line.crm_key for deal in story.deals for line in deal.lines if line.crm_key]
    orders = [(booking.instance, booking.number) for _, booking in bookings(story)]
    parcels = [(b.instance, parcel.number) for _, b in bookings(story) for parcel in b.parcels]
    bills = [(b.instance, bill.number) for _, b in bookings(story) for bill in b.bills]
    notes = [(b.instance, note.number) for _, b in bookings(story) for bill in b.bills for note in bill.credits]

    for given_keys in (keys, lines, orders, parcels, [*bills, *notes]):
        assert len(given_keys) == len(set(given_keys))


@given(seeds)
@few
def test_crm_keys_carry_their_prefix_and_their_checksum(seed: int) -> None:
    story = small(seed)
    by_prefix: dict[str, Sequence[str | None]] = {
        "801": [deal.crm_key for deal in story.deals],
        "802": [line.crm_key for deal in story.deals for line in deal.lines],
        "006": [deal.opportunity_key for deal in story.deals],
        "0Q0": [deal.offer.crm_key for deal in story.deals if deal.offer],
        "0QL": [key for deal in story.deals if deal.offer for key in deal.offer.line_keys],
        "001": [buyer.crm_key for buyer in story.buyers.values()],
        "003": [person.key for buyer in story.buyers.values() for person in buyer.people],
        "01t": [article.crm_key for article in story.articles.values()],
    }

    for prefix, keys in by_prefix.items():
        for key in filter(None, keys):
            assert key.startswith(prefix)
            assert len(key) == 18
            assert key[15:] == checksum(key[:15])


def checksum(key: str) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return "".join(
        letters[int("".join("1" if one.isupper() else "0" for one in reversed(key[start : start + 5])), 2)]
        for start in (0, 5, 10)
    )


@given(seeds)
@few
def test_everything_happens_in_its_order_and_nothing_after_the_telling(seed: int) -> None:
    for deal in small(seed).deals:
        if deal.offer:
            made = [deal.offer.created_at, deal.offer.approved_at, deal.offer.accepted_at, deal.created_at]
            assert_rising([at for at in made if at])
        for booking in deal.bookings:
            assert deal.activated_at is not None
            assert_rising([deal.created_at, deal.activated_at, booking.booked_at])
            if booking.cancelled_at:
                assert booking.booked_at <= booking.cancelled_at <= TOLD_ON
            assert_told_in_time(booking)
        if deal.cancelled_at:
            assert deal.activated_at is not None
            assert deal.activated_at <= deal.cancelled_at <= TOLD_ON


def assert_told_in_time(booking: Booking) -> None:
    for parcel in booking.parcels:
        times = [booking.booked_at, parcel.created_at, parcel.posted_at, parcel.delivered_at]
        assert_rising([at for at in times if at])
    for bill in booking.bills:
        assert_rising([booking.booked_at, bill.issued_at])
        assert bill.issued_at.date() < bill.due_on
        for on in (*(r.paid_on for r in bill.receipts), *(note.issued_on for note in bill.credits)):
            assert bill.issued_at.date() <= on <= TOLD_ON.date()


def assert_rising(times: list[datetime]) -> None:
    assert times == sorted(times)
    assert times[-1] <= TOLD_ON


@given(seeds)
@few
def test_nothing_is_shipped_or_billed_beyond_what_was_ordered(seed: int) -> None:
    story = small(seed)
    for instance in ("sap-eu", "erp-us"):
        orders = booked(story, instance)
        units: Counter[tuple[str, int]] = Counter()
        for order in orders.values():
            sent: Counter[int] = Counter()
            for parcel in order.booking.parcels:
                sent.update({} if parcel.is_return else {n: int(q) for n, q in parcel.quantities.items()})
            for number, quantity in sent.items():
                assert quantity <= order.lines[number].quantity
                assert not story.articles[order.lines[number].sku].service
            for bill in order.booking.bills:
                units.update({} if bill.cancelled else {key: int(q) for key, q in bill.quantities.items()})
        for (order_number, number), quantity in units.items():
            assert quantity <= orders[order_number].lines[number].quantity


@given(seeds)
@few
def test_no_bill_is_paid_or_credited_beyond_its_amount(seed: int) -> None:
    story = small(seed)
    for instance in ("sap-eu", "erp-us"):
        orders = booked(story, instance)
        for order in orders.values():
            for bill in order.booking.bills:
                left = still_open(bill, order, orders)
                assert 0 <= left <= billed(bill, orders).gross
                for note in bill.credits:
                    assert 0 <= credited(note, order).gross <= billed(bill, orders).gross


@given(seeds)
@few
def test_every_line_comes_out_to_the_cent(seed: int) -> None:
    for deal in small(seed).deals:
        for line in deal.lines:
            assert priced(line, line.quantity).net == line.quantity * line.unit_price
            assert priced(line, line.quantity).tax == line.quantity * line.unit_price * line.tax_rate


@given(seeds)
@few
def test_a_payment_is_the_sum_of_its_uses(seed: int) -> None:
    story = small(seed)
    used: dict[tuple[str, str], Decimal] = {}
    totals: dict[tuple[str, str], set[Decimal]] = {}
    for _, booking in bookings(story):
        for receipt in chain.from_iterable(bill.receipts for bill in booking.bills):
            key = (booking.instance, receipt.number)
            used[key] = used.get(key, Decimal(0)) + receipt.amount
            totals.setdefault(key, set()).add(receipt.payment_total)

    assert {key: {amount} for key, amount in used.items()} == totals


@given(seeds)
@few
def test_references_between_the_parts_of_a_story_hold(seed: int) -> None:
    story = small(seed)
    for buyer in story.buyers.values():
        assert buyer.parent is None or buyer.parent in story.buyers
    for deal, booking in bookings(story):
        accounts = {(account.instance, account.number) for account in story.buyers[deal.buyer].accounts}
        assert (booking.instance, booking.customer_number) in accounts
        assert {line.number for line in deal.lines if line.entity == booking.entity} == set(booking.lines)
        if deal.crm_key:
            assert booking.reference == deal.crm_key
        else:
            assert booking.reference
            assert not deal.written_back
    for deal in story.deals:
        assert all(line.sku in story.articles for line in deal.lines)
        numbers = {line.number for line in deal.lines}
        assert all(line.parent is None or line.parent in numbers for line in deal.lines)


def with_trait(trait: str) -> list[Deal]:
    return [deal for deal in whole().deals if trait in deal.traits]


def test_families_of_customers_are_three_levels_deep() -> None:
    buyers = whole().buyers

    def depth(number: str) -> int:
        parent = buyers[number].parent
        return 1 if parent is None else 1 + depth(parent)

    assert {depth(number) for number in buyers} == {1, 2, 3}


def test_some_customers_are_known_to_one_side_only_and_some_under_another_name() -> None:
    buyers = whole().buyers.values()

    assert len([buyer for buyer in buyers if buyer.crm_key is None]) == 6
    assert len([buyer for buyer in buyers if not buyer.accounts]) == 6
    assert all(name != buyer.name for buyer in buyers for name in buyer.erp_names.values())
    assert len([buyer for buyer in buyers if buyer.erp_names]) >= 5


@pytest.mark.parametrize("trait", ["partly_shipped", "backorder"])
def test_a_partly_shipped_order_has_some_goods_gone_and_some_not(trait: str) -> None:
    goods = {sku for sku, article in whole().articles.items() if not article.service}
    for deal in with_trait(trait):
        for booking in deal.bookings:
            ordered = sum(line.quantity for line in deal.lines if line.sku in goods)
            gone = sum(sum(p.quantities.values()) for p in booking.parcels if p.posted_at)
            assert 0 < gone < ordered


def test_a_collective_invoice_bills_three_orders_of_one_customer() -> None:
    bills = [bill for deal in with_trait("collective_invoice") for b in deal.bookings for bill in b.bills]

    assert len(bills) == 6
    assert {len({order for order, _ in bill.quantities}) for bill in bills} == {3}


def test_one_payment_pays_five_orders() -> None:
    numbers = Counter(
        receipt.number
        for deal in with_trait("payment_over_five")
        for bill in deal.bookings[0].bills
        for receipt in bill.receipts
    )

    assert set(numbers.values()) == {5}


def test_a_ramp_has_three_segments_one_after_the_other() -> None:
    for deal in with_trait("ramp"):
        segments = [line for line in deal.lines if line.segment]
        assert [line.segment for line in segments] == [1, 2, 3]
        assert all(a.ends_on < b.starts_on for a, b in pairwise(segments) if a.ends_on and b.starts_on)


def test_a_deal_over_both_entities_is_booked_in_both_erps() -> None:
    for deal in with_trait("multi_entity"):
        assert [booking.instance for booking in deal.bookings] == ["sap-eu", "erp-us"]
        assert {line.entity for line in deal.lines} == {"DE01", "US01"}


def test_the_gaps_between_the_systems_are_there() -> None:
    assert all(not deal.bookings and deal.crm_status == "Activated" for deal in with_trait("not_in_erp"))
    assert all(deal.crm_key is None and deal.bookings for deal in with_trait("missing_in_crm"))
    assert all(not deal.written_back and deal.bookings for deal in with_trait("not_written_back"))
    assert all(deal.bookings[0].price_overrides for deal in with_trait("price_conflict"))
    assert all(len({b.reference for b in deal.bookings}) == 1 for deal in with_trait("duplicate_booking"))
    assert all([b.known_to_crm for b in deal.bookings] == [True, False] for deal in with_trait("duplicate_booking"))
    assert all(deal.crm_status == "Activated" for deal in with_trait("cancelled_only_in_erp"))
    assert all(deal.currency in ("CHF", "GBP") for deal in with_trait("foreign_currency"))


def test_holds_are_open_where_the_trait_says_so() -> None:
    assert all("credit" in b.holds for deal in with_trait("credit_hold") for b in deal.bookings)
    assert all("billing" in b.holds for deal in with_trait("billing_hold") for b in deal.bookings)
    assert all("delivery" in b.holds for deal in with_trait("delivery_hold") for b in deal.bookings)
    assert all(not b.holds and b.held_since for deal in with_trait("credit_hold_released") for b in deal.bookings)


def test_an_overdue_bill_was_due_before_the_telling_and_an_invoiced_one_is_due_later() -> None:
    for trait, is_late in (("overdue", True), ("invoiced", False)):
        due = [bill.due_on for deal in with_trait(trait) for b in deal.bookings for bill in b.bills]
        assert due
        assert {on < TOLD_ON.date() for on in due} == {is_late}


def test_with_few_deals_abroad_every_special_kind_still_has_one_there() -> None:
    story = tell_story(profile="tryton")
    abroad = [deal for deal in story.deals if any(line.entity == "US01" for line in deal.lines)]

    anywhere = {plan.trait for plan in SPECIAL if plan.where != "home"}

    assert len(story.deals) == 2000
    assert len(abroad) <= 120
    assert anywhere - {trait for deal in abroad for trait in deal.traits} == set()
