"""Writes of single rows: checked as the platform checks them, then derived, rolled up and stamped."""

from __future__ import annotations

from collections.abc import Mapping

from sources.salesforce.sandbox.derive import ROLLS_UP_TO, derive, roll_up
from sources.salesforce.sandbox.errors import ApiError, no_such_column, not_found
from sources.salesforce.sandbox.incoming import columns_of, missing_required
from sources.salesforce.sandbox.model import Field, SObject
from sources.salesforce.sandbox.org import USER_ID, Org
from sources.salesforce.sandbox.rules import before_delete, before_insert, before_update
from sources.salesforce.sandbox.store import Row
from sources.salesforce.sandbox.values import stamp_text, to_column

Body = Mapping[str, object]


class Several(Exception):
    """More than one row has the external id; `identities` are theirs."""

    def __init__(self, identities: list[str]) -> None:
        super().__init__("more than one row")
        self.identities = identities


def insert(org: Org, one: SObject, body: Body) -> str:
    """Make a row; its id."""
    with org.store.atomic():
        columns = columns_of(org, one, body, creating=True)
        missing_required(one, columns)
        before_insert(org, one, columns)
        identity, number = org.store.make(one)
        row = _born(org, one, identity, number) | columns
        org.refusals.meet(one, row)
        _refuse_duplicates(org, one, row, None)
        org.store.insert(one, [row], row)
        _settle(org, one, row)
    return identity


def update(org: Org, one: SObject, identity: str, body: Body) -> None:
    """Change a live row."""
    with org.store.atomic():
        old = live_row(org, one, identity)
        columns = columns_of(org, one, body, creating=False)
        missing_required(one, {**old, **columns})
        columns |= before_update(org, one, old, columns)
        org.refusals.meet(one, {**old, **columns})
        _refuse_duplicates(org, one, columns, identity)
        now = stamp_text(org.store.clock())
        columns |= {"LastModifiedDate": now, "LastModifiedById": USER_ID, "SystemModstamp": now}
        org.store.update(one, identity, columns)
        _settle(org, one, {**old, **columns})


def delete(org: Org, one: SObject, identity: str) -> None:
    """Put a live row into the recycle bin, and the rows it owns."""
    with org.store.atomic():
        old = live_row(org, one, identity)
        before_delete(org, one, old)
        now = stamp_text(org.store.clock())
        _bin(org, one, identity, now)
        _settle(org, one, old)


def upsert(org: Org, one: SObject, field: Field, value: str, body: Body, *, update_only: bool) -> tuple[str, bool]:
    """Change the row with that external id, or make it; its id and whether it was made. `Several` when ambiguous."""
    spelled = next((name for name in body if name.lower() in {field.name.lower(), "id"}), None)
    if spelled is not None:
        message = f"The {field.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message, [spelled])
    stored = to_column(field, value)
    found = org.store.find(one, field, stored)
    if len(found) > 1:
        raise Several(found)
    if found:
        update(org, one, found[0], body)
        return found[0], False
    if update_only or field.name == "Id":
        raise not_found()
    return insert(org, one, {**body, field.name: stored}), True


def live_row(org: Org, one: SObject, identity: str) -> Row:
    """The row; NOT_FOUND when it never was, ENTITY_IS_DELETED when it lies in the recycle bin."""
    row = org.store.row(one, identity)
    if row is None:
        raise not_found()
    if row["IsDeleted"]:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
    return row


def external_field(one: SObject, name: str) -> Field:
    """A field that rows can be addressed by: Id or an external id; NOT_FOUND for others."""
    field = one.field(name)
    if field is None:
        raise no_such_column(name, one.name)
    if not (field.external_id or field.name == "Id"):
        raise ApiError(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + name)
    return field


def _born(org: Org, one: SObject, identity: str, number: int) -> Row:
    now = stamp_text(org.store.clock())
    row: Row = {"Id": identity, "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    row |= {"CreatedById": USER_ID, "LastModifiedById": USER_ID}
    for field in one.columns:
        if field.numbered:
            row[field.name] = field.numbered.format(number)
        elif field.name == "OwnerId":
            row[field.name] = USER_ID
        elif field.default is not None:
            row[field.name] = int(field.default) if isinstance(field.default, bool) else field.default
    return row


def _refuse_duplicates(org: Org, one: SObject, columns: Row, identity: str | None) -> None:
    for name, value in columns.items():
        field = one.fields[name]
        others = org.store.find(one, field, value) if field.unique and value is not None else []
        if others and others != [identity]:
            message = f"duplicate value found: {name} duplicates value on record with id: {others[0][:15]}"
            raise ApiError(400, "DUPLICATE_VALUE", message, [])


def _bin(org: Org, one: SObject, identity: str, now: str) -> None:
    org.store.update(one, identity, {"IsDeleted": 1, "LastModifiedDate": now, "SystemModstamp": now})
    for relation in org.model.children(one).values():
        if relation.field.owned:
            for child in org.store.find(relation.child, relation.field, identity):
                _bin(org, relation.child, child, now)


def _settle(org: Org, one: SObject, row: Row) -> None:
    derive(org.store, one, str(row["Id"]))
    parent = row.get(ROLLS_UP_TO.get(one.name, ""))
    if parent:
        roll_up(org.store, one, [str(parent)])
