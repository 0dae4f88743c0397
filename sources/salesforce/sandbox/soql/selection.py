"""The field list of a SELECT: which columns it needs and the shape it gives a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sources.salesforce.sandbox.model import Field, address_columns
from sources.salesforce.sandbox.soql.faults import malformed, not_in_this_sandbox
from sources.salesforce.sandbox.soql.plan import Address, ChildPlan, Children, Leaf, Parent, Part
from sources.salesforce.sandbox.soql.scope import Origin, Place, Scope
from sources.salesforce.sandbox.soql.tree import Call, Fields, Path, Query, Selected

MOST_WITH_FIELDS: Final = 200
MOST_CHILDREN: Final = 20
Subquery = Callable[[Query], tuple[str, ChildPlan]]


class Selection:
    """Collects columns and parts, in the order in which the query names them."""

    def __init__(self, scope: Scope, subquery: Subquery) -> None:
        self._scope = scope
        self._subquery = subquery
        self._parents: dict[tuple[str, ...], Parent] = {}
        self._seen: set[tuple[str, ...]] = set()
        self.columns: list[str] = [scope.root.column("Id")]
        self.parts: list[Part] = []

    def add_all(self, query: Query) -> None:
        """Take in the whole field list of a query."""
        for item in query.selected:
            match item:
                case Query():
                    self._children(item)
                case Fields():
                    self._fields(item, query)
                case Selected():
                    self._selected(item)

    def extra(self, sql: str) -> int:
        """A column that the record does not show; its index."""
        self.columns.append(sql)
        return len(self.columns) - 1

    def _selected(self, item: Selected) -> None:
        value = item.value
        if isinstance(value, Call):
            if value.function != "tolabel" or value.argument is None:
                raise not_in_this_sandbox(self._scope.text, value.at, f"{value.function}() outside of GROUP BY")
            value = value.argument
        elif item.alias:
            raise malformed(self._scope.text, value.at, "only aggregate expressions use field aliasing")
        self._path(value)

    def _path(self, path: Path) -> None:
        place = self._scope.place(path)
        spelled = (*place.relations, place.field.name)
        if spelled in self._seen:
            raise malformed(self._scope.text, path.at, f"duplicate field selected: {path.text}")
        self._seen.add(spelled)
        self._home(place).append(self._part(place.origin, place.field))

    def _fields(self, item: Fields, query: Query) -> None:
        if item.which != "standard" and (query.limit is None or query.limit > MOST_WITH_FIELDS):
            message = f"The SOQL FIELDS function must have a LIMIT of at most {MOST_WITH_FIELDS}"
            raise malformed(self._scope.text, item.at, message)
        for field in self._scope.root.one.fields.values():
            if item.which == "all" or field.custom == (item.which == "custom"):
                self._path(Path((field.name,), item.at))

    def _children(self, query: Query) -> None:
        if sum(isinstance(part, Children) for part in self.parts) >= MOST_CHILDREN:
            message = f"a query can have no more than {MOST_CHILDREN} parent-to-child relationships"
            raise malformed(self._scope.text, query.at, message)
        name, plan = self._subquery(query)
        if (name,) in self._seen:
            raise malformed(self._scope.text, query.at, f"duplicate field selected: {name}")
        self._seen.add((name,))
        self.parts.append(Children(name, plan))

    def _home(self, place: Place) -> list[Part]:
        home = self.parts
        for depth in range(1, len(place.relations) + 1):
            relations = place.relations[:depth]
            if relations not in self._parents:
                self._parents[relations] = self._parent(relations)
                home.append(self._parents[relations])
            home = self._parents[relations].parts
        return home

    def _parent(self, relations: tuple[str, ...]) -> Parent:
        identity = self._scope.place(Path((*relations, "Id"), 0))
        return Parent(relations[-1], identity.origin.one.name, self.extra(identity.sql))

    def _part(self, origin: Origin, field: Field) -> Part:
        if field.type != "address":
            return Leaf(field.name, self.extra(origin.column(field.name)), field.type == "boolean")
        indexes = [self.extra(origin.column(column)) for column in address_columns(field)]
        return Address(field.name, indexes[0])
