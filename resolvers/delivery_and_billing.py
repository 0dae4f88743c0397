"""What the ERPs did with an order: its shipments and invoices, each ERP asked once for all orders of an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from canonical.errors import Fault
from canonical.invoice import Invoice
from canonical.joined import Order
from canonical.order import OrderRecord
from canonical.refs import Ref
from canonical.shipment import Shipment
from canonical.wanted import Wanted
from resolvers.access import sees_entity
from resolvers.asking import side_by_side
from resolvers.context import Context
from resolvers.loading import load_all
from sources.ports import InvoiceSource, ShipmentSource

D = TypeVar("D", Shipment, Invoice)

FULFILLMENT_FACTS = Wanted.of("status", "lines.quantity")
INVOICING_FACTS = Wanted.of("status", "total", "lines.quantity", "credit_memos.total")
PAYMENT_FACTS = INVOICING_FACTS | Wanted.of("paid", "open", "due_on")
_TIMELINE_SHIPMENT = Wanted.of(
    "number", "status", "ship_from", "carrier", "created_at", "planned_on", "shipped_at", "delivered_at", "milestones"
)
_TIMELINE_INVOICE = Wanted.of(
    "number", "status", "issued_on", "created_at", "due_on", "open", "total",
    "payments.amount", "payments.applied_at", "payments.payment.number", "payments.payment.method",
    "credit_memos.number", "credit_memos.total", "credit_memos.issued_on", "credit_memos.reason",
)  # fmt: skip


def shipments_wanted(context: Context) -> Wanted:
    """What the operation reads of shipments, itself or for a status or a timeline."""
    order, wanted = context.wants_of("Order"), context.wants_of("Shipment")
    if order.any_of("fulfillment_facts") or context.wants_of("OrderLine").any_of("fulfillment_facts"):
        wanted |= FULFILLMENT_FACTS
    return wanted | _TIMELINE_SHIPMENT if "timeline_facts" in order else wanted


def invoices_wanted(context: Context) -> Wanted:
    """What the operation reads of invoices, itself or for a status, the order's payments or a timeline."""
    order, wanted = context.wants_of("Order"), context.wants_of("Invoice")
    if order.any_of("invoicing_facts") or context.wants_of("OrderLine").any_of("invoicing_facts"):
        wanted |= INVOICING_FACTS
    if "payment_facts" in order:
        wanted |= PAYMENT_FACTS
    if "payment_applications" in order:
        wanted |= Wanted((("payments", context.wants_of("PaymentApplication") | Wanted.of("amount")),))
    if "timeline_facts" in order:
        wanted |= _TIMELINE_INVOICE
    if "payments" in wanted:
        wanted |= Wanted((("payments", Wanted((("payment", context.wants_of("Payment") | Wanted.of("number")),))),))
    return wanted


async def shipments_of_orders(context: Context, orders: Sequence[Order]) -> list[tuple[Shipment, ...] | Fault]:
    """Each order's shipments over all its bookings, oldest first; the Fault of a system that could not be asked."""
    wanted = shipments_wanted(context)

    async def ask(erp: str, records: Sequence[OrderRecord]) -> Mapping[str, Sequence[Shipment]]:
        source = context.system(erp, ShipmentSource)
        return await source.fetch_shipments_of_orders(context.call, records, wanted) if source else {}

    return await _of_orders(context, ("shipments of orders", wanted), ask, orders)


async def invoices_of_orders(context: Context, orders: Sequence[Order]) -> list[tuple[Invoice, ...] | Fault]:
    """Each order's invoices over all its bookings, oldest first; the Fault of a system that could not be asked."""
    wanted = invoices_wanted(context)

    async def ask(erp: str, records: Sequence[OrderRecord]) -> Mapping[str, Sequence[Invoice]]:
        source = context.system(erp, InvoiceSource)
        return await source.fetch_invoices_of_orders(context.call, records, wanted) if source else {}

    return await _of_orders(context, ("invoices of orders", wanted), ask, orders)


async def _of_orders(
    context: Context,
    name: tuple[str, Wanted],
    ask: Callable[[str, Sequence[OrderRecord]], Awaitable[Mapping[str, Sequence[D]]]],
    orders: Sequence[Order],
) -> list[tuple[D, ...] | Fault]:
    records = {record.ref: record for order in orders for record in order.booked}
    known_records: dict[Ref, OrderRecord] = context.loaders.setdefault("booked records", {})
    known_records.update(records)

    async def fetch(refs: Sequence[Ref]) -> Sequence[tuple[D, ...] | Fault]:
        by_erp = {erp: [known_records[ref] for ref in refs if ref.system == erp] for erp in {r.system for r in refs}}
        answers = await side_by_side({erp: ask(erp, held) for erp, held in by_erp.items()})
        return [_own(context, answers[ref.system], ref.key) for ref in refs]

    refs = list(records)
    found = dict(zip(refs, await load_all(context, name, fetch, refs), strict=True))
    return [_together(context, order, found) for order in orders]


def _own(context: Context, answer: Mapping[str, Sequence[D]] | Fault, key: str) -> tuple[D, ...] | Fault:
    if isinstance(answer, Fault):
        return answer
    held = answer.get(key, ())
    if context.principal.legal_entities is None:
        return tuple(held)
    return tuple(d for d in held if sees_entity(context.principal, d.legal_entity_code))


def _together(context: Context, order: Order, found: Mapping[Ref, tuple[D, ...] | Fault]) -> tuple[D, ...] | Fault:
    """All of an order's documents, a collective one once; a Fault where any holder of a part is silent."""
    if order.faults:
        fault = next((fault for name, fault in order.faults.items() if name != context.landscape.crm), None)
        if fault is not None:
            return fault
    if len(order.booked) == 1:
        one = found[order.booked[0].ref]
        # A system in trouble may tell a document twice.
        if isinstance(one, Fault) or len({document.ref for document in one}) == len(one):
            return one
    documents: dict[Ref, D] = {}
    for record in order.booked:
        held = found[record.ref]
        if isinstance(held, Fault):
            return held
        documents.update({document.ref: document for document in held})
    return tuple(documents.values())
