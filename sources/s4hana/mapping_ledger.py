"""Open items and clearings: what is open of a document, what was paid of it, and by which payments.

An open item is a line on the customer's account. A payment closes it by clearing (the line then names the clearing
entry), or pays a part and stands as an open line of its own that names the invoice. A residual item is what a clearing
left over, as a new debit that names the invoice. Signs: amounts are taken without theirs, the debit/credit letter says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from msgspec import Struct

from canonical.absence import UNSET
from canonical.money import Money, money
from canonical.payment import Payment, PaymentApplication, PaymentStatus
from canonical.refs import Ref
from canonical.wanted import Wanted
from sources.s4hana.reading import JOURNAL_ENTRY, Asked, Reading
from sources.s4hana.settings import Settings
from sources.s4hana.values import at_midnight, decimal, number, on_day, told, unpadded
from sources.s4hana.wire import LedgerLine

CREDIT: Final = "H"
_ZERO: Final = Decimal(0)


class Entry(NamedTuple):
    """A journal entry: numbers repeat across company codes and years."""

    company: str
    year: str
    document: str

    @property
    def key(self) -> str:
        """Its key in one word, as `parse_entry` takes it."""
        return f"{self.company}-{self.year}-{self.document}"


class Settlement(Struct, frozen=True, kw_only=True):
    """What became of a posted document; amounts in its own currency. `written_off`: closed without money."""

    due_on: date | None
    paid: Money
    open: Money
    cleared: bool
    written_off: bool
    blocked: str | None
    applications: tuple[PaymentApplication, ...]


def parse_entry(key: str) -> Entry | None:
    """The entry that a key names; None for other text."""
    parts = key.split("-")
    return Entry(*parts) if len(parts) == len(Entry._fields) and all(part.isalnum() for part in parts) else None


class Ledger:
    """Lines on customers' accounts. `complete`: all lines of the payments are in it."""

    def __init__(self, lines: Iterable[LedgerLine], settings: Settings, *, complete: bool) -> None:
        """Index the lines; reversed entries and their reversals go, since they are as if never made."""
        self.settings, self.complete = settings, complete
        self._lines: dict[Entry, dict[str, LedgerLine]] = {}
        self._against: dict[tuple[str, str], dict[tuple[Entry, str], LedgerLine]] = {}
        for line in lines:
            if not (line.IsReversed or line.IsReversal):
                self._add(line)

    def _add(self, line: LedgerLine) -> None:
        entry = entry_of(line)
        self._lines.setdefault(entry, {})[line.AccountingDocumentItem] = line
        if invoice := number(line.InvoiceReference):
            named = self._against.setdefault((line.CompanyCode, invoice), {})
            named[entry, line.AccountingDocumentItem] = line

    def lines(self, entry: Entry) -> list[LedgerLine]:
        """The lines of one entry that were read."""
        return list(self._lines.get(entry, {}).values())

    def entries(self) -> Iterable[Entry]:
        """Every entry of which a line was read."""
        return self._lines.keys()

    def against(self, entry: Entry) -> list[LedgerLine]:
        """The lines of other entries that name this one as the invoice they are about."""
        named = self._against.get((entry.company, entry.document), {})
        return [
            line
            for (other, _), line in named.items()
            if other != entry and line.InvoiceReferenceFiscalYear in (None, "", "0000", entry.year)
        ]

    def is_payment(self, line: LedgerLine) -> bool:
        """Whether it belongs to a payment."""
        return line.AccountingDocumentType in self.settings.payment_document_types

    def writes_off(self, entry: Entry) -> bool:
        """Whether this entry closes items without money."""
        return any(line.AccountingDocumentType in self.settings.write_off_document_types for line in self.lines(entry))


def entry_of(line: LedgerLine) -> Entry:
    """The entry a line belongs to."""
    return Entry(line.CompanyCode, line.FiscalYear, unpadded(line.AccountingDocument))


def clearing_of(line: LedgerLine) -> Entry | None:
    """The entry that cleared a line; None while it is open."""
    document = number(line.ClearingAccountingDocument)
    if not line.IsCleared or document is None:
        return None
    return Entry(line.CompanyCode, told(line.ClearingDocFiscalYear) or line.FiscalYear, document)


def signed(line: LedgerLine) -> Decimal:
    """The amount in the document's currency: what the customer owes by it is positive."""
    value = abs(decimal(line.AmountInTransactionCurrency) or _ZERO)
    return -value if line.DebitCreditCode == CREDIT else value


def settle(
    entry: Entry, invoice: Ref, ledger: Ledger, reading: Reading, wanted: Wanted, credits: Sequence[Entry] = ()
) -> Settlement | None:
    """What became of an invoice's entry; None where no line of it is seen. `credits`: its credit memos' entries."""
    own = ledger.lines(entry)
    currency = next((line.TransactionCurrency for line in own if line.TransactionCurrency), None)
    if currency is None:
        return None
    about = ledger.against(entry)
    applications = [
        _application(entry_of(line), -signed(line), currency, line.PostingDate, invoice, ledger, reading, wanted)
        for line in about
        if ledger.is_payment(line) and signed(line) < _ZERO
    ]
    applications += _clearings(own, about, invoice, ledger, reading, wanted, credits, currency)
    left = [line for line in own if not line.IsCleared]
    still = sum((signed(line) for line in [*left, *about] if not line.IsCleared), _ZERO)
    applications.sort(key=lambda applied: (applied.applied_at is not None, applied.applied_at))
    return Settlement(
        due_on=min((day for line in left or own if (day := on_day(line.NetDueDate))), default=None),
        paid=money(sum((applied.amount.amount for applied in applications if applied.amount), _ZERO), currency),
        open=money(max(still, _ZERO), currency),
        cleared=not left,
        written_off=any(ledger.writes_off(clearing) for line in own if (clearing := clearing_of(line))),
        blocked=next((line.DunningBlockingReason for line in own if line.DunningBlockingReason), None),
        applications=tuple(applications),
    )


def _clearings(
    own: Sequence[LedgerLine],
    about: Sequence[LedgerLine],
    invoice: Ref,
    ledger: Ledger,
    reading: Reading,
    wanted: Wanted,
    credits: Sequence[Entry],
    currency: str,
) -> Iterable[PaymentApplication]:
    """What clearing brought beyond part payments, credits and what was left over."""
    residual = [line for line in about if signed(line) > _ZERO]
    cleared: dict[Entry, list[LedgerLine]] = {}
    for line in [*own, *residual]:
        if (clearing := clearing_of(line)) is not None:
            cleared.setdefault(clearing, []).append(line)
    already = sum((signed(line) for line in about if signed(line) < _ZERO), _ZERO)
    for clearing, lines in cleared.items():
        given = sum((signed(line) for line in _unnamed(credits, clearing, about, ledger)), _ZERO)
        left = sum((signed(line) for line in residual if entry_of(line) == clearing), _ZERO)
        brought = sum((signed(line) for line in lines), _ZERO) - left + already + given - _discount(lines, ledger)
        already = _ZERO
        if brought > _ZERO and clearing not in credits:
            day = lines[0].ClearingDate
            yield _application(clearing, brought, currency, day, invoice, ledger, reading, wanted)


def _unnamed(
    credits: Sequence[Entry], clearing: Entry, about: Sequence[LedgerLine], ledger: Ledger
) -> Iterable[LedgerLine]:
    """Credit memo lines that the same entry cleared without naming the invoice."""
    named = {entry_of(line) for line in about}
    for entry in credits:
        if entry not in named:
            yield from (line for line in ledger.lines(entry) if clearing_of(line) == clearing)


def _discount(lines: Iterable[LedgerLine], ledger: Ledger) -> Decimal:
    if not ledger.settings.deduct_cash_discount:
        return _ZERO
    return sum((abs(decimal(line.CashDiscountAmount) or _ZERO) for line in lines), _ZERO)


def _application(
    entry: Entry,
    amount: Decimal,
    currency: str,
    day: str | None,
    invoice: Ref,
    ledger: Ledger,
    reading: Reading,
    wanted: Wanted,
) -> PaymentApplication:
    named = None if ledger.writes_off(entry) else to_payment(entry, ledger, reading, wanted.below("payment"))
    return PaymentApplication(
        invoice_ref=invoice, amount=money(amount, currency), applied_at=at_midnight(day), payment=named
    )


def to_payment(entry: Entry, ledger: Ledger, reading: Reading, wanted: Wanted) -> Payment:
    """The payment behind an entry: its number always, the rest where all its lines were read."""
    lines, asked = ledger.lines(entry) if ledger.complete else [], Asked(wanted)
    currency = next((line.TransactionCurrency for line in lines if line.TransactionCurrency), None)
    received = at_midnight(lines[0].PostingDate) if lines else None
    return Payment(
        ref=reading.ref(entry.key),
        reference=reading.reference(JOURNAL_ENTRY, entry.key),
        stamp=reading.stamp(JOURNAL_ENTRY, entry.key),
        legal_entity_code=reading.entities.of_company(entry.company),
        number=entry.document,
        method=asked(_method(lines, ledger.settings), "method"),
        status=PaymentStatus.SETTLED,
        customer_key=asked(_customer(lines), "customer_key", "customer"),
        amount=asked(_sum(lines, currency), "amount"),
        unapplied=asked(_sum([line for line in lines if _is_free(line)], currency), "unapplied"),
        received_at=asked(received, "received_at"),
        applications=UNSET,
    )


def _is_free(line: LedgerLine) -> bool:
    return not line.IsCleared and number(line.InvoiceReference) is None and signed(line) < _ZERO


def _sum(lines: Sequence[LedgerLine], currency: str | None) -> Money | None:
    return money(-sum((signed(line) for line in lines), _ZERO), currency) if currency else None


def _customer(lines: Sequence[LedgerLine]) -> str | None:
    return next((customer for line in lines if (customer := number(line.Customer))), None)


def _method(lines: Sequence[LedgerLine], settings: Settings) -> str | None:
    letter = next((line.PaymentMethod for line in lines if line.PaymentMethod), None)
    return settings.payment_methods.get(letter, letter) if letter else None
