"""Reads a query: SELECT to FOR UPDATE, refusing what the platform refuses."""

from __future__ import annotations

from typing import Final, Literal

from sources.salesforce.sandbox.soql.conditions import condition
from sources.salesforce.sandbox.soql.cursor import Cursor
from sources.salesforce.sandbox.soql.faults import malformed, not_in_this_sandbox
from sources.salesforce.sandbox.soql.tree import Call, Fields, Ordering, Path, Query, Selected

MOST_CHARACTERS: Final = 100_000
MOST_OFFSET: Final = 2_000
CLAUSES: Final = frozenset({"from", "where", "group", "having", "order", "limit", "offset", "for", "with", "using"})


def parse(text: str) -> Query:
    """The query's tree; MALFORMED_QUERY, or QUERY_TOO_COMPLICATED for more than `MOST_CHARACTERS`."""
    if len(text) > MOST_CHARACTERS:
        raise malformed(text[:200], 0, f"SOQL statements cannot be longer than {MOST_CHARACTERS} characters.")
    cursor = Cursor(text)
    query = _query(cursor, level=0)
    cursor.expect_end()
    return query


def _query(cursor: Cursor, level: int) -> Query:
    at = cursor.here
    cursor.expect("select")
    selected = [_selected(cursor, level)]
    while cursor.take(","):
        selected.append(_selected(cursor, level))
    cursor.expect("from")
    name_at = cursor.here
    name = cursor.name()
    alias = _alias(cursor)
    _skip_scope(cursor)
    where = condition(cursor, lambda: _query(cursor, 1)) if cursor.take("where") else None
    _skip_with(cursor)
    group_by = _group_by(cursor)
    having = condition(cursor, lambda: _query(cursor, 1)) if group_by and cursor.take("having") else None
    order_by = _order_by(cursor)
    limit = cursor.integer() if cursor.take("limit") else None
    offset = _offset(cursor)
    _skip_for(cursor)
    return Query(tuple(selected), name, name_at, at, alias, where, group_by, having, order_by, limit, offset)


def _selected(cursor: Cursor, level: int) -> Selected | Fields | Query:
    if cursor.take("("):
        if level:
            raise malformed(cursor.text, cursor.here, "SOQL statements can query no deeper than one child level here")
        query = _query(cursor, level + 1)
        cursor.expect(")")
        return query
    at = cursor.here
    if cursor.sees("typeof"):
        raise not_in_this_sandbox(cursor.text, at, "TYPEOF")
    if cursor.sees("fields") and cursor.sees("(", ahead=1):
        return _fields(cursor)
    value = cursor.value()
    alias = cursor.name() if cursor.kind == "name" and cursor.word not in CLAUSES else None
    return Selected(value, alias)


def _fields(cursor: Cursor) -> Fields:
    at = cursor.here
    cursor.expect("fields")
    cursor.expect("(")
    which_at, which = cursor.here, cursor.name().lower()
    cursor.expect(")")
    choices: dict[str, Literal["all", "standard", "custom"]] = {
        "all": "all",
        "standard": "standard",
        "custom": "custom",
    }
    if which not in choices:
        raise malformed(cursor.text, which_at, f"unexpected token: '{which}'")
    return Fields(choices[which], at)


def _alias(cursor: Cursor) -> str | None:
    if cursor.kind == "name" and cursor.word not in CLAUSES:
        return cursor.name()
    return None


def _skip_scope(cursor: Cursor) -> None:
    if cursor.take("using"):
        cursor.expect("scope")
        cursor.name()


def _skip_with(cursor: Cursor) -> None:
    if cursor.take("with"):
        at, word = cursor.here, cursor.name().lower()
        if word not in {"security_enforced", "user_mode", "system_mode"}:
            raise not_in_this_sandbox(cursor.text, at, "WITH")


def _skip_for(cursor: Cursor) -> None:
    if cursor.take("for"):
        at, word = cursor.here, cursor.name()
        if word.lower() not in {"view", "reference", "update"}:
            raise malformed(cursor.text, at, f"unexpected token: '{word}'")


def _group_by(cursor: Cursor) -> tuple[Path | Call, ...]:
    if not cursor.take("group"):
        return ()
    cursor.expect("by")
    if cursor.sees("rollup") or cursor.sees("cube"):
        raise not_in_this_sandbox(cursor.text, cursor.here, "GROUP BY ROLLUP or CUBE")
    terms = [cursor.value()]
    while cursor.take(","):
        terms.append(cursor.value())
    return tuple(terms)


def _order_by(cursor: Cursor) -> tuple[Ordering, ...]:
    if not cursor.take("order"):
        return ()
    cursor.expect("by")
    terms = [_ordering(cursor)]
    while cursor.take(","):
        terms.append(_ordering(cursor))
    return tuple(terms)


def _ordering(cursor: Cursor) -> Ordering:
    value = cursor.value()
    descending = cursor.take("desc")
    if not descending:
        cursor.take("asc")
    last = False
    if cursor.take("nulls"):
        last = cursor.take("last")
        if not last:
            cursor.expect("first")
    return Ordering(value, descending, last)


def _offset(cursor: Cursor) -> int | None:
    if not cursor.take("offset"):
        return None
    at, offset = cursor.here, cursor.integer()
    if offset > MOST_OFFSET:
        raise malformed(cursor.text, at, f"Maximum SOQL offset allowed is {MOST_OFFSET}")
    return offset
