"""Orders by reference: each is asked of every system that may hold a part of it, joined, and served once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from canonical.errors import Fault
from canonical.joined import Order
from canonical.joining import crm_key_of, join_orders
from canonical.order import OrderLine, OrderRecord
from canonical.refs import Ref
from canonical.wanted import Wanted
from resolvers.access import sees_entity, sees_order
from resolvers.asking import side_by_side, split
from resolvers.context import Context
from resolvers.customer_loading import embed_account, embed_customers
from resolvers.loading import load_all
from resolvers.order_serving import serve_orders
from sources.ports import Lookup, OrderSource

_STATUS_FACTS = Wanted.of("lines.quantity")
_COMPARED = Wanted.of(
    "number", "purchase_order_number", "ordered_at", "requested_delivery_date", "subtotal", "tax", "total",
    "lines.sku", "lines.quantity",
)  # fmt: skip
_TIMELINE_FACTS = Wanted.of(
    "created_at", "submitted_at", "booked_at", "cancelled_at", "amended_at", "quote_key", "contract_key", "total",
    "subtotal", "lines.quantity", "lines.sku",
)  # fmt: skip


class Harvest(Struct, frozen=True):
    """Records of one or more systems, and the systems that could not be asked."""

    crm: tuple[OrderRecord, ...] = ()
    booked: tuple[OrderRecord, ...] = ()
    faults: Mapping[str, Fault] = {}


async def load_orders(context: Context, refs: Sequence[Ref]) -> Sequence[Order | Fault | None]:
    """Orders by any system's reference; None where there is none, a Fault where that system could not be asked."""

    async def fetch(keys: Sequence[Ref]) -> Sequence[Order | Fault | None]:
        return await fetch_orders(context, keys)

    return await load_all(context, "orders", fetch, refs)


async def fetch_orders(context: Context, refs: Sequence[Ref]) -> Sequence[Order | Fault | None]:
    """Orders for these references, as many as given and in their order."""
    harvest = await gather(context, refs, record_wanted(context))
    orders = serve(context, harvest)
    by_ref: dict[Ref, Order] = {order.ref: order for order in orders}
    for order in orders:
        by_ref.update({record.ref: order for record in order.records()})
    return [by_ref.get(ref) or harvest.faults.get(ref.system) for ref in refs]


def record_wanted(context: Context, extra: Iterable[str] = ()) -> Wanted:
    """What the operation reads of an order's records, in every place that it reads one."""
    order = context.wants_of("Order") | Wanted.of(*extra)
    wanted = order.only(OrderRecord.__struct_fields__)
    if "lines" in wanted or "OrderLine" in context.wants:
        # Lines are also reached from what ships and bills them, where the order itself is asked for none.
        lines = (wanted.below("lines") | context.wants_of("OrderLine")).only(OrderLine.__struct_fields__)
        wanted = Wanted(tuple(sorted({**dict(wanted.fields), "lines": lines}.items())))
    if order.any_of("fulfillment_facts", "invoicing_facts"):
        wanted |= _STATUS_FACTS
    if "timeline_facts" in order:
        wanted |= _TIMELINE_FACTS
    if reads_shipments(context):
        wanted |= Wanted.of("shipments")
    if reads_invoices(context):
        wanted |= Wanted.of("invoices")
    if "every_record" in order:
        wanted |= _COMPARED
    if context.principal.accounts is not None:
        wanted |= Wanted.of("customer_key")  # whose an order is decides who sees it, asked for or not
    if "customer" in wanted:
        wanted |= Wanted((("customer", context.wants_of("Customer") | Wanted.of("name")),))
    return wanted


def reads_shipments(context: Context) -> bool:
    """Whether the operation reads shipments, itself or for a status or a timeline."""
    facts = ("fulfillment_facts", "timeline_facts")
    of_lines = context.wants_of("OrderLine").any_of(*facts)
    return "Shipment" in context.wants or of_lines or context.wants_of("Order").any_of(*facts)


def reads_invoices(context: Context) -> bool:
    """Whether the operation reads invoices or payments, itself or for a status or a timeline."""
    facts = ("invoicing_facts", "payment_facts", "payment_applications", "timeline_facts")
    of_lines = context.wants_of("OrderLine").any_of(*facts)
    return "Invoice" in context.wants or of_lines or context.wants_of("Order").any_of(*facts)


async def gather(context: Context, refs: Sequence[Ref], wanted: Wanted) -> Harvest:
    """All records of the orders that the references name: first where they point, then their partners elsewhere."""
    crm_name = context.landscape.crm
    lookups = {crm_name: Lookup(keys=tuple(ref.key for ref in refs if ref.system == crm_name))}
    for erp in context.landscape.erps:
        keys = tuple(ref.key for ref in refs if ref.system == erp)
        lookups[erp] = Lookup(keys=keys, partner_keys=lookups[crm_name].keys)
    first = await ask(context, lookups, wanted)
    return await complete(context, first, wanted)


async def complete(context: Context, first: Harvest, wanted: Wanted) -> Harvest:
    """Add the partners that the records name and that nobody has been asked for yet."""
    return merge(first, await ask(context, _partners(context, first), wanted))


def merge(first: Harvest, second: Harvest) -> Harvest:
    """Both harvests, each record once; a record in both is the first's."""
    return Harvest(
        distinct(first.crm + second.crm),
        distinct(first.booked + second.booked),
        {**first.faults, **second.faults},
    )


def _partners(context: Context, held: Harvest) -> dict[str, Lookup]:
    heads = heads_lookup(context, held)
    missing = unmatched_numbers(held)
    lookups = {erp: Lookup(partner_keys=heads.keys, numbers=missing) for erp in context.landscape.erps}
    lookups[context.landscape.crm] = heads
    return {name: lookup for name, lookup in lookups.items() if name not in held.faults}


def heads_lookup(context: Context, held: Harvest) -> Lookup:
    """The CRM orders that ERP records name, and those to which the number of an ERP record was written back."""
    crm = context.system(context.landscape.crm, OrderSource)
    known_heads = {record.ref.key for record in held.crm}
    written = {number for head in held.crm for number in head.partner_keys}
    keys: dict[str, None] = {}
    numbers: dict[str, None] = {}
    for record in held.booked:
        key = crm_key_of(record, crm.named_order) if crm else None
        number = record.number or record.ref.key
        if key is None and number not in written:
            numbers[number] = None
        elif key is not None and key not in known_heads:
            keys[key] = None
    return Lookup(keys=tuple(keys), partner_keys=tuple(numbers))


def unmatched_numbers(held: Harvest) -> tuple[str, ...]:
    """ERP numbers that CRM records carry and no ERP record in hand has."""
    found = {record.number or record.ref.key for record in held.booked}
    return tuple(dict.fromkeys(n for head in held.crm for n in head.partner_keys if n not in found))


async def ask(context: Context, lookups: Mapping[str, Lookup], wanted: Wanted) -> Harvest:
    """One call a system, side by side; a system with nothing to look up is not asked."""
    questions = {
        name: source.fetch_orders(context.call, lookup, wanted)
        for name, lookup in lookups.items()
        if (lookup.keys or lookup.partner_keys or lookup.numbers) and (source := context.system(name, OrderSource))
    }
    answers, faults = split(await side_by_side(questions))
    crm_name = context.landscape.crm
    booked = tuple(record for name, records in answers.items() if name != crm_name for record in records)
    return Harvest(tuple(answers.get(crm_name, ())), booked, faults)


def distinct(records: Iterable[OrderRecord]) -> tuple[OrderRecord, ...]:
    """Each record once."""
    return tuple({record.ref: record for record in records}.values())


def serve(context: Context, harvest: Harvest) -> list[Order]:
    """The joined orders that the principal may see."""
    crm = context.system(context.landscape.crm, OrderSource)
    booked = [record for record in harvest.booked if sees_entity(context.principal, record.legal_entity_code)]
    groups = join_orders(context.landscape.crm, harvest.crm, booked, crm.named_order if crm else lambda _: None)
    asked = frozenset(context.wants_of("Order").names()) if context.wants else None
    orders = serve_orders(context.landscape, groups, harvest.faults, asked)
    seen = [order for order in orders if sees_order(context.principal, order)]
    served_orders(context).update({record.ref: order for order in seen for record in order.records()})
    embed_customers(context, [order.crm for order in seen if order.crm])
    for order in seen:
        for record in order.booked:
            embed_account(context, record)
    return seen


def served_orders(context: Context) -> dict[Ref, Order]:
    """The orders that this operation served so far, by each of their records' references."""
    held: dict[Ref, Order] = context.loaders.setdefault("served orders", {})
    return held
