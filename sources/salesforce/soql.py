"""Queries as values: safe text, typed literals, and conditions that cannot be broken out of.

Grammar and escapes: Salesforce's SOQL and SOSL Reference, "Quoted String Escape Sequences" and "Date Formats".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NewType

Condition = NewType("Condition", str)
"""A condition that may stand anywhere a condition may; what was mixed of AND and OR is in parentheses."""

_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,4}")
_ESCAPES: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


@dataclass(frozen=True, slots=True)
class Select:
    """A query, or in another's `children` a child subquery; `source` is then the relationship's name.

    `deleted`: rows in the recycle bin too.
    """

    fields: tuple[str, ...]
    source: str
    children: tuple[Select, ...] = ()
    where: tuple[Condition, ...] = ()
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    deleted: bool = False

    def also_where(self, *conditions: Condition) -> Select:
        """The same query, narrowed further."""
        return replace(self, where=(*self.where, *conditions))

    def text(self) -> str:
        """The query as it is sent; each field once, in the order given."""
        columns = [path(name) for name in dict.fromkeys(self.fields)]
        columns += [f"({child.text()})" for child in self.children]
        parts = ["SELECT", ", ".join(columns), "FROM", path(self.source)]
        if self.where:
            parts.append(f"WHERE {' AND '.join(self.where)}")
        if self.order_by:
            parts.append(f"ORDER BY {', '.join(self.order_by)}")
        if self.limit is not None:
            parts.append(f"LIMIT {self.limit}")
        return " ".join(parts)


def sayable(texts: Iterable[str]) -> list[str]:
    """Those texts that a literal can hold: no field holds the others, so nothing is missed without them."""
    return [text for text in texts if text and all(char.isprintable() or char in _ESCAPES for char in text)]


def path(name: str) -> str:
    """A field or a path to a parent's field; ValueError for text that is neither."""
    if _PATH.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a field")
    return name


def quoted(text: str) -> str:
    """A string literal that means exactly this text."""
    return f"'{_escaped(text)}'"


def instant(at: datetime) -> str:
    """A dateTime literal in UTC, to the millisecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def day_start(day: date) -> str:
    """The dateTime literal of a day's first instant, UTC."""
    return instant(datetime.combine(day, time(), UTC))


def is_in(name: str, values: Iterable[str]) -> Condition:
    """The field is one of these; never true for none at all."""
    literals = ", ".join(quoted(value) for value in dict.fromkeys(values))
    return Condition(f"{path(name)} IN ({literals})") if literals else never()


def not_in(name: str, values: Iterable[str]) -> Condition:
    """The field is none of these; true for null too, as SOQL has it."""
    return Condition(f"{path(name)} NOT IN ({', '.join(quoted(value) for value in dict.fromkeys(values))})")


def equals(name: str, value: str) -> Condition:
    """The field is this text, which SOQL compares without case."""
    return Condition(f"{path(name)} = {quoted(value)}")


def is_true(name: str) -> Condition:
    """The checkbox is ticked."""
    return Condition(f"{path(name)} = true")


def is_null(name: str) -> Condition:
    """The field holds nothing."""
    return Condition(f"{path(name)} = null")


def not_null(name: str) -> Condition:
    """The field holds something."""
    return Condition(f"{path(name)} != null")


def above(name: str, value: str) -> Condition:
    """The field sorts behind this text."""
    return Condition(f"{path(name)} > {quoted(value)}")


def contains(name: str, text: str) -> Condition:
    """The field holds this text somewhere, in any case."""
    return Condition(f"{path(name)} LIKE '%{_escaped_pattern(text)}%'")


def lists_one_of(name: str, numbers: Sequence[str], separators: Sequence[str] = (";", ",")) -> Condition:
    """The field is one of these numbers, or a list of several that has one of them.

    LIKE on every number costs the org more than IN: it finds the ones that stand beside others.
    """
    beside = [
        Condition(f"{path(name)} LIKE '{pattern}'")
        for number in dict.fromkeys(numbers)
        for separator in separators
        for pattern in _beside(_escaped_pattern(number), separator)
    ]
    return any_of(is_in(name, numbers), *beside)


def since(name: str, at: str) -> Condition:
    """The field is at or after this literal instant."""
    return Condition(f"{path(name)} >= {at}")


def before(name: str, at: str) -> Condition:
    """The field is before this literal instant."""
    return Condition(f"{path(name)} < {at}")


def through(name: str, last_day: date) -> Condition:
    """The field is no later than the end of this day, UTC."""
    return before(name, day_start(last_day + timedelta(days=1)))


def newest_first_behind(at_name: str, at: datetime, key_name: str, key: str) -> Condition:
    """Rows behind this one in the order of both fields descending."""
    earlier = before(at_name, instant(at))
    same = Condition(f"({path(at_name)} = {instant(at)} AND {path(key_name)} < {quoted(key)})")
    return any_of(earlier, same)


def oldest_first_behind(at_name: str, at: datetime, key_name: str, key: str) -> Condition:
    """Rows behind this one in the order of both fields; without a key those of the same instant too."""
    if not key:
        return since(at_name, instant(at))
    later = Condition(f"{path(at_name)} > {instant(at)}")
    same = Condition(f"({path(at_name)} = {instant(at)} AND {path(key_name)} > {quoted(key)})")
    return any_of(later, same)


def any_of(*conditions: Condition) -> Condition:
    """At least one of these holds; never true for none at all."""
    if not conditions:
        return never()
    return conditions[0] if len(conditions) == 1 else Condition(f"({' OR '.join(conditions)})")


def never() -> Condition:
    """A condition that no record meets."""
    return Condition("Id = null")


def _beside(number: str, separator: str) -> tuple[str, str, str]:
    return f"{number}{separator}%", f"%{separator}{number}%", f"%{separator} {number}%"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char) or (char if char >= " " else f"\\u{ord(char):04x}") for char in text)


def _escaped_pattern(text: str) -> str:
    return _escaped(text).replace("%", "\\%").replace("_", "\\_")
