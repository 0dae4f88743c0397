"""Fields and functions of fields as SQL, with the field whose type they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sources.salesforce.sandbox.model import NUMBER_TYPES, Field
from sources.salesforce.sandbox.soql.faults import malformed
from sources.salesforce.sandbox.soql.scope import Scope
from sources.salesforce.sandbox.soql.tree import Call, Path


@dataclass(frozen=True, slots=True)
class Expression:
    """SQL, the field whose type its value has, and the object that the field is on."""

    sql: str
    field: Field
    entity: str


_COUNTED: Final = Field("expr", "int", 0)
_NUMBER: Final = Field("expr", "double", 0)
_DAY: Final = Field("expr", "date", 0)
_PARTS: Final = {
    "calendar_year": "CAST(substr({0}, 1, 4) AS INTEGER)",
    "calendar_month": "CAST(substr({0}, 6, 2) AS INTEGER)",
    "calendar_quarter": "((CAST(substr({0}, 6, 2) AS INTEGER) + 2) / 3)",
    "day_only": "substr({0}, 1, 10)",
}
_AGGREGATES: Final = {
    "count": "COUNT({0})",
    "count_distinct": "COUNT(DISTINCT {0})",
    "sum": "SUM({0})",
    "avg": "AVG({0})",
    "min": "MIN({0})",
    "max": "MAX({0})",
}


def expression(scope: Scope, value: Path | Call) -> Expression:
    """The SQL of a path or a function; refused for unknown fields and for functions of the wrong type."""
    if isinstance(value, Path):
        place = scope.place(value)
        return Expression(place.sql, place.field, place.origin.one.name)
    if value.argument is None:
        return Expression("COUNT(*)", _COUNTED, scope.root.one.name)
    inner = expression(scope, value.argument)
    if value.function in _PARTS:
        return _part(scope, value, inner)
    if value.function in _AGGREGATES:
        return _aggregate(scope, value, inner)
    return inner


def _part(scope: Scope, call: Call, inner: Expression) -> Expression:
    if inner.field.type not in {"date", "datetime"}:
        raise malformed(scope.text, call.at, f"field {inner.field.name} does not support function {call.function}")
    field = _DAY if call.function == "day_only" else _COUNTED
    return Expression(_PARTS[call.function].format(inner.sql), field, inner.entity)


def _aggregate(scope: Scope, call: Call, inner: Expression) -> Expression:
    if call.function in {"sum", "avg"} and inner.field.type not in NUMBER_TYPES:
        message = f"field {inner.field.name} does not support aggregate operator {call.function.upper()}"
        raise malformed(scope.text, call.at, message)
    sql = _AGGREGATES[call.function].format(inner.sql)
    if call.function in {"count", "count_distinct"}:
        return Expression(sql, _COUNTED, inner.entity)
    return Expression(sql, _NUMBER if call.function == "avg" else inner.field, inner.entity)
