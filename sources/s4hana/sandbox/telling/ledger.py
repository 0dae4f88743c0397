"""Customers' line items in accounting: invoices, payments, credits, cancellations, and what cleared what.

Amounts are signed: debits (S) positive, credits (H) negative. Money that settles an invoice clears it together with the
part payments before it; money that does not stays an open item that names the invoice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from sources.kit.sandbox.story import Bill, CreditNote, Receipt
from sources.kit.sandbox.sums import Booked, credited, still_open
from sources.s4hana.sandbox.telling.part import (
    Part,
    Row,
    accounting_number,
    cancellation_number,
    fiscal_year,
    in_books,
)

_METHODS = {"wire": "T", "card": "K", "check": "C"}
_RECEIVABLES = "12100000"


class _Clearing(NamedTuple):
    document: str
    on: date


class _Used(NamedTuple):
    """One use of a payment: for which bill, and what cleared that bill (None: nothing yet)."""

    receipt: Receipt
    bill: Bill
    clearing: _Clearing | None


@dataclass
class _Paid:
    """One payment of one customer, gathered over the bills it was used for."""

    order: Booked
    uses: list[_Used] = field(default_factory=list)


def tell_ledger(part: Part) -> None:
    """The customer items of every posted bill, credit and payment of the instance."""
    teller = _LedgerTeller(part)
    for order in part.confirmed:
        for bill in order.booking.bills:
            if bill.posted:
                teller.bill(bill, order)
    teller.payments()


class _LedgerTeller:
    def __init__(self, part: Part) -> None:
        self.part = part
        self.paid: dict[str, _Paid] = {}

    def bill(self, bill: Bill, order: Booked) -> None:
        gross, day = self.part.sum_of(bill).gross, bill.issued_at.date()
        clearing = self._clearing(bill, order)
        document = accounting_number(bill.number)
        block = "A" if bill.disputed else ""
        invoice = self._row(order, document, 1, "RV", gross, day) | {
            "BillingDocument": bill.number,
            "NetDueDate": bill.due_on,
            "PaymentBlockingReason": block,
            "DunningBlockingReason": block,
            "DocumentReferenceID": bill.number,
            "PaymentReference": bill.number,
            "IsReversed": bill.cancelled,
            "ReverseDocument": accounting_number(cancellation_number(bill.number)) if bill.cancelled else "",
        }
        self._add(invoice, clearing)
        if bill.cancelled and clearing:
            self._reversal(bill, order, gross, clearing)
        for note in bill.credits:
            self._credit(note, bill, order, clearing)
        for receipt in bill.receipts:
            paid = self.paid.setdefault(receipt.number, _Paid(order))
            paid.uses.append(_Used(receipt, bill, clearing))

    def payments(self) -> None:
        for number, paid in self.paid.items():
            for place, row in enumerate(self._payment_rows(number, paid), 1):
                row["AccountingDocumentItem"] = str(place)
                self.part.rows["A_OperationalAcctgDocItemCube"].append(row)

    def _payment_rows(self, number: str, paid: _Paid) -> Iterator[Row]:
        """One item for all that this payment settles, one for each part payment, one for what nobody has used yet."""
        first = paid.uses[0].receipt
        settled = [use for use in paid.uses if use.clearing and use.clearing.document == number]
        common: Row = {"PaymentMethod": _METHODS[first.method], "DocumentReferenceID": number}
        if settled:
            amount = sum((use.receipt.amount for use in settled), Decimal(0))
            row = self._row(paid.order, number, 1, "DZ", -amount, first.paid_on) | common
            yield self._cleared(row, _Clearing(number, first.paid_on))
        for use in paid.uses:
            if use not in settled:
                row = self._row(paid.order, number, 1, "DZ", -use.receipt.amount, first.paid_on)
                yield self._cleared(row | common | self._names(use.bill), use.clearing)
        left = first.payment_total - sum((use.receipt.amount for use in paid.uses), Decimal(0))
        if left:
            yield self._row(paid.order, number, 1, "DZ", -left, first.paid_on) | common

    def _clearing(self, bill: Bill, order: Booked) -> _Clearing | None:
        """The document that closed the bill: its cancellation, or the last payment or credit that left nothing open."""
        if bill.cancelled:
            on = (bill.issued_at + timedelta(hours=20)).date()
            return _Clearing(accounting_number(cancellation_number(bill.number)), on)
        if still_open(bill, order, self.part.orders) != 0:
            return None
        closing = [_Clearing(receipt.number, receipt.paid_on) for receipt in bill.receipts]
        closing += [_Clearing(accounting_number(note.number), note.issued_on) for note in bill.credits if note.applied]
        return max(closing, key=lambda one: (one.on, one.document), default=None)

    def _credit(self, note: CreditNote, bill: Bill, order: Booked, clearing: _Clearing | None) -> None:
        document = accounting_number(note.number)
        row = self._row(order, document, 1, "DG", -credited(note, order).gross, note.issued_on)
        row |= {"BillingDocument": note.number, "NetDueDate": note.issued_on, "DocumentReferenceID": note.number}
        if note.applied:
            row |= self._names(bill)
        self._add(row, clearing if note.applied else None)

    def _reversal(self, bill: Bill, order: Booked, gross: Decimal, clearing: _Clearing) -> None:
        row = self._row(order, clearing.document, 1, "RV", -gross, clearing.on) | {
            "BillingDocument": cancellation_number(bill.number),
            "NetDueDate": bill.due_on,
            "IsReversal": True,
            "ReverseDocument": accounting_number(bill.number),
        }
        self._add(row, clearing)

    def _names(self, bill: Bill) -> Row:
        return {
            "InvoiceReference": accounting_number(bill.number),
            "InvoiceReferenceFiscalYear": fiscal_year(bill.issued_at.date()),
            "InvoiceItemReference": "1",
        }

    def _add(self, row: Row, clearing: _Clearing | None) -> None:
        self.part.rows["A_OperationalAcctgDocItemCube"].append(self._cleared(row, clearing))

    def _cleared(self, row: Row, clearing: _Clearing | None) -> Row:
        if clearing is None:
            return row
        return row | {
            "IsCleared": True,
            "ClearingDate": clearing.on,
            "ClearingCreationDate": clearing.on,
            "ClearingAccountingDocument": clearing.document,
            "ClearingDocFiscalYear": fiscal_year(clearing.on),
            "LastChangeDate": clearing.on,
        }

    def _row(self, order: Booked, document: str, item: int, kind: str, amount: Decimal, day: date) -> Row:
        entity, currency = self.part.entity(order.booking), order.deal.currency
        debit = amount > 0
        return {
            "CompanyCode": entity.codes["company_code"],
            "CompanyCodeName": entity.name[:25],
            "FiscalYear": fiscal_year(day),
            "AccountingDocument": document,
            "AccountingDocumentItem": str(item),
            "FinancialAccountType": "D",
            "AccountingDocumentType": kind,
            "AccountingDocumentItemType": "D",
            "PostingKey": "01" if debit else "15" if kind == "DZ" else "11",
            "DebitCreditCode": "S" if debit else "H",
            "GLAccount": _RECEIVABLES,
            "Customer": order.booking.customer_number,
            "CustomerName": self.part.name_of(self.part.buyer(order)),
            "PaymentTerms": self.part.terms(order),
            "IsSalesRelated": kind != "DZ",
            "IsUsedInPaymentTransaction": kind == "DZ",
            "PostingDate": day,
            "DocumentDate": day,
            "DueCalculationBaseDate": day,
            "NetDueDate": day,
            "CompanyCodeCurrency": entity.currency,
            "AmountInCompanyCodeCurrency": in_books(amount, currency, entity),
            "TransactionCurrency": currency,
            "AmountInTransactionCurrency": amount,
            "AccountingDocumentCreationDate": day,
            "LastChangeDate": day,
        }
