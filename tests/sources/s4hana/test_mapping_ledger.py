from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from canonical.absence import UNSET
from canonical.money import Money
from canonical.payment import PaymentStatus
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.kit.odata.literals import written_day
from sources.s4hana.mapping_ledger import Entry, Ledger, Settlement, entry_of, parse_entry, settle, to_payment
from sources.s4hana.wire import LedgerLine
from tests.sources.s4hana.opened import reading

INVOICE = Entry("1710", "2026", "9400000001")
BILL = Ref("sap", "90000001")
PAYMENT = Wanted.of("payment.amount", "payment.unapplied", "payment.method", "payment.received_at")
SETTINGS = reading().settings


def on(month: int, of: int) -> str:
    return written_day(date(2026, month, of))


def line(document: str, item: str = "1", /, amount: str = "0.00", **fields: object) -> LedgerLine:
    """A line of 2026 at company code 1710; negative amounts are credits."""
    kind: dict[str, object] = {
        "CompanyCode": "1710",
        "FiscalYear": "2026",
        "AccountingDocument": document,
        "AccountingDocumentItem": item,
        "AmountInTransactionCurrency": amount,
        "TransactionCurrency": "EUR",
        "DebitCreditCode": "H" if amount.startswith("-") else "S",
        "Customer": "17100001",
        "IsCleared": False,
    }
    return LedgerLine(**{**kind, **fields})  # type: ignore[arg-type]


def invoice(amount: str = "1190.00", /, cleared_by: str | None = None, **fields: object) -> LedgerLine:
    clearing: dict[str, object] = {}
    if cleared_by:
        clearing = {
            "IsCleared": True,
            "ClearingAccountingDocument": cleared_by,
            "ClearingDocFiscalYear": "2026",
            "ClearingDate": on(3, 1),
        }
    held = {
        "AccountingDocumentType": "RV",
        "NetDueDate": on(2, 15),
        "BillingDocument": "90000001",
        **clearing,
        **fields,
    }
    return line("9400000001", amount=amount, **held)


def paid(document: str, amount: str, item: str = "1", /, **fields: object) -> LedgerLine:
    return line(
        document, item, amount=amount, AccountingDocumentType="DZ", PaymentMethod="T", PostingDate=on(3, 1), **fields
    )


def settled(*lines: LedgerLine, credits: tuple[Entry, ...] = (), complete: bool = True) -> Settlement:
    ledger = Ledger(lines, SETTINGS, complete=complete)
    found = settle(INVOICE, BILL, ledger, reading(), PAYMENT, credits)
    assert found is not None
    return found


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_an_open_invoice_is_open_in_full_and_due() -> None:
    found = settled(invoice())

    assert (found.open, found.paid, found.cleared) == (euros("1190.00"), euros("0.00"), False)
    assert (found.due_on, found.applications) == (date(2026, 2, 15), ())


def test_a_payment_that_clears_an_invoice_paid_what_was_open() -> None:
    found = settled(
        invoice("1190.00", "1400000001"),
        paid("1400000001", "-2000.00", IsCleared=True, ClearingAccountingDocument="1400000001"),
        paid("1400000001", "-10.00", "2"),
    )

    (applied,) = found.applications
    assert (found.open, found.paid, found.cleared) == (euros("0.00"), euros("1190.00"), True)
    assert (applied.amount, applied.applied_at) == (euros("1190.00"), datetime(2026, 3, 1, tzinfo=UTC))
    assert applied.invoice_ref == BILL
    assert applied.payment is not None
    assert applied.payment.ref == Ref("sap", "1710-2026-1400000001")
    assert (applied.payment.amount, applied.payment.unapplied) == (euros("2010.00"), euros("10.00"))
    assert (applied.payment.method, applied.payment.status) == ("wire", PaymentStatus.SETTLED)


def test_a_part_payment_leaves_the_rest_open() -> None:
    found = settled(invoice(), paid("1400000001", "-400.00", InvoiceReference="9400000001"))

    assert (found.open, found.paid, found.cleared) == (euros("790.00"), euros("400.00"), False)


def test_the_payment_that_clears_after_a_part_payment_brought_the_rest() -> None:
    cleared = {"IsCleared": True, "ClearingAccountingDocument": "1400000002", "ClearingDocFiscalYear": "2026"}
    found = settled(
        invoice("1190.00", "1400000002"),
        paid("1400000001", "-400.00", InvoiceReference="9400000001", **cleared),
        paid("1400000002", "-790.00", **cleared),
    )

    assert sorted(
        (applied.payment.number, applied.amount) for applied in found.applications if applied.payment is not None
    ) == [
        ("1400000001", euros("400.00")),
        ("1400000002", euros("790.00")),
    ]
    assert (found.open, found.paid) == (euros("0.00"), euros("1190.00"))


def test_part_payments_cleared_against_the_invoice_without_new_money_are_all_there_was() -> None:
    cleared = {"IsCleared": True, "ClearingAccountingDocument": "100000001", "ClearingDocFiscalYear": "2026"}
    found = settled(
        invoice("1190.00", "100000001"),
        paid("1400000001", "-1190.00", InvoiceReference="9400000001", **cleared),
    )

    assert [applied.amount for applied in found.applications] == [euros("1190.00")]


def test_a_credit_memo_that_names_the_invoice_lowers_what_is_open_and_is_no_payment() -> None:
    found = settled(invoice(), line("9400000009", amount="-190.00", InvoiceReference="9400000001"))

    assert (found.open, found.paid) == (euros("1000.00"), euros("0.00"))


def test_a_credit_memo_cleared_together_with_the_invoice_was_not_paid() -> None:
    memo = line(
        "9400000009",
        amount="-190.00",
        IsCleared=True,
        ClearingAccountingDocument="1400000001",
        ClearingDocFiscalYear="2026",
    )
    found = settled(invoice("1190.00", "1400000001"), memo, credits=(Entry("1710", "2026", "9400000009"),))

    assert (found.paid, found.open) == (euros("1000.00"), euros("0.00"))


def test_an_invoice_that_its_credit_memo_cleared_has_no_payments() -> None:
    cleared = {"IsCleared": True, "ClearingAccountingDocument": "9400000009", "ClearingDocFiscalYear": "2026"}
    memo = line("9400000009", amount="-1190.00", InvoiceReference="9400000001", **cleared)
    found = settled(invoice("1190.00", "9400000009"), memo, credits=(Entry("1710", "2026", "9400000009"),))

    assert (found.applications, found.cleared) == ((), True)


def test_what_a_clearing_left_over_stays_open() -> None:
    residual = line(
        "1400000001",
        "2",
        amount="90.00",
        AccountingDocumentType="DZ",
        InvoiceReference="9400000001",
        NetDueDate=on(2, 15),
    )
    found = settled(invoice("1190.00", "1400000001"), residual)

    assert (found.open, found.paid) == (euros("90.00"), euros("1100.00"))


def test_a_cash_discount_that_was_taken_was_not_paid() -> None:
    assert settled(invoice("1190.00", "1400000001", CashDiscountAmount="23.80")).paid == euros("1166.20")


def test_an_entry_of_a_write_off_type_names_no_payment() -> None:
    ledger = Ledger(
        [invoice("1190.00", "100000007"), line("100000007", amount="-1190.00", AccountingDocumentType="SA")],
        reading(write_off_document_types=("SA",)).settings,
        complete=True,
    )

    found = settle(INVOICE, BILL, ledger, reading(), PAYMENT)

    assert found is not None
    assert found.written_off
    assert found.applications[0].payment is None


def test_reversed_entries_are_as_if_never_made() -> None:
    found = settled(invoice(), paid("1400000001", "-400.00", InvoiceReference="9400000001", IsReversed=True))

    assert found.open == euros("1190.00")


def test_the_same_number_in_another_year_is_another_invoice() -> None:
    other = paid("1400000001", "-400.00", InvoiceReference="9400000001", InvoiceReferenceFiscalYear="2025")

    assert settled(invoice(), other).paid == euros("0.00")


def test_an_invoice_without_a_line_in_sight_is_not_settled() -> None:
    assert settle(INVOICE, BILL, Ledger((), SETTINGS, complete=True), reading(), PAYMENT) is None


def test_of_a_payment_read_in_part_only_its_number_is_told() -> None:
    ledger = Ledger([paid("1400000001", "-400.00", InvoiceReference="9400000001")], SETTINGS, complete=False)
    payment = to_payment(Entry("1710", "2026", "1400000001"), ledger, reading(), Wanted.of("number"))

    assert (payment.number, payment.amount, payment.unapplied) == ("1400000001", UNSET, UNSET)


def test_a_key_names_company_year_and_number() -> None:
    assert parse_entry("1710-2026-1400000001") == Entry("1710", "2026", "1400000001")
    assert parse_entry("1400000001") is None
    assert parse_entry("1710-2026-14' or 1") is None
    assert entry_of(line("0094000001")).key == "1710-2026-94000001"


@given(
    st.integers(1, 10**9),
    st.lists(st.integers(1, 10**6), max_size=5),
    st.booleans(),
)
def test_paid_and_open_always_add_up_to_the_invoice(cents: int, parts: list[int], clears: bool) -> None:
    total = sum(parts) + cents
    lines = [invoice(f"{Decimal(total) / 100:.2f}", "1400009999" if clears else None)]
    lines += [
        paid(f"14{place:08d}", f"-{Decimal(part) / 100:.2f}", InvoiceReference="9400000001", IsCleared=clears)
        for place, part in enumerate(parts)
    ]
    found = settled(*lines)

    assert found.paid.amount + found.open.amount == Decimal(total) / 100
    assert found.open.amount == (0 if clears else Decimal(cents) / 100)
