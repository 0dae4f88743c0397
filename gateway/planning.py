"""Plans: what an operation will ask of the systems, known before it asks, and whether that is within the budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLError

from canonical.errors import Mistake
from engine.documents import WrongDocumentError
from engine.explain import Step, outline
from engine.keeping import Kept
from engine.loom import Loom
from engine.operation import Operation
from engine.plan import NotCompiledError
from gateway.request import RefusedError
from resolvers.context import Context
from resolvers.forecast import Asking, Line, add_up
from sources.kit.call import Call
from sources.kit.forecast import Calls, CallsOf
from sources.landscape import Landscape

OVER_BUDGET = "SOURCE_BUDGET_EXCEEDED"
MOST_KEPT = 2_000
MOST_LETTERS = 4_000_000
"""Decisions that are kept for the next time, and the letters of their variables together."""


@dataclass(frozen=True, slots=True)
class Excess:
    """More calls than are allowed: to one system, or to all together (None); and the step that needs most of them."""

    system: str | None
    budget: int
    need: int
    at: str

    def __str__(self) -> str:
        """A sentence that says what to do."""
        whom = f"to {self.system}" if self.system else "to all systems together"
        return (
            f"This operation needs up to {self.need} calls {whom}, and {self.budget} are allowed. Most of them are for"
            f" `{self.at}`: ask for a smaller page there, for fewer fields, or in several operations."
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of an operation, what each asks, and the calls that each system gets, in the landscape's order."""

    steps: Sequence[Step]
    lines: Sequence[Sequence[Line]]
    systems: Mapping[str, Calls]
    landscape: Landscape

    @property
    def calls(self) -> Calls:
        """All systems together."""
        return sum(self.systems.values(), Calls())

    def budget_of(self, system: str) -> int | None:
        """What one operation may ask of a system."""
        return self.landscape.instances[system].limits.calls_per_operation

    def excesses(self) -> Iterator[Excess]:
        """Every budget that is too small for this: the systems' in order, then the operation's."""
        for system, calls in self.systems.items():
            budget = self.budget_of(system)
            if budget is not None and calls.calls > budget:
                yield Excess(system, budget, calls.calls, self._dearest(system))
        budget = self.landscape.budgets.operation
        if budget is not None and self.calls.calls > budget:
            yield Excess(None, budget, self.calls.calls, self._dearest(None))

    def _dearest(self, system: str | None) -> str:
        def cost(lines: Sequence[Line]) -> int:
            return sum(line.calls.calls for line in lines if system in (None, line.ask.system))

        step, _ = max(zip(self.steps, self.lines, strict=True), key=lambda pair: cost(pair[1]))
        return ".".join(step.place)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans operations without asking any system. `new_context` makes a context that is used for nothing else."""

    loom: Loom
    landscape: Landscape
    calls_of: CallsOf
    new_context: Callable[[Call], Context]
    _kept: Kept[tuple[Any, ...], tuple[Excess, ...]] = field(default_factory=lambda: Kept(MOST_KEPT, MOST_LETTERS))

    def plan(self, operation: Operation, variables: Mapping[str, Any], call: Call) -> Plan:
        """The plan for this caller; WrongDocumentError for variables that do not fit."""
        try:
            steps = outline(self.loom, operation, self.new_context(call), variables)
        except NotCompiledError as error:
            raise RefusedError(400, "QUERY_TOO_LARGE", "The query is too large to be planned. Ask for less.") from error
        told = [step for step in steps if isinstance(step, Step)]
        wrong = [error for error in steps if isinstance(error, GraphQLError)]
        if wrong:
            raise WrongDocumentError("GRAPHQL_VALIDATION_FAILED", wrong)
        _check_failures(told)
        lines = add_up([Asking(step.reads, step.group, step.home) for step in told], self.calls_of)
        return Plan(told, lines, _by_system(self.landscape, lines), self.landscape)

    def allow(self, operation: Operation, variables: Mapping[str, Any], call: Call) -> None:
        """Pass where the budgets allow the operation; else WrongDocumentError with one error a budget."""
        limits = (instance.limits.calls_per_operation for instance in self.landscape.instances.values())
        if self.landscape.budgets.operation is None and not any(limits):
            return
        # All that a plan hangs on. Making one costs as much as executing the operation, the systems aside.
        written, who = orjson.dumps(variables), call.principal
        key = (operation, written, who.scopes, who.legal_entities, who.accounts)
        excesses = self._kept.get(key)
        if excesses is None:
            excesses = tuple(self.plan(operation, variables, call).excesses())
            self._kept.put(key, excesses, len(written) + 1)
        if excesses:
            raise WrongDocumentError(OVER_BUDGET, [_refusal(excess) for excess in excesses])


def _check_failures(steps: Sequence[Step]) -> None:
    """A field that the asker got wrong asks nobody, and says so when it is executed; anything else is our own error."""
    for step in steps:
        if step.failed is not None and not isinstance(step.failed, Mistake | GraphQLError):
            raise step.failed


def _by_system(landscape: Landscape, lines: Sequence[Sequence[Line]]) -> dict[str, Calls]:
    systems = dict.fromkeys(landscape.instances, Calls())
    for line in (line for held in lines for line in held):
        systems[line.ask.system] += line.calls
    return {name: calls for name, calls in systems.items() if calls.most}


def _refusal(excess: Excess) -> GraphQLError:
    said = {"system": excess.system, "budget": excess.budget, "need": excess.need}
    return GraphQLError(str(excess), extensions=said)
