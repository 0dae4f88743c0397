"""Reads WHERE and HAVING: AND and OR never side by side without parentheses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from sources.salesforce.sandbox.soql.cursor import Cursor
from sources.salesforce.sandbox.soql.faults import malformed, not_in_this_sandbox
from sources.salesforce.sandbox.soql.periods import COUNTED, PERIODS
from sources.salesforce.sandbox.soql.tree import (
    Both,
    Call,
    Compare,
    Condition,
    Literals,
    Not,
    OneOf,
    Operator,
    Path,
    Query,
)

OPERATORS: Final[dict[str, Operator]] = {
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "like": "like",
}
Subquery = Callable[[], Query]


def condition(cursor: Cursor, subquery: Subquery) -> Condition:
    """A whole condition; `subquery` reads the SELECT of a semi-join."""
    parts = [_term(cursor, subquery)]
    for word in _WORDS:
        if cursor.sees(word):
            while cursor.take(word):
                parts.append(_term(cursor, subquery))
            if cursor.sees("and") or cursor.sees("or"):
                raise cursor.surprise()
            return Both(word, tuple(parts))
    return parts[0]


_WORDS: Final[tuple[Literal["and", "or"], ...]] = ("and", "or")


def _term(cursor: Cursor, subquery: Subquery) -> Condition:
    if cursor.take("not"):
        return Not(_term(cursor, subquery))
    if cursor.take("("):
        inner = condition(cursor, subquery)
        cursor.expect(")")
        return inner
    left = cursor.value()
    if cursor.sees("includes") or cursor.sees("excludes"):
        raise not_in_this_sandbox(cursor.text, cursor.here, "a multi-select picklist")
    if cursor.take("not"):
        cursor.expect("in")
        return _one_of(cursor, left, subquery, negated=True)
    if cursor.take("in"):
        return _one_of(cursor, left, subquery, negated=False)
    operator = OPERATORS.get(cursor.word)
    if operator is None:
        raise cursor.surprise()
    cursor.next()
    return Compare(left, operator, _literal(cursor))


def _one_of(cursor: Cursor, left: Path | Call, subquery: Subquery, *, negated: bool) -> OneOf:
    _refuse_bind(cursor)
    cursor.expect("(")
    if cursor.sees("select"):
        query = subquery()
        cursor.expect(")")
        return OneOf(left, query, negated)
    values = [_literal(cursor)]
    while cursor.take(","):
        values.append(_literal(cursor))
    cursor.expect(")")
    return OneOf(left, tuple(values), negated)


def _literal(cursor: Cursor) -> Literals:
    _refuse_bind(cursor)
    at, kind = cursor.here, cursor.kind
    if kind == "string":
        return Literals("string", cursor.next().text, at)
    if kind == "number":
        return Literals("number", cursor.next().text, at)
    if kind == "date":
        return Literals("date", cursor.next().text, at)
    if kind == "datetime":
        return Literals("datetime", cursor.next().text, at)
    if kind == "name":
        return _word(cursor, at)
    raise cursor.surprise()


def _word(cursor: Cursor, at: int) -> Literals:
    word = cursor.word
    if word == "null":
        cursor.next()
        return Literals("null", word, at)
    if word in {"true", "false"}:
        cursor.next()
        return Literals("boolean", word, at)
    if word in COUNTED:
        cursor.next()
        cursor.expect(":")
        return Literals("period", word, at, cursor.integer())
    if word in PERIODS:
        cursor.next()
        return Literals("period", word, at)
    raise cursor.surprise()


def _refuse_bind(cursor: Cursor) -> None:
    if cursor.sees(":"):
        raise malformed(cursor.text, cursor.here, "Bind variables only allowed in Apex code")
