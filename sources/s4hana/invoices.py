"""Asking SAP for invoices: billing documents by order or number, and what the ledger says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec

from canonical.invoice import CreditMemo, Invoice
from canonical.order import OrderRecord
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.kit.odata.filters import either, eq, every, one_of, runs
from sources.kit.odata.literals import day, text
from sources.kit.odata.payload import Collection
from sources.kit.odata.query import Query, Shape
from sources.ports import InvoiceQuery, Lookup, Page
from sources.s4hana.client import Decoder, S4Client
from sources.s4hana.faults import contract
from sources.s4hana.ledgers import Ledgers
from sources.s4hana.mapping_invoice import CREDIT_MEMO, INVOICES, OPEN_FACTS, Bills
from sources.s4hana.mapping_ledger import Ledger
from sources.s4hana.mapping_order import SapOrder
from sources.s4hana.reading import Reading
from sources.s4hana.services import BILLING
from sources.s4hana.settings import Entities, Settings
from sources.s4hana.shapes import BILLED_ITEM
from sources.s4hana.shapes import BILLING as DOCUMENT
from sources.s4hana.values import is_document, unpadded
from sources.s4hana.wire import BilledItem, BillingDocument

HEADERS: Final = "A_BillingDocument"
ITEMS: Final = "A_BillingDocumentItem"
BILL_NUMBER: Final = Shape(("BillingDocument",))
_HEADERS: Final = msgspec.json.Decoder(Collection[BillingDocument])
_ITEMS: Final = msgspec.json.Decoder(Collection[BilledItem])


class Invoices:
    """Billing documents of one system."""

    def __init__(
        self,
        client: S4Client,
        settings: Settings,
        entities: Entities,
        reading: Callable[[], Reading],
        ledgers: Ledgers,
    ) -> None:
        """Ask through this client; `reading` gives each answer its instant."""
        self._client, self._settings, self._entities = client, settings, entities
        self._reading, self._ledgers = reading, ledgers

    async def of_orders(
        self, call: Call, orders: Sequence[OrderRecord], wanted: Wanted
    ) -> dict[str, tuple[Invoice, ...]]:
        """Invoices by order, oldest first: one HTTP call, and one for the ledger where it is needed."""
        followed = _followed(orders)
        rows = await self._behind(call, orders, list(followed))
        invoices = await self._told(call, rows, wanted, followed)
        found: dict[str, list[Invoice]] = {}
        for invoice in invoices:
            for ref in invoice.order_refs:
                found.setdefault(ref.key, []).append(invoice)
        return {order.ref.key: tuple(found[order.ref.key]) for order in orders if order.ref.key in found}

    async def fetch(self, call: Call, lookup: Lookup, wanted: Wanted) -> list[Invoice]:
        """Invoices by key or number."""
        numbers = [unpadded(key) for key in (*lookup.keys, *lookup.numbers) if is_document(key)]
        return await self._told(call, await self._headers(call, numbers), wanted, {})

    async def stream(self, call: Call, query: InvoiceQuery, wanted: Wanted) -> Page[Invoice]:
        """One page of the stream; what only the ledger could narrow (due days, open or not) is not narrowed by."""
        companies = self._companies(call, query.legal_entity_code)
        if companies == () or query.customer_keys == ():
            return Page((), more=False)
        where = every(
            either(eq("SDDocumentCategory", letter) for letter in sorted(INVOICES)),
            one_of("CompanyCode", companies) if companies else None,
            one_of("PayerParty", map(unpadded, query.customer_keys)) if query.customer_keys else None,
            _behind(query),
        )
        order = ("BillingDocumentDate desc", "BillingDocument desc")
        read = Query(HEADERS, DOCUMENT, where, order, query.first + 1)
        (rows,) = await self._client.read(call, BILLING, [read], _HEADERS)
        told = {invoice.ref.key: invoice for invoice in await self._told(call, rows[: query.first], wanted, {})}
        keys = dict.fromkeys(unpadded(row.BillingDocument) for row in rows[: query.first])
        return Page(tuple(told[key] for key in keys if key in told), more=len(rows) > query.first)

    async def credit_memos(self, call: Call, keys: Sequence[str], wanted: Wanted) -> Mapping[str, CreditMemo]:
        """Credit memos by their own number."""
        rows = await self._headers(call, [unpadded(key) for key in keys if is_document(key)])
        memos = [row for row in rows if row.SDDocumentCategory == CREDIT_MEMO]
        ledger = await self._ledgers.behind(call, memos, wanted) if "open" in wanted and memos else None
        with contract(self._client.system):
            return Bills(memos, self._reading(), ledger).credit_memos(wanted)

    async def _told(
        self, call: Call, rows: Sequence[BillingDocument], wanted: Wanted, followed: Mapping[str, Sequence[str]]
    ) -> list[Invoice]:
        ledger: Ledger | None = None
        if rows and (wanted.any_of(*OPEN_FACTS) or "open" in wanted.below("credit_memos")):
            ledger = await self._ledgers.behind(call, rows, wanted.below("payments").below("payment"))
        with contract(self._client.system):
            return Bills(rows, self._reading(), ledger, followed).invoices(wanted)

    async def _behind(self, call: Call, orders: Sequence[OrderRecord], bills: Sequence[str]) -> list[BillingDocument]:
        """The whole documents that bill these orders.

        What the document flow names is read by number: a credit memo refers to its request and not to the order. The
        items that refer to the orders only say whether the flow named all; where there is no flow they bring each
        document with them, once for each of its items.
        """
        companies = self._companies(call, None)
        if not orders or companies == ():
            return []
        traced = {order.ref.key for order in orders if isinstance(order, SapOrder) and order.bills is not None}
        untraced = [order.ref.key for order in orders if order.ref.key not in traced]
        named = self._by_number(bills, companies)
        items = [*_by_order(sorted(traced), BILL_NUMBER), *_by_order(untraced, BILLED_ITEM)]
        decoders: list[Decoder[Any]] = [*[_HEADERS] * len(named), *[_ITEMS] * len(items)]
        parts = await self._client.read_each(call, BILLING, [*named, *items], decoders)
        rows: list[BillingDocument] = [row for part in parts[: len(named)] for row in part]
        held: list[BilledItem] = [item for part in parts[len(named) :] for item in part]
        rows += {item.number: item.document for item in held if item.document is not None}.values()
        known = {unpadded(row.BillingDocument) for row in rows} | _all_followed(orders)
        missing = dict.fromkeys(number for item in held if (number := unpadded(item.number)) not in known)
        rows += await self._headers(call, list(missing))
        # Items carry no company code, so what may be seen of documents that came with them is decided here.
        return [row for row in rows if companies is None or row.CompanyCode in companies]

    async def _headers(self, call: Call, numbers: Sequence[str]) -> list[BillingDocument]:
        companies = self._companies(call, None)
        if not numbers or companies == ():
            return []
        parts = await self._client.read(call, BILLING, self._by_number(numbers, companies), _HEADERS)
        return [row for part in parts for row in part]

    def _by_number(self, numbers: Sequence[str], companies: tuple[str, ...] | None) -> list[Query]:
        seen = one_of("CompanyCode", companies) if companies else None
        conditions = [eq("BillingDocument", number) for number in numbers]
        return [Query(HEADERS, DOCUMENT, every(either(run), seen), ("BillingDocument",)) for run in runs(conditions)]

    def _companies(self, call: Call, entity: str | None) -> tuple[str, ...] | None:
        seen = call.view.legal_entities
        if entity is None:
            return self._entities.companies(seen)
        if seen is not None and entity not in seen:
            return ()
        return self._entities.companies(frozenset({entity}))


def _by_order(orders: Sequence[str], shape: Shape) -> list[Query]:
    conditions = [eq("SalesDocument", order) for order in orders]
    order = ("BillingDocument", "BillingDocumentItem")
    return [Query(ITEMS, shape, either(run), order) for run in runs(conditions)]


def _followed(orders: Sequence[OrderRecord]) -> dict[str, list[str]]:
    """Keys of the orders that each billing document follows from, where the orders came with their flow."""
    found: dict[str, list[str]] = {}
    for order in orders:
        for bill in (order.bills if isinstance(order, SapOrder) else None) or ():
            found.setdefault(bill, []).append(order.ref.key)
    return found


def _all_followed(orders: Sequence[OrderRecord]) -> set[str]:
    """Every number in the orders' flows, cancellations and pro forma documents too: those are known, and not wanted."""
    return {number for order in orders if isinstance(order, SapOrder) for number, _ in order.followed or ()}


def _behind(query: InvoiceQuery) -> str | None:
    """What comes behind a position: invoices have a day and no time, so the number decides within it."""
    if query.after is None:
        return None
    on = query.after.at.date()
    if query.after.at.timetz().replace(tzinfo=None) > query.after.at.min.time():
        return f"BillingDocumentDate lt {day(on + timedelta(days=1))}"
    same = f"(BillingDocumentDate eq {day(on)} and BillingDocument lt {text(query.after.key)})"
    return either([f"BillingDocumentDate lt {day(on)}", same])
