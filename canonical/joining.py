"""Which records are one order, one customer: by the references they carry, never by position or name.

An ERP record belongs to the CRM record whose key its reference names. Where it names none, it belongs to the CRM record
to which its number was written back, unless that record is of another legal entity. Two ERP records of one legal entity
that claim one CRM order are both shown as its bookings, and told as a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from canonical.absence import known
from canonical.customer import CustomerRecord
from canonical.order import OrderRecord
from canonical.refs import Ref

Naming = Callable[[str], str | None]
"""From a reference as a record holds it to the CRM key it names; None for other text."""


class OrderGroup(Struct, frozen=True):
    """The records of one order: its anchor, the CRM's record if there is one, and the ERPs' records in order."""

    anchor: Ref
    crm: OrderRecord | None
    booked: tuple[OrderRecord, ...]


class CustomerGroup(Struct, frozen=True):
    """The records of one customer: its anchor, the CRM's record if there is one, and the ERPs' records in order."""

    anchor: Ref
    crm: CustomerRecord | None
    accounts: tuple[CustomerRecord, ...]


def crm_key_of(record: OrderRecord | CustomerRecord, naming: Naming) -> str | None:
    """The first CRM key that an ERP record's references name; None where they name none."""
    for partner in record.partner_keys:
        if key := naming(partner):
            return key
    return None


def join_orders(
    crm_name: str, crm: Iterable[OrderRecord], booked: Iterable[OrderRecord], naming: Naming
) -> list[OrderGroup]:
    """One group an order: first the CRM's orders as they came, then orders that only an ERP has, each record once."""
    heads = {record.ref.key: record for record in crm}
    written_back = _by_written_number(heads.values())
    members: dict[Ref, dict[Ref, OrderRecord]] = {Ref(crm_name, key): {} for key in heads}
    for record in booked:
        key = crm_key_of(record, naming) or _claimed(record, written_back)
        anchor = Ref(crm_name, key) if key else record.ref
        members.setdefault(anchor, {})[record.ref] = record
    return [_group(anchor, heads, held, crm_name) for anchor, held in members.items()]


def _by_written_number(heads: Iterable[OrderRecord]) -> Mapping[str, list[OrderRecord]]:
    numbers: dict[str, list[OrderRecord]] = {}
    for head in heads:
        for number in head.partner_keys:
            numbers.setdefault(number, []).append(head)
    return numbers


def _claimed(record: OrderRecord, written_back: Mapping[str, list[OrderRecord]]) -> str | None:
    for head in written_back.get(record.number or record.ref.key, ()):
        if head.legal_entity_code in (None, record.legal_entity_code):
            return head.ref.key
    return None


def _group(anchor: Ref, heads: Mapping[str, OrderRecord], held: Mapping[Ref, OrderRecord], crm_name: str) -> OrderGroup:
    records = tuple(held.values())
    if len(records) > 1:
        records = tuple(sorted(records, key=lambda record: (record.legal_entity_code or "", record.ref)))
    return OrderGroup(anchor, heads.get(anchor.key) if anchor.system == crm_name else None, records)


def join_customers(
    crm_name: str, crm: Iterable[CustomerRecord], accounts: Iterable[CustomerRecord], naming: Naming
) -> list[CustomerGroup]:
    """One group a customer: first the CRM's as they came, then those that only an ERP has, each record once.

    An ERP account belongs to the CRM customer it names, else to the one that carries its number.
    """
    heads = {record.ref.key: record for record in crm}
    by_number = {number: head.ref.key for head in heads.values() for number in head.partner_keys}
    members: dict[Ref, dict[Ref, CustomerRecord]] = {Ref(crm_name, key): {} for key in heads}
    for record in accounts:
        key = crm_key_of(record, naming) or by_number.get(record.ref.key) or by_number.get(_number(record))
        anchor = Ref(crm_name, key) if key else record.ref
        members.setdefault(anchor, {})[record.ref] = record
    groups: list[CustomerGroup] = []
    for anchor, held in members.items():
        head = heads.get(anchor.key) if anchor.system == crm_name else None
        groups.append(CustomerGroup(anchor, head, _sorted_accounts(tuple(held.values()))))
    return groups


def _number(record: CustomerRecord) -> str:
    return record.number if isinstance(record.number, str) else ""


def _sorted_accounts(accounts: Sequence[CustomerRecord]) -> tuple[CustomerRecord, ...]:
    return tuple(sorted(accounts, key=lambda record: record.ref))


def version_of(records: Iterable[OrderRecord]) -> str | None:
    """Changes when any record's own version does; None where no system keeps one. The records in an order's order."""
    versions = [f"{record.ref.system}:{version}" for record in records if (version := known(record.version))]
    return "|".join(versions) or None
