"""A query as a tree; every node that can be refused knows its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "like"]


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or a field of a parent: ("Account", "Name")."""

    parts: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """As written."""
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field: an aggregate, a part of a date, or COUNT() with no field."""

    function: str
    argument: Path | None
    at: int


@dataclass(frozen=True, slots=True)
class Fields:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    which: Literal["all", "standard", "custom"]
    at: int


@dataclass(frozen=True, slots=True)
class Selected:
    """One column of the answer, perhaps renamed."""

    value: Path | Call
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Literals:
    """A literal as written, by kind: string, number, date, datetime, null, boolean, or a date literal with its n."""

    kind: Literal["string", "number", "date", "datetime", "null", "boolean", "period"]
    text: str
    at: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against one literal."""

    left: Path | Call
    operator: Operator
    right: Literals


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field against a list of literals, or against the rows of a query (a semi-join)."""

    left: Path | Call
    values: tuple[Literals, ...] | Query
    negated: bool


@dataclass(frozen=True, slots=True)
class Both:
    """Conditions joined by AND, or by OR."""

    word: Literal["and", "or"]
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition turned round."""

    part: Condition


Condition = Compare | OneOf | Both | Not


@dataclass(frozen=True, slots=True)
class Ordering:
    """One term of ORDER BY; nulls come first unless told otherwise, ascending or not."""

    value: Path | Call
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT; `name` is the object, or the child relation in a subquery."""

    selected: tuple[Selected | Fields | Query, ...]
    name: str
    name_at: int
    at: int
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[Path | Call, ...] = ()
    having: Condition | None = None
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it is SELECT COUNT() and nothing else."""
        match self.selected:
            case (Selected(Call("count", None, _), _),):
                return True
        return False
