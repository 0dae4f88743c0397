"""Resource paths: A_SalesOrder('1')/to_Item, with $count, $value and single properties."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from sources.s4hana.sandbox.model import EntitySet
from sources.s4hana.sandbox.query.clause import Clause, equal, known, stored
from sources.s4hana.sandbox.query.tokens import Token, Value, tokens
from sources.s4hana.sandbox.refusal import bad_request

_SEGMENT: Final = re.compile(r"([A-Za-z_$][\w$]*)(?:\((.*)\))?", re.DOTALL)


@dataclass(frozen=True)
class Segment:
    """A name, with the values between parentheses by key name ("" for a single nameless one); None without any."""

    name: str
    predicate: tuple[tuple[str, Value], ...] | None


def parse_path(raw: str) -> list[Segment]:
    """The segments of a still encoded path below the service root; 400 "Invalid URI segment" where one is malformed.

    A colon must come encoded, as the real system wants it (KBA 3729509).
    """
    if ":" in raw:
        raise bad_request("Invalid URI segment.")
    return [_segment(unquote(part)) for part in raw.split("/") if part]


def key_clause(entity: EntitySet, segment: Segment) -> Clause:
    """The condition that a key predicate says; 400 unless it names exactly the key properties."""
    predicate = dict(segment.predicate or ())
    if set(predicate) == {""} and len(entity.keys) == 1:
        predicate = {entity.keys[0].name: predicate[""]}
    if set(predicate) != {key.name for key in entity.keys} or len(predicate) != len(segment.predicate or ()):
        raise bad_request(f"Invalid key predicate type for '{entity.type_name}'.")
    clause = Clause()
    for name, value in predicate.items():
        prop = known(entity, name, "key")
        clause &= equal(name, stored(prop, value, "eq"))
    return clause


def _segment(text: str) -> Segment:
    found = _SEGMENT.fullmatch(text)
    if found is None:
        raise bad_request(f"Invalid URI segment '{text}'.")
    name, inner = found.groups()
    return Segment(name, None if inner is None else _predicate(tokens(inner)))


def _predicate(words: list[Token]) -> tuple[tuple[str, Value], ...]:
    if len(words) == 2 and words[0].value is not None:
        return (("", words[0].value),)
    found: list[tuple[str, Value]] = []
    for place in range(0, len(words), 4):
        name, equals, literal, after = (*words[place : place + 4], *[words[-1]] * 4)[:4]
        if name.kind != "name" or equals.text != "=" or literal.value is None or after.text not in {",", ""}:
            raise bad_request("Malformed key predicate.")
        found.append((name.text, literal.value))
        if after.kind == "end":
            return tuple(found)
    raise bad_request("Malformed key predicate.")
