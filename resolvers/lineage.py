"""Where values came from, and where systems disagree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from canonical.absence import known
from canonical.customer import Address, CustomerRecord
from canonical.errors import Fault, Mistake
from canonical.invoice import Invoice
from canonical.joined import Customer, Order
from canonical.lineage import FieldConflict, FieldLineage, SystemValue
from canonical.money import Money, total
from canonical.order import OrderRecord, Stage
from canonical.wanted import Wanted
from resolvers.context import Context
from sources.ports import Source

ORDER_FIELDS = (
    "number", "purchase_order_number", "ordered_at", "requested_delivery_date", "subtotal", "tax", "total"
)  # fmt: skip
CUSTOMER_FIELDS = ("name", "billing_address", "shipping_address")
INVOICE_FIELDS = ("number", "status", "issued_on", "due_on", "subtotal", "tax", "total", "paid", "open")

Record = OrderRecord | CustomerRecord | Invoice


def text_of(value: object) -> str | None:
    """A value as people read it; None where there is none."""
    match value:
        case Money():
            return f"{value.amount} {value.currency_code}"
        case Address():
            parts = (value.street, value.postal_code, value.city, value.region, value.country)
            return ", ".join(part for part in parts if part) or None
        case Enum():
            return str(value.value)
        case datetime() | date():
            return value.isoformat()
        case str() | Decimal() | int():
            return str(value)
        case _:
            return None


def _names(asked: Sequence[str] | None, told: Sequence[str]) -> Sequence[str]:
    """The canonical names of the graph's fields; a Mistake for one that has no lineage."""
    if asked is None:
        return told
    by_graph_name = {_graph_name(name): name for name in told}
    unknown = [name for name in asked if name not in by_graph_name]
    if unknown:
        raise Mistake(
            "BAD_FIELD", f"No lineage is kept of {unknown[0][:60]!r}; it is kept of: {', '.join(by_graph_name)}."
        )
    return [by_graph_name[name] for name in asked]


def _graph_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


async def of_orders(
    context: Context, parents: Sequence[Order], _: Wanted, fields: Sequence[str] | None
) -> Sequence[list[FieldLineage] | Exception]:
    """For each field the records that its served value came from."""
    names = _names(fields, ORDER_FIELDS)
    return [_lineage(context, "Order", names, order.crm, _standing(order)) for order in parents]


def _standing(order: Order) -> tuple[OrderRecord, ...]:
    return tuple(r for r in order.booked if r.stage is not Stage.CANCELLED) or order.booked


async def of_customers(
    context: Context, parents: Sequence[Customer], _: Wanted, fields: Sequence[str] | None
) -> Sequence[list[FieldLineage] | Exception]:
    """For each field the record that its served value came from."""
    names = _names(fields, CUSTOMER_FIELDS)
    return [_lineage(context, "Customer", names, parent.crm, parent.accounts[:1]) for parent in parents]


async def of_invoices(
    context: Context, parents: Sequence[Invoice], _: Wanted, fields: Sequence[str] | None
) -> Sequence[list[FieldLineage] | Exception]:
    """For each field the ERP record that its value came from."""
    names = _names(fields, INVOICE_FIELDS)
    return [_lineage(context, "Invoice", names, None, (parent,)) for parent in parents]


def _lineage(
    context: Context, concept: str, names: Iterable[str], crm: Record | None, others: Sequence[Record]
) -> list[FieldLineage]:
    rows: list[FieldLineage] = []
    for name in names:
        owner = context.landscape.owner(concept.lower(), name)
        first: Sequence[Record] = (crm,) if crm else ()
        sides = (first, others) if owner == context.landscape.crm else (others, first)
        told = next((side for side in sides if any(known(getattr(record, name)) is not None for record in side)), ())
        owned = told is sides[0]
        rows += [_row(context, concept, name, record, owned=owned) for record in told]
    return rows


def _row(context: Context, concept: str, name: str, record: Record, *, owned: bool) -> FieldLineage:
    source = context.system(record.ref.system, Source)
    age = (context.clock() - record.stamp.fetched_at).total_seconds()
    return FieldLineage(
        field=_graph_name(name),
        value=text_of(known(getattr(record, name))),
        system=record.ref.system,
        record_type=record.stamp.record_type,
        record_key=record.stamp.key,
        source_field=(source.origin(concept, name) if source else None) or name,
        fetched_at=record.stamp.fetched_at,
        age_seconds=max(0.0, age),
        stale=record.stamp.stale,
        system_of_record=owned,
    )


async def conflicts_of_orders(
    context: Context, parents: Sequence[Order], _: Wanted
) -> Sequence[list[FieldConflict] | Exception]:
    """Where the CRM and the ERPs disagree on an order, and where two bookings claim one part of it."""
    return [_order_conflicts(context, order) for order in parents]


def _order_conflicts(context: Context, order: Order) -> list[FieldConflict] | Fault:
    silent = next(iter(order.faults.values()), None)
    if silent is not None:
        return silent
    found = _claims(order)
    if order.crm is None or not order.booked:
        return found
    entity = order.crm.legal_entity_code
    if entity is None and context.principal.legal_entities is not None:
        return found  # the CRM's amounts are the whole deal's, of which the asker sees a part
    booked = _standing(order)
    for name in ("subtotal", "purchase_order_number", "requested_delivery_date"):
        theirs = _sum(booked) if name == "subtotal" else next((known(getattr(r, name)) for r in booked), None)
        ours = known(getattr(order.crm, name))
        if ours is not None and theirs is not None and ours != theirs:
            found.append(_conflict(context, "order", name, order.crm, ours, booked[0], theirs))
    return found + _quantity_conflicts(context, order.crm, booked)


def _sum(records: Sequence[OrderRecord]) -> Money | None:
    amounts = [amount for record in records if (amount := known(record.subtotal))]
    return total(amounts) if len({amount.currency_code for amount in amounts}) == 1 else None


def _quantity_conflicts(context: Context, crm: OrderRecord, booked: Sequence[OrderRecord]) -> list[FieldConflict]:
    ours, theirs = _quantities((crm,)), _quantities(booked)
    names = [sku for sku in ours if ours[sku] != theirs.get(sku, Decimal(0))]
    names += [sku for sku in theirs if sku not in ours]
    zero = Decimal(0)
    return [
        _conflict(context, "order", f"lines.{sku}.quantity", crm, ours.get(sku, zero), booked[0], theirs.get(sku, zero))
        for sku in names
    ]


def _quantities(records: Iterable[OrderRecord]) -> dict[str, Decimal]:
    quantities: dict[str, Decimal] = {}
    for record in records:
        for line in known(record.lines) or ():
            sku, quantity = known(line.sku), known(line.quantity)
            if sku and quantity is not None and not line.cancelled:
                quantities[sku] = quantities.get(sku, Decimal(0)) + quantity
    return quantities


def _claims(order: Order) -> list[FieldConflict]:
    """Bookings of one legal entity that both claim this order: one of them was made twice."""
    by_entity: dict[str, list[OrderRecord]] = {}
    for record in order.booked:
        if record.stage is not Stage.CANCELLED:
            by_entity.setdefault(record.legal_entity_code or "", []).append(record)
    doubled = [records for records in by_entity.values() if len(records) > 1]
    return [
        FieldConflict("bookings", tuple(SystemValue(r.ref.system, r.number, system_of_record=True) for r in records))
        for records in doubled
    ]


def _conflict(
    context: Context, concept: str, name: str, crm: Record, ours: object, other: Record, theirs: object
) -> FieldConflict:
    crm_owns = context.landscape.owner(concept, name.split(".", maxsplit=1)[0]) == crm.ref.system
    values = (
        SystemValue(crm.ref.system, text_of(ours), system_of_record=crm_owns),
        SystemValue(other.ref.system, text_of(theirs), system_of_record=not crm_owns),
    )
    parts = name.split(".")
    return FieldConflict(".".join((_graph_name(parts[0]), *parts[1:])), values)


async def conflicts_of_customers(
    context: Context, parents: Sequence[Customer], _: Wanted
) -> Sequence[list[FieldConflict] | Exception]:
    """Where the CRM and an ERP keep another name or address of one customer."""
    return [_customer_conflicts(context, parent) for parent in parents]


def _customer_conflicts(context: Context, customer: Customer) -> list[FieldConflict] | Fault:
    silent = next(iter(customer.faults.values()), None)
    if silent is not None:
        return silent
    found: list[FieldConflict] = []
    for name in CUSTOMER_FIELDS:
        told: Mapping[str, str] = {
            record.ref.system: text for record in customer.records() if (text := text_of(known(getattr(record, name))))
        }
        if len({_loose(text) for text in told.values()}) > 1:
            owner = context.landscape.owner("customer", name)
            values = (SystemValue(system, text, system_of_record=system == owner) for system, text in told.items())
            found.append(FieldConflict(_graph_name(name), tuple(values)))
    return found


def _loose(text: str) -> str:
    """Spelling that people would not call another value: case and spaces."""
    return " ".join(text.casefold().split())
