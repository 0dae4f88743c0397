"""Writes arguments that are valid where they stand: literals, variables with and without defaults, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
    parse_value,
    value_from_ast_untyped,
)

from tests.engine.proof.choosing import Choosing

Samples = Mapping[str, Sequence[str]]
"""Literals to choose from: by `Input.field`, else by the name of the argument or field, else by that of the scalar."""

SCALARS: Samples = {
    "Boolean": ["false", "true"],
    "Int": ["2", "0", "1", "3", "-1", "2147483647"],
    "Float": ["0.5", "1", "-2e3"],
    "ID": ['"1"', "2", '"x"'],
    "String": ['"a"', '""', '"é\\n\\"q\\""', '"""block"""'],
    "Decimal": ['"1.50"', '"0"', '"-3"'],
    "Date": ['"2026-11-20"', '"2026-01-31"'],
    "DateTime": ['"2026-11-20T09:30:00Z"', '"2026-01-31T00:00:00+02:00"'],
}
# What no client should send as a variable; some of it fits by luck.
_NONSENSE: Sequence[Any] = (None, {}, [], "word", 1.5, [None], {"low": "word"}, [[]], True, 2**31, ["DRAFT", 1])


@dataclass
class Declared:
    """A variable: its declaration, and what two clients send for it; nothing where they leave it out."""

    name: str
    type: str
    default: str | None
    given: list[Any] = field(default_factory=list)

    def __str__(self) -> str:
        return f"${self.name}: {self.type}" + (f" = {self.default}" if self.default is not None else "")


class Arguments:
    """The arguments and variables of one operation."""

    def __init__(self, choosing: Choosing, samples: Samples, nonsense: int = 1) -> None:
        self._choosing, self._samples, self._nonsense = choosing, {**SCALARS, **samples}, nonsense
        self.variables: dict[str, Declared] = {}
        self._by_position: dict[tuple[str, bool], list[Declared]] = {}

    def of(self, arguments: Mapping[str, GraphQLArgument]) -> str:
        """Arguments in brackets, or nothing."""
        given = [
            f"{name}: {self._literal(name, argument.type, default=_has_default(argument))}"
            for name, argument in arguments.items()
            if is_required_argument(argument) or self._choosing.percent(40)
        ]
        return f"({', '.join(given)})" if given else ""

    def condition(self) -> str:
        """What stands behind `if:`."""
        if self._choosing.percent(50):
            return "true" if self._choosing.percent(50) else "false"
        return self._variable("if", GraphQLNonNull(GraphQLBoolean), default=False, loose=3)

    def values(self, client: int) -> dict[str, Any]:
        """The variables that this client sends."""
        sent = {name: declared.given[client] for name, declared in self.variables.items()}
        return {name: value for name, value in sent.items() if value is not Undefined}

    def _literal(self, name: str, kind: Any, *, default: bool = False, variables: bool = True) -> str:
        if variables and self._choosing.percent(25):
            return self._variable(name, kind, default=default)
        if not isinstance(kind, GraphQLNonNull) and self._choosing.percent(12):
            return "null"
        inner = get_nullable_type(kind)
        if isinstance(inner, GraphQLList):
            return self._list(name, inner, variables=variables)
        if isinstance(inner, GraphQLInputObjectType):
            return self._object(inner, variables=variables)
        if isinstance(inner, GraphQLEnumType):
            values: list[str] = list(inner.values)
            return self._choosing.one_of(values)
        names = (name, name.rpartition(".")[2], str(inner))
        samples = next(self._samples[known] for known in names if known in self._samples)
        sure = isinstance(kind, GraphQLNonNull)
        return self._choosing.one_of([sample for sample in samples if not sure or sample != "null"])

    def _list(self, name: str, kind: GraphQLList[Any], *, variables: bool) -> str:
        if self._choosing.percent(15):  # one value, of however many lists, stands for a list of one
            return self._literal(name, GraphQLNonNull(get_named_type(kind)), variables=False)
        items = [self._literal(name, kind.of_type, variables=variables) for _ in range(self._choosing.below(4))]
        return f"[{', '.join(items)}]"

    def _object(self, kind: GraphQLInputObjectType, *, variables: bool) -> str:
        if _one_of(kind) and not self._choosing.percent(8):  # several are refused when the field is reached
            name = self._choosing.one_of(list(kind.fields))
            only = GraphQLNonNull(get_nullable_type(kind.fields[name].type))
            return f"{{{name}: {self._literal(f'{kind.name}.{name}', only, variables=variables)}}}"
        given = [
            f"{name}: {self._literal(f'{kind.name}.{name}', one.type, default=_has_default(one), variables=variables)}"
            for name, one in kind.fields.items()
            if is_required_input_field(one) or self._choosing.percent(40)
        ]
        return f"{{{', '.join(given)}}}"

    def _variable(self, name: str, kind: Any, *, default: bool, loose: int = 30) -> str:
        position = (str(kind), default)
        known = self._by_position.setdefault(position, [])
        if known and self._choosing.percent(50):
            return f"${self._choosing.one_of(known).name}"
        declared = self._declare(name, kind, default=default, loosely=loose)
        known.append(declared)
        return f"${declared.name}"

    def _declare(self, name: str, kind: Any, *, default: bool, loosely: int) -> Declared:
        nullable = get_nullable_type(kind)
        sure = isinstance(kind, GraphQLNonNull)
        own_default = self._choosing.percent(30)
        # A position that is sure of a value takes a nullable variable only where a default stands in for it.
        loose = (own_default or default) and self._choosing.percent(loosely) if sure else self._choosing.percent(70)
        declared_type = nullable if loose else GraphQLNonNull(nullable)
        text = self._constant(name, GraphQLNonNull(nullable) if sure else declared_type) if own_default else None
        declared = Declared(f"v{len(self.variables)}", str(declared_type), text)
        self.variables[declared.name] = declared
        declared.given = [self._given(name, declared_type, may_miss=loose or own_default) for _ in range(2)]
        return declared

    def _given(self, name: str, kind: Any, *, may_miss: bool) -> Any:
        if may_miss and self._choosing.percent(30):
            return Undefined
        if self._choosing.percent(self._nonsense):
            return self._choosing.one_of(_NONSENSE)
        return value_from_ast_untyped(parse_value(self._constant(name, kind)))

    def _constant(self, name: str, kind: Any) -> str:
        return self._literal(name, kind, variables=False)


def _one_of(kind: GraphQLInputObjectType) -> bool:
    """Strawberry keeps the rule in its own definition, and checks it when a value is coerced."""
    return kind.is_one_of or bool(getattr(kind.extensions.get("strawberry-definition"), "is_one_of", False))


def _has_default(place: GraphQLArgument | GraphQLInputField) -> bool:
    return place.default_value is not Undefined or getattr(place, "default", None) is not None
