"""$filter expressions as a tree: comparisons, text functions, and, or, not, parentheses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, cast

from sources.s4hana.sandbox.query.tokens import Token, Value, tokens
from sources.s4hana.sandbox.refusal import Refusal, bad_request

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
Function = Literal["substringof", "startswith", "endswith"]

DEEPEST: Final = 60
OPERATORS: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
FUNCTIONS: Final = frozenset({"substringof", "startswith", "endswith"})
_MIRRORED: Final[dict[str, Operator]] = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass(frozen=True)
class Comparison:
    """A property compared with a literal."""

    name: str
    operator: Operator
    value: Value


@dataclass(frozen=True)
class TextMatch:
    """A text function over a property."""

    function: Function
    name: str
    needle: str


@dataclass(frozen=True)
class Not:
    """The opposite."""

    term: Node


@dataclass(frozen=True)
class All:
    """Every term holds."""

    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Some:
    """At least one term holds."""

    terms: tuple[Node, ...]


Node = Comparison | TextMatch | Not | All | Some


def parse(text: str) -> Node:
    """The tree of a $filter; refused with 400 where it is not one."""
    parser = _Parser(tokens(text))
    node = parser.either()
    parser.finish()
    return node


class _Parser:
    """Recursive descent; `or` binds weakest, then `and`, then `not`. Chains stay flat: they may be hundreds long."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._place = 0
        self._depth = 0

    def either(self) -> Node:
        terms = [self._both()]
        while self._took("or"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else Some(tuple(terms))

    def finish(self) -> None:
        if self._word.kind != "end":
            raise self._unexpected()

    def _both(self) -> Node:
        terms = [self._one()]
        while self._took("and"):
            terms.append(self._one())
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def _one(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise bad_request("The filter is nested too deeply.")
        try:
            if self._took("not"):
                return Not(self._one())
            if self._took("("):
                node = self.either()
                self._expect(")")
                return node
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Node:
        word = self._next()
        if word.kind == "value" and word.value is not None:
            operator = self._operator()
            return Comparison(self._name(), _MIRRORED[operator], word.value)
        if word.kind != "name":
            raise self._unexpected(word)
        if self._word.text == "(" and self._word.kind == "mark":
            return self._text_match(word)
        return Comparison(word.text, self._operator(), self._value())

    def _text_match(self, word: Token) -> Node:
        if word.text not in FUNCTIONS:
            raise Refusal(501, "/IWBEP/CM_MGW_RT/022", f"Function '{word.text}' is not supported.")
        self._expect("(")
        if word.text == "substringof":
            needle = self._string()
            self._expect(",")
            name = self._name()
        else:
            name = self._name()
            self._expect(",")
            needle = self._string()
        self._expect(")")
        match = TextMatch(cast(Function, word.text), name, needle)
        if self._word.text not in {"eq", "ne"}:
            return match
        holds = (self._operator() == "eq") == (self._value().value is True)
        return match if holds else Not(match)

    def _operator(self) -> Operator:
        word = self._next()
        if word.kind != "name" or word.text not in OPERATORS:
            raise self._unexpected(word)
        return cast(Operator, word.text)

    def _name(self) -> str:
        word = self._next()
        if word.kind != "name":
            raise self._unexpected(word)
        return word.text

    def _value(self) -> Value:
        word = self._next()
        if word.value is None:
            raise self._unexpected(word)
        return word.value

    def _string(self) -> str:
        value = self._value()
        if value.kind != "string":
            raise bad_request("A text function takes a text.")
        return str(value.value)

    @property
    def _word(self) -> Token:
        return self._words[self._place]

    def _next(self) -> Token:
        word = self._word
        if word.kind != "end":
            self._place += 1
        return word

    def _took(self, text: str) -> bool:
        taken = self._word.kind in {"name", "mark"} and self._word.text == text
        self._place += taken
        return taken

    def _expect(self, text: str) -> None:
        if not self._took(text):
            raise self._unexpected()

    def _unexpected(self, word: Token | None = None) -> Refusal:
        at = word or self._word
        return bad_request(f"Syntax error at position {at.position}: unexpected '{at.text or 'end'}'.")
