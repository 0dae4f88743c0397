"""Operations made by chance of everything that the graph has, the same for the same seed."""

from __future__ import annotations

from random import Random

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type, is_leaf_type
from graphql.type import GraphQLOutputType

ROOTS = (
    "orders(first: %(n)s)",
    "orders(first: %(n)s, filter: {status: [BOOKED, FULFILLED]})",
    'orders(first: %(n)s, filter: {legalEntity: "DE01"})',
    'orders(first: %(n)s, filter: {customer: {crmId: "%(buyer)s"}})',
    'orders(first: %(n)s, filter: {search: "1"})',
    'orders(first: %(n)s, filter: {source: {system: "salesforce", key: "%(buyer)s"}})',
    'orders(first: %(n)s, filter: {source: {system: "salesforce", key: "%(quote)s"}})',
    'order(by: {crmId: "%(order)s"})',
    'order(by: {crmId: "%(multi)s"})',
    'order(by: {document: {value: "%(number)s"}})',
    'order(by: {reference: {system: "%(erp)s", key: "%(number)s"}})',
    'order(by: {reference: {system: "%(odd)s", key: "%(lone)s"}})',
    'customer(by: {crmId: "%(buyer)s"})',
    "customers(first: %(n)s)",
    'customers(first: %(n)s, filter: {legalEntity: "US01"})',
    'product(sku: "%(sku)s")',
    "products(first: %(n)s)",
    "invoices(first: %(n)s)",
    "invoices(first: %(n)s, filter: {overdue: true})",
    'invoice(by: {document: {value: "%(bill)s"}})',
    'quote(by: {crmId: "%(quote)s"})',
    "node(id: %(id)s)",
    "nodes(ids: %(ids)s)",
    "systems",
)
"""Root fields, to be completed with words of the company and a page size."""


class Chance:
    """Makes operations; those of one name twice in a selection that differ are the caller's to pass over."""

    def __init__(self, graph: GraphQLSchema, seed: int) -> None:
        self._graph, self._random = graph, Random(seed)

    def operation(self, words: dict[str, str]) -> str:
        """One to three root fields, up to six levels deep."""
        query = self._graph.query_type
        assert query is not None
        parts: list[str] = []
        for number in range(self._random.choice((1, 1, 1, 2, 3))):
            root = self._random.choice(ROOTS)
            size = {"n": str(self._random.choice((1, 5, 20, 50)))}
            below = self._selection(query.fields[root.split("(")[0]].type, self._random.choice((2, 3, 4, 5, 6)))
            parts.append(f"a{number}: {root % {**words, **size}}{below}")
        return "{ " + " ".join(parts) + " }"

    def _selection(self, kind: GraphQLOutputType, depth: int) -> str:
        named = get_named_type(kind)
        if is_leaf_type(named):
            return ""
        if is_abstract_type(named):
            types = sorted(self._graph.get_possible_types(named), key=str)
            chosen = self._random.sample(types, k=min(3, len(types)))
            return f" {{ __typename {' '.join(f'... on {one}{self._selection(one, depth)}' for one in chosen)} }}"
        assert isinstance(named, GraphQLObjectType)
        return f" {{ {' '.join(self._fields(named, depth))} }}"

    def _fields(self, kind: GraphQLObjectType, depth: int) -> list[str]:
        leaves = [name for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type))]
        deep = [name for name in kind.fields if name not in leaves]
        fields = self._random.sample(leaves, k=min(len(leaves), self._random.randint(1, 4)))
        for name in self._random.sample(deep, k=min(len(deep), self._random.randint(1, 3))) if depth else ():
            field = kind.fields[name]
            size = f"(first: {self._random.choice((1, 3, 8))})" if "first" in field.args else ""
            fields.append(f"{name}{size}{self._selection(field.type, depth - 1)}")
        return fields or ["__typename"]
