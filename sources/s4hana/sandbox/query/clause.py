"""Filter trees and orders as SQL over stored values, with parameters only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sources.s4hana.sandbox.model import EntitySet, Kind, Property
from sources.s4hana.sandbox.query.expression import All, Comparison, Node, Not, Some, TextMatch
from sources.s4hana.sandbox.query.tokens import LiteralKind, Value
from sources.s4hana.sandbox.refusal import Refusal, bad_request
from sources.s4hana.sandbox.values import LARGEST, Stored, padded

Parameter = Stored | float

# IS NOT: what is null differs from every value.
_SQL: Final = {"eq": "=", "ne": "IS NOT", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_LITERALS: Final[dict[Kind, LiteralKind]] = {
    Kind.TEXT: "string",
    Kind.ALPHA: "string",
    Kind.DIGITS: "string",
    Kind.DECIMAL: "number",
    Kind.INTEGER: "number",
    Kind.DAY: "datetime",
    Kind.MOMENT: "datetimeoffset",
    Kind.CLOCK: "time",
    Kind.FLAG: "boolean",
    Kind.GUID: "guid",
}


@dataclass(frozen=True)
class Clause:
    """A condition: SQL and its parameters."""

    sql: str = "1"
    parameters: tuple[Parameter, ...] = ()

    def __and__(self, other: Clause) -> Clause:
        if self.sql == "1":
            return other
        return self if other.sql == "1" else _joined((self, other), " AND ")


def equal(column: str, value: Parameter) -> Clause:
    """The column holds this value."""
    return Clause(f'"{column}" = ?', (value,))


def one_of(column: str, values: Sequence[Parameter]) -> Clause:
    """The column holds one of these values."""
    return Clause(f'"{column}" IN ({",".join("?" * len(values))})', tuple(values))


def where(entity: EntitySet, node: Node) -> Clause:
    """The condition of a filter tree; 400 for unknown or unfilterable properties and for literals of another type."""
    match node:
        case Comparison():
            return _comparison(entity, node)
        case TextMatch():
            return _text_match(entity, node)
        case Not(term):
            inner = where(entity, term)
            return Clause(f"NOT ({inner.sql})", inner.parameters)
        case All(terms):
            return _joined([where(entity, term) for term in terms], " AND ")
        case Some(terms):
            return _joined(_alternatives(entity, terms), " OR ")


def stored(prop: Property, value: Value, use: str) -> Parameter:
    """A literal as this property stores it; 400 when its type is another."""
    if value.kind != _LITERALS[prop.kind]:
        raise bad_request(f"Invalid parametertype used at function '{use}' ({prop.name}).")
    if prop.kind is Kind.DAY:
        return int(value.value or 0) // 1000
    if isinstance(value.value, Decimal):
        scaled = value.value.scaleb(prop.scale)
        exact = abs(scaled) < LARGEST and scaled == scaled.to_integral_value()
        return int(scaled) if exact else float(scaled)
    return padded(prop, value.value) if isinstance(value.value, str) else value.value


def known(entity: EntitySet, name: str, use: str) -> Property:
    """The property of that name; 400 where the type has none."""
    found = entity.by_name.get(name)
    if found is None:
        raise bad_request(f"Property '{name}' not found in type '{entity.type_name}' ({use}).")
    return found


def order(entity: EntitySet, text: str) -> str:
    """ORDER BY terms of an $orderby, always ended by the keys, so that pages never overlap."""
    terms = []
    for part in filter(None, (word.strip() for word in text.split(","))):
        name, _, direction = part.partition(" ")
        if direction.strip() not in {"", "asc", "desc"}:
            raise bad_request(f"Invalid sort direction '{direction}'.")
        terms.append(f'"{known(entity, name, "$orderby").name}" {direction.strip()}'.rstrip())
    return ", ".join([*terms, *(f'"{key.name}"' for key in entity.keys)])


def _alternatives(entity: EntitySet, terms: Sequence[Node]) -> list[Clause]:
    """Chains of `F eq 'x' or F eq 'y'` become one IN: fast, and not as deep as the chain is long."""
    chains: dict[str, list[Parameter]] = {}
    rest: list[Clause] = []
    for term in terms:
        if isinstance(term, Comparison) and term.operator == "eq" and term.value.kind != "null":
            prop = _filterable(entity, term.name)
            chains.setdefault(prop.name, []).append(stored(prop, term.value, "eq"))
        else:
            rest.append(where(entity, term))
    return [one_of(name, values) for name, values in chains.items()] + rest


def _comparison(entity: EntitySet, node: Comparison) -> Clause:
    prop = _filterable(entity, node.name)
    if node.value.kind == "null":
        if node.operator not in {"eq", "ne"}:
            raise bad_request(f"Invalid parametertype used at function '{node.operator}' ({prop.name}).")
        return Clause(f'"{prop.name}" IS {"" if node.operator == "eq" else "NOT "}NULL')
    value = stored(prop, node.value, node.operator)
    return Clause(f'"{prop.name}" {_SQL[node.operator]} ?', (value,))


def _text_match(entity: EntitySet, node: TextMatch) -> Clause:
    prop = _filterable(entity, node.name)
    if _LITERALS[prop.kind] != "string":
        raise bad_request(f"Invalid parametertype used at function '{node.function}' ({prop.name}).")
    shown = _shown(prop)
    match node.function:
        case "substringof":
            return Clause(f"instr({shown}, ?) > 0", (node.needle,))
        case "startswith":
            return Clause(f"substr({shown}, 1, ?) = ?", (len(node.needle), node.needle))
        case "endswith":
            return Clause(f"(? = 0 OR substr({shown}, -?) = ?)", (len(node.needle), len(node.needle), node.needle))


def _shown(prop: Property) -> str:
    column = f'"{prop.name}"'
    if prop.kind is Kind.TEXT:
        return column
    return f"CASE WHEN {column} GLOB '*[^0-9]*' THEN {column} ELSE ltrim({column}, '0') END"


def _filterable(entity: EntitySet, name: str) -> Property:
    if "/" in name:
        raise bad_request(f"Filtering by the navigation path '{name}' is not supported.")
    prop = known(entity, name, "$filter")
    if not prop.filterable:
        raise Refusal(400, "/IWBEP/CM_MGW_RT/025", f"Property '{name}' is not filterable.")
    return prop


def _joined(clauses: Sequence[Clause], word: str) -> Clause:
    """Terms joined as a balanced tree: SQLite refuses expressions deeper than 1,000."""
    if len(clauses) == 1:
        return clauses[0]
    middle = len(clauses) // 2
    left, right = _joined(clauses[:middle], word), _joined(clauses[middle:], word)
    return Clause(f"({left.sql}{word}{right.sql})", (*left.parameters, *right.parameters))
