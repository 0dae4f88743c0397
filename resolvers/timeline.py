"""An order's timeline: what every system knows happened, merged, with the systems that could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from canonical.absence import known
from canonical.contract import ContractRecord
from canonical.errors import Fault
from canonical.invoice import Invoice
from canonical.joined import Order
from canonical.quote import QuoteRecord
from canonical.system import SourceGap
from canonical.timeline import TimelineEntry, TimelineKind
from canonical.wanted import Wanted
from resolvers.asking import both
from resolvers.connections import Connection, Edge, PageInfo, gap, page_size
from resolvers.context import Context
from resolvers.contracts import load_contracts
from resolvers.cursors import decode_positions, encode_positions
from resolvers.delivery_and_billing import invoices_of_orders, shipments_of_orders
from resolvers.quotes import load_quotes
from resolvers.timeline_entries import of_contract, of_invoice, of_order, of_quote, of_shipment
from resolvers.timeline_order import merged
from sources.ports import Position


async def timelines_of(
    context: Context,
    parents: Sequence[Order],
    _: Wanted,
    first: int,
    after: str | None,
    kinds: tuple[TimelineKind, ...] | None,
    newest_first: bool,
) -> Sequence[Connection[TimelineEntry] | Exception | None]:
    """A page of each order's timeline, by time and then by the order of the process."""
    size = page_size(first)
    behind = decode_positions("timeline", after).get("")
    start = partial(_start, behind=behind, falling=newest_first)
    return [
        _page(merged(entries, kinds, newest_first=newest_first), size, start, gaps)
        for entries, gaps in await happenings_of(context, parents)
    ]


async def happenings_of(
    context: Context, orders: Sequence[Order]
) -> list[tuple[list[TimelineEntry], tuple[SourceGap, ...]]]:
    """All that every system knows happened to each order, in no promised order, with what could not be read."""
    bills = "invoices:read" in context.principal.scopes
    asked = both(shipments_of_orders(context, orders), _invoices(context, orders, told=bills))
    agreed = both(_quotes(context, orders), _contracts(context, orders))
    (quotes, contracts), (shipments, invoices) = await both(agreed, asked)
    today = context.clock().date()
    told: list[tuple[list[TimelineEntry], tuple[SourceGap, ...]]] = []
    for order, quote, contract, sent, billed in zip(orders, quotes, contracts, shipments, invoices, strict=True):
        entries = of_order(order)
        entries += of_quote(quote) if isinstance(quote, QuoteRecord) else []
        entries += of_contract(order, contract) if isinstance(contract, ContractRecord) else []
        for shipment in sent if not isinstance(sent, Fault) else ():
            entries += of_shipment(order, shipment)
        for invoice in billed if not isinstance(billed, Fault) else ():
            entries += of_invoice(invoice, today)
        told.append((entries, _gaps(order, quote, contract, sent, billed)))
    return told


async def _invoices(context: Context, orders: Sequence[Order], *, told: bool) -> Sequence[tuple[Invoice, ...] | Fault]:
    return await invoices_of_orders(context, orders) if told else [()] * len(orders)


async def _quotes(context: Context, orders: Sequence[Order]) -> list[QuoteRecord | Fault | None]:
    keys = [known(order.crm.quote_key) if order.crm else None for order in orders]
    asked = list(dict.fromkeys(key for key in keys if key))
    if "quotes:read" not in context.principal.scopes:
        return [None] * len(orders)
    found = dict(zip(asked, await load_quotes(context, asked), strict=True))
    return [found[key] if key else None for key in keys]


async def _contracts(context: Context, orders: Sequence[Order]) -> list[ContractRecord | Fault | None]:
    keys = [known(order.crm.contract_key) if order.crm else None for order in orders]
    asked = list(dict.fromkeys(key for key in keys if key))
    found = dict(zip(asked, await load_contracts(context, asked), strict=True))
    return [found[key] if key else None for key in keys]


def _gaps(order: Order, quote: object, contract: object, shipments: object, invoices: object) -> tuple[SourceGap, ...]:
    """One gap a system, naming all that is missing of it."""
    missing: dict[str, tuple[Fault, list[str]]] = {}
    told = [(fault, "order") for fault in order.faults.values()]
    agreed, done = (
        ((quote, "quote"), (contract, "contract")),
        ((shipments, "shipments"), (invoices, "invoices and payments")),
    )
    told += [(held, what) for held, what in (*agreed, *done) if isinstance(held, Fault)]
    for fault, what in told:
        missing.setdefault(fault.system, (fault, []))[1].append(what)
    return tuple(gap(system, fault, *dict.fromkeys(parts)) for system, (fault, parts) in missing.items())


def _page(
    entries: Sequence[TimelineEntry],
    size: int,
    begin: Callable[[Sequence[TimelineEntry]], int],
    gaps: tuple[SourceGap, ...],
) -> Connection[TimelineEntry]:
    start = begin(entries)
    shown = entries[start : start + size]
    edges = tuple(Edge(encode_positions("timeline", {"": Position(entry.at, entry.key)}), entry) for entry in shown)
    info = PageInfo(len(entries) > start + size, edges[-1].cursor if edges else None)
    return Connection(edges=edges, page_info=info, gaps=gaps)


def _start(entries: Sequence[TimelineEntry], behind: Position | None, *, falling: bool) -> int:
    """Where to go on: behind the entry of the cursor, or behind its instant where that entry is gone."""
    if behind is None:
        return 0
    keys = [entry.key for entry in entries]
    if behind.key in keys:
        return keys.index(behind.key) + 1
    return sum(1 for entry in entries if (entry.at >= behind.at if falling else entry.at <= behind.at))
