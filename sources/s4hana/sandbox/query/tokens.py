"""Words of filter expressions and key predicates: literals of every kind, names, operators."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from sources.s4hana.sandbox.refusal import bad_request
from sources.s4hana.sandbox.values import clock_seconds, micros

LiteralKind = Literal["string", "number", "datetime", "datetimeoffset", "time", "guid", "boolean", "null"]
LiteralValue = str | int | Decimal | bool | None

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<typed>(?:datetimeoffset|datetime|time|guid)'[^']*')
    | (?P<string>'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?[mMdDlLfF]?)(?![\w.])
    | (?P<name>[A-Za-z_$][\w$]*(?:/[A-Za-z_]\w*)*)
    | (?P<mark>[(),=*])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Value:
    """A literal as written: its kind, and its value stored as a column would hold it."""

    kind: LiteralKind
    value: LiteralValue


@dataclass(frozen=True)
class Token:
    """One word: a literal, a name (or path of names), or a mark; `position` counts characters."""

    kind: Literal["value", "name", "mark", "end"]
    text: str
    position: int
    value: Value | None = None


def tokens(text: str) -> list[Token]:
    """The words of an expression, with an end mark; refused with 400 where it is no expression."""
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise bad_request(f"Syntax error at position {place}.")
        found.append(_token(match))
        place = match.end()
    return [*found, Token("end", "", len(text))]


def _token(match: re.Match[str]) -> Token:
    group = match.lastgroup or ""
    text, position = match[group], match.start(group)
    match group:
        case "typed":
            return Token("value", text, position, _typed(text, position))
        case "string":
            return Token("value", text, position, Value("string", text[1:-1].replace("''", "'")))
        case "number":
            return Token("value", text, position, Value("number", Decimal(text.rstrip("mMdDlLfF"))))
        case "name" if text in _CONSTANTS:
            return Token("value", text, position, _CONSTANTS[text])
        case "name":
            return Token("name", text, position)
        case _:
            return Token("mark", text, position)


def _typed(text: str, position: int) -> Value:
    prefix, _, quoted = text.partition("'")
    inner = quoted[:-1]
    try:
        match prefix:
            case "datetime":
                return Value("datetime", micros(datetime.fromisoformat(inner)))
            case "datetimeoffset":
                return Value("datetimeoffset", micros(datetime.fromisoformat(inner)))
            case "time":
                return Value("time", clock_seconds(inner))
            case _:
                return Value("guid", str(UUID(inner)))
    except ValueError as wrong:
        raise bad_request(f"Invalid literal {text} at position {position}.") from wrong


_CONSTANTS: Final = {
    "true": Value("boolean", True),  # noqa: FBT003 - the literal itself
    "false": Value("boolean", False),  # noqa: FBT003 - the literal itself
    "null": Value("null", None),
}
