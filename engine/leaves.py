"""Expressions that write scalars and enums: the usual value at once, every other through the type itself."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from enum import Enum
from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType, Undefined, is_enum_type
from graphql.pyutils import inspect

from engine.dialect import Dialect
from engine.plan import Anomaly

Leaf = GraphQLScalarType | GraphQLEnumType

# Of the value `v`. Bool is no int here, and NaN and the infinities are no floats: the scalars refuse them.
_USUAL = {
    "String": "type({v}) is str",
    "ID": "type({v}) is str",
    "Boolean": "type({v}) is bool",
    "Int": "type({v}) is int and -2147483648<=v<=2147483647",
    "Float": "type({v}) is float and v-v==0",
}


class LeafWriter:
    """Writes the expressions of one plan; what they name is put into `names`."""

    def __init__(self, dialect: Dialect, names: MutableMapping[str, Any]) -> None:
        self._dialect = dialect
        self._names = names

    def expression(self, leaf: Leaf, value: str, *, nullable: bool, absent: bool) -> str:
        """An expression that completes the value of the expression `value`, or raises; `v` is its working name.

        `absent`: whether the dialect's sign of absence counts as null here.
        """
        slow = self._slow(leaf, nullable=nullable, absent=absent)
        null = "None if v is None else " if nullable else ""
        if isinstance(leaf, GraphQLScalarType) and leaf.name in _USUAL:
            usual = _USUAL[leaf.name].format(v=f"v:={value}")
            return f"(v if {usual}{' or v is None' if nullable else ''} else {slow}(v))"
        inline = self._enum(leaf) if is_enum_type(leaf) else self._inline(leaf.name)
        if inline is not None:
            usual, test = inline
            return f"({usual} if {test.format(v=f'v:={value}')} else {null}{slow}(v))"
        return f"({slow}(v) if (v:={value}) is not None else {'None' if nullable else f'{slow}(v)'})"

    def _inline(self, name: str) -> tuple[str, str] | None:
        """The expression of a scalar's usual value, and the test that it is one."""
        inline = self._dialect.inline.get(name)
        if inline is None:
            return None
        self._names.update(inline.names)
        guard = f" and {inline.guard}" if inline.guard else ""
        return inline.write, f"type({{v}}) is {self._named('k', inline.kind)}{guard}"

    def _enum(self, leaf: GraphQLEnumType) -> tuple[str, str] | None:
        members = getattr(leaf, "wrapped_cls", None)
        if members is None or not issubclass(members, Enum):
            return None
        by_value = {defined.value: name for name, defined in leaf.values.items()}
        words = {member.name: by_value.get(member.value) for member in members}
        kind = self._named("k", members)
        if all(word == name for name, word in words.items()):
            word = "v._name_"  # an enum's `name` is a computed attribute, four times as slow
        else:
            word = f"{self._named('w', {name: word for name, word in words.items() if word})}[v._name_]"
        return word, f"type({{v}}) is {kind}"

    def _slow(self, leaf: Leaf, *, nullable: bool, absent: bool) -> str:
        sign = self._dialect.absent if absent else None

        def complete(value: Any) -> Any:
            if value is None or value is sign:
                if nullable:
                    return None
                raise Anomaly
            if isinstance(value, Exception):
                raise Anomaly
            return completed(leaf, value)

        return self._named("s", complete)

    def _named(self, letter: str, thing: type | Callable[[Any], Any] | dict[str, str]) -> str:
        name = f"{letter}{len(self._names)}"
        self._names[name] = thing
        return name


def completed(leaf: Leaf, value: Any) -> Any:
    """A value that is neither None nor an exception as its type writes it. Raises what the type raises."""
    written = leaf.coerce_output_value(value)
    if written is None or written is Undefined:
        raise TypeError(
            f"Expected `{inspect(leaf)}.coerce_output_value({inspect(value)})` to return non-nullable value,"
            f" returned: {inspect(written)}"
        )
    return written
