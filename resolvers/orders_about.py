"""Which orders a changed record is about: for each concept the way from its records to orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import chain

from msgspec.structs import replace

from canonical.absence import known
from canonical.changes import Concept
from canonical.errors import Fault
from canonical.order import OrderRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.context import Context
from sources.ports import InvoiceSource, Lookup, OrderQuery, OrderSource, PaymentSource, Position, ShipmentSource

Named = Mapping[str, tuple[Ref, ...] | Fault]
PAGE = 500
"""Orders of one question."""
PAGES = 20
"""Pages of one quote or contract: it is about its newest orders where it has more."""


async def orders_about(context: Context, concept: Concept, system: str, keys: Sequence[str]) -> Named:
    """The orders that each record is about, by its key; what is gone is about none, or absent.

    What was found is told whatever comes after it: a fault is only that of the keys whose orders it kept unknown.
    """
    try:
        return await _ORDERS_OF[concept](context, system, keys) if keys else {}
    except Fault as fault:
        return dict.fromkeys(keys, fault)


async def _itself(_: Context, system: str, keys: Sequence[str]) -> Named:
    return {key: (Ref(system, key),) for key in keys}


async def _nobody(_: Context, __: str, ___: Sequence[str]) -> Named:
    return {}


async def _shipped(context: Context, system: str, keys: Sequence[str]) -> Named:
    source = context.system(system, ShipmentSource)
    found = await source.fetch_shipments(context.call, keys, Wanted.of("number")) if source else {}
    return {key: shipment.order_refs for key, shipment in found.items()}


async def _billed(context: Context, system: str, keys: Sequence[str]) -> Named:
    source = context.system(system, InvoiceSource)
    if source is None:
        return {}
    bills = await source.fetch_invoices(context.call, Lookup(keys=tuple(keys)), Wanted.of("number"))
    told: dict[str, tuple[Ref, ...] | Fault] = {bill.ref.key: bill.order_refs for bill in bills}
    missing = [key for key in keys if key not in told]
    try:
        return {**told, **await _credited(context, source, missing)} if missing else told
    except Fault as fault:
        return {**told, **dict.fromkeys(missing, fault)}


async def _credited(context: Context, source: InvoiceSource, keys: Sequence[str]) -> Named:
    """Of credit memos: their orders, or those of the invoices that they credit."""
    memos = await source.fetch_credit_memos(context.call, keys, Wanted.of("number"))
    credited = {ref.key for memo in memos.values() if not memo.order_refs for ref in memo.invoice_refs}
    of_invoice = await orders_about(context, Concept.INVOICE, source.name, sorted(credited))
    return {
        key: memo.order_refs or _together(of_invoice, [ref.key for ref in memo.invoice_refs])
        for key, memo in memos.items()
    }


async def _paid(context: Context, system: str, keys: Sequence[str]) -> Named:
    source = context.system(system, PaymentSource)
    found = await source.fetch_payments(context.call, keys, Wanted.of("applications.amount")) if source else {}
    bills = {key: [one.invoice_ref.key for one in known(payment.applications) or ()] for key, payment in found.items()}
    asked = sorted({bill for many in bills.values() for bill in many})
    of_invoice = await orders_about(context, Concept.INVOICE, system, asked)
    return {key: _together(of_invoice, many) for key, many in bills.items()}


def _together(told: Named, keys: Sequence[str]) -> tuple[Ref, ...] | Fault:
    """The orders of several records; not known as long as those of one are not."""
    held = [told.get(key, ()) for key in keys]
    faults = [one for one in held if isinstance(one, Fault)]
    return (
        faults[0]
        if faults
        else tuple(dict.fromkeys(ref for refs in held if not isinstance(refs, Fault) for ref in refs))
    )


async def _named_by(field: str, context: Context, system: str, keys: Sequence[str]) -> Named:
    """Of quotes or contracts: the orders that name them in this field, one question for as many as a page holds.

    Where they are more, the question is halved and not paged on: whoever has an answer then has it whole.
    """
    source = context.system(system, OrderSource)
    told: dict[str, tuple[Ref, ...] | Fault] = {}
    runs = [tuple(keys)] if source else []
    while source and runs:
        run = runs.pop()
        try:
            found = await _orders_naming(context, source, field, run)
        except Fault as fault:
            return {**told, **dict.fromkeys(chain(run, *runs), fault)}
        if found is None:
            half = len(run) // 2
            runs += [run[half:], run[:half]]
        else:
            told |= {key: tuple(one.ref for one in found if known(getattr(one, field)) == key) for key in run}
    return told


async def _orders_naming(
    context: Context, source: OrderSource, field: str, keys: tuple[str, ...]
) -> list[OrderRecord] | None:
    """The orders that name any of these; None where those of several are more than a page."""
    query: OrderQuery = replace(OrderQuery(first=PAGE), **{f"{field}s": keys})
    found: list[OrderRecord] = []
    for _ in range(PAGES):
        page = await source.list_orders(context.call, query, Wanted.of(field))
        found += page.items
        if not page.more:
            break
        if len(keys) > 1:
            return None
        query = replace(query, after=Position(found[-1].ordered_at, found[-1].ref.key))
    return found


_ORDERS_OF: Mapping[Concept, Callable[[Context, str, Sequence[str]], Awaitable[Named]]] = {
    Concept.ORDER: _itself,
    Concept.SHIPMENT: _shipped,
    Concept.INVOICE: _billed,
    Concept.PAYMENT: _paid,
    Concept.QUOTE: partial(_named_by, "quote_key"),
    Concept.CONTRACT: partial(_named_by, "contract_key"),
    Concept.CUSTOMER: _nobody,
    Concept.PRODUCT: _nobody,
}
