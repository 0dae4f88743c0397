"""An operation of a valid document, and what it hangs on before anything is compiled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from graphql import (
    SKIP,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

MOST_CONDITIONS = 5
"""Variables in @skip and @include; each doubles the plans that an operation may need."""


class Operation:
    """One operation. `obstacle`: why graphql-core has to answer it, None where nothing is known that says so."""

    def __init__(self, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self.document = document
        self.node = node
        definitions = [one for one in document.definitions if isinstance(one, FragmentDefinitionNode)]
        self.fragments = {one.name.value: FragmentDetails(one) for one in definitions}
        self.variables = node.variable_definitions or ()
        self._conditions = tuple(_conditions(document))
        self.obstacle = _obstacle(definitions, self._conditions)

    @property
    def name(self) -> str | None:
        """What the document calls it."""
        return self.node.name.value if self.node.name else None

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.node.operation

    @cached_property
    def first_field(self) -> FieldNode:
        """The first field of all: of a subscription its only one."""
        first: SelectionNode = self.node.selection_set.selections[0]
        while not isinstance(first, FieldNode):
            if isinstance(first, FragmentSpreadNode):
                first = self.fragments[first.name.value].definition.selection_set.selections[0]
            elif isinstance(first, InlineFragmentNode):
                first = first.selection_set.selections[0]
        return first

    @property
    def first_key(self) -> str:
        """The key of the answer under which its first field stands."""
        field = self.first_field
        return field.alias.value if field.alias else field.name.value

    @cached_property
    def below_root(self) -> frozenset[str]:
        """The variables that anything but the arguments of root fields hangs on."""
        seek = _BelowRoot()
        visit(self.document, seek)
        return frozenset(seek.names)

    def variant(self, variables: VariableValues) -> tuple[Any, ...]:
        """The values that decide what is skipped and included: a plan serves all variables that give the same."""
        return tuple([variables.coerced.get(name) for name in self._conditions])


def operations(document: DocumentNode) -> tuple[Operation, ...]:
    """Every operation of a document, in its order."""
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return tuple(Operation(document, node) for node in nodes)


def chosen(found: Sequence[Operation], name: str | None) -> Operation | GraphQLError:
    """The operation of this name, or the only one; an error in words when that is not clear."""
    matching = [operation for operation in found if operation.name == name] if name is not None else found
    if len(matching) == 1:
        return matching[0]
    if name is not None:
        return GraphQLError(f"There is no operation named {name!r} in the query.")
    if not found:
        return GraphQLError("The query holds no operation.")
    return GraphQLError("The query holds several operations: say which one with operationName.")


def _obstacle(fragments: Iterable[FragmentDefinitionNode], conditions: tuple[str, ...]) -> str | None:
    if len(conditions) > MOST_CONDITIONS:
        return "many conditions"
    if any(fragment.variable_definitions for fragment in fragments):
        return "fragment arguments"
    return None


class _BelowRoot(Visitor):
    """Collects variables, but for those in the arguments of the operations' own fields."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._depth = 0

    def enter_variable_definition(self, *_: Any) -> Any:
        return SKIP

    def enter_fragment_definition(self, *_: Any) -> None:
        self._depth += 1

    def leave_fragment_definition(self, *_: Any) -> None:
        self._depth -= 1

    def enter_field(self, *_: Any) -> None:
        self._depth += 1

    def leave_field(self, *_: Any) -> None:
        self._depth -= 1

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        if self._depth > 1:
            self.names.add(node.name.value)


class _Conditions(Visitor):
    """Collects the variables that @skip and @include hang on, each once, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in {"skip", "include"}:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.names[argument.value.name.value] = None


def _conditions(document: DocumentNode) -> Iterable[str]:
    seek = _Conditions()
    visit(document, seek)
    return seek.names
