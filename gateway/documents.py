"""Turns query text into documents that are parsed, measured and validated, and keeps them for the next time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)

from gateway.measuring import Limits, excess

MOST_ERRORS = 100
LARGEST_KEPT = 100_000
"""Letters; a longer text is not kept for the next time."""


class WrongDocumentError(Exception):
    """A text that is not a query this gateway answers; `code` for programs, `errors` for people."""

    def __init__(self, code: str, errors: Sequence[GraphQLError]) -> None:
        """Keep what is wrong, bounded."""
        super().__init__(code)
        self.code = code
        self.errors = tuple(errors[:MOST_ERRORS])


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document of this schema."""

    node: DocumentNode

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of this name, or the only one; WrongDocumentError when that is not clear."""
        found = [node for node in self.node.definitions if isinstance(node, OperationDefinitionNode)]
        if name:
            found = [node for node in found if node.name and node.name.value == name]
        if len(found) == 1:
            return found[0]
        sentence = (
            f"There is no operation named {name!r} in the query."
            if name
            else "The query holds several operations: say which one with operationName."
        )
        raise WrongDocumentError("GRAPHQL_VALIDATION_FAILED", [GraphQLError(sentence)])


class Documents:
    """The operation cache: the documents of one schema by their text, the least used forgotten first."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool = True, keep: int = 1_000) -> None:
        """Nothing is kept yet."""
        self._schema = schema
        self._limits = limits
        self._keep = keep
        # Suggestions would tell the schema's names to somebody who may not ask for them.
        self._hide = not introspection
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._held: OrderedDict[str, Document] = OrderedDict()

    def document(self, text: str) -> Document:
        """The document of a text; WrongDocumentError when it does not parse, asks too much or does not fit."""
        held = self._held.get(text)
        if held is not None:
            self._held.move_to_end(text)
            return held
        made = self._make(text)
        if len(text) <= LARGEST_KEPT:
            self._held[text] = made
            if len(self._held) > self._keep:
                self._held.popitem(last=False)
        return made

    def _make(self, text: str) -> Document:
        node = self._parse(text)
        too_much = excess(node, self._limits)
        if too_much:
            raise WrongDocumentError("QUERY_TOO_LARGE", [GraphQLError(too_much)])
        errors = validate(self._schema, node, self._rules, max_errors=MOST_ERRORS, hide_suggestions=self._hide)
        if errors:
            raise WrongDocumentError("GRAPHQL_VALIDATION_FAILED", errors)
        return Document(node)

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self._limits.tokens, max_comments=self._limits.tokens)
        except GraphQLSyntaxError as error:
            raise WrongDocumentError("GRAPHQL_PARSE_FAILED", [error]) from error


def is_query(operation: OperationDefinitionNode) -> bool:
    """Whether the operation only reads."""
    return operation.operation is OperationType.QUERY
