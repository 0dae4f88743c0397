"""Cuts a query into tokens with their places."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from sources.salesforce.sandbox.soql.faults import malformed, unexpected

Kind = Literal["name", "string", "datetime", "date", "number", "symbol", "end"]


class Token(NamedTuple):
    """One token: `text` as written, `word` in lower case for names, `at` its place in the query."""

    kind: Kind
    text: str
    word: str
    at: int


_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<symbol><=|>=|!=|<>|[=<>(),:])
    | (?P<end>$)
    )""",
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> list[Token]:
    """All tokens, an "end" token last; MALFORMED_QUERY for what is none."""
    found: list[Token] = []
    place = 0
    while True:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _strange(text, place)
        kind: Kind = match.lastgroup  # type: ignore[assignment]  # the pattern's groups are the kinds
        token = match[kind]
        found.append(Token(kind, token, token.lower(), match.start(kind)))
        if kind == "end":
            return found
        place = match.end()


def _strange(text: str, place: int) -> Exception:
    at = place + len(text[place:]) - len(text[place:].lstrip())
    if text[at] == "'":
        return malformed(text, at, "line breaks or an end of query in a string: the closing quote is missing")
    return unexpected(text, at, text[at])
