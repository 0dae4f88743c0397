"""The story in Tryton's words: who owes what, what was sent, and what goes through the seeding's file unharmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.story import tell_story
from sources.kit.sandbox.story import Story
from sources.tryton.sandbox.snapshot import INSTANCE, PROFILE
from sources.tryton.sandbox.tale import Tale, read, write
from sources.tryton.sandbox.tell import tell


@pytest.fixture(scope="module")
def story() -> Story:
    return tell_story(profile=PROFILE)


@pytest.fixture(scope="module")
def tale(story: Story) -> Tale:
    return tell(story, INSTANCE)


def test_every_booking_of_the_instance_becomes_one_sale_and_no_other(story: Story, tale: Tale) -> None:
    booked = [b.number for deal in story.deals for b in deal.bookings if b.instance == INSTANCE]

    assert sorted(sale.number for sale in tale.sales) == sorted(booked)
    assert 0 < len(tale.sales) <= 120


def test_a_credit_hold_becomes_a_quotation_that_was_refused(story: Story, tale: Tale) -> None:
    held = {b.number for deal in story.deals for b in deal.bookings if b.instance == INSTANCE and "credit" in b.holds}

    assert held
    assert {sale.number for sale in tale.sales if sale.held} == held
    assert {sale.state for sale in tale.sales if sale.held} == {"quotation"}


def test_other_holds_and_the_purchase_order_are_remarks(tale: Tale) -> None:
    remarks = "\n".join(sale.note for sale in tale.sales)

    assert "Delivery block since 2026-" in remarks
    assert "Billing block since 2026-" in remarks
    assert "Purchase order PO26-" in remarks


def test_an_invoice_is_settled_when_money_and_applied_credits_cover_it(tale: Tale) -> None:
    invoices = [invoice for sale in tale.sales for invoice in sale.invoices]

    assert all(invoice.payments or invoice.credits for invoice in invoices if invoice.settled)
    assert any(invoice.payments and not invoice.settled for invoice in invoices)
    assert not any(invoice.settled for invoice in invoices if invoice.cancelled or not invoice.posted)


def test_a_collective_invoice_names_the_lines_of_every_sale(tale: Tale) -> None:
    spans = [{key.partition("/")[0] for key in invoice.quantities} for sale in tale.sales for invoice in sale.invoices]

    assert max(len(span) for span in spans) == 3


def test_the_same_story_is_the_same_tale(tale: Tale) -> None:
    assert tell(tell_story(profile=PROFILE), INSTANCE) == tale


def test_a_tale_goes_through_its_file_unharmed(tale: Tale, tmp_path: Path) -> None:
    write(tale, tmp_path / "tale.json")

    assert read(tmp_path / "tale.json") == tale


def test_an_instance_that_nobody_uses_is_refused(story: Story) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        tell(story, "nowhere")
