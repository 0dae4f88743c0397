"""Loads many rows at once, ids and times as given: how a story gets into the org."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from sources.salesforce.sandbox.derive import DERIVED, ROLLS_UP_TO, derive_all
from sources.salesforce.sandbox.ids import new_id
from sources.salesforce.sandbox.model import Field, SObject
from sources.salesforce.sandbox.store import Row, Store
from sources.salesforce.sandbox.values import Column, stamp_text, told

Rows = Mapping[str, Sequence[Mapping[str, object]]]


def load(store: Store, rows: Rows, user: str) -> None:
    """Insert rows by object name, all or none. Id is optional; what the platform derives is kept where given.

    KeyError for an object or a field that the org lacks; sqlite3.IntegrityError for an id or a unique value twice.
    """
    with store.atomic():
        loaded = [(one, _insert(store, one, rows[one.name], user)) for one in _in_order(store, rows)]
        for one, identities in loaded:
            derive_all(store, one, identities)


def _in_order(store: Store, rows: Rows) -> list[SObject]:
    """The objects whose rows came, parents of roll-ups last: they are summed when their children are priced."""
    for name in rows:
        store.model.objects[name]
    parents = {store.model.objects[name].fields[key].refers_to for name, key in ROLLS_UP_TO.items()}
    present = [one for one in store.model.objects.values() if rows.get(one.name)]
    return sorted(present, key=lambda one: one.name in parents)


def _insert(store: Store, one: SObject, given: Sequence[Mapping[str, object]], user: str) -> list[str]:
    fields = {name: one.fields[name] for row in given for name in row}
    now = stamp_text(store.clock())
    defaults = _defaults(one)
    numbers = count(store.reserve(one.name, len(given)))
    rows = [_complete(one, _told(fields, row), next(numbers), defaults, now, user) for row in given]
    present = {name for row in rows for name in row}
    store.insert(one, rows, [field.name for field in one.columns if field.name in present])
    return [str(row["Id"]) for row in rows]


def _told(fields: Mapping[str, Field], given: Mapping[str, object]) -> Row:
    return {name: told(fields[name], value) for name, value in given.items() if value is not None}


def _defaults(one: SObject) -> Row:
    derived = {column for column, _ in DERIVED.get(one.name, [])}
    defaults: dict[str, Column] = {}
    for field in one.columns:
        if field.default is not None and field.name not in derived:
            defaults[field.name] = int(field.default) if isinstance(field.default, bool) else field.default
    return defaults


def _complete(one: SObject, row: Row, number: int, defaults: Row, now: str, user: str) -> Row:
    row["Id"] = row.get("Id") or new_id(one.prefix, number)
    for name, pattern in one.numbered:
        if row.get(name) is None:
            row[name] = pattern.format(number)
    for name, value in defaults.items():
        if row.get(name) is None:
            row[name] = value
    created = row.get("CreatedDate") or now
    changed = row.get("LastModifiedDate") or created
    row["CreatedDate"], row["LastModifiedDate"] = created, changed
    row["SystemModstamp"] = row.get("SystemModstamp") or changed
    row["CreatedById"] = row.get("CreatedById") or user
    row["LastModifiedById"] = row.get("LastModifiedById") or user
    return row
