from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from canonical.absence import UNSET, known
from canonical.invoice import Invoice, InvoiceStatus
from canonical.money import Money
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.s4hana.mapping_invoice import Bills, entry_behind
from sources.s4hana.mapping_ledger import Entry, Ledger
from sources.s4hana.wire import BillingDocument, LedgerLine
from tests.sources.s4hana.opened import reading, rows
from tests.sources.s4hana.test_mapping_ledger import invoice, line, paid

WANTED = Wanted.of("status", "due_on", "paid", "open", "disputed", "payments.payment.amount", "credit_memos.open")


def bills(*lines: LedgerLine, read: bool = True) -> dict[str, Invoice]:
    documents = [msgspec.structs.replace(row, FiscalYear="2026") for row in rows("bills", BillingDocument)]
    ledger = Ledger(lines, reading().settings, complete=True) if read else None
    found = Bills(documents, reading(), ledger, {"90000009": ["1"]}).invoices(WANTED)
    return {told.ref.key: told for told in found}


def dollars(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def test_invoices_come_oldest_first_without_pro_forma_cancellations_and_credit_memos() -> None:
    assert list(bills()) == ["90000003", "90000001", "90000002"]


def test_an_invoice_is_told_in_our_words() -> None:
    told = bills(invoice("1080.00", TransactionCurrency="USD"))["90000001"]

    assert (told.number, told.legal_entity_code, told.customer_key) == ("90000001", "US01", "17100001")
    assert (told.subtotal, told.tax, told.total) == (dollars("1000.00"), dollars("80.00"), dollars("1080.00"))
    assert (told.issued_on, told.due_on) == (date(2025, 11, 5), date(2026, 2, 15))
    assert told.created_at == datetime(2025, 11, 5, 11, 30, tzinfo=UTC)
    assert told.order_refs == (Ref("sap", "1"),)
    (only,) = known(told.lines) or ()
    assert (only.ref.key, only.order, only.order_line_key) == ("90000001/10", Ref("sap", "1"), "10")
    assert (only.sku, only.description, only.quantity) == ("TG11", "Pump", Decimal(3))


def test_an_open_invoice_is_posted() -> None:
    told = bills(invoice("1080.00", TransactionCurrency="USD"))["90000001"]

    assert (told.status, told.open, told.paid) == (InvoiceStatus.POSTED, dollars("1080.00"), dollars("0.00"))


def test_a_part_payment_makes_it_partially_paid_and_a_clearing_paid() -> None:
    part = paid("1400000001", "-80.00", InvoiceReference="9400000001", TransactionCurrency="USD")
    partly = bills(invoice("1080.00", TransactionCurrency="USD"), part)["90000001"]
    fully = bills(invoice("1080.00", "1400000001", TransactionCurrency="USD"))["90000001"]

    assert (partly.status, partly.open) == (InvoiceStatus.PARTIALLY_PAID, dollars("1000.00"))
    assert (fully.status, fully.open, fully.paid) == (InvoiceStatus.PAID, dollars("0.00"), dollars("1080.00"))


def test_an_invoice_without_a_journal_entry_is_a_draft() -> None:
    told = bills()["90000002"]

    assert (told.status, told.open, told.due_on, told.payments) == (InvoiceStatus.DRAFT, dollars("0.00"), None, ())


def test_a_cancelled_invoice_is_cancelled_whatever_cleared_it() -> None:
    told = bills(invoice("1.00", "9400000004", AccountingDocument="9400000003"))["90000003"]

    assert (told.status, told.payments, told.open) == (InvoiceStatus.CANCELLED, (), dollars("0.00"))


def test_without_the_ledger_what_only_it_knows_is_not_told() -> None:
    told = bills(read=False)["90000001"]

    assert (told.status, told.due_on, told.open, told.paid, told.payments) == (UNSET,) * 5


def test_a_dunning_block_is_a_dispute() -> None:
    assert (bills()["90000002"].disputed, bills()["90000001"].disputed) == (True, False)


@pytest.mark.parametrize(
    "letter,posted",
    [("C", True), ("H", True), ("I", True), ("", False), ("A", False), ("B", False), ("D", False), ("E", False)],
)
def test_the_transfer_letters_say_whether_there_is_a_journal_entry(letter: str, posted: bool) -> None:
    row = msgspec.structs.replace(rows("bills", BillingDocument)[0], AccountingTransferStatus=letter)

    assert entry_behind(row) == (Entry("1710", "2025", "9400000001") if posted else None)


def test_a_credit_memo_stands_under_the_invoice_it_refers_to() -> None:
    memo_line = line("9400000009", amount="-108.00", TransactionCurrency="USD")
    told = bills(invoice("1080.00", TransactionCurrency="USD"), memo_line)["90000001"]

    (memo,) = known(told.credit_memos) or ()
    assert (memo.number, memo.total, memo.open) == ("90000009", dollars("108.00"), dollars("108.00"))
    assert (memo.invoice_refs, memo.order_refs) == ((Ref("sap", "90000001"),), (Ref("sap", "1"),))
    assert (memo.reason, memo.issued_on) == ("103", date(2025, 11, 7))


def test_a_credit_memo_that_refers_to_no_invoice_credits_those_of_its_order() -> None:
    documents = rows("bills", BillingDocument)
    memo = documents[-1]
    item = msgspec.structs.replace(
        memo.to_Item.results[0], ReferenceSDDocumentCategory="K", ReferenceSDDocument="60000002"
    )
    loose = msgspec.structs.replace(memo, to_Item=type(memo.to_Item)([item]))
    told = Bills([*documents[:-1], loose], reading(), None, {"90000009": ["1"]})

    assert told.credit_memos(WANTED)["90000009"].invoice_refs == (Ref("sap", "90000001"), Ref("sap", "90000002"))


def test_a_cancelled_credit_memo_gave_nothing_back() -> None:
    documents = rows("bills", BillingDocument)
    gone = msgspec.structs.replace(documents[-1], BillingDocumentIsCancelled=True)
    told = Bills([*documents[:-1], gone], reading()).invoices(WANTED)

    assert [memo for one in told for memo in known(one.credit_memos) or ()] == []
