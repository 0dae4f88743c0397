"""What an operation will do is told by level, with the most objects each call can have, and nothing is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import pytest
import strawberry
from graphql import GraphQLError, GraphQLSchema, parse

from canonical.wanted import Wanted
from engine.explain import ASSUMED_SIZE, Step, dotted, outline
from engine.loom import Loom
from engine.operation import Operation, operations
from engine.plan import NotCompiledError
from engine.seam import batch
from tests.engine.shop import (
    Connection,
    CustomerValue,
    Desk,
    InvoiceValue,
    Node,
    OrderValue,
    customer_of,
    invoices_of,
    order,
    orders,
    orders_of,
    schema,
)

Reads = tuple[str, int, Wanted]


def told_by(name: str) -> Any:
    def reads(context: Desk, wanted: Wanted, parents: int, *_: object, **__: object) -> Sequence[Reads]:
        if name in context.broken:
            raise context.broken[name]
        return [(name, parents, wanted)]

    return reads


def page(_: Desk, parents: int, first: int = 50) -> int:
    return parents * first


@strawberry.type
class Invoice(Node):
    amount: str

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, InvoiceValue)


@strawberry.type
class Customer(Node):
    name: str
    orders: list[Annotated[Order, strawberry.lazy("tests.engine.test_explain")]] = batch(
        orders_of, reads=told_by("ordersOf")
    )

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, CustomerValue)


@strawberry.type
class Order(Node):
    number: str
    customer: Customer | None = batch(customer_of, needs=["customer_key"], reads=told_by("customer"))
    invoices: list[Invoice] | None = batch(invoices_of, reads=told_by("invoices"))

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, OrderValue)


@strawberry.type
class Pages(Connection[Order]):
    """Orders."""


async def _any(context: Desk, parents: Sequence[None], wanted: Wanted, ids: list[str]) -> Sequence[list[object]]:
    raise AssertionError("nobody is called")


def _many(_: Desk, __: int, ids: list[str]) -> int:
    return len(ids)


@strawberry.type
class Query:
    orders: Pages | None = batch(orders, reads=told_by("orders"), most=page)
    order: Order | None = batch(order, reads=told_by("order"))
    any: list[Node] = batch(_any, reads=told_by("any"), most=_many)


@strawberry.type
class Mutation:
    touch: Order | None = batch(order, reads=told_by("touch"))


SCHEMA = strawberry.Schema(Query, Mutation, types=[Invoice, Customer])
GRAPH: GraphQLSchema = SCHEMA._schema
DEEP = """query ($first: Int! = 7) { orders(first: $first) { edges { node {
  number customer { name orders { number invoices { amount } } } invoices(above: "5") { amount } } } } }"""


def operation(text: str) -> Operation:
    [found] = operations(parse(text))
    return found


def steps(text: str, desk: Desk | None = None, **variables: object) -> list[Step]:
    found = outline(Loom(GRAPH), operation(text), desk or Desk(), variables)
    assert all(isinstance(step, Step) for step in found), found
    return [step for step in found if isinstance(step, Step)]


def test_each_call_is_told_at_its_level_with_the_most_parents_it_can_have() -> None:
    told = [(step.level, ".".join(step.place), step.field, step.parents) for step in steps(DEEP)]

    assert told == [
        (1, "orders", "Query.orders", 1),
        (2, "orders.edges.node.customer", "Order.customer", 7),
        (2, "orders.edges.node.invoices", "Order.invoices", 7),
        (3, "orders.edges.node.customer.orders", "Customer.orders", 7),
        (4, "orders.edges.node.customer.orders.invoices", "Order.invoices", 7 * ASSUMED_SIZE),
    ]


def test_nothing_is_called_and_the_context_has_learned_what_the_operation_reads() -> None:
    desk = Desk()

    steps(DEEP, desk)

    assert desk.calls == []
    assert [sorted(wants) for wants in desk.learned] == [
        ["Customer", "Invoice", "Order", "OrderEdge", "Pages", "Query"]
    ]


def test_what_a_field_will_read_is_passed_on_as_the_field_told_it() -> None:
    [page_step, *_] = found = steps(DEEP, first=3)

    assert page_step.reads == [("orders", 1, Wanted.from_tree(page_step.tree))]
    assert [step.reads[0][:2] for step in found[1:3]] == [("customer", 3), ("invoices", 3)]
    assert list(dotted(page_step.tree)) == ["edges.node.customer_key", "edges.node.number"]


def test_arguments_are_told_as_they_were_written_with_the_variables_put_in() -> None:
    assert [dict(step.arguments) for step in steps(DEEP)[:3]] == [{"first": 7}, {}, {"above": "5"}]
    assert steps(DEEP, first=2)[0].arguments == {"first": 2}
    assert steps("query ($key: String!) { order(key: $key) { number } }", key="9")[0].arguments == {"key": "9"}


def test_a_variable_that_was_not_sent_leaves_its_part_of_an_argument_out() -> None:
    text = 'query ($above: String) { order(key: "7") { invoices(matching: {above: $above}) { amount } } }'

    found = outline(Loom(schema._schema), operation(text), Desk(), {})

    assert [step.arguments for step in found if isinstance(step, Step)] == [{"key": "7"}, {"matching": {}}]


def test_fields_of_the_same_objects_are_a_group_and_know_whose_step_brought_them() -> None:
    found = {".".join(step.place): step for step in steps(DEEP)}

    node = "orders.edges.node"
    assert found[f"{node}.customer"].group == found[f"{node}.invoices"].group
    assert found[f"{node}.customer"].home == found[f"{node}.invoices"].home == ("orders",)
    assert found["orders"].home == ()
    assert found[f"{node}.customer.orders.invoices"].home == ("orders", "edges", "node", "customer", "orders")


def test_objects_that_may_be_of_several_types_are_asked_as_each_of_them() -> None:
    found = steps('{ any(ids: ["a", "b"]) { id ... on Order { invoices { id } } ... on Customer { orders { id } } } }')

    assert [(step.field, step.parents) for step in found] == [
        ("Query.any", 1),
        ("Customer.orders", 2),
        ("Order.invoices", 2),
    ]


def test_a_field_that_cannot_tell_says_why_and_has_nothing_below_it() -> None:
    desk = Desk(broken={"customer": LookupError("not yours")})

    found = steps(DEEP, desk)

    assert [(step.field, str(step.failed)) for step in found if step.failed] == [("Order.customer", "not yours")]
    assert [step.field for step in found] == ["Query.orders", "Order.customer", "Order.invoices"]


def test_arguments_that_do_not_fit_are_told_at_their_field() -> None:
    text = 'query ($above: String) { a: order(key: $above) { number } b: order(key: "1") { number } }'

    [wrong, right] = steps(text.replace("$above: String)", "$above: String = null)"))

    assert isinstance(wrong.failed, GraphQLError)
    assert right.failed is None


def test_variables_that_do_not_fit_are_errors_and_no_steps() -> None:
    found = outline(Loom(GRAPH), operation(DEEP), Desk(), {"first": "many"})

    [error] = found
    assert isinstance(error, GraphQLError)
    assert "$first" in error.message


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { queryType { name } } orders(first: 2) { edges { node { invoices { id } } } } }",
        "{ orders(first: 2) { edges { node { ... @defer { invoices { id } } } } } }",
    ],
)
def test_what_only_graphql_core_executes_is_told_like_everything_else(text: str) -> None:
    assert [(step.field, step.parents) for step in steps(text)] == [("Query.orders", 1), ("Order.invoices", 2)]


def test_an_engine_that_compiles_nothing_tells_the_same() -> None:
    compiled, core = Loom(GRAPH), Loom(GRAPH, compiled=False)

    one, other = (outline(loom, operation(DEEP), Desk(), {}) for loom in (compiled, core))

    assert [(step.place, step.parents, step.tree) for step in one if isinstance(step, Step)] == [
        (step.place, step.parents, step.tree) for step in other if isinstance(step, Step)
    ]


def test_root_fields_of_a_mutation_are_groups_of_their_own_since_they_follow_each_other() -> None:
    first, second = steps('mutation { a: touch(key: "1") { number } b: touch(key: "2") { number } }')

    assert (first.field, second.field) == ("Mutation.touch", "Mutation.touch")
    assert first.group != second.group


def test_skipped_fields_are_not_told() -> None:
    text = 'query ($more: Boolean!) { order(key: "1") { customer @include(if: $more) { name } invoices { id } } }'

    assert [step.field for step in steps(text, more=False)] == ["Query.order", "Order.invoices"]
    assert [step.field for step in steps(text, more=True)] == ["Query.order", "Order.customer", "Order.invoices"]


def test_what_is_too_large_to_look_at_is_refused() -> None:
    spread = "... on Node { ... on Customer { orders { number } } ... on Order { customer { name } } }"
    text = "{ " + " ".join(f'a{n}: any(ids: ["x"]) {{ {spread} }}' for n in range(700)) + " }"

    with pytest.raises(NotCompiledError, match="too large"):
        outline(Loom(GRAPH), operation(text), Desk(), {})
