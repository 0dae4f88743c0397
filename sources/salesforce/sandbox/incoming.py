"""A client's JSON as columns: names, types, rights, and rows named by their external ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sources.salesforce.sandbox.errors import ApiError, no_such_column
from sources.salesforce.sandbox.model import Field, SObject
from sources.salesforce.sandbox.org import Org
from sources.salesforce.sandbox.store import Row
from sources.salesforce.sandbox.values import Column, to_column


def columns_of(org: Org, one: SObject, body: Mapping[str, object], *, creating: bool) -> Row:
    """The columns that a body sets; ApiError for what the org or the field does not take."""
    columns: Row = {}
    for name, value in body.items():
        if name == "attributes":
            continue
        relation = one.relation(name)
        if relation is not None and isinstance(value, dict):
            columns[relation.name] = _named(org, relation, cast("dict[str, object]", value))
            continue
        field = _writable(one, name, creating)
        columns[field.name] = to_column(field, value)
    for name, column in columns.items():
        _refuse_dangling(org, one.fields[name], column)
    return columns


def missing_required(one: SObject, columns: Row) -> None:
    """REQUIRED_FIELD_MISSING when a required field has no value."""
    missing = [field.name for field in one.columns if field.required and columns.get(field.name) is None]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", message, missing)


def _writable(one: SObject, name: str, creating: bool) -> Field:
    field = one.field(name)
    if field is None:
        raise no_such_column(name, one.name)
    if field.name == "Id":
        raise ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", [name])
    if field.writable == "never" or (field.writable == "create" and not creating):
        message = (
            f"Unable to create/update fields: {field.name}. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set."
        )
        raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, [field.name])
    return field


def _named(org: Org, relation: Field, body: dict[str, object]) -> Column:
    parent = org.model.objects[cast("str", relation.refers_to)]
    names = [(name, value) for name, value in body.items() if name != "attributes"]
    if len(names) != 1:
        raise ApiError(400, "INVALID_FIELD", f"{relation.relation} must be named by exactly one external id")
    name, value = names[0]
    field = parent.field(name)
    if field is None or not (field.external_id or field.name == "Id"):
        raise no_such_column(name, parent.name)
    found = org.store.find(parent, field, to_column(field, value))
    if len(found) != 1:
        message = f"Foreign key external ID: {value} not found for field {field.name} in entity {parent.name}"
        raise ApiError(400, "INVALID_FIELD", message, [])
    return found[0]


def _refuse_dangling(org: Org, field: Field, column: Column) -> None:
    if field.refers_to is None or column is None:
        return
    parent = org.model.objects[field.refers_to]
    if org.model.of_id(str(column)) is not parent:
        message = f"{field.name}: id value of incorrect type: {column}"
        raise ApiError(400, "MALFORMED_ID", message, [field.name])
    row = org.store.row(parent, str(column))
    if row is None:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
    if row["IsDeleted"]:
        raise ApiError(400, "ENTITY_IS_DELETED", "entity is deleted", [field.name])
