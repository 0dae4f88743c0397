"""The operation cache: from query text to operations that were parsed, measured and validated, once a text."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)

from engine.keeping import Kept
from engine.measuring import Limits, excess
from engine.operation import Operation, chosen, operations

MOST_ERRORS = 100
LARGEST_KEPT = 100_000
"""Letters; a longer text is not kept for the next time."""
MOST_LETTERS = 20_000_000
"""Of all texts that are kept, together."""


class WrongDocumentError(Exception):
    """A text that is not a query of this schema; `code` for programs, `errors` for people."""

    def __init__(self, code: str, errors: Sequence[GraphQLError]) -> None:
        """Keep what is wrong, bounded."""
        super().__init__(code)
        self.code = code
        self.errors = tuple(errors[:MOST_ERRORS])


class Documents:
    """The documents of one schema at a time, by their text; what is wrong with a text is kept as well."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool = True, keep: int = 1_000) -> None:
        """Nothing is kept yet."""
        self._schema = schema
        self._limits = limits
        # Suggestions would tell the schema's names to somebody who may not ask for them.
        self._hide = not introspection
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._kept: Kept[str, tuple[Operation, ...] | WrongDocumentError] = Kept(keep, MOST_LETTERS)

    def __len__(self) -> int:
        """How many texts are kept."""
        return len(self._kept)

    def use(self, schema: GraphQLSchema) -> None:
        """Validate against this schema from now on; what was found against another one is forgotten."""
        self._schema = schema
        self._kept.clear()

    def operation(self, text: str, name: str | None = None) -> Operation:
        """The operation of a text: the one of this name, or its only one.

        WrongDocumentError when the text does not parse, asks too much or does not fit the schema, or the name does not.
        """
        found = self._kept.get(text)
        if found is None:
            found = self._made(text)
            if len(text) <= LARGEST_KEPT:
                self._kept.put(text, found, len(text))
        if isinstance(found, WrongDocumentError):
            raise WrongDocumentError(found.code, found.errors)
        operation = chosen(found, name)
        if isinstance(operation, GraphQLError):
            raise WrongDocumentError("GRAPHQL_VALIDATION_FAILED", [operation])
        return operation

    def _made(self, text: str) -> tuple[Operation, ...] | WrongDocumentError:
        try:
            node = self._parsed(text)
        except GraphQLSyntaxError as error:
            return WrongDocumentError("GRAPHQL_PARSE_FAILED", [error.with_traceback(None)])
        too_much = excess(node, self._limits)
        if too_much:
            return WrongDocumentError("QUERY_TOO_LARGE", [GraphQLError(too_much)])
        errors = validate(self._schema, node, self._rules, max_errors=MOST_ERRORS, hide_suggestions=self._hide)
        if errors:
            return WrongDocumentError("GRAPHQL_VALIDATION_FAILED", errors)
        return operations(node)

    def _parsed(self, text: str) -> DocumentNode:
        return parse(text, max_tokens=self._limits.tokens, max_comments=self._limits.tokens)
