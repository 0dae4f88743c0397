"""What would come of an order is told through the graph, and nothing is written."""

from __future__ import annotations

from typing import Any

from tests.schema.asking import Graph, line_input, order_input, said

VALIDATE = """
query($input: SubmitOrderInput!) { validateOrder(input: $input) {
  valid problems { code category field blocking correlationId }
  subtotal { amount currencyCode } total { amount } credit { available { amount } }
  bookings { erp orderNumber legalEntity { code name } }
  lines { index sku quantity unitPrice { amount } amount { amount } availableOn legalEntity { code }
    problems { code field } }
} }
"""


async def validated(graph: Graph, *lines: dict[str, Any], **facts: Any) -> Any:
    return (await graph(VALIDATE, input=order_input(*lines, **facts)))["validateOrder"]


async def test_an_order_is_priced_and_routed_line_by_line(graph: Graph) -> None:
    found = await validated(graph, line_input(), line_input("P-2", legalEntity="US01"), legalEntity="DE01")

    assert found["valid"] is True
    assert found["subtotal"] == {"amount": "300.00", "currencyCode": "EUR"}
    assert found["bookings"][1] == {
        "erp": "erp-us",
        "orderNumber": None,
        "legalEntity": {"code": "US01", "name": "Rhein Inc."},
    }
    assert [(one["index"], one["sku"], one["legalEntity"]["code"]) for one in found["lines"]] == [
        (0, "P-1", "DE01"),
        (1, "P-2", "US01"),
    ]
    assert graph.house.eu.requests == []
    assert await graph.house.ask("select 1 from submission") == []


async def test_every_problem_is_told_with_its_path_and_beside_its_line(graph: Graph) -> None:
    found = await validated(graph, line_input(), line_input("P-9"))

    assert found["valid"] is False
    assert said(found) == [("PRODUCT_REFUSED", "input.lines.1.sku")]
    assert found["problems"][0]["correlationId"] == "c-1"
    assert [[problem["code"] for problem in one["problems"]] for one in found["lines"]] == [[], ["PRODUCT_REFUSED"]]


async def test_what_is_wrong_in_itself_is_told_without_asking_anybody(graph: Graph) -> None:
    found = await validated(graph, line_input(quantity=-1), customer={"crmId": "nonsense"})
    many = await validated(graph, *[line_input(quantity=-1)] * 2000)

    assert said(found) == [("BAD_ID", "input.customer")]
    assert (said(many), many["lines"]) == ([("INVALID_INPUT", "input.lines")], [])
    assert graph.house.eu.mood.calls == graph.house.crm.questions() == []


async def test_it_needs_no_store_but_the_right_to_submit(graph: Graph) -> None:
    reader = Graph(graph.house, None)
    stranger = graph.narrowed(scopes=frozenset({"orders:read"}))

    assert (await validated(reader, line_input()))["valid"] is True
    result = await stranger.execute(VALIDATE, input=order_input())
    assert result.errors
    assert "scope orders:write" in result.errors[0].message


async def test_customers_and_books_beyond_the_rights_are_problems(graph: Graph) -> None:
    of_another = graph.narrowed(accounts=frozenset({"acc2"}))
    american = graph.narrowed(legal_entities=frozenset({"US01"}))
    by_number = {"reference": {"system": "erp-eu", "key": "C-77"}}

    assert said(await validated(of_another, line_input())) == [("FORBIDDEN", "input.customer")]
    assert said(await validated(of_another, customer=by_number)) == [("CUSTOMER_NOT_FOUND", "input.customer")]
    assert said(await validated(american, line_input())) == [("FORBIDDEN", "input.lines.0.legalEntity")]
