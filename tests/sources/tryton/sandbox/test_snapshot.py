"""The committed snapshot: small, of the present story, and with the story's own sums as the real ERP computes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.story import tell_story
from sources.kit.sandbox.story import Bill, Booking
from sources.kit.sandbox.sums import Booked, billed, booked, credited, still_open
from sources.tryton.sandbox.serve import SNAPSHOT, Reached
from sources.tryton.sandbox.snapshot import INSTANCE, MARK, PROFILE, mark, present_tale
from tests.sources.tryton.sandbox.asking import ask

pytestmark = [pytest.mark.tryton, pytest.mark.xdist_group("tryton")]

INVOICE = ("number", "total_amount", "amount_to_pay", "invoice_date", "lines_to_pay.maturity_date")
PAYMENT = ("payment_lines.date", "payment_lines.credit", "payment_lines.move.number", "payment_lines.move.journal.type")


def amount(value: Any) -> Decimal:
    return Decimal(value["decimal"])


def day(value: Any) -> date:
    return date(value["year"], value["month"], value["day"])


@pytest.fixture(scope="module")
def orders() -> dict[str, Booked]:
    return booked(tell_story(profile=PROFILE), INSTANCE)


@pytest.fixture(scope="module")
def invoices(reached: Reached) -> dict[str, Any]:
    return {each["number"]: each for each in ask(reached, "account.invoice", INVOICE + PAYMENT)}


@pytest.fixture(scope="module")
def posted(orders: dict[str, Booked]) -> list[tuple[Bill, Booked]]:
    return [(bill, order) for order in orders.values() for bill in order.booking.bills if bill.posted]


def test_it_tells_the_present_story() -> None:
    assert mark(present_tale()) == MARK.read_text().strip(), (
        "the story has changed: python -m sources.tryton.sandbox.snapshot"
    )


def test_it_is_small() -> None:
    assert SNAPSHOT.stat().st_size < 3_000_000


def test_every_invoice_comes_to_what_the_story_says(
    posted: list[tuple[Bill, Booked]], orders: dict[str, Booked], invoices: dict[str, Any]
) -> None:
    told = {bill.number: (billed(bill, orders).gross, bill.issued_at.date()) for bill, _ in posted}

    kept = {n: (amount(invoices[n]["total_amount"]), day(invoices[n]["invoice_date"])) for n in told}

    assert kept == told


def test_what_is_still_to_be_paid_and_when_is_the_same(
    posted: list[tuple[Bill, Booked]], orders: dict[str, Booked], invoices: dict[str, Any]
) -> None:
    valid = [(bill, order) for bill, order in posted if not bill.cancelled]
    told = {bill.number: (still_open(bill, order, orders), bill.due_on) for bill, order in valid}

    kept = {
        number: (amount(invoices[number]["amount_to_pay"]), day(invoices[number]["lines_to_pay"][0]["maturity_date"]))
        for number in told
    }

    assert kept == told


def test_every_payment_is_there_and_credits_are_told_from_money(
    posted: list[tuple[Bill, Booked]], invoices: dict[str, Any]
) -> None:
    told = {
        bill.number: sorted((each.number, each.amount, each.paid_on) for each in bill.receipts) for bill, _ in posted
    }

    kept = {
        number: sorted(
            (line["move"]["number"], amount(line["credit"]), day(line["date"]))
            for line in invoices[number]["payment_lines"]
            if line["move"]["journal"]["type"] == "cash"
        )
        for number in told
    }

    assert kept == told


def test_every_credit_note_gives_back_what_the_story_says(
    posted: list[tuple[Bill, Booked]], invoices: dict[str, Any]
) -> None:
    told = {note.number: -credited(note, order).gross for bill, order in posted for note in bill.credits}

    kept = {number: amount(invoices[number]["total_amount"]) for number in told}

    assert told
    assert kept == told


def test_goods_are_as_far_as_in_the_story(reached: Reached, orders: dict[str, Booked]) -> None:
    sales = ask(reached, "sale.sale", ("number", "state", "shipment_state", "lines.product.type"))

    kept = {sale["number"]: sale["shipment_state"] for sale in sales}

    goods = {sale["number"]: any(line["product"]["type"] == "goods" for line in sale["lines"]) for sale in sales}
    assert kept == {number: shipped(order, goods=goods[number]) for number, order in orders.items()}


def shipped(order: Booked, *, goods: bool) -> str:
    booking: Booking = order.booking
    if not goods or booking.cancelled_at or "credit" in booking.holds:
        return "none"
    sent = {n for parcel in booking.parcels if parcel.posted_at and not parcel.is_return for n in parcel.quantities}
    if not sent:
        return "waiting"
    gone = [p.quantities for p in booking.parcels if p.posted_at and not p.is_return]
    is_whole = all(sum(q.get(n, Decimal(0)) for q in gone) >= order.lines[n].quantity for n in sent)
    rest = [p for p in booking.parcels if not p.posted_at]
    return "sent" if is_whole and not rest else "partially shipped"
