"""The parts of an order that is there already: every system's record of it, joined by the references they carry."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import select

from canonical.absence import known
from canonical.errors import ProblemCategory, Refused, Unavailable
from canonical.joining import OrderGroup, crm_key_of, join_orders, version_of
from canonical.order import OrderRecord, Stage
from canonical.problem import Problem
from canonical.refs import Ref
from canonical.submission import HERE
from canonical.wanted import Wanted
from sources.kit.call import Call
from sources.ports import Lookup, OrderSource
from workflows.ledger import Rights, Taken
from workflows.store import tables
from workflows.workshop import Workshop

_READ = Wanted.of("version", "customer_key")


class Part(Struct, frozen=True, kw_only=True):
    """One legal entity's part of an order."""

    ref: Ref
    legal_entity: str | None
    number: str
    version: str | None
    cancelled: bool


class Parts(Struct, frozen=True, kw_only=True):
    """An order: its record in the CRM if there is one, and its parts. `version` is of all records together."""

    crm_key: str | None
    crm_customer_key: str | None
    version: str | None
    parts: tuple[Part, ...]


async def read_parts(shop: Workshop, call: Call, taken: Taken, order: Ref) -> Parts:
    """Every record of the order; Refused when there is none, Unavailable while another submission works on it."""
    await _nobody_else(shop, taken, order)
    group = await _group(shop, call, order)
    if group is None:
        sentence = f"There is no order {order.key} in {order.system}."
        raise Refused(order.system, sentence, category=ProblemCategory.INVALID_INPUT)
    records = ((group.crm,) if group.crm else ()) + group.booked
    return Parts(
        crm_key=group.crm.ref.key if group.crm else None,
        crm_customer_key=known(group.crm.customer_key) if group.crm else None,
        version=version_of(records),
        parts=tuple(_part(record) for record in group.booked),
    )


async def _group(shop: Workshop, call: Call, order: Ref) -> OrderGroup | None:
    crm_name = shop.landscape.crm
    crm = shop.system(crm_name, OrderSource, "read orders")
    crm_key, first = (order.key, []) if order.system == crm_name else (None, await _of(shop, call, order.system, order))
    if first:
        crm_key = crm_key_of(first[0], crm.named_order)
    heads = list(await crm.fetch_orders(call, Lookup(keys=(crm_key,)), _READ)) if crm_key else []
    numbers = tuple(number for head in heads for number in head.partner_keys)
    booked = {record.ref: record for record in first}
    for erp in shop.landscape.erps:
        booked |= {record.ref: record for record in await _partners(shop, call, erp, crm_key, numbers)}
    groups = join_orders(crm_name, heads, booked.values(), crm.named_order)
    return next((group for group in groups if _is(group, order)), None)


async def _of(shop: Workshop, call: Call, system: str, order: Ref) -> Sequence[OrderRecord]:
    source = shop.system(system, OrderSource, "read orders")
    return await source.fetch_orders(call, Lookup(keys=(order.key,)), _READ)


async def _partners(
    shop: Workshop, call: Call, erp: str, crm_key: str | None, numbers: tuple[str, ...]
) -> Sequence[OrderRecord]:
    source = shop.systems.get(erp, OrderSource)
    if source is None or crm_key is None:
        return ()
    return await source.fetch_orders(call, Lookup(partner_keys=(crm_key,), numbers=numbers), _READ)


def _is(group: OrderGroup, order: Ref) -> bool:
    return (group.anchor == order and (group.crm is not None or bool(group.booked))) or any(
        record.ref == order for record in group.booked
    )


def _part(record: OrderRecord) -> Part:
    return Part(
        ref=record.ref,
        legal_entity=record.legal_entity_code,
        number=record.number or record.ref.key,
        version=known(record.version),
        cancelled=record.stage is Stage.CANCELLED,
    )


async def _nobody_else(shop: Workshop, taken: Taken, order: Ref) -> None:
    mine, theirs = tables.submission, tables.submission_order
    asked = (
        select(mine.c.external_reference)
        .join(theirs, theirs.c.submission_id == mine.c.id)
        .where(theirs.c.system == order.system, theirs.c.key == order.key)
        .where(mine.c.settled_at.is_(None), mine.c.submitted_at < taken.submitted_at, mine.c.id != taken.id)
    )
    async with shop.store.transaction() as transaction:
        other = (await transaction.execute(asked.limit(1))).scalar()
    if other is not None:
        raise Unavailable(HERE, f"The submission {other} is at work on this order. It is waited for.")


def forbidden(parts: Parts, rights: Rights) -> list[Problem]:
    """What of the order whoever submitted may not touch: the books of a part, or its customer."""
    against = []
    if rights.accounts is not None and parts.crm_customer_key not in rights.accounts:
        against.append(_no("Your access does not include the customer of this order.", None))
    for part in parts.parts:
        if rights.legal_entities is not None and part.legal_entity not in rights.legal_entities:
            sentence = (
                f"Your access does not include the books of {part.legal_entity}, which hold a part of this order."
            )
            against.append(_no(sentence, part.ref.system))
    return against


def _no(sentence: str, system: str | None) -> Problem:
    return Problem(code="FORBIDDEN", category=ProblemCategory.PERMISSION, message=sentence, system=system)
