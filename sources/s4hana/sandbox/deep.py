"""Deep inserts: an entity with its navigations in one body, keys numbered by the system where they are left out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sources.s4hana.sandbox.model import EntitySet, Kind, Property, Service
from sources.s4hana.sandbox.query.clause import Clause, equal
from sources.s4hana.sandbox.refusal import Refusal, bad_request
from sources.s4hana.sandbox.store import Store
from sources.s4hana.sandbox.values import Stored, initial, keeper, padded

Body = Mapping[str, object]
Values = dict[str, Stored]
Complete = Callable[[EntitySet, Values, Body], None]

# Number ranges by set and key: the first number and the step from one to the next.
_RANGES: Final = {
    ("A_SalesOrder", "SalesOrder"): (1, 1),
    ("A_SalesOrderItem", "SalesOrderItem"): (10, 10),
    ("A_SalesOrderItemPrElement", "PricingProcedureStep"): (10, 10),
    ("A_BusinessPartner", "BusinessPartner"): (1_000_000, 1),
    ("A_BusinessPartnerAddress", "AddressID"): (22_000, 1),
}


@dataclass(frozen=True)
class Inserted:
    """What was saved: the entity's stored values, and the navigations that came with it."""

    values: Values
    navigations: tuple[str, ...]


def insert_deep(
    store: Store, service: Service, entity: EntitySet, body: Body, fixed: Values, complete: Complete
) -> Inserted:
    """Save an entity and what hangs on it. 400 for unknown names, values that do not fit and keys already taken.

    `complete` may add to each entity's values, once it has its number.
    """
    values = {**changes_of(entity, body, creating=True), **fixed}
    _number(store, entity, values)
    complete(entity, values, body)
    try:
        store.insert(entity, values)
    except sqlite3.IntegrityError as taken:
        text = f"{entity.name.removeprefix('A_')} {values[entity.keys[0].name]} already exists."
        raise Refusal(400, "SLS_LORD/033", text) from taken
    came = [way for way in entity.navigations if way.name in body]
    for way in came:
        joined = {theirs: values.get(own, initial(entity.by_name[own])) for own, theirs in way.on}
        for child in children_of(body[way.name], many=way.many):
            insert_deep(store, service, service.by_name[way.target], child, joined, complete)
    return Inserted(values, tuple(way.name for way in came))


def changes_of(entity: EntitySet, body: Body, *, creating: bool) -> Values:
    """The stored values of a body's properties; those that only the system sets are passed over in silence."""
    values: Values = {}
    for name, given in body.items():
        prop = entity.by_name.get(name)
        if prop is None:
            if name == "__metadata" or (creating and name in entity.ways):
                continue
            raise bad_request(f"Property '{name}' is invalid for type '{entity.type_name}'.")
        if prop.computed or (prop.key and not creating):
            continue
        try:
            values[name] = keeper(prop)(given)
        except ValueError as wrong:
            raise bad_request(f"Property '{name}' has an invalid value: {wrong}") from wrong
    return values


def _number(store: Store, entity: EntitySet, values: Values) -> None:
    for prop in entity.keys:
        if values.get(prop.name, initial(prop)) != initial(prop):
            continue
        if prop.kind in {Kind.ALPHA, Kind.DIGITS}:
            values[prop.name] = _next_number(store, entity, prop, values)
        elif prop.kind is Kind.TEXT and prop.name not in values:
            raise bad_request(f"Key property '{prop.name}' is missing.")


def _next_number(store: Store, entity: EntitySet, prop: Property, values: Values) -> str:
    """The next number of the range, counted among the rows that share the keys before this one."""
    if entity.name.startswith("A_Address") and prop.name == "Person":
        return ""
    first, step = _RANGES.get((entity.name, prop.name), (1, 1))
    among = Clause()
    for key in entity.keys[: entity.keys.index(prop)]:
        among &= equal(key.name, values[key.name])
    highest = int(store.highest(entity, prop.name, among) or 0)
    following = max(first, (highest // step + 1) * step)
    return padded(prop, str(following))


def children_of(given: object, *, many: bool) -> list[Body]:
    """The entities of a navigation in a body, bare, in a list or inside "results"; 400 for anything else."""
    if isinstance(given, Mapping) and "results" in given:
        given = given["results"]
    found = [given] if isinstance(given, Mapping) and not many else given
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise bad_request("A navigation property takes entities.")
    return found
