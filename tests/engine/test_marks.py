"""Every field says how it is reached, or is named."""

from __future__ import annotations

import strawberry
import strawberry.federation
from graphql import GraphQLObjectType

from engine.marks import Batch, Derived, mark_of, uncompilable_fields
from tests.engine.shop import Connection, Order, orders, schema


def field_mark(type_name: str, field_name: str) -> object:
    graphql_type = schema._schema.type_map[type_name]
    assert isinstance(graphql_type, GraphQLObjectType)
    return mark_of(graphql_type.fields[field_name])


def test_a_schema_of_attributes_batches_and_derivations_has_no_uncompilable_field() -> None:
    assert uncompilable_fields(schema._schema) == []


def test_marks_tell_batch_derivation_and_attribute_apart() -> None:
    assert field_mark("Query", "orders") == Batch(orders, ())
    assert isinstance(field_mark("Order", "spokenTotal"), Derived)
    assert field_mark("Money", "amount") == "amount"


def test_marks_survive_interfaces_generics_and_subclasses() -> None:
    assert isinstance(field_mark("Order", "id"), Derived)
    assert isinstance(field_mark("OrderConnection", "hasMore"), Derived)
    assert field_mark("OrderConnection", "edges") == "edges"
    assert field_mark("OrderEdge", "cursor") == "cursor"


@strawberry.type
class Bad:
    plain: str

    @strawberry.field
    def shouted(self) -> str:
        return self.plain.upper()


def make_bad(size: int = 1) -> Bad:
    return Bad(plain="x")


@strawberry.type
class BadQuery:
    bad: Bad = strawberry.field(resolver=make_bad)
    page: Connection[Order] | None = None


@strawberry.federation.type(keys=["id"])
class Thing:
    id: strawberry.ID

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Thing:
        return cls(id=id)


@strawberry.federation.type
class FederatedQuery:
    thing: Thing | None = None


def test_method_resolvers_and_unmarked_functions_are_named() -> None:
    assert uncompilable_fields(strawberry.Schema(BadQuery)._schema) == ["Bad.shouted", "BadQuery.bad"]


def test_federation_and_introspection_do_not_count() -> None:
    federated = strawberry.federation.Schema(query=FederatedQuery)._schema

    assert federated.query_type is not None
    assert "_entities" in federated.query_type.fields
    assert uncompilable_fields(federated) == []


def test_a_function_of_nothing_is_derived() -> None:
    federated = strawberry.federation.Schema(query=FederatedQuery)._schema

    assert isinstance(federated.query_type and mark_of(federated.query_type.fields["_service"]), Derived)
