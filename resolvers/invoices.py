"""Invoices as the graph asks for them: one, and a page over every ERP, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from canonical.absence import known
from canonical.errors import Fault, Mistake
from canonical.identity import expect_id
from canonical.invoice import Invoice
from canonical.status import overdue_days
from canonical.wanted import Wanted
from resolvers.access import require, sees_entity
from resolvers.asking import side_by_side, split
from resolvers.collecting import ROUNDS, Collector, Keys, rows_a_round, union
from resolvers.connections import Connection, gap, page_size
from resolvers.context import Context
from resolvers.cursors import decode_positions, encode_positions
from resolvers.customer_naming import configured
from resolvers.delivery_and_billing import invoices_wanted
from resolvers.documents import load_invoices
from resolvers.naming import InvoiceFilterAsked, InvoiceNamed, only_one
from resolvers.order_filter import customer_keys
from resolvers.own_documents import PAYER, OwnKeys, only_own, own_keys
from sources.ports import InvoiceQuery, InvoiceSource, Lookup, Position

_KIND = "invoices"
LIST_FACTS = Wanted.of("issued_on", "status", "open", "due_on")


async def invoice(
    context: Context, parents: Sequence[object], _: Wanted, by: InvoiceNamed
) -> Sequence[Invoice | Exception | None]:
    """The invoice that is named; None where no ERP has it."""
    require(context.principal, "invoices:read")
    if by.document is not None:
        return [await _by_number(context, by.document.value, by.document.legal_entity)] * len(parents)
    if by.id is None and by.reference is None:
        raise Mistake("BAD_ARGUMENT", "Name the invoice by id, document or reference.")
    ref = expect_id(by.id, "Invoice") if by.id is not None else by.reference
    [found] = await load_invoices(context, [configured(context, ref)] if ref else [])
    return [found] * len(parents)


async def _by_number(context: Context, number: str, entity: str | None) -> Invoice | Fault | None:
    code = context.landscape.entity(entity).code if entity else None
    wanted = invoices_wanted(context) | PAYER
    questions = {
        erp: source.fetch_invoices(context.call, Lookup(numbers=(number,)), wanted)
        for erp in context.landscape.erps
        if (source := context.system(erp, InvoiceSource))
    }
    answers, faults = split(await side_by_side(questions))
    found = [
        i for invoices in answers.values() for i in invoices if sees_entity(context.principal, i.legal_entity_code)
    ]
    found = [i for i in found if code in (None, i.legal_entity_code)]
    told = await only_own(context, found)
    mine = [i for i in told if isinstance(i, Invoice)]
    hidden = next((fault for fault in told if isinstance(fault, Fault)), None)
    labels = [f"{i.legal_entity_code} ({i.ref.system} {i.ref.key})" for i in mine]
    return only_one(mine, number, labels) or hidden or next(iter(faults.values()), None)


async def invoices(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, by: InvoiceFilterAsked | None
) -> Sequence[Connection[Invoice] | Exception | None]:
    """A page of all ERPs' invoices, newest first."""
    require(context.principal, "invoices:read")
    asked = by or InvoiceFilterAsked()
    keys = await customer_keys(context, asked.customer) if asked.customer else None
    [page] = await list_invoices(context, first, after, asked, [keys])
    return [page] * len(parents)


async def list_invoices(
    context: Context, first: int, after: str | None, asked: InvoiceFilterAsked, whose: Sequence[Keys | None]
) -> list[Connection[Invoice]]:
    """One page for each of these customers (None: of everybody), from one scan over the ERPs.

    An ERP that could not be asked is a gap; what no ERP can filter by is filtered here within a bounded scan.
    """
    size = page_size(first)
    named = await customer_keys(context, asked.customer) if asked.customer and None not in whose else None
    own = await own_keys(context)
    narrowed = [_both(_both(keys, named), _own(context, own)) for keys in whose]
    pages = [Collector[Invoice](size, keys) for keys in narrowed]
    scan = _Scan(context, asked, union(narrowed), rows_a_round(size, len(whose)), decode_positions(_KIND, after))
    if own is not None:
        scan.faults.update(own.faults)
    for _ in range(ROUNDS):
        await scan.go(pages)
        if not (scan.going and scan.moved) or all(one.full for one in pages) or (len(pages) == 1 and pages[0].edges):
            break
    end = encode_positions(_KIND, scan.positions) if scan.positions else after
    gaps = [gap(name, fault, "invoices") for name, fault in scan.faults.items()]
    return [one.page(end, going=scan.going, gaps=gaps) for one in pages]


def _both(keys: Keys | None, others: Keys | None) -> Keys | None:
    if keys is None or others is None:
        return others if keys is None else keys
    return {system: tuple(key for key in held if key in others.get(system, ())) for system, held in keys.items()}


def _own(context: Context, own: OwnKeys | None) -> Keys | None:
    return (
        None
        if own is None
        else {e: () if own.silent(e, context.landscape.crm) else own.of(e) for e in context.landscape.erps}
    )


class _Scan:
    """One walk over the ERPs' invoices, all of them merged newest first."""

    def __init__(
        self, context: Context, asked: InvoiceFilterAsked, keys: Keys | None, size: int, after: dict[str, Position]
    ) -> None:
        self.context, self.asked, self.keys, self.size = context, asked, keys, size
        self.positions = {name: at for name, at in after.items() if name in context.landscape.erps}
        self.faults: dict[str, Fault] = {}
        self.going = self.moved = True

    async def go(self, pages: Sequence[Collector[Invoice]]) -> None:
        """Ask each ERP for its next rows and fill the pages, no further than every ERP has told."""
        wanted = invoices_wanted(self.context) | LIST_FACTS | PAYER
        questions = {
            erp: source.list_invoices(self.context.call, query, wanted)
            for erp in _erps(self.context, self.asked.legal_entity)
            if (source := self.context.system(erp, InvoiceSource))
            and (query := _query(self.size, self.positions.get(erp), self.asked, self.keys, erp)) is not None
        }
        told, faults = split(await side_by_side(questions))
        self.faults.update(faults)
        rows = sorted((i for page in told.values() for i in page.items), key=_place, reverse=True)
        ends = [min(map(_place, page.items)) for page in told.values() if page.more and page.items]
        looked_at = 0
        for row in rows:
            if all(one.full for one in pages) or any(_place(row) < end for end in ends):
                break
            looked_at += 1
            self._look(row, pages)
        self.moved = looked_at > 0
        self.going = looked_at < len(rows) or any(page.more for page in told.values()) or bool(self.faults)

    def _look(self, row: Invoice, pages: Sequence[Collector[Invoice]]) -> None:
        self.positions[row.ref.system] = Position(_issued(row), row.ref.key)
        if not _passes(self.context, row, self.asked):
            return
        fitting = [one for one in pages if one.fits(row.ref.system, known(row.customer_key))]
        word = encode_positions(_KIND, self.positions) if fitting else ""
        for one in fitting:
            one.offer(word, row)


def _erps(context: Context, entity: str | None) -> Sequence[str]:
    found = context.landscape.entity(entity) if entity else None
    return (found.erp,) if found and found.erp else context.landscape.erps


def _query(
    size: int,
    after: Position | None,
    asked: InvoiceFilterAsked,
    keys: Keys | None,
    erp: str,
) -> InvoiceQuery | None:
    customers = keys.get(erp, ()) if keys is not None else None
    if customers == ():
        return None
    return InvoiceQuery(
        first=size + 1,
        after=after,
        customer_keys=customers,
        legal_entity_code=asked.legal_entity,
        due_from=asked.due_from,
        due_to=asked.due_to,
        open_only=asked.overdue is True,
    )


def _issued(invoice: Invoice) -> datetime:
    return datetime.combine(known(invoice.issued_on) or date.min, time(), UTC)


def _place(invoice: Invoice) -> tuple[datetime, str, str]:
    return (_issued(invoice), invoice.ref.system, invoice.ref.key)


def _passes(context: Context, invoice: Invoice, asked: InvoiceFilterAsked) -> bool:
    due, status = known(invoice.due_on), known(invoice.status)
    late = overdue_days(invoice, context.clock().date()) > 0
    return (
        sees_entity(context.principal, invoice.legal_entity_code)
        and asked.legal_entity in (None, invoice.legal_entity_code)
        and (asked.status is None or status in asked.status)
        and (asked.due_from is None or (due is not None and due >= asked.due_from))
        and (asked.due_to is None or (due is not None and due <= asked.due_to))
        and asked.overdue in (None, late)
    )


async def overdue_days_of(context: Context, parents: Sequence[Invoice], _: Wanted) -> Sequence[int | Exception | None]:
    """Days each invoice is overdue today (UTC); zero when it is not, None where its due date is not known."""
    today = context.clock().date()
    return [overdue_days(parent, today) if known(parent.due_on) else None for parent in parents]
