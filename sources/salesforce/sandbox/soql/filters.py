"""Conditions as SQL, with SOQL's meaning: != finds nulls too, NOT turns unknown into true, text ignores case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import orjson

from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.model import ID_TYPES, TEXT_TYPES, Field
from sources.salesforce.sandbox.soql.cursor import AGGREGATES
from sources.salesforce.sandbox.soql.expressions import Expression, expression
from sources.salesforce.sandbox.soql.faults import bad_filter, malformed, wrong_literal
from sources.salesforce.sandbox.soql.literals import bounds, pattern_of, value_of
from sources.salesforce.sandbox.soql.scope import Scope
from sources.salesforce.sandbox.soql.tree import Both, Call, Compare, Condition, Literals, Not, OneOf, Path, Query
from sources.salesforce.sandbox.values import Column

LONGEST_FILTERED: Final = 255
MANY_VALUES: Final = 500
SemiJoin = Callable[[Query, Expression, int], tuple[str, list[Column]]]
Sql = tuple[str, list[Column]]


class Filters:
    """Writes the conditions of one SELECT; `semi_join` writes the SELECT of an IN."""

    def __init__(self, scope: Scope, today: date, semi_join: SemiJoin) -> None:
        self._scope = scope
        self._text = scope.text
        self._today = today
        self._semi_join = semi_join

    def write(self, condition: Condition, *, having: bool = False) -> Sql:
        """The condition's SQL and its values, in order."""
        match condition:
            case Both():
                parts = [self.write(part, having=having) for part in condition.parts]
                joined = f" {condition.word.upper()} ".join(sql for sql, _ in parts)
                return f"({joined})", [value for _, values in parts for value in values]
            case Not():
                sql, values = self.write(condition.part, having=having)
                return f"NOT COALESCE({sql}, 0)", values
            case Compare():
                return self._compare(condition, self._left(condition.left, having))
            case OneOf():
                return self._one_of(condition, self._left(condition.left, having))

    def _left(self, left: Path | Call, having: bool) -> Expression:
        found = expression(self._scope, left)
        if isinstance(left, Call) and left.function in AGGREGATES and not having:
            raise malformed(self._text, left.at, "Aggregate expressions are not allowed in the WHERE clause")
        if found.field.type == "address" or found.field.length > LONGEST_FILTERED:
            message = f"field '{found.field.name}' can not be filtered in a query call"
            raise ApiError(400, "INVALID_FIELD", message)
        return found

    def _compare(self, condition: Compare, left: Expression) -> Sql:
        literal, operator = condition.right, condition.operator
        if literal.kind == "period" and left.field.type in {"date", "datetime"}:
            return self._in_period(left, operator, literal)
        if operator == "like":
            return self._like(left, literal)
        if left.field.type == "boolean" and operator not in {"=", "!="}:
            raise bad_filter(self._text, literal.at, "filter operator not supported for boolean fields")
        value = value_of(self._text, left.field, literal)
        if value is None:
            return self._null(left, operator, literal)
        if operator == "!=":
            return f"{left.sql} IS NOT ?", [value]
        return f"{left.sql} {operator} ?", [value]

    def _null(self, left: Expression, operator: str, literal: Literals) -> Sql:
        if operator == "=":
            return f"{left.sql} IS NULL", []
        if operator == "!=":
            return f"{left.sql} IS NOT NULL", []
        raise bad_filter(self._text, literal.at, f"filter operator {operator} does not take null")

    def _like(self, left: Expression, literal: Literals) -> Sql:
        if left.field.type not in TEXT_TYPES:
            raise bad_filter(self._text, literal.at, f"invalid operator on {left.field.type} field")
        if literal.kind != "string":
            raise wrong_literal(self._text, literal.at, left.field.name, "string", quoted=False)
        return f"{left.sql} LIKE ? ESCAPE '\\'", [pattern_of(self._text, literal)]

    def _in_period(self, left: Expression, operator: str, literal: Literals) -> Sql:
        first, after = bounds(left.field, literal, self._today)
        match operator:
            case "=":
                return f"({left.sql} >= ? AND {left.sql} < ?)", [first, after]
            case "!=":
                return f"({left.sql} IS NULL OR {left.sql} < ? OR {left.sql} >= ?)", [first, after]
            case "<":
                return f"{left.sql} < ?", [first]
            case "<=":
                return f"{left.sql} < ?", [after]
            case ">":
                return f"{left.sql} >= ?", [after]
            case ">=":
                return f"{left.sql} >= ?", [first]
            case _:
                raise bad_filter(self._text, literal.at, "filter operator not supported for date fields")

    def _one_of(self, condition: OneOf, left: Expression) -> Sql:
        if isinstance(condition.values, Query):
            inner, values = self._joined(condition.values, left)
        else:
            found = [value_of(self._text, left.field, literal) for literal in condition.values]
            inner, values = _listed([value for value in found if value is not None])
            if None in found:
                null, word = ("IS NOT NULL", "AND") if condition.negated else ("IS NULL", "OR")
                test = f"{left.sql} {'NOT ' if condition.negated else ''}IN ({inner})"
                return f"({test} {word} {left.sql} {null})", values
        if condition.negated:
            return f"({left.sql} IS NULL OR {left.sql} NOT IN ({inner}))", values
        return f"{left.sql} IN ({inner})", values

    def _joined(self, query: Query, left: Expression) -> Sql:
        if left.field.type not in ID_TYPES:
            message = "The left operand field in the where expression for outer query should be an id field"
            raise ApiError(400, "INVALID_FIELD", f"{message}, cannot use: '{left.field.name}'")
        return self._semi_join(query, left, query.at)


def target(expression: Expression) -> str:
    """The object that an id or a reference points at."""
    field: Field = expression.field
    return field.refers_to or expression.entity


def _listed(values: list[Column]) -> Sql:
    if len(values) > MANY_VALUES:
        return "SELECT value FROM json_each(?)", [orjson.dumps(values).decode()]
    return ", ".join("?" * len(values)), values
