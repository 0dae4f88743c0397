"""Payments in our words: entries in the books that bring money, and what each was used for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from canonical.money import Money, money
from canonical.payment import Payment, PaymentApplication, PaymentStatus
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.tryton import wire
from sources.tryton.reading import ENTRY, Asked, Reading
from sources.tryton.values import happened

_STATUS = {"draft": PaymentStatus.PENDING, "posted": PaymentStatus.SETTLED}


def to_payment(row: wire.Entry, reading: Reading, wanted: Wanted) -> Payment:
    """One entry as a payment: what it brought is what it takes off customers' debts."""
    asked, lines = Asked(wanted), _received(row)
    currency = _currency(row, lines)
    return Payment(
        ref=reading.ref(row.id),
        reference=reading.reference(ENTRY, row.id),
        stamp=reading.stamp(ENTRY, row.id),
        legal_entity_code=reading.entities.of_company(row.company.id) if row.company else None,
        number=asked(row.number, "number"),
        method=asked(row.journal.name if row.journal else None, "method"),
        status=asked(_STATUS.get(row.state or ""), "status"),
        customer_key=asked(_payer(lines), "customer_key", "customer"),
        amount=asked(_sum(lines, currency), "amount"),
        unapplied=asked(_sum(_free(lines), currency), "unapplied"),
        received_at=asked(happened(row.date, row.create_date), "received_at"),
        applications=asked(_applications(row, lines, currency, reading), "applications"),
    )


def to_application(
    line: wire.MoveLine, invoice: Ref, currency: str | None, reading: Reading, wanted: Wanted
) -> PaymentApplication | None:
    """The part of a payment that one of an invoice's payment lines is; None where the entry may not be read."""
    if line.move is None:
        return None
    books = line.move.company.currency.code if line.move.company and line.move.company.currency else None
    return PaymentApplication(
        invoice_ref=invoice,
        amount=received(line, currency, books),
        applied_at=happened(line.move.date, line.move.create_date),
        payment=to_payment(line.move, reading, wanted),
    )


def received(line: wire.MoveLine, currency: str | None, books: str | None) -> Money | None:
    """What a line takes off a debt, in the debt's currency: a second currency is positive for a debit, as in Tryton."""
    if line.second_currency is not None and line.amount_second_currency is not None:
        if line.second_currency.code == currency and currency:
            return money(-line.amount_second_currency.decimal, currency)
        return None
    if currency is None or (books is not None and books != currency):
        return None
    return money(_credit(line), currency)


def _credit(line: wire.MoveLine) -> Decimal:
    credit = line.credit.decimal if line.credit else Decimal(0)
    return credit - (line.debit.decimal if line.debit else Decimal(0))


def _received(row: wire.Entry) -> list[wire.MoveLine] | None:
    if row.lines is None:
        return None
    return [line for line in row.lines if line.account and line.account.type and line.account.type.receivable]


def _currency(row: wire.Entry, lines: Iterable[wire.MoveLine] | None) -> str | None:
    """The currency that was paid in: the lines' second one where they share it, else the books'."""
    seconds = {line.second_currency.code if line.second_currency else None for line in lines or ()}
    if len(seconds) == 1 and (second := seconds.pop()):
        return second
    return row.company.currency.code if row.company and row.company.currency else None


def _sum(lines: Iterable[wire.MoveLine] | None, currency: str | None) -> Money | None:
    if lines is None or currency is None:
        return None
    sums = [found for line in lines if (found := received(line, currency, None)) is not None]
    return money(sum((each.amount for each in sums), Decimal(0)), currency)


def _free(lines: Sequence[wire.MoveLine] | None) -> list[wire.MoveLine] | None:
    if lines is None:
        return None
    return [line for line in lines if line.invoice_payment is None and line.reconciliation is None]


def _payer(lines: Sequence[wire.MoveLine] | None) -> str | None:
    return next((line.party.code for line in lines or () if line.party and line.party.code), None)


def _applications(
    row: wire.Entry, lines: Sequence[wire.MoveLine] | None, currency: str | None, reading: Reading
) -> tuple[PaymentApplication, ...] | None:
    if lines is None:
        return None
    return tuple(
        PaymentApplication(
            invoice_ref=reading.ref(line.invoice_payment),
            amount=received(line, currency, None),
            applied_at=happened(row.date, row.create_date),
        )
        for line in lines
        if line.invoice_payment is not None
    )
