"""Executes operations: by a compiled plan wherever it can, by graphql-core where it cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping
from inspect import isawaitable
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute
from graphql.execution.values import VariableValues, get_variable_values

from engine.compiling import Plans
from engine.contexts import Context
from engine.dialect import PLAIN, Dialect
from engine.loading import ONE_OPERATION
from engine.operation import Operation, chosen, operations
from engine.plan import NotCompiledError, Plan
from engine.run import Run
from engine.streaming import events_of

MOST_ERRORS = 50
"""Errors in the variables of one request that are told; graphql-core's own number."""


class Loom:
    """Executes the operations of one schema at a time.

    `fallbacks` counts the operations that graphql-core answered, by reason: introspection, incremental delivery, what
    is too large to compile. `compiled=False` leaves everything to graphql-core.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        dialect: Dialect = PLAIN,
        *,
        hide_suggestions: bool = False,
        compiled: bool = True,
    ) -> None:
        self.fallbacks: Counter[str] = Counter()
        self._dialect, self._hide, self._compiled = dialect, hide_suggestions, compiled
        self.use(schema)

    def use(self, schema: GraphQLSchema) -> None:
        """Execute for this schema from now on; every plan for another one is forgotten."""
        self.schema = schema
        self.plans = Plans(schema, self._dialect, hide=self._hide)

    async def execute(
        self,
        document: DocumentNode,
        context: Context[Any],
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        root_value: object = None,
    ) -> ExecutionResult:
        """Answer an operation of a document that was parsed and validated, and is not kept."""
        found = chosen(operations(document), operation_name)
        if not isinstance(found, Operation):
            return ExecutionResult(None, [found])
        return await self.run(found, context, variables, root_value)

    async def run(
        self,
        operation: Operation,
        context: Context[Any],
        variables: Mapping[str, Any] | None = None,
        root_value: object = None,
    ) -> ExecutionResult:
        """Answer a query or a mutation, in a context that no operation had before. Its plan is kept for the next."""
        given = dict(variables or {})
        coerced = self.coerced(operation, given)
        if not isinstance(coerced, VariableValues):
            return ExecutionResult(None, coerced)
        try:
            plan = self.plan(operation, coerced)
        except NotCompiledError as obstacle:
            self.fallbacks[str(obstacle)] += 1
            return await self._by_core(operation, context, given, root_value)
        return await self._by_plan(plan, context, coerced, root_value)

    async def subscribe(
        self,
        operation: Operation,
        context: Context[Any],
        variables: Mapping[str, Any] | None,
        context_of_event: Callable[[], Context[Any]],
    ) -> AsyncIterator[ExecutionResult] | ExecutionResult:
        """The answers of a subscription, one an event, each in a context of its own; or what kept it from beginning."""
        given = dict(variables or {})
        events = await self.events(operation, context, given)
        if isinstance(events, ExecutionResult):
            return events

        async def answers() -> AsyncIterator[ExecutionResult]:
            try:
                async for event in events:
                    yield await self.run(operation, context_of_event(), given, event)
            finally:  # whoever stops listening ends the source as well, and at once
                if isinstance(events, AsyncGenerator):
                    await events.aclose()

        return answers()

    async def events(
        self, operation: Operation, context: Context[Any], variables: Mapping[str, Any] | None
    ) -> AsyncIterable[Any] | ExecutionResult:
        """The events of a subscription, each a value for `run`; or what kept it from beginning.

        For whoever shares the answer to an event among those who ask for the same.
        """
        given = dict(variables or {})
        coerced = self.coerced(operation, given)
        if not isinstance(coerced, VariableValues):
            return ExecutionResult(None, coerced)
        return await events_of(self.schema, operation, context, given, hide=self._hide)

    def coerced(self, operation: Operation, given: Mapping[str, Any]) -> VariableValues | list[Any]:
        """The operation's variables as its document declares them; the errors where they do not fit."""
        return get_variable_values(self.schema, operation.variables, dict(given), MOST_ERRORS, self._hide)

    def immediate(self, operation: Operation, variables: Mapping[str, Any] | None) -> bool:
        """Whether an answer hangs on its root value alone, so that `run` never waits for anything."""
        coerced = self.coerced(operation, dict(variables or {}))
        if not isinstance(coerced, VariableValues):
            return False
        try:
            return self.plan(operation, coerced).steps == 0
        except NotCompiledError:
            return False

    def plan(self, operation: Operation, variables: VariableValues) -> Plan:
        """The operation's plan. NotCompiledError where graphql-core answers it."""
        if not self._compiled:
            raise NotCompiledError("switched off")
        return self.plans.plan(operation, variables)

    async def _by_plan(
        self, plan: Plan, context: Context[Any], variables: VariableValues, root_value: object
    ) -> ExecutionResult:
        if context.kept:
            raise RuntimeError(ONE_OPERATION)
        if plan.learned is None:
            plan.learned = {name: context.wanted(tree) for name, tree in plan.wants.items()}
        context.learn(plan.learned)
        run = Run(plan, self.schema, context, variables, self._dialect.absent)
        context.kept.append(plan)
        try:
            return await run.answer(root_value)
        finally:
            # Loaders hold the context they load for, and all they loaded: only the collector would find that circle.
            context.loaders.clear()

    async def _by_core(
        self, operation: Operation, context: Context[Any], given: dict[str, Any], root_value: object
    ) -> ExecutionResult:
        result = execute(
            self.schema,
            operation.document,
            root_value=root_value,
            context_value=context,
            variable_values=given,
            operation_name=operation.name,
            hide_suggestions=self._hide,
        )
        return await result if isawaitable(result) else result
