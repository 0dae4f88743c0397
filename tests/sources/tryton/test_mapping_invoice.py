from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
from msgspec import UNSET

from canonical.invoice import Invoice, InvoiceStatus
from canonical.money import money
from canonical.payment import PaymentStatus
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.tryton.checkup import BILLED, PAID
from sources.tryton.mapping_invoice import Bills, due_on
from sources.tryton.mapping_payment import received, to_payment
from sources.tryton.values import Amount, Day
from sources.tryton.wire import Coded, Entry, MoveLine
from sources.tryton.wire import Invoice as Row
from tests.sources.tryton.reading import reading, rows

WHOLE = BILLED | Wanted.of("number", "total", "credit_memos.number", "credit_memos.total", "credit_memos.open")


def usd(text: str) -> object:
    return money(text, "USD")


def invoices(name: str, wanted: Wanted = WHOLE) -> list[Invoice]:
    return Bills(rows(name, Row), reading()).invoices(wanted)


def test_a_part_paid_invoice_says_what_came_in_and_what_is_open() -> None:
    [told] = invoices("invoice_part_paid")

    assert (told.number, told.status) == ("90510058", InvoiceStatus.PARTIALLY_PAID)
    assert (told.total, told.paid, told.open) == (usd("16118.50"), usd("6447.00"), usd("9671.50"))
    assert (told.issued_on, told.due_on) == (date(2026, 11, 5), date(2026, 12, 5))
    assert (told.customer_key, told.legal_entity_code, told.disputed) == ("17100009", "US01", UNSET)
    assert isinstance(told.payments, tuple)
    [applied] = told.payments
    assert (applied.invoice_ref, applied.amount) == (told.ref, usd("6447.00"))
    assert applied.applied_at == datetime(2026, 11, 13, 12, 0, tzinfo=UTC)
    assert applied.payment is not None
    assert (applied.payment.ref.key, applied.payment.number) == ("85", "1400510025")
    assert (applied.payment.method, applied.payment.status) == ("Wire transfer", PaymentStatus.SETTLED)


def test_lines_name_the_order_line_that_they_bill() -> None:
    [told] = invoices("invoice_part_paid")

    assert isinstance(told.lines, tuple)
    assert told.order_refs == (Ref("erp-us", "55"),)
    assert [(line.order, line.order_line_key, line.sku, line.quantity) for line in told.lines] == [
        (Ref("erp-us", "55"), "144", "CAB-20", Decimal(20)),
        (Ref("erp-us", "55"), "145", "LV-2", Decimal(2)),
        (Ref("erp-us", "55"), "146", "SUP-P", Decimal(3)),
    ]


def test_a_credit_note_belongs_to_its_invoice_and_is_no_payment() -> None:
    [told] = invoices("invoice_credited")

    assert isinstance(told.payments, tuple)
    assert isinstance(told.credit_memos, tuple)
    assert (told.status, told.total, told.paid, told.open) == (
        InvoiceStatus.PAID,
        usd("5595.00"),
        usd("4252.50"),
        usd("0"),
    )
    assert [each.amount for each in told.payments] == [usd("4252.50")]
    [memo] = told.credit_memos
    assert (memo.number, memo.total, memo.open) == ("90510010", usd("1342.50"), usd("0"))
    assert (memo.invoice_refs, memo.order_refs) == ((told.ref,), (Ref("erp-us", "7"),))
    assert (memo.reason, memo.issued_on) == ("Damaged on arrival", date(2026, 8, 3))
    assert [(line.order_line_key, line.quantity) for line in memo.lines] == [("19", Decimal(1))]


def test_a_credit_note_alone_finds_its_invoice_and_order_through_what_came_with_it() -> None:
    memos = Bills(rows("credit_note", Row), reading()).credit_memos(Wanted.of("number", "total", "open", "reason"))

    memo = memos["10"]
    assert (memo.invoice_refs, memo.order_refs) == ((Ref("erp-us", "9"),), (Ref("erp-us", "7"),))
    assert (memo.total, memo.reason) == (usd("1342.50"), "Damaged on arrival")
    assert [(line.order, line.order_line_key) for line in memo.lines] == [(Ref("erp-us", "7"), "19")]


def test_a_collective_invoice_says_of_each_line_whose_it_is() -> None:
    [told] = invoices("invoice_collective", Wanted.of("lines.quantity"))

    assert {ref.key for ref in told.order_refs} == {"42", "44", "45"}
    assert isinstance(told.lines, tuple)
    assert [line.order and line.order.key for line in told.lines[:3]] == ["44", "44", "42"]


def test_cancelled_and_draft_invoices_ask_for_no_money() -> None:
    cancelled, draft = invoices("invoice_cancelled_and_draft", Wanted.of("status", "open", "paid", "due_on"))

    assert (cancelled.status, cancelled.paid, cancelled.open) == (InvoiceStatus.CANCELLED, usd("0"), usd("0"))
    assert (draft.status, draft.paid, draft.open) == (InvoiceStatus.DRAFT, usd("0"), usd("0"))
    assert (draft.number, draft.due_on, draft.lines) == (UNSET, None, UNSET)


def test_the_earliest_open_instalment_says_when_it_is_due_and_the_last_one_when_none_is_open() -> None:
    first = MoveLine(id=1, maturity_date=Day(2026, 3, 1), reconciliation=7)
    second = MoveLine(id=2, maturity_date=Day(2026, 4, 1))
    third = MoveLine(id=3, maturity_date=Day(2026, 5, 1))

    assert due_on(Row(id=1, state="posted", lines_to_pay=[third, second, first])) == date(2026, 4, 1)
    paid = [msgspec.structs.replace(line, reconciliation=9) for line in (first, second, third)]
    assert due_on(Row(id=1, state="paid", lines_to_pay=paid)) == date(2026, 5, 1)
    assert due_on(Row(id=1, state="draft")) is None


def test_a_payment_is_what_an_entry_takes_off_debts_and_what_it_was_used_for() -> None:
    [row] = rows("payment", Entry)

    told = to_payment(row, reading(), PAID)

    assert (told.ref.key, told.number, told.customer_key) == ("85", "1400510025", "17100009")
    assert (told.amount, told.unapplied, told.status) == (usd("6447.00"), usd("0"), PaymentStatus.SETTLED)
    assert told.received_at == datetime(2026, 11, 13, 12, 0, tzinfo=UTC)
    assert isinstance(told.applications, tuple)
    assert [(each.invoice_ref.key, each.amount) for each in told.applications] == [("58", usd("6447.00"))]


def test_a_payment_in_another_currency_is_told_in_that_one() -> None:
    credit, euro = Amount(Decimal("110.00")), Coded(id=2, code="EUR")
    line = MoveLine(id=1, credit=credit, second_currency=euro, amount_second_currency=Amount(Decimal("-100.00")))

    assert received(line, "EUR", "USD") == money("100.00", "EUR")
    assert received(line, "USD", "USD") is None
    assert received(MoveLine(id=1, credit=credit), "USD", "USD") == usd("110.00")
    assert received(MoveLine(id=1, credit=credit), "EUR", "USD") is None
