"""Literals of a filter as SQL values, refused where their field is of another type."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from sources.salesforce.sandbox.ids import id18, is_id
from sources.salesforce.sandbox.model import ID_TYPES, NUMBER_TYPES, TEXT_TYPES, Field
from sources.salesforce.sandbox.soql.faults import bad_filter, malformed, wrong_literal
from sources.salesforce.sandbox.soql.periods import span
from sources.salesforce.sandbox.soql.tree import Literals
from sources.salesforce.sandbox.values import Column, moment_text, read_moment

_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PLAIN: Final = {"n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "f": "\f"}
_SPELLED: Final = {"datetime": "dateTime", "reference": "id"}


def value_of(text: str, field: Field, literal: Literals) -> Column:
    """One literal as the field's column holds it; null and empty text are None."""
    if literal.kind == "null":
        return None
    quoted = literal.kind == "string"
    if quoted != (field.type in TEXT_TYPES | ID_TYPES) or not _fits(field, literal):
        kind = _SPELLED.get(field.type, field.type if field.type not in TEXT_TYPES else "string")
        raise wrong_literal(text, literal.at, field.name, kind, quoted)
    if quoted:
        return _text(text, field, literal)
    if literal.kind == "number":
        return float(literal.text)
    if literal.kind == "boolean":
        return int(literal.text == "true")
    return _instant(text, literal)


def pattern_of(text: str, literal: Literals) -> str:
    r"""A LIKE pattern for SQLite with ESCAPE '\': SOQL's \% and \_ stay escaped, a plain backslash is doubled."""
    return _unescape(text, literal, {"%": r"\%", "_": r"\_", "\\": r"\\"})


def bounds(field: Field, literal: Literals, today: date) -> tuple[str, str]:
    """A date literal's first instant and the one after its last, as the field's column spells them."""
    first, after = span(literal.text, today, literal.count)
    if field.type == "date":
        return first.isoformat(), after.isoformat()
    return tuple(moment_text(datetime(day.year, day.month, day.day, tzinfo=UTC)) for day in (first, after))  # type: ignore[return-value]  # two of two


def _fits(field: Field, literal: Literals) -> bool:
    if literal.kind == "string":
        return True
    if field.type in NUMBER_TYPES:
        return literal.kind == "number"
    if field.type in {"date", "datetime"}:
        return literal.kind in {field.type, "period"}
    return literal.kind == field.type


def _text(text: str, field: Field, literal: Literals) -> Column:
    value = _unescape(text, literal, {"\\": "\\"})
    if not value:
        return None
    if field.type not in ID_TYPES:
        return value
    if not is_id(value):
        raise bad_filter(text, literal.at, f"invalid ID field: {value}")
    return id18(value)


def _instant(text: str, literal: Literals) -> str:
    try:
        if literal.kind == "date":
            return date.fromisoformat(literal.text).isoformat()
        return moment_text(read_moment(literal.text.upper()))
    except ValueError as wrong:
        raise malformed(text, literal.at, f"line contains an invalid date: {literal.text}") from wrong


def _unescape(text: str, literal: Literals, special: dict[str, str]) -> str:
    def plain(match: re.Match[str]) -> str:
        letter = match[1]
        known = special.get(letter) or _PLAIN.get(letter) or (letter if letter in "'\"" else None)
        if known is None:
            raise malformed(text, literal.at, f"Illegal string literal: invalid escape \\{letter}")
        return known

    return _ESCAPE.sub(plain, literal.text[1:-1])
