"""What a query's names mean: columns of the object, and of parents joined as they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from sources.salesforce.sandbox.model import Field, Model, SObject
from sources.salesforce.sandbox.soql.faults import malformed, no_such_column, no_such_relation
from sources.salesforce.sandbox.soql.tree import Path

MOST_PARENTS: Final = 55


@dataclass(frozen=True, slots=True)
class Origin:
    """An object in a FROM: the query's own, or a parent reached by a path."""

    one: SObject
    alias: str

    def column(self, name: str) -> str:
        """The SQL of one of its columns."""
        return f'{self.alias}."{name}"'


@dataclass(frozen=True, slots=True)
class Place:
    """A resolved path: its field, the object it lives on, and the relation names leading there."""

    origin: Origin
    field: Field
    relations: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The column."""
        return self.origin.column(self.field.name)


class Scope:
    """The names of one SELECT; joins are added by asking."""

    def __init__(self, text: str, model: Model, one: SObject, alias: str | None, names: Iterator[int]) -> None:
        self.text = text
        self.model = model
        self.root = Origin(one, f"t{next(names)}")
        self.names = names
        self._own_names = {one.name.lower()} | ({alias.lower()} if alias else set())
        self._parents: dict[tuple[str, ...], Origin] = {(): self.root}
        self._joins: list[str] = []

    def place(self, path: Path) -> Place:
        """Where a path leads; INVALID_FIELD when nowhere."""
        *names, last = self._without_own_name(path)
        origin = self.root
        relations: tuple[str, ...] = ()
        for name in names:
            origin, relations = self._parent(origin, relations, name, path.at)
        field = origin.one.field(last)
        if field is None:
            raise no_such_column(self.text, path.at, last, origin.one.name)
        return Place(origin, field, relations)

    @property
    def source(self) -> str:
        """The FROM clause with its joins; complete once every path was placed."""
        return " ".join([f'"{self.root.one.name}" {self.root.alias}', *self._joins])

    def _without_own_name(self, path: Path) -> tuple[str, ...]:
        first = path.parts[0].lower()
        own = len(path.parts) > 1 and first in self._own_names and self.root.one.relation(first) is None
        return path.parts[1:] if own else path.parts

    def _parent(self, origin: Origin, relations: tuple[str, ...], name: str, at: int) -> tuple[Origin, tuple[str, ...]]:
        field = origin.one.relation(name)
        if field is None or field.refers_to is None or field.relation is None:
            raise no_such_relation(self.text, at, name, "field path")
        path = (*relations, field.relation)
        if path not in self._parents:
            self._parents[path] = self._join(origin, field, field.refers_to, at)
        return self._parents[path], path

    def _join(self, origin: Origin, field: Field, target: str, at: int) -> Origin:
        if len(self._joins) >= MOST_PARENTS:
            raise malformed(
                self.text, at, f"a query can have no more than {MOST_PARENTS} child-to-parent relationships"
            )
        parent = Origin(self.model.objects[target], f"t{next(self.names)}")
        on = f"{parent.column('Id')} = {origin.column(field.name)}"
        self._joins.append(f'LEFT JOIN "{target}" {parent.alias} ON {on}')
        return parent


def new_scope(text: str, model: Model, one: SObject, alias: str | None = None) -> Scope:
    """A scope that names its tables t0, t1, ..."""
    return Scope(text, model, one, alias, count())
