"""Turns a query's tree into a plan over SQLite."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from sources.salesforce.sandbox.model import ID_TYPES, ChildRelation, Field, Model, SObject
from sources.salesforce.sandbox.soql.cursor import AGGREGATES
from sources.salesforce.sandbox.soql.expressions import Expression, expression
from sources.salesforce.sandbox.soql.faults import malformed, no_such_relation, no_such_type
from sources.salesforce.sandbox.soql.filters import Filters, target
from sources.salesforce.sandbox.soql.parser import parse
from sources.salesforce.sandbox.soql.plan import AnyPlan, ChildPlan, CountPlan, GroupPlan, Plan
from sources.salesforce.sandbox.soql.scope import Scope, new_scope
from sources.salesforce.sandbox.soql.selection import Selection
from sources.salesforce.sandbox.soql.tree import Call, Fields, Ordering, Path, Query, Selected
from sources.salesforce.sandbox.values import Column

Sql = tuple[str, list[Column]]
KEPT_PLANS: Final = 128
NEVER_NULL: Final = frozenset({"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"})


@lru_cache(maxsize=KEPT_PLANS)
def compile_query(text: str, model: Model, today: date, *, deleted: bool = False) -> AnyPlan:
    """The plan of a query; ApiError when it is malformed or names what the org lacks.

    `deleted`: rows in the recycle bin count too (queryAll). Plans are kept, as clients repeat themselves: change none.
    """
    return _Compiler(text, model, today, deleted).plan(parse(text))


class _Compiler:
    def __init__(self, text: str, model: Model, today: date, deleted: bool) -> None:
        self._text = text
        self._model = model
        self._today = today
        self._deleted = deleted

    def plan(self, query: Query) -> AnyPlan:
        one = self._model.find(query.name)
        if one is None:
            raise no_such_type(self._text, query.name_at, query.name)
        scope = new_scope(self._text, self._model, one, query.alias)
        if query.counts and not query.group_by:
            where, values = self._where(scope, query)
            page = f"SELECT 1 FROM {scope.source}{where}{_window(query)}"
            return CountPlan(one, f"SELECT COUNT(*) FROM ({page})", values)
        if query.group_by or any(_aggregated(item) for item in query.selected):
            return self._grouped(scope, query)
        return self._rows(scope, query)

    def _rows(self, scope: Scope, query: Query) -> Plan:
        selection = Selection(scope, lambda inner: self._children(scope, inner))
        selection.add_all(query)
        where, values = self._where(scope, query)
        order = self._order(scope, query.order_by)
        sql = f"SELECT {', '.join(selection.columns)} FROM {scope.source}{where}{order}{_window(query)}"
        return Plan(scope.root.one, sql, values, selection.parts)

    def _children(self, outer: Scope, query: Query) -> tuple[str, ChildPlan]:
        relation = self._relation(outer.root.one, query)
        scope = new_scope(self._text, self._model, relation.child, query.alias)
        selection = Selection(scope, lambda inner: self._children(scope, inner))
        parent = scope.root.column(relation.field.name)
        selection.extra(parent)
        selection.add_all(query)
        where, values = self._where(scope, query, first=f"{parent} IN (SELECT value FROM json_each(?))")
        order = self._order(scope, query.order_by)
        columns = ", ".join(f"{column} AS c{index}" for index, column in enumerate(selection.columns))
        if query.limit is None and query.offset is None:
            sql = f"SELECT {columns} FROM {scope.source}{where}{order}"
        else:
            rank = f"ROW_NUMBER() OVER (PARTITION BY {parent}{order}) AS place"
            first = query.offset or 0
            last = first + query.limit if query.limit is not None else -1
            window = f"place > {first}" + (f" AND place <= {last}" if last >= 0 else "")
            sql = f"SELECT * FROM (SELECT {columns}, {rank} FROM {scope.source}{where}) WHERE {window} ORDER BY place"
        return relation.name, ChildPlan(relation.child, sql, values, selection.parts)

    def _relation(self, parent: SObject, query: Query) -> ChildRelation:
        relation = self._model.children(parent).get(query.name.lower())
        if relation is None:
            raise no_such_relation(self._text, query.name_at, query.name, "FROM part of query call")
        return relation

    def _grouped(self, scope: Scope, query: Query) -> GroupPlan:
        grouped = [expression(scope, term) for term in query.group_by]
        columns: list[tuple[str, Field]] = []
        sqls: list[str] = []
        for item in query.selected:
            if not isinstance(item, Selected):
                raise malformed(self._text, item.at, "Grouped query cannot use child relationships or FIELDS()")
            found = expression(scope, item.value)
            self._check_grouped(item, found, grouped)
            columns.append((self._name(item, columns), found.field))
            sqls.append(found.sql)
        where, values = self._where(scope, query)
        group = f" GROUP BY {', '.join(term.sql for term in grouped)}" if grouped else ""
        having, more = self._having(scope, query)
        order = self._order(scope, query.order_by, rows=False)
        sql = f"SELECT {', '.join(sqls)} FROM {scope.source}{where}{group}{having}{order}{_window(query)}"
        return GroupPlan(scope.root.one, sql, values + more, columns)

    def _check_grouped(self, item: Selected, found: Expression, grouped: list[Expression]) -> None:
        if not _aggregated(item) and found.sql not in {term.sql for term in grouped}:
            name = item.value.text if isinstance(item.value, Path) else found.field.name
            raise malformed(self._text, item.value.at, f"Field must be grouped or aggregated: {name}")

    def _name(self, item: Selected, before: list[tuple[str, Field]]) -> str:
        if item.alias:
            return item.alias
        if isinstance(item.value, Path):
            return item.value.parts[-1]
        return f"expr{sum(name.startswith('expr') for name, _ in before)}"

    def _where(self, scope: Scope, query: Query, first: str = "") -> Sql:
        tests = [first] if first else []
        values: list[Column] = []
        if not self._deleted:
            tests.append(f"{scope.root.column('IsDeleted')} = 0")
        if query.where is not None:
            sql, values = self._filters(scope).write(query.where)
            tests.append(sql)
        return (f" WHERE {' AND '.join(tests)}" if tests else ""), values

    def _having(self, scope: Scope, query: Query) -> Sql:
        if query.having is None:
            return "", []
        sql, values = self._filters(scope).write(query.having, having=True)
        return f" HAVING {sql}", values

    def _filters(self, scope: Scope) -> Filters:
        return Filters(scope, self._today, lambda query, left, at: self._semi_join(scope, query, left, at))

    def _semi_join(self, outer: Scope, query: Query, left: Expression, at: int) -> Sql:
        one = self._model.find(query.name)
        if one is None:
            raise no_such_type(self._text, query.name_at, query.name)
        scope = Scope(self._text, self._model, one, query.alias, outer.names)
        match query.selected:
            case (Selected(Path() as path, None),):
                inner = expression(scope, path)
            case _:
                raise malformed(self._text, at, "a semi-join sub-select must select exactly one id field")
        if inner.field.type not in ID_TYPES or target(inner) != target(left):
            message = (
                f"The selected field '{inner.field.name}' in the subquery and the left operand field in the where "
                f"expression in the outer query '{left.field.name}' should point to the same object type"
            )
            raise malformed(self._text, at, message)
        where, values = self._where(scope, query)
        limit = self._order(scope, query.order_by) + _window(query) if query.limit is not None else ""
        test = f"{inner.sql} IS NOT NULL"
        where = f"{where} AND {test}" if where else f" WHERE {test}"
        return f"SELECT {inner.sql} FROM {scope.source}{where}{limit}", values

    def _order(self, scope: Scope, terms: tuple[Ordering, ...], *, rows: bool = True) -> str:
        written = [_term(expression(scope, term.value), term) for term in terms]
        if rows and not any(isinstance(term.value, Path) and term.value.parts[-1].lower() == "id" for term in terms):
            written.append(f"{scope.root.alias}.rowid")
        return f" ORDER BY {', '.join(written)}" if written else ""


def _aggregated(item: Selected | Fields | Query) -> bool:
    return isinstance(item, Selected) and isinstance(item.value, Call) and item.value.function in AGGREGATES


def _term(found: Expression, term: Ordering) -> str:
    # SQLite puts nulls first going up and last going down; SOQL puts them first either way. Columns that are never
    # null are left alone, so that an index can serve.
    direction = " DESC" if term.descending else ""
    if found.field.name in NEVER_NULL or term.nulls_last == term.descending:
        return f"{found.sql}{direction}"
    return f"{found.sql}{direction} NULLS {'LAST' if term.nulls_last else 'FIRST'}"


def _window(query: Query) -> str:
    if query.limit is None and query.offset is None:
        return ""
    limit = -1 if query.limit is None else query.limit
    return f" LIMIT {limit}" + (f" OFFSET {query.offset}" if query.offset else "")
