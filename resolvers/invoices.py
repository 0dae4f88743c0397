"""Invoices as the graph asks for them: one, and a page over every ERP, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

from canonical.absence import known
from canonical.errors import Fault, Mistake
from canonical.identity import expect_id
from canonical.invoice import Invoice
from canonical.status import overdue_days
from canonical.wanted import Wanted
from resolvers.access import require, sees_entity
from resolvers.asking import side_by_side, split
from resolvers.connections import Connection, Edge, PageInfo, gap, page_size
from resolvers.context import Context
from resolvers.cursors import decode_positions, encode_positions
from resolvers.customer_naming import configured
from resolvers.delivery_and_billing import invoices_wanted
from resolvers.documents import load_invoices
from resolvers.naming import InvoiceFilterAsked, InvoiceNamed, only_one
from resolvers.order_filter import customer_keys
from sources.ports import InvoiceQuery, InvoiceSource, Lookup, Position

_KIND = "invoices"
_LIST_FACTS = Wanted.of("issued_on", "status", "open", "due_on")


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
    wanted = invoices_wanted(context)
    questions = {
        erp: source.fetch_invoices(context.call, Lookup(numbers=(number,)), wanted)
        for erp in context.landscape.erps
        if (source := context.system(erp, InvoiceSource))
    }
    answers, faults = split(await side_by_side(questions))
    found = [
        i for invoices in answers.values() for i in invoices if sees_entity(context.principal, i.legal_entity_code)
    ]
    mine = [i for i in found if code in (None, i.legal_entity_code)]
    labels = [f"{i.legal_entity_code} ({i.ref.system} {i.ref.key})" for i in mine]
    return only_one(mine, number, labels) or next(iter(faults.values()), None)


async def invoices(
    context: Context, parents: Sequence[object], _: Wanted, first: int, after: str | None, by: InvoiceFilterAsked | None
) -> Sequence[Connection[Invoice] | Exception | None]:
    """A page of all ERPs' invoices, newest first."""
    require(context.principal, "invoices:read")
    asked = by or InvoiceFilterAsked()
    keys = await customer_keys(context, asked.customer) if asked.customer else None
    return [await list_invoices(context, first, after, asked, keys)] * len(parents)


async def list_invoices(
    context: Context,
    first: int,
    after: str | None,
    asked: InvoiceFilterAsked,
    keys: Mapping[str, tuple[str, ...]] | None,
) -> Connection[Invoice]:
    """One page. An ERP that could not be asked is a gap; what no ERP can filter by is filtered here."""
    size = page_size(first)
    positions = decode_positions(_KIND, after)
    wanted = invoices_wanted(context) | _LIST_FACTS
    questions = {
        erp: source.list_invoices(context.call, query, wanted)
        for erp in _erps(context, asked.legal_entity)
        if (source := context.system(erp, InvoiceSource))
        and (query := _query(size, positions.get(erp), asked, keys, erp)) is not None
    }
    pages, faults = split(await side_by_side(questions))
    rows = sorted((i for page in pages.values() for i in page.items), key=_place, reverse=True)
    edges: list[Edge[Invoice]] = []
    for row in rows[:size]:
        positions[row.ref.system] = Position(_issued(row), row.ref.key)
        if _passes(context, row, asked):
            edges.append(Edge(encode_positions(_KIND, positions), row))
    more = len(rows) > size or any(page.more for page in pages.values())
    end = encode_positions(_KIND, positions) if positions else None
    gaps = tuple(gap(name, fault, "invoices") for name, fault in faults.items())
    return Connection(edges=tuple(edges), page_info=PageInfo(more, end), gaps=gaps)


def _erps(context: Context, entity: str | None) -> Sequence[str]:
    found = context.landscape.entity(entity) if entity else None
    return (found.erp,) if found and found.erp else context.landscape.erps


def _query(
    size: int,
    after: Position | None,
    asked: InvoiceFilterAsked,
    keys: Mapping[str, tuple[str, ...]] | None,
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
