"""From the joined records of an order to the values that are served: each field its owner's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from canonical.absence import UNSET, Served, Told, known
from canonical.errors import Fault
from canonical.joined import Booking, Order
from canonical.joining import OrderGroup
from canonical.money import Money, total
from canonical.order import Hold, OrderLine, OrderRecord, Stage
from sources.landscape import Landscape

T = TypeVar("T")

_STATES = {Stage.DRAFT: "Draft", Stage.SUBMITTED: "Submitted", Stage.BOOKED: "Booked", Stage.CANCELLED: "Cancelled"}


def serve_order(landscape: Landscape, group: OrderGroup, faults: Mapping[str, Fault]) -> Order:
    """One order of its records. `faults`: systems that could not be asked; those that do not matter are left out."""
    faults = relevant_faults(landscape, group, faults)
    records = ((group.crm,) if group.crm else ()) + group.booked
    field = _Owners(landscape, group, faults)
    return Order(
        ref=group.anchor,
        crm=group.crm,
        booked=group.booked,
        faults=faults,
        crm_id=group.anchor.key if group.anchor.system == landscape.crm else None,
        references=tuple(record.reference for record in records),
        system_statuses=tuple(record.status for record in records),
        number=_number(group, field),
        holds=field.of_erps(_holds(records)),
        bookings=field.of_erps(_bookings(group.booked)),
        purchase_order_number=field.one("purchase_order_number", lambda record: record.purchase_order_number),
        ordered_at=field.one("ordered_at", lambda record: record.ordered_at),
        requested_delivery_date=field.one("requested_delivery_date", lambda record: record.requested_delivery_date),
        subtotal=field.money("subtotal", lambda record: record.subtotal),
        tax=field.money("tax", lambda record: record.tax),
        total=field.money("total", lambda record: record.total),
        lines=field.lines(),
        version=field.whole(_version(records)),
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

    def __init__(self, landscape: Landscape, group: OrderGroup, faults: Mapping[str, Fault]) -> None:
        self.landscape, self.group, self.faults = landscape, group, faults
        self.erp_fault = next((fault for name, fault in faults.items() if name != landscape.crm), None)
        self.crm_fault = faults.get(landscape.crm)
        standing = tuple(r for r in group.booked if r.stage in (Stage.BOOKED, Stage.CANCELLED))
        # A draft in an ERP owns nothing yet, as long as the CRM has the order.
        self.booked = standing or (() if group.crm else group.booked)

    def one(self, name: str, read: Callable[[OrderRecord], Told[T]]) -> Served[T]:
        """The owner's value, or the other side's where the owner has no record of this order."""
        crm = self._from_crm(read)
        booked = self._from_erps(read)
        first, second = (crm, booked) if self._crm_owns(name) else (booked, crm)
        return first if isinstance(first, Exception) or self._has_owner(name) else second

    def money(self, name: str, read: Callable[[OrderRecord], Told[Money]]) -> Served[Money]:
        """The owner's amount: over several bookings their sum, None where their currencies differ."""
        if self._crm_owns(name) or (not self.booked and self.erp_fault is None):
            return self.one(name, read)
        if self.erp_fault is not None:
            return self.erp_fault
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
        if self.booked:
            return tuple(line for record in self.booked for line in known(record.lines) or ())
        return self._from_crm(lambda record: record.lines)

    def of_erps(self, value: T) -> Served[T]:
        """A value that only the ERPs tell."""
        return self.erp_fault or value

    def whole(self, value: T | None) -> Served[T]:
        """A value that needs every system's telling."""
        return self.erp_fault or self.crm_fault or value

    def _crm_owns(self, name: str) -> bool:
        return self.landscape.owner("order", name) == self.landscape.crm

    def _has_owner(self, name: str) -> bool:
        return self.group.crm is not None if self._crm_owns(name) else bool(self.booked)

    def _from_crm(self, read: Callable[[OrderRecord], Told[T]]) -> Served[T]:
        if self.group.crm is not None:
            return read(self.group.crm)
        return self.crm_fault if self.group.anchor.system == self.landscape.crm and self.crm_fault else UNSET

    def _from_erps(self, read: Callable[[OrderRecord], Told[T]]) -> Served[T]:
        if self.erp_fault is not None:
            return self.erp_fault
        return next((read(record) for record in self.booked), UNSET)


def _number(group: OrderGroup, field: _Owners) -> Served[str]:
    """The ERP's number once booked in one ERP (it may be known from the CRM alone), the CRM's otherwise."""
    crm, booked = group.crm, field.booked
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


def _version(records: Sequence[OrderRecord]) -> str | None:
    """Changes when any record's own version does; None where no system keeps one."""
    versions = [f"{record.ref.system}:{version}" for record in records if (version := known(record.version))]
    return "|".join(versions) or None
