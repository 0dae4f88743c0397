"""From the joined records of an order to the values that are served: each field its owner's."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from canonical.absence import UNSET, Served, Told, known
from canonical.errors import Fault
from canonical.joined import Booking, Order
from canonical.joining import OrderGroup, version_of
from canonical.money import Money, total
from canonical.order import Hold, OrderLine, OrderRecord, Stage
from sources.landscape import Landscape

T = TypeVar("T")
_Serve: TypeAlias = "Callable[[_Owners], Any]"

_STANDING = (Stage.BOOKED, Stage.CANCELLED)
_STATES = {Stage.DRAFT: "Draft", Stage.SUBMITTED: "Submitted", Stage.BOOKED: "Booked", Stage.CANCELLED: "Cancelled"}


def serve_orders(
    landscape: Landscape, groups: Iterable[OrderGroup], faults: Mapping[str, Fault], asked: Container[str] | None = None
) -> list[Order]:
    """The orders of these groups. `faults`: systems that could not be asked; those that do not matter are left out.

    `asked` are the served fields that somebody reads, None for all of them; the others are UNSET.
    """
    crm_fields = frozenset(name for name in _SERVED if landscape.owner("order", name) == landscape.crm)
    serving = [(name, serve) for name, serve in _SERVED.items() if asked is None or name in asked]
    return [_served(landscape, group, faults, crm_fields, serving) for group in groups]


def _served(
    landscape: Landscape,
    group: OrderGroup,
    faults: Mapping[str, Fault],
    crm_fields: frozenset[str],
    serving: Sequence[tuple[str, _Serve]],
) -> Order:
    relevant = relevant_faults(landscape, group, faults) if faults else {}
    field = _Owners(landscape.crm, group, relevant, crm_fields)
    records = field.records
    return Order(
        ref=group.anchor,
        crm=group.crm,
        booked=group.booked,
        faults=relevant,
        crm_id=group.anchor.key if group.anchor.system == landscape.crm else None,
        references=tuple([record.reference for record in records]),
        system_statuses=tuple([record.status for record in records]),
        **{name: serve(field) for name, serve in serving},
    )


def relevant_faults(landscape: Landscape, group: OrderGroup, faults: Mapping[str, Fault]) -> dict[str, Fault]:
    """The faults of systems that may hold a part of this order: another legal entity's ERP costs it nothing."""
    crm, kept = group.crm, dict(faults)
    if crm is None:
        mine = (group.anchor.system, landscape.crm)
        only_erp = group.anchor.system != landscape.crm
        return {name: fault for name, fault in kept.items() if not only_erp or name in mine}
    entity = landscape.entities.get(crm.legal_entity_code or "")
    linked = {record.number or record.ref.key for record in group.booked}
    unmatched = not linked.issuperset(crm.partner_keys)
    if entity is not None and not (unmatched and entity.erp not in faults):
        kept = {name: fault for name, fault in kept.items() if name in (entity.erp, landscape.crm)}
    elif crm.partner_keys and linked.issuperset(crm.partner_keys):
        kept = {name: fault for name, fault in kept.items() if name == landscape.crm}
    return kept


class _Owners:
    """Chooses each field's value by its system of record."""

    def __init__(self, crm: str, group: OrderGroup, faults: Mapping[str, Fault], crm_fields: frozenset[str]) -> None:
        self.crm, self.group, self.crm_fields = crm, group, crm_fields
        self.records = (group.crm, *group.booked) if group.crm else group.booked
        self.erp_fault = next((fault for name, fault in faults.items() if name != crm), None) if faults else None
        self.crm_fault = faults.get(crm)
        standing = tuple([r for r in group.booked if r.stage in _STANDING])
        # A draft in an ERP owns nothing yet, as long as the CRM has the order.
        self.booked = standing or (() if group.crm else group.booked)

    def one(self, name: str, read: Callable[[OrderRecord], Told[T]]) -> Served[T]:
        """The owner's value, or the other side's where the owner has no record of this order."""
        if name in self.crm_fields:
            if self.group.crm is not None:
                return read(self.group.crm)
            return self._silent_crm() or self._from_erps(read)
        if self.erp_fault is not None:
            return self.erp_fault
        return read(self.booked[0]) if self.booked else self._from_crm(read)

    def money(self, name: str, read: Callable[[OrderRecord], Told[Money]]) -> Served[Money]:
        """The owner's amount: over several bookings their sum, None where their currencies differ."""
        if name in self.crm_fields or (not self.booked and self.erp_fault is None):
            return self.one(name, read)
        if self.erp_fault is not None:
            return self.erp_fault
        if len(self.booked) == 1:
            return known(read(self.booked[0]))
        amounts = [amount for record in self._counted() if (amount := known(read(record))) is not None]
        if len({amount.currency_code for amount in amounts}) > 1:
            crm = self._from_crm(read)
            return crm if known(crm) is not None else None
        return total(amounts)

    def _counted(self) -> Sequence[OrderRecord]:
        live = [record for record in self.booked if record.stage is not Stage.CANCELLED]
        return live or self.booked

    def lines(self) -> Served[tuple[OrderLine, ...]]:
        """The lines as the ERPs booked them, or as they were sold while nothing is booked."""
        if self.erp_fault is not None:
            return self.erp_fault
        if len(self.booked) == 1:
            return known(self.booked[0].lines) or ()
        if self.booked:
            return tuple(line for record in self.booked for line in known(record.lines) or ())
        return self._from_crm(lambda record: record.lines)

    def of_erps(self, value: T) -> Served[T]:
        """A value that only the ERPs tell."""
        return self.erp_fault or value

    def whole(self, value: T | None) -> Served[T]:
        """A value that needs every system's telling."""
        return self.erp_fault or self.crm_fault or value

    def _from_crm(self, read: Callable[[OrderRecord], Told[T]]) -> Served[T]:
        return read(self.group.crm) if self.group.crm is not None else self._silent_crm() or UNSET

    def _silent_crm(self) -> Fault | None:
        """Why the CRM's part of one of its own orders is not known."""
        return self.crm_fault if self.group.anchor.system == self.crm else None

    def _from_erps(self, read: Callable[[OrderRecord], Told[T]]) -> Served[T]:
        if self.erp_fault is not None:
            return self.erp_fault
        return next((read(record) for record in self.booked), UNSET)


def _number(field: _Owners) -> Served[str]:
    """The ERP's number once booked in one ERP (it may be known from the CRM alone), the CRM's otherwise."""
    crm, booked = field.group.crm, field.booked
    if len(booked) == 1 and (crm is None or field.erp_fault is None or len(crm.partner_keys) <= 1):
        return booked[0].number
    if crm is not None and not booked and len(crm.partner_keys) == 1:
        return crm.partner_keys[0]
    if field.erp_fault is not None and not booked:
        return field.erp_fault
    if crm is not None:
        return crm.number
    return field.crm_fault or next((record.number for record in booked), None)


def _holds(records: Sequence[OrderRecord]) -> tuple[Hold, ...]:
    return tuple(hold for record in records for hold in record.holds)


def _bookings(booked: Sequence[OrderRecord]) -> tuple[Booking, ...]:
    return tuple(
        Booking(
            legal_entity_code=record.legal_entity_code or "",
            erp=record.ref.system,
            order_number=record.number,
            state=record.status.status or _STATES[record.stage],
            booked_at=_booked_at(record),
            reference=record.reference,
        )
        for record in booked
    )


def _booked_at(record: OrderRecord) -> datetime | None:
    return known(record.booked_at) or (record.ordered_at if record.stage is Stage.BOOKED else None)


_SERVED: Mapping[str, _Serve] = {
    "number": _number,
    "holds": lambda field: field.of_erps(_holds(field.records)),
    "bookings": lambda field: field.of_erps(_bookings(field.group.booked)),
    "purchase_order_number": lambda field: field.one("purchase_order_number", lambda r: r.purchase_order_number),
    "ordered_at": lambda field: field.one("ordered_at", lambda r: r.ordered_at),
    "requested_delivery_date": lambda field: field.one("requested_delivery_date", lambda r: r.requested_delivery_date),
    "subtotal": lambda field: field.money("subtotal", lambda r: r.subtotal),
    "tax": lambda field: field.money("tax", lambda r: r.tax),
    "total": lambda field: field.money("total", lambda r: r.total),
    "lines": lambda field: field.lines(),
    "version": lambda field: field.whole(version_of(field.records)),
}
"""Every served field, and how it is told."""
