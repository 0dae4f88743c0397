"""One execution of a plan: down the levels with one call a step, then up again as the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import is_iterable

from engine.arguments import NO_ARGUMENTS
from engine.careful import Careful
from engine.contexts import Context
from engine.kinds import Kinds
from engine.marks import Batch, wrong_count
from engine.plan import Arguments, Plan, Shape, Site
from engine.reading import read

Parents = Mapping[int, Any]
"""Parents by their identity: an object that several lists hold is one parent."""


class Run:
    """The values of one operation. Made new for each, in a context that is new as well.

    A step never raises: what its call raises is the value of each of its parents, so that no failure ends a neighbour.
    Every parent is kept until the answer is shaped, because its identity is what its values are found by.
    """

    def __init__(
        self,
        plan: Plan,
        schema: GraphQLSchema,
        context: Context[Any],
        variables: VariableValues,
        absent: object,
    ) -> None:
        self.results: list[dict[int, Any]] = [{} for _ in range(plan.steps)]
        self.failing: set[int] = set()
        self._plan = plan
        self._kinds = Kinds(schema)
        self._context = context
        self._variables = variables
        self._absent = absent
        self._kept: list[Parents] = []
        self._coerced: dict[Site, Arguments | Exception] = {}
        self._errors: list[GraphQLError] = []

    async def answer(self, root_value: object = None) -> ExecutionResult:
        """The answer; its errors stand in the order of the document, depth first."""
        data: dict[str, Any] = {}
        for number, shape in enumerate(self._plan.roots):
            if number:  # only a mutation has a second: what was loaded before it may be another by now
                self._context.loaders.clear()
            if not self._doomed(shape, root_value):
                await self._advance(shape, [root_value])
            try:
                data.update(self._shaped(shape, root_value))
            except GraphQLError as error:
                return ExecutionResult(None, [*self._errors, error])
        return ExecutionResult(data, self._errors or None)

    def _doomed(self, shape: Shape, root_value: object) -> bool:
        """Whether a non-null root field's arguments are wrong: the answer is null then, and nothing is called."""
        wrong = {site: error for site in shape.steps if isinstance(error := self._arguments(site), Exception)}
        doomed = any(is_non_null_type(site.type) for site in wrong)
        if doomed:  # its neighbours have no value at all: one that is null would have an error of its own
            for site, error in wrong.items():
                self.results[_step(site)] = {id(root_value): error}
        return doomed

    def _shaped(self, shape: Shape, root_value: object) -> dict[str, Any]:
        shapes = self._plan.weave(self.results)
        if self.failing.isdisjoint(shape.touched):
            try:
                return shapes[shape.number](root_value)
            except Exception:  # noqa: BLE001, S110 - whatever it is, the careful shape finds it again and says where
                pass
        careful = Careful(shapes, self.results, self.failing, self._kinds, self._errors, self._absent)
        return careful.shaped(shape, root_value, None)

    async def _advance(self, shape: Shape, objects: Iterable[Any]) -> None:
        """Fetch what is asked of these objects, side by side, each field on its own way further down."""
        parents = {id(value): value for value in objects}
        if not parents or not shape.steps:
            return
        self._kept.append(parents)
        if len(shape.steps) == 1:
            await self._step(shape.steps[0], parents)
            return
        async with asyncio.TaskGroup() as group:
            for site in shape.steps:
                group.create_task(self._step(site, parents))

    async def _step(self, site: Site, parents: Parents) -> None:
        values = await self._values(site, parents)
        if site.deep:
            values = _again(site.type, values)
        step = _step(site)
        self.results[step] = dict(zip(parents, values, strict=True))
        if 2 * sum(isinstance(value, Exception) for value in values) > len(values):
            self.failing.add(step)  # the fast shape would fail more often than not where this is reached
        if site.deep:
            await self._descend(site, values)

    async def _values(self, site: Site, parents: Parents) -> Sequence[Any]:
        if not isinstance(site.reach, Batch):
            return [_read(site, parent, self._absent) for parent in parents.values()]
        arguments = self._arguments(site)
        if isinstance(arguments, Exception):
            return [arguments] * len(parents)
        try:
            wanted = self._wanted(site)
            values = await site.reach.resolver(self._context, list(parents.values()), wanted, **arguments)
            if len(values) != len(parents):
                raise wrong_count(site.reach, len(values), len(parents), site.parent.name)
        except Exception as error:  # noqa: BLE001 - what the call raises is the answer of each of its parents
            return [error] * len(parents)
        return values

    async def _descend(self, site: Site, values: Sequence[Any]) -> None:
        groups: dict[Shape, list[Any]] = {}
        for value in self._objects(site, values):
            shape = self._kinds.shape_of(site, value)
            if shape is not None and shape.steps:
                groups.setdefault(shape, []).append(value)
        if len(groups) == 1:
            [(shape, objects)] = groups.items()
            await self._advance(shape, objects)
        elif groups:
            async with asyncio.TaskGroup() as group:
                for shape, objects in groups.items():
                    group.create_task(self._advance(shape, objects))

    def _objects(self, site: Site, values: Sequence[Any]) -> Sequence[Any]:
        """All objects among a step's values, lists unfolded. A list that one bad item makes null is left out."""
        flat, kind = values, site.type
        while True:
            kind = kind.of_type if is_non_null_type(kind) else kind
            if not is_list_type(kind):
                return flat
            kind = kind.of_type
            lists = [value for value in flat if is_iterable(value)]
            if is_non_null_type(kind):
                lists = [value for value in lists if self._is_whole(site, kind.of_type, value)]
            flat = [item for value in lists for item in value]

    def _is_whole(self, site: Site, item: Any, values: Iterable[Any]) -> bool:
        if is_list_type(item):
            return all(map(is_iterable, values))
        return all(self._kinds.shape_of(site, value) is not None for value in values)

    def _arguments(self, site: Site) -> Arguments | Exception:
        """They hang on the variables alone, so they are known, good or bad, before any call."""
        if site.coerce is None:
            return NO_ARGUMENTS
        if site not in self._coerced:
            try:
                self._coerced[site] = site.coerce(self._variables)
            except Exception as error:  # noqa: BLE001 - it is told at the field
                self._coerced[site] = error
        return self._coerced[site]

    def _wanted(self, site: Site) -> Any:
        wanted = self._plan.converted.get(site)
        if wanted is None:
            wanted = self._plan.converted[site] = self._context.wanted(site.tree)
        return wanted


def _step(site: Site) -> int:
    if site.step is None:  # pragma: no cover - only sites with a step are stepped through
        raise ValueError(f"{site.name} has no step.")
    return site.step


def _read(site: Site, parent: object, absent: object) -> Any:
    try:
        return read(site, parent, absent)
    except Exception as error:  # noqa: BLE001 - it is told at the field
        return error


_AGAIN = frozenset({list, tuple, type(None)})


def _again(kind: Any, values: Sequence[Any]) -> Sequence[Any]:
    """The values, their lists such as can be gone through twice: for what is below them and for the answer."""
    kind = get_nullable_type(kind)
    if not is_list_type(kind):
        return values
    if not is_list_type(get_nullable_type(kind.of_type)) and _AGAIN.issuperset(map(type, values)):
        return values
    return [_listed(kind, value) if is_iterable(value) else value for value in values]


def _listed(kind: Any, value: Any) -> Any:
    try:
        return _again(kind.of_type, list(value))
    except Exception as error:  # noqa: BLE001 - a list that breaks off is told at its place
        return error
