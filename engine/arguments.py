"""Arguments of a field: coerced as graphql-core does it, then made what Python calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLSchema, ValueNode, VariableNode, Visitor, visit
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.schema import BaseSchema
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from engine.plan import Arguments, Coerce

NO_ARGUMENTS: Arguments = {}


def coercion(schema: GraphQLSchema, definition: GraphQLField, node: FieldNode, *, hide: bool) -> Coerce | None:
    """How the field's arguments come from the operation's variables; None where it has none.

    Arguments without a variable in them are coerced once, when first needed. What cannot be coerced is raised as
    graphql-core words it. `hide`: without suggestions of the schema's names.
    """
    if not definition.args:
        return None
    field: StrawberryField = definition.extensions["strawberry-definition"]
    strawberry: BaseSchema = schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001 - its own mark

    def coerce(variables: VariableValues) -> Arguments:
        raw = get_argument_values(definition, node, variables, None, hide)
        registry = strawberry.schema_converter.scalar_registry
        return convert_arguments(raw, field.arguments, scalar_registry=registry, config=strawberry.config)

    return coerce if _names_variables(node) else _once(coerce)


def _once(coerce: Coerce) -> Coerce:
    held: list[Arguments] = []

    def coerced(variables: VariableValues) -> Arguments:
        if not held:
            held.append(coerce(variables))
        return held[0]

    return coerced


def _names_variables(node: FieldNode) -> bool:
    return any(variables_in(argument.value) for argument in node.arguments or ())


def variables_in(value: ValueNode) -> Sequence[str]:
    """The names of the variables in a value of the document, in their order."""
    names: list[str] = []

    class Seek(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            names.append(node.name.value)

    visit(value, Seek())
    return names
