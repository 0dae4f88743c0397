"""Invoices in our words: what was billed, what became of it, and the credit notes that belong to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from canonical.absence import UNSET, Told
from canonical.invoice import CreditMemo, Invoice, InvoiceLine, InvoiceStatus
from canonical.money import Money, money
from canonical.payment import PaymentApplication
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.tryton import wire
from sources.tryton.mapping_order import LINE, described, entity_of, to_tax
from sources.tryton.mapping_payment import received, to_application
from sources.tryton.reading import INVOICE, Asked, Reading
from sources.tryton.values import amount, at, named_id, on_day, quantity

ISSUED: Final = frozenset({"posted", "paid"})
CANCELLED: Final = "cancelled"
_SALE_LINE: Final = "sale.line"
_INVOICE_LINE: Final = "account.invoice.line"
_PAID_FACTS: Final = ("paid", "payments")


class Bills:
    """Invoices and credit notes of one reading. A credit note is an invoice whose total is less than nothing.

    A credit note's lines name the invoice lines they credit, and those the sale lines: what stands in neither these
    rows nor their `origin_invoices` cannot be followed back to its order.
    """

    def __init__(self, rows: Iterable[wire.Invoice], reading: Reading) -> None:
        """Keep each row once, and who belongs to whom."""
        self.rows = {row.id: row for row in rows}
        self.reading = reading
        self._order_of: dict[int, Ref] = {}
        self._sale_line_of: dict[int, int] = {}
        self._invoice_of: dict[int, int] = {}
        for row in self.rows.values():
            for known in (row, *(row.origin_invoices or ())):
                self._learn(known)

    def invoices(self, wanted: Wanted) -> list[Invoice]:
        """Every invoice among them, oldest first."""
        rows = [row for row in self.rows.values() if not is_credit_note(row)]
        rows.sort(key=lambda row: (on_day(row.invoice_date) or date.max, row.id))
        return [self._invoice(row, wanted) for row in rows]

    def credit_memos(self, wanted: Wanted) -> dict[str, CreditMemo]:
        """Every credit note among them, by key."""
        return {str(row.id): self._credit_memo(row, wanted) for row in self.rows.values() if is_credit_note(row)}

    def _learn(self, row: wire.Invoice | wire.Credited) -> None:
        for sale in row.sales or ():
            self._order_of.update(dict.fromkeys(sale.lines or (), self.reading.ref(sale.id)))
        for line in row.lines or ():
            self._invoice_of[line.id] = row.id
            sold = named_id(line.origin, _SALE_LINE)
            if sold is not None:
                self._sale_line_of[line.id] = sold

    def _invoice(self, row: wire.Invoice, wanted: Wanted) -> Invoice:
        asked, currency = Asked(wanted), row.currency.code if row.currency else None
        total, ref = amount(row.total_amount, currency), self.reading.ref(row.id)
        left = amount(row.amount_to_pay, currency)
        lines = tuple(self._lines(row, sign=1))
        return Invoice(
            ref=ref,
            reference=self.reading.reference(INVOICE, row.id),
            stamp=self.reading.stamp(INVOICE, row.id),
            legal_entity_code=entity_of(row.company, self.reading),
            order_refs=_orders(row, lines, self.reading),
            number=asked(row.number, "number"),
            status=_status(row, total, left),
            disputed=asked(None, "disputed"),
            customer_key=asked(row.party.code if row.party else None, "customer_key", "customer"),
            issued_on=asked(on_day(row.invoice_date), "issued_on"),
            created_at=asked(at(row.create_date), "created_at"),
            due_on=asked(due_on(row), "due_on"),
            subtotal=asked(amount(row.untaxed_amount, currency), "subtotal"),
            tax=asked(amount(row.tax_amount, currency), "tax"),
            total=asked(total, "total"),
            paid=self._paid(row, total, left, wanted),
            open=asked(left, "open"),
            lines=lines if "lines" in wanted else UNSET,
            payments=self._payments(row, ref, currency, wanted),
            credit_memos=self._memos_of(row, wanted),
        )

    def _paid(self, row: wire.Invoice, total: Money | None, left: Money | None, wanted: Wanted) -> Told[Money]:
        """What is neither open nor credited: also what was reconciled without being a payment of the invoice."""
        if row.payment_lines is None and "paid" not in wanted:
            return UNSET
        if total is None or left is None:
            return None
        if row.state not in ISSUED:
            return money(0, total.currency_code)
        credited = [
            received(line, total.currency_code, None) for line in row.payment_lines or () if self._credits(line)
        ]
        given = sum((each.amount for each in credited if each is not None), Decimal(0))
        return money(total.amount - left.amount - given, total.currency_code)

    def _credits(self, line: wire.MoveLine) -> bool:
        """Whether a payment line is an applied credit note or a write-off, and no money."""
        journal = line.move.journal if line.move else None
        return journal is not None and journal.type in self.reading.settings.credit_journals

    def _payments(
        self, row: wire.Invoice, ref: Ref, currency: str | None, wanted: Wanted
    ) -> Told[tuple[PaymentApplication, ...]]:
        if "payments" not in wanted:
            return UNSET
        below = wanted.below("payments").below("payment")
        lines = [line for line in row.payment_lines or () if not self._credits(line)]
        found = (to_application(line, ref, currency, self.reading, below) for line in lines)
        told = [application for application in found if application is not None]
        told.sort(key=lambda each: (each.applied_at is None, each.applied_at, each.payment and each.payment.ref))
        return tuple(told)

    def _memos_of(self, row: wire.Invoice, wanted: Wanted) -> Told[tuple[CreditMemo, ...]]:
        if "credit_memos" not in wanted:
            return UNSET
        notes = [
            n for n in self.rows.values() if is_credit_note(n) and n.state in ISSUED and row.id in self._credited(n)
        ]
        notes.sort(key=lambda note: (on_day(note.invoice_date) or date.max, note.id))
        return tuple(self._credit_memo(note, wanted.below("credit_memos")) for note in notes)

    def _credit_memo(self, row: wire.Invoice, wanted: Wanted) -> CreditMemo:
        asked, currency = Asked(wanted), row.currency.code if row.currency else None
        lines = tuple(self._lines(row, sign=-1))
        return CreditMemo(
            ref=self.reading.ref(row.id),
            reference=self.reading.reference(INVOICE, row.id),
            stamp=self.reading.stamp(INVOICE, row.id),
            legal_entity_code=entity_of(row.company, self.reading),
            invoice_refs=tuple(self.reading.ref(invoice) for invoice in self._credited(row)),
            order_refs=_orders(row, lines, self.reading),
            lines=lines,
            number=asked(row.number, "number"),
            total=asked(_given(amount(row.total_amount, currency)), "total"),
            open=asked(_given(amount(row.amount_to_pay, currency)), "open"),
            issued_on=asked(on_day(row.invoice_date), "issued_on"),
            created_at=asked(at(row.create_date), "created_at"),
            reason=asked(row.description or None, "reason"),
        )

    def _credited(self, row: wire.Invoice) -> tuple[int, ...]:
        """The invoices that a credit note names; where it names none (goods sold back), those that bill its orders."""
        origins = (named_id(line.origin, _INVOICE_LINE) for line in row.lines or ())
        named = dict.fromkeys(self._invoice_of[line] for line in origins if line in self._invoice_of)
        if named or row.origin_invoices:
            return tuple(named) or tuple(invoice.id for invoice in row.origin_invoices or ())
        sales = {sale.id for sale in row.sales or ()}
        return tuple(
            other.id
            for other in self.rows.values()
            if not is_credit_note(other) and other.state in ISSUED and sales & {sale.id for sale in other.sales or ()}
        )

    def _lines(self, row: wire.Invoice, *, sign: int) -> Iterable[InvoiceLine]:
        currency = row.currency.code if row.currency else None
        for line in row.lines or ():
            if line.type == LINE:
                yield self._line(line, currency, sign)

    def _line(self, line: wire.InvoiceLine, currency: str | None, sign: int) -> InvoiceLine:
        credited = named_id(line.origin, _INVOICE_LINE)
        sold = named_id(line.origin, _SALE_LINE) if credited is None else self._sale_line_of.get(credited)
        units = quantity(line.quantity)
        tax = to_tax(line.amount, units, line.taxes, currency)
        net = amount(line.amount, currency)
        return InvoiceLine(
            ref=self.reading.ref(line.id),
            order=None if sold is None else self._order_of.get(sold),
            order_line_key=None if sold is None else str(sold),
            sku=line.product.code if line.product else None,
            description=described(line.description, line.product),
            quantity=None if units is None else sign * units,
            amount=net if sign > 0 else _given(net),
            tax=tax if sign > 0 else _given(tax),
        )


def is_credit_note(row: wire.Invoice) -> bool:
    """Whether an invoice gives money back."""
    return row.total_amount is not None and row.total_amount.decimal < 0


def due_on(row: wire.Invoice) -> date | None:
    """When the earliest instalment that is still open is due; the last one when none is open."""
    lines = row.lines_to_pay or ()
    still = [day for line in lines if line.reconciliation is None and (day := on_day(line.maturity_date))]
    every = [day for line in lines if (day := on_day(line.maturity_date))]
    return min(still) if still else max(every, default=None)


def _status(row: wire.Invoice, total: Money | None, left: Money | None) -> Told[InvoiceStatus]:
    if row.state == CANCELLED:
        return InvoiceStatus.CANCELLED
    if row.state == "paid":
        return InvoiceStatus.PAID
    if row.state != "posted":
        return InvoiceStatus.DRAFT
    if total is None or left is None:
        return UNSET
    return InvoiceStatus.PARTIALLY_PAID if 0 < left.amount < total.amount else InvoiceStatus.POSTED


def _orders(row: wire.Invoice, lines: Iterable[InvoiceLine], reading: Reading) -> tuple[Ref, ...]:
    of_lines = [line.order for line in lines if line.order is not None]
    return tuple(dict.fromkeys([*of_lines, *(reading.ref(sale.id) for sale in row.sales or ())]))


def _given(value: Money | None) -> Money | None:
    """What was given back is told as a positive amount."""
    return None if value is None else Money(-value.amount, value.currency_code)
