"""A compiled query: its SQL, and how each row of the result becomes a record."""

from __future__ import annotations

from dataclasses import dataclass, field

from sources.salesforce.sandbox.model import Field, SObject
from sources.salesforce.sandbox.values import Column


@dataclass(frozen=True, slots=True)
class Leaf:
    """One column of the answer."""

    name: str
    index: int
    boolean: bool


@dataclass(frozen=True, slots=True)
class Address:
    """A compound address from five columns that start at `index`."""

    name: str
    index: int


@dataclass(slots=True)
class Parent:
    """A parent record; null where the column at `index`, its id, is null."""

    name: str
    entity: str
    index: int
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Children:
    """A subquery's rows, found by their parent's id."""

    name: str
    plan: ChildPlan


Part = Leaf | Address | Parent | Children


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows of one object: column 0 is the id. `limit` and `offset` are in the SQL."""

    one: SObject
    sql: str
    values: list[Column]
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """Children of many parents at once: column 0 is the id, column 1 the parent's.

    The SQL takes the parents' ids as a JSON list before `values`.
    """

    one: SObject
    sql: str
    values: list[Column]
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class CountPlan:
    """SELECT COUNT(): one number, answered as the size of an empty list."""

    one: SObject
    sql: str
    values: list[Column]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """An aggregate query: named columns."""

    one: SObject
    sql: str
    values: list[Column]
    columns: list[tuple[str, Field]]


AnyPlan = Plan | CountPlan | GroupPlan
