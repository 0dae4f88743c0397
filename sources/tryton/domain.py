"""Tryton's search clauses, built of values and never of text: what people typed stays a value whatever it holds."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias, TypeVar

import msgspec

from sources.tryton.values import told_day

Value: TypeAlias = "str | int | bool | date | datetime | Sequence[Value] | None"
Domain: TypeAlias = "list[object]"
"""A list of clauses that all hold; 'OR' at its beginning makes one of the rest enough."""
T = TypeVar("T")

LARGEST_ID: Final = 2**31 - 1


def clause(field: str, operator: str, value: Value, model: str | None = None) -> Domain:
    """One clause as a domain; `model` where the path goes through a field that may name records of several models."""
    held: list[object] = [field, operator, _json(value)]
    return [[*held, model] if model else held]


def one_of(field: str, values: Iterable[str | int], model: str | None = None) -> Domain:
    """The field is one of these."""
    return clause(field, "in", list(values), model)


def some(field: str, domain: Domain) -> Domain:
    """The field holds a record for which all of the domain holds."""
    return [[field, "where", domain]]


def every(*domains: Domain | None) -> Domain:
    """All of them hold; None counts as nothing said."""
    held = [domain for domain in domains if domain]
    return held[0] if len(held) == 1 else [part for domain in held for part in _parts(domain)]


def either(domains: Iterable[Domain]) -> Domain:
    """One of them holds; nothing can hold where there is none."""
    held = list(domains)
    if not held:
        return clause("id", "=", -1)
    return held[0] if len(held) == 1 else ["OR", *held]


def none_of(field: str, values: Iterable[str | int]) -> Domain | None:
    """The field is none of these; nothing is said where there are none."""
    held = list(values)
    return clause(field, "not in", held) if held else None


def holds(field: str, text: str) -> Domain:
    """The field holds this text somewhere, in whatever case; its wildcards are taken as they stand."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return clause(field, "ilike", f"%{plain}%")


def behind_instant(field: str, at: datetime, key: int | None) -> Domain:
    """What comes behind a position when sorted by an instant and the id, both descending.

    The instant itself is a range of a microsecond: SQLite compares instants as texts, and there are two for a whole
    second, with and without zeros behind the point.
    """
    before = clause(field, "<", at)
    if key is None:
        return before
    same = every(clause(field, ">=", at), clause(field, "<", at + timedelta(microseconds=1)))
    return either([before, [*same, *clause("id", "<", key)]])


def behind_day(field: str, on: date, key: int | None) -> Domain:
    """What comes behind a position when sorted by a day and the id, both descending."""
    before = clause(field, "<", on)
    return before if key is None else either([before, [*clause(field, "=", on), *clause("id", "<", key)]])


def behind_code(field: str, code: str, *, by_length: bool) -> Domain:
    """What comes behind a code when sorted by it; Tryton sorts codes that it counts up itself by their length first."""
    if not by_length:
        return clause(field, ">", code)
    same = "_" * len(code)
    return either([clause(field, "like", f"{same}_%"), [*clause(field, "like", same), *clause(field, ">", code)]])


def named(pairs: Iterable[tuple[str, str | int]]) -> Domain:
    """Records of which at least one field has the value beside it."""
    values: dict[str, list[str | int]] = {}
    for field, value in pairs:
        values.setdefault(field, []).append(value)
    return either(one_of(field, held) for field, held in values.items())


def identity(key: str) -> int | None:
    """The id that a key is; None for other text, since a database refuses what is no id of its size."""
    if not (key.isascii() and key.isdigit()) or len(key) > len(str(LARGEST_ID)):
        return None
    number = int(key)
    return number if 0 < number <= LARGEST_ID and str(number) == key else None


def identities(keys: Iterable[str]) -> list[int]:
    """The ids among the keys, each once, in their order."""
    found = (identity(key) for key in keys)
    return list(dict.fromkeys(number for number in found if number is not None))


def texts(values: Iterable[str]) -> list[str]:
    """The texts that a record can hold, each once: no empty one, no control characters, no broken Unicode."""
    return [value for value in dict.fromkeys(values) if value and value.isprintable()]


def encoded(value: object) -> str:
    """A domain or an order as the server reads it in a URL."""
    return urlsafe_b64encode(msgspec.json.encode(value)).decode()


def runs(values: Sequence[T], build: Callable[[Sequence[T]], Domain], room: int) -> list[Domain]:
    """The domains of as few runs of the values as fit into so many characters; a single value is never parted."""
    if not values:
        return []
    whole = build(values)
    if len(values) == 1 or len(encoded(whole)) <= room:
        return [whole]
    half = len(values) // 2
    return [*runs(values[:half], build, room), *runs(values[half:], build, room)]


def _parts(domain: Domain) -> Domain:
    """The clauses that a domain ANDs; an OR is one clause of its own."""
    return [domain] if domain[0] == "OR" else domain


def _json(value: Value) -> object:
    if isinstance(value, datetime):
        return {
            "__class__": "datetime",
            **{
                name: getattr(value, name)
                for name in ("year", "month", "day", "hour", "minute", "second", "microsecond")
            },
        }
    if isinstance(value, date):
        return told_day(value)
    return value
