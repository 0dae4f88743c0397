"""Saving documents as people in the system would: what they leave out stays, and the times of the change move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sources.s4hana.sandbox.journal import HEADS
from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import DAY_MS, Stored, keeper, micros

LEDGER: Final = "A_OperationalAcctgDocItemCube"
_CHANGED: Final = ("LastChangeDateTime", "LastChangeDate", "LastChangeTime")
_MADE: Final = ("CreationDate", "CreationTime", "AccountingDocumentCreationDate")
_CLEARED: Final = "ClearingAccountingDocument"


def happen(store: Store, rows: Mapping[str, Sequence[Mapping[str, object]]], now: datetime) -> None:
    """Save rows by entity set, each at least with its key: new, or over those that are there; all or nothing.

    A change moves the document's own change times; a clearing leaves those of a ledger line alone, and has its own.
    ValueError for unknown sets and properties, for a key that is missing and for values that do not fit.
    """
    with store.transaction():
        for name, given in rows.items():
            if name not in store.sets:
                raise ValueError(f"no entity set {name}")
            for row in given:
                _save(store, store.sets[name], row, now)


def _save(store: Store, entity: EntitySet, row: Mapping[str, object], now: datetime) -> None:
    unknown = row.keys() - entity.by_name.keys()
    missing = {key.name for key in entity.keys} - row.keys()
    if unknown or missing:
        raise ValueError(f"{entity.name}: no property {sorted(unknown)}, no key {sorted(missing)}")
    values: dict[str, Stored] = {name: keeper(entity.by_name[name])(value) for name, value in row.items()}
    where = Clause()
    for key in entity.keys:
        where &= equal(key.name, values[key.name])
    if store.count(entity, where):
        values |= {"ClearingCreationDate": _day(now)} if _CLEARED in values else _stamp(store, entity, where, now)
        store.update(entity, values, where)
    else:
        made = {name: value for name, value in _times(now).items() if name in _MADE and name in entity.by_name}
        store.insert(entity, {**made, **values, **_stamp(store, entity, where, now)})
    _stamp_head(store, entity, values, now)


def _stamp_head(store: Store, entity: EntitySet, values: Mapping[str, Stored], now: datetime) -> None:
    """What belongs to a document is a change of the document."""
    first = entity.keys[0].name
    head = HEADS.get(first)
    if head is None or head == entity.name:
        return
    where = equal(first, values[first])
    if store.count(store.sets[head], where):
        store.update(store.sets[head], _stamp(store, store.sets[head], where, now), where)


def _stamp(store: Store, entity: EntitySet, where: Clause, now: datetime) -> dict[str, Stored]:
    """Later than before, even when two changes fall into one tick of the clock."""
    stamps = {name: value for name, value in _times(now).items() if name in _CHANGED and name in entity.by_name}
    if "LastChangeDateTime" in stamps:
        rows = store.select(entity, ["LastChangeDateTime"], where, limit=1)
        before = int(rows[0][0] or 0) if rows else 0
        stamps["LastChangeDateTime"] = max(micros(now), before + 1)
    return stamps


def _times(now: datetime) -> dict[str, Stored]:
    clock = now.hour * 3600 + now.minute * 60 + now.second
    return {
        "LastChangeDateTime": micros(now),
        "LastChangeDate": _day(now),
        "LastChangeTime": clock,
        "CreationDate": _day(now),
        "CreationTime": clock,
        "AccountingDocumentCreationDate": _day(now),
    }


def _day(now: datetime) -> int:
    return micros(now) // 1000 // DAY_MS * DAY_MS
