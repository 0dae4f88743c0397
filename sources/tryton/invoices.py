"""Asking Tryton for invoices, credit notes and payments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from canonical.invoice import CreditMemo, Invoice
from canonical.order import OrderRecord
from canonical.payment import Payment
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import InvoiceQuery, Lookup, Page
from sources.tryton import wire
from sources.tryton.client import Search, TrytonClient
from sources.tryton.domain import (
    Domain,
    behind_day,
    clause,
    either,
    every,
    identities,
    identity,
    named,
    one_of,
    texts,
)
from sources.tryton.fields import credit_note_paths, invoice_paths, payment_paths
from sources.tryton.mapping_invoice import Bills
from sources.tryton.mapping_payment import to_payment
from sources.tryton.orders import Read
from sources.tryton.reading import ENTRY, INVOICE
from sources.tryton.settings import Entities

NEWEST_FIRST: Final = (("invoice_date", "DESC"), ("id", "DESC"))
LINE_MODEL: Final = "account.invoice.line"
V = TypeVar("V")
Build = Callable[[Sequence[V]], tuple[Domain, Domain]]
"""The domain of invoices that values name, and the domain of the credit notes of such invoices."""
_INVOICES: Final = msgspec.json.Decoder(list[wire.Invoice])
_ENTRIES: Final = msgspec.json.Decoder(list[wire.Entry])
_OURS: Final = clause("type", "=", "out")
_BILLS: Final = clause("total_amount", ">=", 0)
_NOTES: Final = clause("total_amount", "<", 0)


class Invoices:
    """Customer invoices, the credit notes that belong to them, and the payments of them."""

    def __init__(self, client: TrytonClient, entities: Entities, reading: Read) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._entities, self._reading = client, entities, reading

    async def of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> dict[str, tuple[Invoice, ...]]:
        """Invoices by sale, oldest first: one HTTP call, credit notes and payments along with them."""
        ids = identities(order.ref.key for order in orders)
        invoices = await self._invoices(call, ids, _of_sales, wanted)
        asked, found = {str(key) for key in ids}, dict[str, list[Invoice]]()
        for invoice in invoices:
            for ref in invoice.order_refs:
                if ref.key in asked:
                    found.setdefault(ref.key, []).append(invoice)
        return {key: tuple(held) for key, held in found.items()}

    async def fetch(self, call: Call, lookup: Lookup, wanted: Wanted) -> list[Invoice]:
        """Invoices by key or number: one HTTP call."""
        pairs: list[tuple[str, str | int]] = [("id", key) for key in identities(lookup.keys)]
        pairs += [("number", number) for number in texts(lookup.numbers)]
        return await self._invoices(call, pairs, _named, wanted)

    async def stream(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """One page of the stream: one HTTP call, one more where credit notes are wanted.

        A draft without a date is in no stream. Due days are not narrowed by: Tryton has one for each instalment.
        """
        companies = self._entities.companies(call.view.legal_entities, query.legal_entity_code)
        if companies == () or query.customer_keys == ():
            return Page((), more=False)
        where = every(
            _OURS,
            _BILLS,
            clause("invoice_date", "!=", None),
            one_of("company", companies) if companies else None,
            one_of("party.code", texts(query.customer_keys)) if query.customer_keys is not None else None,
            clause("state", "=", "posted") if query.open_only else None,
            behind_day("invoice_date", query.after.at.date(), identity(query.after.key)) if query.after else None,
        )
        search = Search(INVOICE, invoice_paths(wanted))
        rows = await self._client.page(call, search, _INVOICES, where, NEWEST_FIRST, query.first + 1)
        listed = [row.id for row in rows[: query.first]]
        notes = await self._notes_of(call, listed, wanted)
        told = {i.ref.key: i for i in Bills([*rows[: query.first], *notes], self._reading(None)).invoices(wanted)}
        return Page(tuple(told[str(key)] for key in listed if str(key) in told), more=len(rows) > query.first)

    async def credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> dict[str, CreditMemo]:
        """Credit notes by their own key: one HTTP call."""
        rows = await self._read(
            call, credit_note_paths(wanted), identities(keys), lambda run: [*one_of("id", run), *_NOTES]
        )
        return Bills(rows, self._reading(None)).credit_memos(wanted)

    async def payments(self, call: Call, keys: Sequence[str], wanted: Wanted) -> dict[str, Payment]:
        """Entries in the books by their id, as payments: one HTTP call."""
        ids, companies = identities(keys), self._entities.companies(call.view.legal_entities)
        if not ids or companies == ():
            return {}
        seen, search = one_of("company", companies) if companies else None, Search(ENTRY, payment_paths(wanted))
        rows = await self._client.every(call, search, _ENTRIES, ids, lambda run: every(one_of("id", run), seen))
        reading = self._reading(None)
        return {str(row.id): to_payment(row, reading, wanted) for row in rows}

    async def _invoices(self, call: Call, values: Sequence[V], build: Build[V], wanted: Wanted) -> list[Invoice]:
        """Invoices found in one of these ways; the credit notes of those found in the same call, where wanted."""
        notes = "credit_memos" in wanted

        def domain(run: Sequence[V]) -> Domain:
            return either(build(run)) if notes else build(run)[0]

        rows = await self._read(call, invoice_paths(wanted), values, domain)
        return Bills(rows, self._reading(None)).invoices(wanted)

    async def _notes_of(self, call: Call, invoices: Sequence[int], wanted: Wanted) -> list[wire.Invoice]:
        if not invoices or "credit_memos" not in wanted:
            return []
        return await self._read(
            call, invoice_paths(wanted), invoices, lambda run: one_of("lines.origin.invoice.id", run, LINE_MODEL)
        )

    async def _read(
        self, call: Call, paths: tuple[str, ...], values: Sequence[V], build: Callable[[Sequence[V]], Domain]
    ) -> list[wire.Invoice]:
        companies = self._entities.companies(call.view.legal_entities)
        if not values or companies == ():
            return []
        seen = one_of("company", companies) if companies else None
        search = Search(INVOICE, paths)
        return await self._client.every(call, search, _INVOICES, values, lambda run: every(build(run), _OURS, seen))


def _of_sales(ids: Sequence[int]) -> tuple[Domain, Domain]:
    """Invoices of sales; credit notes of invoices of sales."""
    return one_of("sales", ids), one_of("lines.origin.invoice.sales.id", ids, LINE_MODEL)


def _named(pairs: Sequence[tuple[str, str | int]]) -> tuple[Domain, Domain]:
    """Invoices by name; credit notes of invoices by name."""
    of_notes = [
        one_of(f"lines.origin.invoice.{field}", [value for name, value in pairs if name == field], LINE_MODEL)
        for field in dict.fromkeys(name for name, _ in pairs)
    ]
    return named(pairs), either(of_notes)
