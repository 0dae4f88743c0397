"""A place in a query's tokens, and the small steps from it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sources.salesforce.sandbox.errors import ApiError
from sources.salesforce.sandbox.soql.faults import malformed, unexpected
from sources.salesforce.sandbox.soql.lexer import Kind, Token, tokens
from sources.salesforce.sandbox.soql.tree import Call, Path

AGGREGATES: Final = frozenset({"count", "count_distinct", "sum", "avg", "min", "max"})
DATE_PARTS: Final = frozenset({"calendar_year", "calendar_quarter", "calendar_month", "day_only"})
FUNCTIONS: Final = AGGREGATES | DATE_PARTS | {"tolabel"}
DEEPEST_PATH: Final = 6


class Cursor:
    """Walks the tokens of one query; what it does not expect is a MALFORMED_QUERY at its place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokens(text)
        self._place = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._place]

    @property
    def here(self) -> int:
        """Where in the text the current token starts."""
        return self._token.at

    @property
    def kind(self) -> Kind:
        """The current token's kind."""
        return self._token.kind

    @property
    def word(self) -> str:
        """The current token in lower case."""
        return self._token.word

    def sees(self, word: str, ahead: int = 0) -> bool:
        """Whether that word or symbol stands here, or so many tokens ahead."""
        token = self._tokens[min(self._place + ahead, len(self._tokens) - 1)]
        return token.word == word and token.kind != "string"

    def sees_any(self, words: Collection[str], ahead: int = 0) -> bool:
        """Whether one of the words stands there."""
        token = self._tokens[min(self._place + ahead, len(self._tokens) - 1)]
        return token.kind == "name" and token.word in words

    def at_end(self, ahead: int = 0) -> bool:
        """Whether nothing is left there; a closing parenthesis ends a subquery."""
        token = self._tokens[min(self._place + ahead, len(self._tokens) - 1)]
        return token.kind == "end" or token.text == ")"

    def take(self, word: str) -> bool:
        """Step over the word if it stands here."""
        if not self.sees(word):
            return False
        self._place += 1
        return True

    def next(self) -> Token:
        """Step over whatever stands here."""
        token = self._token
        if token.kind != "end":
            self._place += 1
        return token

    def expect(self, word: str) -> None:
        """Step over the word, or refuse the query."""
        if not self.take(word):
            raise self.surprise()

    def expect_end(self) -> None:
        """Refuse the query unless it ends here."""
        if self.kind != "end":
            raise self.surprise()

    def surprise(self) -> ApiError:
        """The refusal of the current token."""
        return unexpected(self.text, self.here, self._token.text)

    def name(self) -> str:
        """A name without dots."""
        if self.kind != "name" or "." in self.word:
            raise self.surprise()
        return self.next().text

    def integer(self) -> int:
        """A whole number, not negative."""
        if self.kind != "number" or not self.word.isdigit():
            raise self.surprise()
        return int(self.next().text)

    def value(self) -> Path | Call:
        """A field path, or a function of one."""
        at = self.here
        if self.kind != "name":
            raise self.surprise()
        name = self.next()
        if not self.take("("):
            return self._path(name)
        if name.word not in FUNCTIONS:
            raise malformed(self.text, at, f"unexpected token: '{name.text}'")
        if self.take(")"):
            if name.word != "count":
                raise self.surprise()
            return Call("count", None, at)
        if self.kind != "name":
            raise self.surprise()
        argument = self._path(self.next())
        self.expect(")")
        return Call(name.word, argument, at)

    def _path(self, name: Token) -> Path:
        parts = tuple(name.text.split("."))
        if len(parts) > DEEPEST_PATH:
            raise malformed(self.text, name.at, "a child-to-parent path can have no more than 5 levels")
        return Path(parts, name.at)
