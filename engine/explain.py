"""What an operation will do, told before it does anything: its calls by level, and what each of them will ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import GraphQLError, is_list_type, is_non_null_type
from graphql.execution.values import VariableValues
from graphql.pyutils import Undefined
from graphql.type import GraphQLOutputType
from graphql.utilities import value_from_ast_untyped

from engine.arguments import NO_ARGUMENTS
from engine.collecting import Collector
from engine.contexts import Context
from engine.loom import Loom
from engine.marks import Batch
from engine.operation import Operation
from engine.plan import Arguments, NotCompiledError, Shape, Site
from engine.wants import Tree

ASSUMED_SIZE = 5
"""How many items a list is taken to hold where no argument bounds it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call: a field at one place of the operation, for all its parents there together.

    `place` are the keys of the answer on the way to it. Steps of one `group` are asked of the same objects at the same
    time; `home` is the place of the step that brought those objects, itself or something that holds them (empty at the
    root). `reads` is what the field's own `reads` told; `failed` why it could not, which is why nothing is below it.
    `arguments` are as the client wrote them, its variables put in.
    """

    level: int
    place: tuple[str, ...]
    field: str
    group: int
    home: tuple[str, ...]
    parents: int
    tree: Tree
    arguments: Mapping[str, Any]
    reads: Sequence[Any]
    failed: Exception | None = None


def outline(
    loom: Loom, operation: Operation, context: Context[Any], variables: Mapping[str, Any] | None = None
) -> list[Step] | list[GraphQLError]:
    """Every call of an operation, level by level, or the errors of its variables. Nothing is called.

    The context learns what the operation reads, and can serve no operation afterwards. NotCompiledError for what is too
    large to look at; what only graphql-core executes is told like everything else.
    """
    coerced = loom.coerced(operation, variables or {})
    if not isinstance(coerced, VariableValues):
        return coerced
    roots, wants = _parts(loom, operation, coerced)
    context.learn({name: context.wanted(tree) for name, tree in wants.items()})
    return _Walk(context, coerced, _written(operation, variables or {})).steps(roots)


def dotted(tree: Tree) -> Iterator[str]:
    """The names at the ends of a tree, each with those above it."""
    for name, below in tree:
        yield from (f"{name}.{end}" for end in dotted(below)) if below else (name,)


def _parts(loom: Loom, operation: Operation, variables: VariableValues) -> tuple[list[Shape], Mapping[str, Tree]]:
    try:
        plan = loom.plan(operation, variables)
    except NotCompiledError:
        found = Collector(loom.schema, operation.node, operation.fragments, variables, partly=True).collected()
        return found.roots, found.wants
    return plan.roots, plan.wants


def _written(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """The variables as they were sent, with the document's own values for those that were not."""
    usual = {one.variable.name.value: one.default_value for one in operation.variables if one.default_value}
    return {**{name: value_from_ast_untyped(value) for name, value in usual.items()}, **given}


class _Waiting(NamedTuple):
    """A step that has not been looked at yet."""

    site: Site
    place: tuple[str, ...]
    group: int
    home: tuple[str, ...]
    parents: int


class _Walk:
    """One way down a plan, a level at a time, as it would be executed."""

    def __init__(self, context: Context[Any], variables: VariableValues, written: dict[str, Any]) -> None:
        self._context, self._variables, self._written = context, variables, written
        self._found: list[Step] = []

    def steps(self, roots: Iterable[Shape]) -> list[Step]:
        """Every step, those nearer to the root first."""
        level, waiting = 1, [one for root in roots for one in self._of(root, (), (), 1, None)]
        while waiting:
            waiting = [below for one in waiting for below in self._step(one, level)]
            level += 1
        return self._found

    def _of(
        self, shape: Shape, place: tuple[str, ...], home: tuple[str, ...], objects: int, bound: int | None
    ) -> Iterator[_Waiting]:
        """The steps of these objects, and of what they hold by themselves; `bound` is for the first list among it."""
        for site in shape.steps:
            here = (*place, site.key)
            if isinstance(site.reach, Batch):
                yield _Waiting(site, here, shape.number, home, objects)
            else:
                yield from self._below(site, here, home, objects, bound)

    def _below(
        self, site: Site, place: tuple[str, ...], home: tuple[str, ...], objects: int, bound: int | None
    ) -> Iterator[_Waiting]:
        held, rest = _held(site.type, objects, bound)
        for shape in site.shapes.values():
            yield from self._of(shape, place, home, held, rest)

    def _step(self, one: _Waiting, level: int) -> Iterable[_Waiting]:
        reads: Sequence[Any] = ()
        bound: int | None = None
        failed: Exception | None = None
        try:
            reads, bound = self._asked(one, self._arguments(one.site))
        except Exception as error:  # noqa: BLE001 - as in a run, it is told at the field
            failed = error
        self._found.append(self._told(one, level, reads, failed))
        return () if failed else self._below(one.site, one.place, one.place, one.parents, bound)

    def _arguments(self, site: Site) -> Arguments:
        try:
            return site.coerce(self._variables) if site.coerce else NO_ARGUMENTS
        except Exception as error:
            raise GraphQLError(str(error), site.nodes, original_error=error) from error

    def _asked(self, one: _Waiting, arguments: Arguments) -> tuple[Sequence[Any], int | None]:
        """What the call will ask, and how many objects it may bring."""
        mark = one.site.reach
        if not isinstance(mark, Batch):  # pragma: no cover - only batches are steps
            return (), None
        wanted = self._context.wanted(one.site.tree)
        reads = mark.reads(self._context, wanted, one.parents, **arguments) if mark.reads else ()
        return reads, mark.most(self._context, one.parents, **arguments) if mark.most else None

    def _told(self, one: _Waiting, level: int, reads: Sequence[Any], failed: Exception | None) -> Step:
        site = one.site
        written = {
            argument.name.value: value_from_ast_untyped(argument.value, self._written)
            for argument in site.nodes[0].arguments or ()
        }
        return Step(
            level=level,
            place=one.place,
            field=f"{site.parent.name}.{site.name}",
            group=one.group,
            home=one.home,
            parents=one.parents,
            tree=site.tree,
            arguments=_sent(written),
            reads=reads,
            failed=failed,
        )


def _sent(value: Any) -> Any:
    """The value as it counts: a variable that was not sent leaves its field out, and is null in a list."""
    if isinstance(value, dict):
        return {name: _sent(held) for name, held in value.items() if held is not Undefined}
    if isinstance(value, list):
        return [None if held is Undefined else _sent(held) for held in value]
    return value


def _held(kind: GraphQLOutputType, objects: int, bound: int | None) -> tuple[int, int | None]:
    """How many objects a field of so many parents holds, and the bound that is left for what is below."""
    while is_non_null_type(kind) or is_list_type(kind):
        if is_list_type(kind):
            objects, bound = objects * ASSUMED_SIZE if bound is None else bound, None
        kind = kind.of_type
    return objects, bound
