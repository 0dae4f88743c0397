"""Plans of operations, compiled when first needed and kept within bounds."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, GraphQLSchema
from graphql.execution.values import VariableValues

from engine.collecting import Collector
from engine.dialect import Dialect
from engine.keeping import Kept
from engine.kinds import Kinds
from engine.operation import Operation
from engine.plan import NotCompiledError, Plan
from engine.weave import Weaver

MOST_PLANS = 4_000
MOST_LETTERS = 8_000_000
"""Of generated code, all plans together: about 25 times as many bytes of memory."""


class Plans:
    """The plans of one schema's operations."""

    def __init__(self, schema: GraphQLSchema, dialect: Dialect, *, hide: bool) -> None:
        self._schema, self._dialect, self._hide = schema, dialect, hide
        self._kinds = Kinds(schema)
        self._kept: Kept[tuple[Operation, tuple[Any, ...]], Plan | NotCompiledError] = Kept(MOST_PLANS, MOST_LETTERS)

    def __len__(self) -> int:
        """How many are kept, the operations that could not be compiled among them."""
        return len(self._kept)

    def plan(self, operation: Operation, variables: VariableValues) -> Plan:
        """The operation's plan for these variables. NotCompiledError where graphql-core has to answer it."""
        if operation.obstacle is not None:
            raise NotCompiledError(operation.obstacle)
        key = (operation, operation.variant(variables))
        held = self._kept.get(key)
        if held is None:
            held = self._compiled(operation, variables)
            self._kept.put(key, held, held.size if isinstance(held, Plan) else 1)
        if isinstance(held, NotCompiledError):
            raise NotCompiledError(str(held))
        return held

    def _compiled(self, operation: Operation, variables: VariableValues) -> Plan | NotCompiledError:
        try:
            collector = Collector(
                self._schema, operation.node, operation.fragments, variables, hide=self._hide
            ).collected()
            weave, size = Weaver(collector.shapes, collector.steps, self._dialect, self._kinds).weave()
        except NotCompiledError as obstacle:
            return NotCompiledError(str(obstacle))
        except GraphQLError:  # null for a condition that has a default: graphql-core says where that is an error
            return NotCompiledError("a wrong condition")
        return Plan(collector.roots, collector.shapes, collector.steps, collector.wants, weave, size)
