"""The story goes on: what is another in a deal now is posted here, with the change times that this system keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from sources.kit.sandbox.moves import ADOPTED, Adopts, EstrangedError, Paper, Stranger, Turn, Written
from sources.kit.sandbox.story import Deal, Story
from sources.s4hana.sandbox.adopting import strangers
from sources.s4hana.sandbox.journal import DERIVED
from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.tell import tell_dealings
from sources.s4hana.sandbox.values import DAY_MS, Stored, micros

Key = tuple[str, tuple[Stored, ...]]
Kept = dict[Key, dict[str, Stored]]

_STAMPS: Final = ("LastChangeDate", "LastChangeTime", "LastChangeDateTime")
_LEDGER: Final = "A_OperationalAcctgDocItemCube"
_NUMBERED: Final[dict[Paper, tuple[str, str, Clause]]] = {
    "order": ("A_SalesOrder", "SalesOrder", Clause()),
    "delivery": ("A_OutbDeliveryHeader", "DeliveryDocument", Clause()),
    # Cancellations (N) have numbers of a range of their own.
    "billing": ("A_BillingDocument", "BillingDocument", Clause("\"SDDocumentCategory\" <> 'N'")),
    "payment": (_LEDGER, "AccountingDocument", equal("AccountingDocumentType", "DZ")),
}
_HEADS: Final = {
    "A_SalesOrder": ("Order", "SalesOrder"),
    "A_OutbDeliveryHeader": ("Shipment", "DeliveryDocument"),
    "A_BillingDocument": ("Invoice", "BillingDocument"),
    "A_BusinessPartner": ("Customer", "BusinessPartner"),
}
"""Documents and masters: what the graph calls them, and their key. Whatever else carries the key is a part of them."""
_APART: Final = frozenset({"A_SalesOrderSubsqntProcFlow", "A_SalesOrderItmSubsqntProcFlow"})
"""Grows with every later document, and leaves the order as it was."""


class S4HanaMoves(Adopts):
    """The moves of one instance over its rows."""

    def __init__(self, store: Store, instance: str) -> None:
        """Nothing is read before the first move."""
        self._store = store
        self._instance = instance

    def following(self, paper: Paper, count: int) -> str:
        """One more than the highest number, and so many after it."""
        name, column, among = _NUMBERED[paper]
        return str(int(self._store.highest(self._store.sets[name], column, among) or 0) + 1 + count)

    def admit(self, turn: Turn) -> None:
        """Refuse where a row that is to be changed, or the order itself, is not as the story left it."""
        if ADOPTED in turn.was.deals[0].traits:
            return
        was, now = self._kept(turn.was), self._kept(turn.now)
        known = self._numbers(turn.was.deals[0])
        for key, values in was.items():
            order = str(values.get("SalesOrder", "")).lstrip("0")
            own = order in known and key[0] in {"A_SalesOrder", "A_SalesOrderItem"}
            if own or _apart(values) != _apart(now.get(key, {})):
                self._compare(key, values)
        for booking in turn.now.deals[0].bookings:
            if booking.instance == self._instance and booking.number not in known:
                self._is_first(booking.reference, known)

    def follow(self, turn: Turn) -> list[Written]:
        """Insert, change and delete rows by entity set; the heads of what was changed get the time of the change."""
        was, now = self._kept(turn.was), self._kept(turn.now)
        with self._store.transaction():
            return self._write(was, now, _stamp(turn.at))

    def strangers(self, story: Story, known: Callable[[str], bool], until: datetime) -> list[Stranger]:
        """Orders whose customer and materials are the story's, and of which nothing was delivered or rejected."""
        return strangers(self._store, self._instance, story, known, until)

    def _numbers(self, deal: Deal) -> set[str]:
        return {booking.number for booking in deal.bookings if booking.instance == self._instance}

    def _kept(self, story: Story) -> Kept:
        kept: Kept = {}
        for name, rows in self._store.fitting(tell_dealings(story, self._instance)).items():
            entity = self._store.sets[name]
            for row in rows:
                values = self._store.kept(entity, row)
                kept[name, tuple(values[key.name] for key in entity.keys)] = values
        return kept

    def _compare(self, key: Key, values: Mapping[str, Stored]) -> None:
        entity, told = self._store.sets[key[0]], _apart(values)
        rows = self._store.select(entity, list(told), _where(entity, key), limit=1)
        if not rows or dict(zip(told, rows[0], strict=True)) != told:
            shown = "/".join(str(one).lstrip("0") for one in key[1])
            raise EstrangedError(f"somebody else has changed {entity.type_name[2:-4]} {shown} in {self._instance}")

    def _is_first(self, reference: str, known: set[str]) -> None:
        orders = self._store.sets["A_SalesOrder"]
        carrying = Clause('("PurchaseOrderByCustomer" = ? OR "AssignmentReference" = ?)', (reference, reference))
        rows = self._store.select(orders, ["SalesOrder"], carrying)
        if others := {str(row[0]).lstrip("0") for row in rows} - known:
            raise EstrangedError(f"somebody else has booked it in {self._instance} already: {', '.join(others)}")

    def _write(self, was: Kept, now: Kept, stamp: Mapping[str, Stored]) -> list[Written]:
        written: dict[tuple[str, str], Written] = {}
        touched: set[Key] = set()
        for key, values in now.items():
            changed = _changes(was[key], values) if key in was else values
            if not changed:
                continue
            entity = self._store.sets[key[0]]
            if key in was:
                self._store.update(entity, changed, _where(entity, key))
            else:
                self._store.insert(entity, values)
            _note(written, key, values, made=key not in was)
            touched |= set() if changed.keys() <= DERIVED else _stamped(key, values)
        for key in was.keys() - now.keys():
            self._store.delete(self._store.sets[key[0]], _where(self._store.sets[key[0]], key))
        for head in touched & was.keys():
            entity = self._store.sets[head[0]]
            stamps = {name: value for name, value in stamp.items() if name in entity.by_name}
            self._store.update(entity, stamps, _where(entity, head))
        return list(written.values())


def _stamped(key: Key, values: Mapping[str, Stored]) -> set[Key]:
    """What gets the time of a row's change: the document or master that it belongs to."""
    if key[0] in _APART or key[0] == _LEDGER:
        return set()
    return {(name, (values[column],)) for name, (_, column) in _HEADS.items() if column in values}


def _stamp(at: datetime) -> dict[str, Stored]:
    """The times of change; a clearing leaves those of a ledger's line alone, and is dated itself."""
    moment, clock = micros(at), at.hour * 3600 + at.minute * 60 + at.second
    return dict(zip(_STAMPS, (moment // 1000 // DAY_MS * DAY_MS, clock, moment), strict=True))


def _where(entity: EntitySet, key: Key) -> Clause:
    where = Clause()
    for prop, value in zip(entity.keys, key[1], strict=True):
        where &= equal(prop.name, value if value is not None else "")
    return where


def _apart(values: Mapping[str, Stored]) -> dict[str, Stored]:
    """The values without the change times, which this system sets."""
    return {name: value for name, value in values.items() if name not in _STAMPS}


def _changes(old: Mapping[str, Stored], new: Mapping[str, Stored]) -> dict[str, Stored]:
    names: Iterable[str] = {**old, **new}
    return {name: new.get(name) for name in names if name not in _STAMPS and old.get(name) != new.get(name)}


def _note(written: dict[tuple[str, str], Written], key: Key, values: Mapping[str, Stored], *, made: bool) -> None:
    found = _named(key, values)
    if found is None:
        return
    before = written.get(found)
    whole = made and (key[0] in _HEADS or found[0] == "Payment")
    written[found] = Written(*found, made=whole or (before is not None and before.made))


def _named(key: Key, values: Mapping[str, Stored]) -> tuple[str, str] | None:
    """What the graph calls the record that a row belongs to."""
    if key[0] == _LEDGER and values["AccountingDocumentType"] == "DZ":
        return "Payment", "-".join(str(values[name]) for name in ("CompanyCode", "FiscalYear", "AccountingDocument"))
    for concept, column in () if key[0] in _APART else _HEADS.values():
        if shown := str(values.get(column) or "").lstrip("0"):
            return concept, shown
    return None
