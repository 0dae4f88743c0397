"""Both engines behind one question: a text goes in, the answer comes out as a client reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Literal, Protocol, TypeAlias

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute, parse, validate

from engine.dialect import PLAIN, Dialect
from engine.loom import Loom
from engine.operation import Operation, chosen, operations
from tests.engine.shop import Desk

Name: TypeAlias = Literal["core", "loom"]
Answer: TypeAlias = dict[str, Any]
Variables: TypeAlias = Mapping[str, object]


class Executes(Protocol):
    """One way to execute the documents of one schema."""

    async def __call__(
        self, document: DocumentNode, desk: Desk, variables: Variables, operation: str | None, root: object
    ) -> ExecutionResult:
        """The answer of the operation of that name, or of the only one."""

    def left_to_core(self) -> set[str | None]:
        """The reasons for which graphql-core was asked instead."""


@dataclass(frozen=True)
class Core:
    """graphql-core, through the seam."""

    schema: GraphQLSchema

    async def __call__(
        self, document: DocumentNode, desk: Desk, variables: Variables, operation: str | None, root: object
    ) -> ExecutionResult:
        result = execute(
            self.schema,
            document,
            root_value=root,
            context_value=desk,
            variable_values=dict(variables),
            operation_name=operation,
        )
        return await result if isawaitable(result) else result

    def left_to_core(self) -> set[str | None]:
        return set()


class Woven:
    """The compiled engine. A document that it meets again is answered by the plans that it kept."""

    def __init__(self, schema: GraphQLSchema, dialect: Dialect) -> None:
        self._loom = Loom(schema, dialect)
        self._known: dict[int, tuple[Operation, ...]] = {}

    async def __call__(
        self, document: DocumentNode, desk: Desk, variables: Variables, operation: str | None, root: object
    ) -> ExecutionResult:
        if id(document) not in self._known:
            self._known[id(document)] = operations(document)
            return await self._loom.execute(document, desk, variables, operation, root)
        found = chosen(self._known[id(document)], operation)
        if not isinstance(found, Operation):
            return ExecutionResult(None, [found])
        return await self._loom.run(found, desk, variables, root)

    def left_to_core(self) -> set[str | None]:
        return set(self._loom.fallbacks)


@dataclass
class Engine:
    """One of both engines, for one test: schemas and texts asked for again meet what was prepared for them before."""

    name: Name
    dialect: Dialect = PLAIN
    _prepared: dict[int, Executes] = field(default_factory=dict)
    _documents: dict[str, DocumentNode] = field(default_factory=dict)

    async def ask(
        self,
        schema: strawberry.Schema,
        text: str,
        variables: Variables | None = None,
        *,
        operation: str | None = None,
        desk: Desk | None = None,
        root: object = None,
        validated: bool = True,
        left_to_core: str | None = None,
    ) -> Answer:
        """The answer to a valid text. With no desk of its own it is asked for three times, and answered alike.

        `left_to_core`: why the compiled engine has to ask graphql-core. Where nothing is said, it must not have.
        """
        document = self._document(schema, text, validated=validated)
        executes = self._prepared.setdefault(id(schema), self._new(schema._schema))
        answers = []
        for own in [desk] if desk else [Desk(), Desk(), Desk()]:
            result = await executes(document, own, variables or {}, operation, root)
            answers.append(dict(result.formatted))
        assert executes.left_to_core() <= {left_to_core}
        assert all(answer == answers[0] for answer in answers)
        return answers[0]

    async def result(self, schema: strawberry.Schema, text: str) -> ExecutionResult:
        """The answer as the engine gives it."""
        return await self._new(schema._schema)(self._document(schema, text), Desk(), {}, None, None)

    def _document(self, schema: strawberry.Schema, text: str, *, validated: bool = True) -> DocumentNode:
        known = self._documents.get(text)
        if known is None:
            known = self._documents[text] = parse(text)
            if validated:
                assert [error.message for error in validate(schema._schema, known)] == []
        return known

    def _new(self, graph: GraphQLSchema) -> Executes:
        return Core(graph) if self.name == "core" else Woven(graph, self.dialect)


def settled(name: Name, errors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Errors in an order that holds: the compiled engine's is the text's; graphql-core's hangs on who answers first."""
    return list(errors) if name == "loom" else sorted(errors, key=str)
