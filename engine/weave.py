"""Generates the Python that shapes values into the answer: one expression a shape, compiled once.

Only names that the schema declared and validation accepted get into the code, and response keys, which are the
client's, as string literals. Values never do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLObjectType, is_leaf_type, is_list_type, is_non_null_type, is_object_type
from graphql.type import GraphQLOutputType

from engine.dialect import Dialect
from engine.kinds import Kinds
from engine.leaves import LeafWriter
from engine.marks import Derived
from engine.plan import Anomaly, Event, NotCompiledError, Shape, Site, TypeName, Weave

LARGEST_CODE = 400_000
"""Letters of one plan's code; what would take more is left to graphql-core."""


class Weaver:
    """Writes the code of one plan's shapes."""

    def __init__(self, shapes: Sequence[Shape], steps: int, dialect: Dialect, kinds: Kinds) -> None:
        self._shapes = shapes
        self._steps = steps
        self._kinds = kinds
        self._names: dict[str, Any] = {"LISTS": frozenset({list, tuple}), "ABSENT": dialect.absent, "stop": stop}
        self._leaves = LeafWriter(dialect, self._names)
        for shape in shapes:
            self._names[f"K{shape.number}"] = shape.known
            self._names[f"learn{shape.number}"] = self._learner(shape)

    def weave(self) -> tuple[Weave, int]:
        """The compiled code and its length in letters. NotCompiledError when that is too much."""
        source = self._source()
        if len(source) > LARGEST_CODE:
            raise NotCompiledError("too large")
        exec(compile(source, "<plan>", "exec"), self._names)  # noqa: S102 - our own code, of checked names
        return self._names["weave"], len(source)

    def _source(self) -> str:
        lines = ["def weave(R):"]
        if self._steps:
            lines.append(f"  {''.join(f'r{number},' for number in range(self._steps))}=R")
        for shape in self._shapes:
            number = shape.number
            lines += [
                f"  def I{number}(o): return {self._object(shape)}",
                f"  def L{number}(l):",
                f"    if not K{number}.issuperset(map(type,l)): learn{number}(l)",
                f"    return [I{number}(o) for o in l]",
            ]
        lines += [f"  S=[{','.join(f'I{shape.number}' for shape in self._shapes)}]", "  return S"]
        return "\n".join(lines) + "\n"

    def _object(self, shape: Shape) -> str:
        return "{" + ",".join(f"{word(site.key)}:{self._value(shape, site)}" for site in shape.sites) + "}"

    def _value(self, shape: Shape, site: Site) -> str:
        absent = False
        if isinstance(site.reach, TypeName):
            return word(shape.type.name)
        if site.step is not None:
            value = f"r{site.step}[id(o)]"
        elif isinstance(site.reach, Derived):
            value = f"{self._named('d', site.reach.function)}(o)"
        elif isinstance(site.reach, Event):
            value = "o"
        elif isinstance(site.reach, str):
            value, absent = f"o.{identifier(site.reach)}", True
        else:  # pragma: no cover - a batch always has a step
            raise TypeError(f"{site.name} cannot be read.")
        return self._completed(site, site.type, value, nullable=True, absent=absent)

    def _completed(self, site: Site, kind: GraphQLOutputType, value: str, *, nullable: bool, absent: bool) -> str:
        """An expression that completes the value, or raises; `v` is the one working name."""
        if is_non_null_type(kind):
            return self._completed(site, kind.of_type, value, nullable=False, absent=absent)
        if is_leaf_type(kind):
            return self._leaves.expression(kind, value, nullable=nullable, absent=absent)
        null = f"None if v is None{' or v is ABSENT' if absent else ''} else " if nullable else ""
        if is_list_type(kind):
            return f"({self._list(site, kind.of_type)} if type(v:={value}) in LISTS else {null}stop(v))"
        if is_object_type(kind):
            return self._one(site.shapes[kind], value, null)
        kinds = "".join(f"I{shape.number}(v) if type(v) in K{shape.number} else " for shape in site.shapes.values())
        kinds = kinds.replace("type(v)", f"type(v:={value})", 1)
        return f"({kinds}{null}S[{self._named('any', self._chooser(site))}(v)](v))"

    def _one(self, shape: Shape, value: str, null: str) -> str:
        number = shape.number
        return f"(I{number}(v) if type(v:={value}) in K{number} else {null}learn{number}((v,)) or I{number}(v))"

    def _list(self, site: Site, item: GraphQLOutputType) -> str:
        if is_non_null_type(item) and isinstance(item.of_type, GraphQLObjectType):
            return f"L{site.shapes[item.of_type].number}(v)"
        return f"[{self._completed(site, item, 'w', nullable=True, absent=False)} for w in v]"

    def _learner(self, shape: Shape) -> Any:
        return lambda values: self._kinds.learn(shape, values)

    def _chooser(self, site: Site) -> Any:
        def choose(value: Any) -> int:
            shape = self._kinds.shape_of(site, value)
            return stop(value) if shape is None else shape.number

        return choose

    def _named(self, letter: str, thing: Any) -> str:
        name = f"{letter}{len(self._names)}"
        self._names[name] = thing
        return name


def stop(_: object) -> int:
    """Turn to the careful shape."""
    raise Anomaly


def word(text: str) -> str:
    """A name of the document or the schema as a string literal. NotCompiledError for what is no GraphQL name."""
    if not (text.isidentifier() and text.isascii()):
        raise NotCompiledError("a name that is none")
    return repr(text)


def identifier(text: str) -> str:
    """The name of an attribute, which the schema's code chose."""
    if not text.isidentifier():
        raise NotCompiledError("an attribute that is none")
    return text
