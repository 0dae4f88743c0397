"""Runs a plan: rows in, records as the API shows them out."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from sources.kit.sandbox.rows import spoil
from sources.salesforce.sandbox.model import ADDRESS_PARTS
from sources.salesforce.sandbox.soql.plan import ChildPlan, Children, CountPlan, GroupPlan, Leaf, Parent, Part, Plan
from sources.salesforce.sandbox.store import Store
from sources.salesforce.sandbox.values import Column, to_json

Record = dict[str, object]
Columns = Sequence[Column]


def count(store: Store, plan: CountPlan) -> int:
    """What SELECT COUNT() counts."""
    return int(store.select(plan.sql, plan.values)[0][0] or 0)


def groups(store: Store, plan: GroupPlan) -> list[Record]:
    """The rows of an aggregate query."""
    return [
        {
            "attributes": {"type": "AggregateResult"},
            **{name: to_json(field, value) for (name, field), value in zip(plan.columns, row, strict=True)},
        }
        for row in store.select(plan.sql, plan.values)
    ]


def records(store: Store, plan: Plan, rows: Sequence[Columns], base: str) -> list[Record]:
    """The rows of a page as records; `base` is the path before "/sobjects"."""
    children = _all_children(store, plan.parts, [str(row[0]) for row in rows], base)
    return [_record(plan.one.name, str(row[0]), plan.parts, row, children, base) for row in rows]


Found = dict[str, dict[str, list[Record]]]


def _all_children(store: Store, parts: list[Part], parents: list[str], base: str) -> Found:
    return {part.name: _children(store, part.plan, parents, base) for part in parts if isinstance(part, Children)}


def _children(store: Store, plan: ChildPlan, parents: list[str], base: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for row in spoil(store.select(plan.sql, [orjson.dumps(parents).decode(), *plan.values])):
        record = _record(plan.one.name, str(row[0]), plan.parts, row, {}, base)
        found.setdefault(str(row[1]), []).append(record)
    return found


def _record(entity: str, identity: str, parts: list[Part], row: Columns, children: Found, base: str) -> Record:
    record: Record = {"attributes": {"type": entity, "url": f"{base}/sobjects/{entity}/{identity}"}}
    # Most parts are leaves, so they are asked for first: a page of orders has thousands.
    for part in parts:
        if isinstance(part, Leaf):
            value = row[part.index]
            record[part.name] = bool(value) if part.boolean else value
        elif isinstance(part, Parent):
            parent = row[part.index]
            record[part.name] = _record(part.entity, str(parent), part.parts, row, children, base) if parent else None
        elif isinstance(part, Children):
            mine = children[part.name].get(identity)
            record[part.name] = {"totalSize": len(mine), "done": True, "records": mine} if mine else None
        else:
            record[part.name] = address(row[part.index : part.index + len(ADDRESS_PARTS)])
    return record


def address(values: Columns) -> Record | None:
    """A compound address as an object, its keys in the recorded order; null when nothing of it is known."""
    if not any(values):
        return None
    known = dict(zip(ADDRESS_PARTS, values, strict=True))
    empty = dict.fromkeys(("geocodeAccuracy", "latitude", "longitude"))
    return dict(sorted({**known, **empty}.items()))
