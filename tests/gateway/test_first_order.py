"""An order for people to hand in is one that the systems would take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse, validate

from gateway.first_order import SALE, SUBMIT, VALIDATE, first_order
from schema import build_schema

SOLD = {
    "customer": {"crmId": "001"},
    "total": {"currencyCode": "EUR"},
    "lines": [{"sku": "A"}, {"sku": "A"}, {"sku": "B"}, {"sku": "C"}],
    "bookings": [{"legalEntity": {"code": "DE01"}}],
}


class Graph:
    """Orders by id, and the customers from whom an order would be taken."""

    def __init__(self, *welcome: str, **orders: Any) -> None:
        self.welcome, self.orders = welcome, orders

    def __call__(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if query == SALE:
            return {"order": self.orders[variables["id"]]}
        return {"validateOrder": {"valid": variables["input"]["customer"]["crmId"] in self.welcome}}


@pytest.mark.parametrize("text", [SALE, VALIDATE, SUBMIT])
def test_what_is_asked_fits_the_graph(text: str) -> None:
    assert validate(build_schema()._schema, parse(text)) == []


def test_the_first_that_would_be_taken_is_found() -> None:
    graph = Graph(
        "002", one=None, two={**SOLD, "bookings": []}, three=SOLD, four={**SOLD, "customer": {"crmId": "002"}}
    )

    assert first_order(graph, ["one", "two", "three", "four"]) == {
        "customer": {"crmId": "002"},
        "currencyCode": "EUR",
        "legalEntity": "DE01",
        "lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}],
    }


def test_where_none_would_be_taken_there_is_none() -> None:
    assert first_order(Graph(one=SOLD), ["one"]) is None
