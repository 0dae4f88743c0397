"""Billing documents in our words: invoices with what became of them, and the credit memos that belong to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, TypeVar

from canonical.absence import UNSET, Told
from canonical.invoice import CreditMemo, Invoice, InvoiceLine, InvoiceStatus
from canonical.money import Money, money
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.s4hana.mapping_ledger import Entry, Ledger, Settlement, settle, signed
from sources.s4hana.reading import INVOICE, Asked, Reading
from sources.s4hana.values import amount, at_clock, at_midnight, decimal, number, on_day, told, unpadded
from sources.s4hana.wire import BillingDocument, BillingItem

T = TypeVar("T")

INVOICES: Final = frozenset("MP")
"""Categories of invoices and debit memos. U (pro forma), N and S (cancellations) are none of our documents."""
CREDIT_MEMO: Final = "O"
TRANSFERRED: Final = frozenset("CHI")
"""AccountingTransferStatus: the journal entry exists, directly or by way of an invoice list."""
OPEN_FACTS: Final = ("status", "due_on", "overdue_days", "disputed", "paid", "open", "payments")
"""Fields of an invoice that only the ledger tells."""


class Bills:
    """Billing documents of one reading, whatever way they were found, and the ledger behind them if it was read.

    `followed`: order keys by billing document, where an order's document flow names it: a credit memo that was
    requested refers to its request and not to the order.
    """

    def __init__(
        self,
        rows: Iterable[BillingDocument],
        reading: Reading,
        ledger: Ledger | None = None,
        followed: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Keep each document once; cancelled credit memos go, since they gave nothing back."""
        self.rows = {unpadded(row.BillingDocument): row for row in rows}
        self.reading, self.ledger, self.followed = reading, ledger, followed or {}
        self._credited: dict[str, list[str]] = {}
        for key, row in self.rows.items():
            if row.SDDocumentCategory == CREDIT_MEMO and not row.BillingDocumentIsCancelled:
                for invoice in self._credited_by(row):
                    self._credited.setdefault(invoice, []).append(key)

    def invoices(self, wanted: Wanted) -> list[Invoice]:
        """Every invoice among them, oldest first."""
        rows = [(key, row) for key, row in self.rows.items() if row.SDDocumentCategory in INVOICES]
        rows.sort(key=lambda pair: (on_day(pair[1].BillingDocumentDate) or date.min, pair[0].zfill(10)))
        return [self._invoice(key, row, wanted) for key, row in rows]

    def credit_memos(self, wanted: Wanted) -> dict[str, CreditMemo]:
        """Every credit memo among them, by key."""
        return {
            key: self._credit_memo(key, row, wanted)
            for key, row in self.rows.items()
            if row.SDDocumentCategory == CREDIT_MEMO
        }

    def _invoice(self, key: str, row: BillingDocument, wanted: Wanted) -> Invoice:
        asked, currency = Asked(wanted), row.TransactionCurrency
        ref = self.reading.ref(key)
        settlement = self._settlement(key, row, ref, wanted)
        total = _gross(row)
        lines = tuple(self._lines(row, key))
        memos = [(memo, self.rows[memo]) for memo in self._credited.get(key, ())]
        return Invoice(
            ref=ref,
            reference=self.reading.reference(INVOICE, key),
            stamp=self.reading.stamp(INVOICE, key),
            legal_entity_code=self.reading.entities.of_company(row.CompanyCode),
            order_refs=tuple(dict.fromkeys(line.order for line in lines if line.order is not None)),
            number=key,
            status=self._status(row, settlement, total),
            disputed=asked(self._disputed(row, settlement), "disputed"),
            customer_key=asked(number(row.PayerParty), "customer_key", "customer"),
            issued_on=asked(on_day(row.BillingDocumentDate), "issued_on"),
            created_at=asked(at_clock(row.CreationDate, row.CreationTime, self.reading.settings.zone), "created_at"),
            due_on=self._told(settlement.due_on if settlement else None),
            subtotal=asked(amount(row.TotalNetAmount, currency), "subtotal"),
            tax=asked(amount(row.TaxAmount, currency), "tax"),
            total=asked(total, "total"),
            paid=self._told(_paid(row, settlement)),
            open=self._told(_open(row, settlement)),
            lines=lines,
            payments=self._told(settlement.applications if settlement else ()),
            credit_memos=tuple(self._credit_memo(*memo, wanted.below("credit_memos")) for memo in memos),
        )

    def _told(self, value: T | None) -> Told[T]:
        return value if self.ledger is not None else UNSET

    def _credit_memo(self, key: str, row: BillingDocument, wanted: Wanted) -> CreditMemo:
        asked = Asked(wanted)
        lines = tuple(self._lines(row, key))
        orders = dict.fromkeys(line.order for line in lines if line.order is not None)
        followed = dict.fromkeys(self.reading.ref(order) for order in self.followed.get(key, ()))
        return CreditMemo(
            ref=self.reading.ref(key),
            reference=self.reading.reference(INVOICE, key),
            stamp=self.reading.stamp(INVOICE, key),
            legal_entity_code=self.reading.entities.of_company(row.CompanyCode),
            invoice_refs=tuple(self.reading.ref(invoice) for invoice in self._credited_by(row)),
            order_refs=tuple(followed or orders),
            lines=lines,
            number=key,
            total=asked(_positive(_gross(row)), "total"),
            open=self._still_open(row),
            issued_on=asked(on_day(row.BillingDocumentDate), "issued_on"),
            created_at=asked(at_midnight(row.CreationDate), "created_at"),
            reason=asked(next((told(item.SDDocumentReason) for item in row.to_Item.results), None), "reason"),
        )

    def _credited_by(self, row: BillingDocument) -> tuple[str, ...]:
        """The invoices a credit memo credits: those it refers to, else those that bill the same order lines."""
        items = row.to_Item.results
        named = [unpadded(i.ReferenceSDDocument) for i in items if i.ReferenceSDDocumentCategory in INVOICES]
        if named:
            return tuple(dict.fromkeys(named))
        key = unpadded(row.BillingDocument)
        orders = {unpadded(i.SalesDocument) for i in items} | set(self.followed.get(key, ()))
        return tuple(
            invoice
            for invoice, other in self.rows.items()
            if other.SDDocumentCategory in INVOICES
            and not other.BillingDocumentIsCancelled
            and orders & {unpadded(item.SalesDocument) for item in other.to_Item.results}
        )

    def _settlement(self, key: str, row: BillingDocument, ref: Ref, wanted: Wanted) -> Settlement | None:
        entry = entry_behind(row)
        if self.ledger is None or entry is None or row.BillingDocumentIsCancelled:
            return None
        memos = [behind for memo in self._credited.get(key, ()) if (behind := entry_behind(self.rows[memo]))]
        return settle(entry, ref, self.ledger, self.reading, wanted.below("payments"), memos)

    def _status(self, row: BillingDocument, settlement: Settlement | None, total: Money | None) -> Told[InvoiceStatus]:
        if row.BillingDocumentIsCancelled:
            return InvoiceStatus.CANCELLED
        if entry_behind(row) is None:
            return InvoiceStatus.DRAFT
        if self.ledger is None:
            return UNSET
        if settlement is None:
            return InvoiceStatus.POSTED
        if settlement.cleared and settlement.open.amount <= 0:
            return InvoiceStatus.WRITTEN_OFF if settlement.written_off else InvoiceStatus.PAID
        partly = settlement.paid.amount > 0 or (total is not None and settlement.open.amount < total.amount)
        return InvoiceStatus.PARTIALLY_PAID if partly else InvoiceStatus.POSTED

    def _disputed(self, row: BillingDocument, settlement: Settlement | None) -> bool | None:
        blocks = self.reading.settings.dispute_blocks
        block = (settlement.blocked if settlement else None) or row.DunningBlockingReason
        return bool(block) if blocks is None else block in blocks

    def _still_open(self, row: BillingDocument) -> Told[Money]:
        entry = entry_behind(row)
        if self.ledger is None or not row.TransactionCurrency:
            return UNSET
        lines = self.ledger.lines(entry) if entry else []
        left = -sum(signed(line) for line in lines if not line.IsCleared)
        return money(left, row.TransactionCurrency)

    def _lines(self, row: BillingDocument, key: str) -> Iterable[InvoiceLine]:
        for item in row.to_Item.results:
            yield _line(item, row, key, self.reading)


def entry_behind(row: BillingDocument) -> Entry | None:
    """The journal entry of a billing document; None while there is none."""
    document = number(row.AccountingDocument)
    transferred = row.AccountingTransferStatus is None or row.AccountingTransferStatus in TRANSFERRED
    if document is None or not transferred:
        return None
    return Entry(row.CompanyCode, told(row.FiscalYear) or "", document)


def _line(item: BillingItem, row: BillingDocument, key: str, reading: Reading) -> InvoiceLine:
    order = number(item.SalesDocument)
    return InvoiceLine(
        ref=reading.ref(f"{key}/{unpadded(item.BillingDocumentItem)}"),
        order=reading.ref(order) if order else None,
        order_line_key=number(item.SalesDocumentItem),
        sku=unpadded(item.Material) or None,
        description=told(item.BillingDocumentItemText),
        quantity=decimal(item.BillingQuantity),
        amount=amount(item.NetAmount, row.TransactionCurrency),
        tax=amount(item.TaxAmount, row.TransactionCurrency),
    )


def _gross(row: BillingDocument) -> Money | None:
    """Net and tax together where an older service has no gross amount."""
    gross = amount(row.TotalGrossAmount, row.TransactionCurrency)
    net, tax = amount(row.TotalNetAmount, row.TransactionCurrency), amount(row.TaxAmount, row.TransactionCurrency)
    return gross if gross is not None or net is None or tax is None else net + tax


def _positive(value: Money | None) -> Money | None:
    return None if value is None else Money(abs(value.amount), value.currency_code)


def _paid(row: BillingDocument, settlement: Settlement | None) -> Money | None:
    if settlement is not None:
        return settlement.paid
    return money(0, row.TransactionCurrency) if row.TransactionCurrency else None


def _open(row: BillingDocument, settlement: Settlement | None) -> Money | None:
    """What is owed; nothing on a cancelled invoice, and nothing yet on one that was not posted."""
    if settlement is not None:
        return settlement.open
    return money(0, row.TransactionCurrency) if row.TransactionCurrency else None
