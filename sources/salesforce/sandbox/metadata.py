"""The columns of a query, as `columns=true` asks for them instead of rows."""

from __future__ import annotations

from typing import Final

from sources.salesforce.sandbox.model import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field, SObject
from sources.salesforce.sandbox.soql.plan import Address, AnyPlan, Children, GroupPlan, Leaf, Part, Plan

_APEX_TYPES: Final = {
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "Datetime",
    "int": "Integer",
    "address": "Address",
}


def column_metadata(plan: AnyPlan) -> dict[str, object]:
    """Names and types of a plan's columns; parents and subqueries carry theirs in `joinColumns`."""
    columns: list[dict[str, object]] = []
    if isinstance(plan, Plan):
        columns = [_of(plan.one, part) for part in plan.parts]
    elif isinstance(plan, GroupPlan):
        columns = [_column(name, field, aggregate=name.startswith("expr")) for name, field in plan.columns]
    return {
        "columnMetadata": columns,
        "entityName": plan.one.name,
        "groupBy": isinstance(plan, GroupPlan),
        "idSelected": any(column["columnName"] == "Id" for column in columns),
        "keyPrefix": plan.one.prefix,
    }


def _of(one: SObject, part: Part) -> dict[str, object]:
    match part:
        case Leaf() | Address():
            return _column(part.name, one.fields.get(part.name) or Field(part.name, "string"))
        case Children():
            joined = [_of(part.plan.one, inner) for inner in part.plan.parts]
            return _column(part.name, Field(part.name, "string"), joined, aggregate=True)
        case _:
            joined = [_of(one, inner) for inner in part.parts]
            return _column(part.name, Field(part.name, "string"), joined)


def _column(
    name: str, field: Field, joined: list[dict[str, object]] | None = None, *, aggregate: bool = False
) -> dict[str, object]:
    number = field.type in NUMBER_TYPES
    apex = "Id" if field.type in ID_TYPES else "Double" if number and field.type != "int" else "String"
    return {
        "aggregate": aggregate,
        "apexType": _APEX_TYPES.get(field.type, apex),
        "booleanType": field.type == "boolean",
        "columnName": name,
        "custom": field.custom,
        "displayName": name,
        "foreignKeyName": field.relation,
        "insertable": field.writable != "never",
        "joinColumns": joined or [],
        "numberType": number,
        "textType": field.type in TEXT_TYPES,
        "updatable": field.writable == "both",
    }
