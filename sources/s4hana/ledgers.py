"""Asking SAP's ledger: what became of invoices, payments by their entry, and what customers owe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from canonical.payment import Payment, PaymentApplication
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.odata.filters import either, eq, every, one_of, runs
from sources.kit.odata.literals import day
from sources.kit.odata.payload import Collection
from sources.kit.odata.query import Query
from sources.s4hana.client import S4Client
from sources.s4hana.faults import contract
from sources.s4hana.mapping_invoice import entry_behind
from sources.s4hana.mapping_ledger import Entry, Ledger, entry_of, parse_entry, settle, to_payment
from sources.s4hana.mapping_masters import Balances
from sources.s4hana.reading import Reading
from sources.s4hana.services import LEDGER
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.shapes import BALANCES
from sources.s4hana.shapes import LEDGER as LINE
from sources.s4hana.values import number, on_day, unpadded
from sources.s4hana.wire import BillingDocument, LedgerLine

SET: Final = "A_OperationalAcctgDocItemCube"
CUSTOMERS: Final = eq("FinancialAccountType", "D")
PAYMENT_FACTS: Final = ("amount", "unapplied", "method", "customer", "customer_key", "received_at", "applications")
"""Fields of a payment for which all its lines are read, not only those that name our invoices."""
_ORDER: Final = ("CompanyCode", "FiscalYear", "AccountingDocument", "AccountingDocumentItem")
_DECODER: Final = msgspec.json.Decoder(Collection[LedgerLine])


class Ledgers:
    """Lines on customers' accounts of one system."""

    def __init__(
        self, client: S4Client, settings: Settings, entities: Entities, reading: Callable[[], Reading]
    ) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities, self._reading = client, settings, entities, reading

    async def behind(self, call: Call, rows: Sequence[BillingDocument], payment: Wanted) -> Ledger:
        """The lines of these documents and all that name them, in one HTTP call; of payments what is wanted of them."""
        entries = [entry for row in rows if (entry := entry_behind(row)) is not None]
        complete = payment.any_of(*PAYMENT_FACTS)
        if not entries:
            return Ledger((), self._settings, complete=complete)
        conditions = [
            eq(field, entry.document) for entry in entries for field in ("AccountingDocument", "InvoiceReference")
        ]
        types = (*(self._settings.payment_document_types if complete else ()), *self._settings.write_off_document_types)
        companies = one_of("CompanyCode", sorted({entry.company for entry in entries}))
        queries = [self._query(companies, either(run)) for run in runs(conditions)]
        queries += [self._query(companies, condition) for condition in _of_payers(rows, types)]
        return Ledger(await self._lines(call, queries), self._settings, complete=complete)

    async def payments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> dict[str, Payment]:
        """Payments by their own key; with their applications one more HTTP call where part payments name invoices."""
        entries = self._visible(call, keys)
        lines = await self._about(call, entries)
        applied = "applications" in wanted
        ledger = Ledger([*lines, *(await self._named(call, lines) if applied else ())], self._settings, complete=True)
        reading = self._reading()
        with contract(self._client.system):
            found = {entry: to_payment(entry, ledger, reading, wanted) for entry in entries if ledger.lines(entry)}
            if applied:
                uses = self._uses(ledger, reading)
                found = {entry: _with_uses(payment, uses.get(entry, ())) for entry, payment in found.items()}
        return {entry.key: payment for entry, payment in found.items()}

    async def balances(self, call: Call, customers: Sequence[str], companies: Sequence[str], today: date) -> Balances:
        """What these customers owe at these company codes: one HTTP call over their open items."""
        conditions = [eq("Customer", customer) for customer in customers]
        where = every(CUSTOMERS, "IsCleared eq false", one_of("CompanyCode", companies))
        queries = [Query(SET, BALANCES, every(where, either(run)), _ORDER) for run in runs(conditions)]
        lines = await self._lines(call, queries)
        with contract(self._client.system):
            return Balances(lines, today)

    def _visible(self, call: Call, keys: Sequence[str]) -> list[Entry]:
        companies = self._entities.companies(call.view.legal_entities)
        entries = (parse_entry(key) for key in dict.fromkeys(keys))
        return [entry for entry in entries if entry and (companies is None or entry.company in companies)]

    async def _about(self, call: Call, entries: Sequence[Entry]) -> list[LedgerLine]:
        """The payments' own lines, and what they cleared."""
        conditions = [
            f"({every(eq('CompanyCode', entry.company), eq(field, entry.document), eq(year, entry.year))})"
            for entry in entries
            for field, year in (
                ("AccountingDocument", "FiscalYear"),
                ("ClearingAccountingDocument", "ClearingDocFiscalYear"),
            )
        ]
        return await self._lines(call, [self._query(either(run)) for run in runs(conditions, most=30)])

    async def _named(self, call: Call, lines: Sequence[LedgerLine]) -> list[LedgerLine]:
        """The invoices that these lines name, and whatever else names them or was cleared with them."""
        documents = {
            document
            for line in lines
            for document in (number(line.InvoiceReference), number(line.AccountingDocument))
            if document
        }
        if not documents:
            return []
        companies = one_of("CompanyCode", sorted({line.CompanyCode for line in lines}))
        conditions = [
            eq(field, document)
            for document in sorted(documents)
            for field in ("AccountingDocument", "InvoiceReference")
        ]
        return await self._lines(call, [self._query(companies, either(run)) for run in runs(conditions)])

    def _uses(self, ledger: Ledger, reading: Reading) -> Mapping[Entry, list[PaymentApplication]]:
        """What each payment was used for, by settling every invoice in the ledger."""
        uses: dict[Entry, list[PaymentApplication]] = {}
        for entry in ledger.entries():
            bill = next((number(line.BillingDocument) for line in ledger.lines(entry)), None)
            if bill is None:
                continue
            settlement = settle(entry, reading.ref(bill), ledger, reading, Wanted.of("payment.number"))
            for used in settlement.applications if settlement else ():
                if used.payment and (payer := parse_entry(used.payment.ref.key)):
                    uses.setdefault(payer, []).append(msgspec.structs.replace(used, payment=None))
        return uses

    def _query(self, *conditions: str) -> Query:
        return Query(SET, LINE, every(CUSTOMERS, *conditions), _ORDER)

    async def _lines(self, call: Call, queries: Sequence[Query]) -> list[LedgerLine]:
        """The rows of all queries, each line once."""
        if not queries:
            return []
        parts = await self._client.read(call, LEDGER, queries, _DECODER)
        lines = {(entry_of(line), line.AccountingDocumentItem): line for part in parts for line in part}
        return list(lines.values())


def _of_payers(rows: Sequence[BillingDocument], types: Sequence[str]) -> Iterable[str]:
    """All entries of these types of the invoices' payers since the first of the invoices."""
    payers = sorted({payer for row in rows if (payer := number(row.PayerParty))})
    days = [issued for row in rows if (issued := on_day(row.BillingDocumentDate))]
    if not types or not payers or not days:
        return
    since = f"PostingDate ge {day(min(days))}"
    for run in runs([eq("Customer", unpadded(payer)) for payer in payers]):
        yield every(one_of("AccountingDocumentType", types), since, either(run)) or ""


def _with_uses(payment: Payment, uses: Sequence[PaymentApplication]) -> Payment:
    return msgspec.structs.replace(payment, applications=tuple(uses))
