"""Orders changed and cancelled, and customers created, through the graph."""

from __future__ import annotations

from typing import Any

import pytest

from canonical.errors import Unavailable
from tests.schema.asking import Graph, line_input, said
from tests.workflows.house import House

AMEND = """
mutation($order: OrderBy!, $input: AmendOrderInput!, $version: String, $key: String!) {
  amendOrder(order: $order, input: $input, expectedVersion: $version, idempotencyKey: $key) {
    replayed problems { code category field message } submission { id state operation orders { id } }
  }
}
"""
CANCEL = """
mutation($order: OrderBy!, $reason: String!, $key: String!) {
  cancelOrder(order: $order, reason: $reason, idempotencyKey: $key) {
    replayed problems { code field message } submission { id state operation }
  }
}
"""
CREATE = """
mutation($input: CreateCustomerInput!, $key: String!) {
  createCustomer(input: $input, idempotencyKey: $key) {
    replayed problems { code field } submission { id state operation customer { id } }
  }
}
"""
ORDER = """
query($by: OrderBy!) {
  order(by: $by) { id number version status lines { id sku quantity } submissions { operation state } }
}
"""
BY_NUMBER = {"document": {"value": "4001"}}
NEW = {"name": "Beta", "legalEntity": "DE01", "currencyCode": "EUR", "billingAddress": {"country": "DE"}}


@pytest.fixture
async def booked(graph: Graph) -> Any:
    """An order of two of P-1 and one of P-2, booked as 4001, as the graph tells it."""
    await graph.done(key="key-of-the-booked-order", lines=[line_input(), line_input("P-2", 1)], source=None)
    return (await graph(ORDER, by=BY_NUMBER))["order"]


async def amend(graph: Graph, order: Any, input: Any, key: str = "key-of-the-amendment", **more: Any) -> Any:
    return (await graph(AMEND, order=order, input=input, key=key, **more))["amendOrder"]


async def cancel(graph: Graph, order: Any, reason: str = "Bought elsewhere", key: str = "key-of-cancelling") -> Any:
    return (await graph(CANCEL, order=order, reason=reason, key=key))["cancelOrder"]


async def test_lines_are_named_by_their_ids_and_changed_in_the_books(graph: Graph, booked: Any) -> None:
    first, second = booked["lines"]
    changes = {
        "changeLines": [{"id": first["id"], "quantity": "5"}],
        "removeLines": [second["id"]],
        "addLines": [line_input("SVC-1", 1)],
        "purchaseOrderNumber": "PO-2",
    }

    accepted = await amend(graph, {"id": booked["id"]}, changes, version=booked["version"])
    await graph.house.work()

    assert accepted["problems"] == []
    assert accepted["submission"]["operation"] == "AMEND_ORDER"
    [amendment] = graph.house.eu.amendments
    assert [(one.key, str(one.quantity)) for one in amendment.change] == [("10", "5")]
    assert amendment.remove == ("20",)
    assert ([one.sku for one in amendment.add], amendment.purchase_order_number) == (["SVC-1"], "PO-2")
    told = (await graph(ORDER, by={"id": booked["id"]}))["order"]
    assert (told["lines"][0]["quantity"], told["version"] != booked["version"]) == ("5", True)
    assert told["submissions"] == [
        {"operation": "AMEND_ORDER", "state": "COMPLETED"},
        {"operation": "SUBMIT_ORDER", "state": "COMPLETED"},
    ]


async def test_a_change_is_made_once_a_key_and_the_key_stands_for_no_other(graph: Graph, booked: Any) -> None:
    first = await amend(graph, {"id": booked["id"]}, {"purchaseOrderNumber": "PO-2"})
    running = await amend(graph, {"id": booked["id"]}, {"purchaseOrderNumber": "PO-2", "addLines": None})
    await graph.house.work()
    finished = await amend(graph, {"id": booked["id"]}, {"purchaseOrderNumber": "PO-2"})
    other = await amend(graph, {"id": booked["id"]}, {"purchaseOrderNumber": "PO-3"})

    assert [one["replayed"] for one in (first, running, finished)] == [False, True, True]
    assert [one["submission"]["state"] for one in (running, finished)] == ["IN_PROGRESS", "COMPLETED"]
    assert (other["submission"], said(other)) == (None, [("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")])
    assert [one.purchase_order_number for one in graph.house.eu.amendments] == ["PO-2"]


async def test_a_change_that_was_decided_on_what_is_no_more_is_a_conflict(graph: Graph, booked: Any) -> None:
    accepted = await amend(graph, {"id": booked["id"]}, {"purchaseOrderNumber": "PO-2"}, version="older")
    await graph.house.work()
    done = await graph.submission(accepted["submission"]["id"])

    assert done["state"] == "REFUSED"
    assert said(done) == [("VERSION_CONFLICT", "expectedVersion")]
    assert graph.house.eu.amendments == []


async def test_ids_that_are_no_lines_are_named_each_by_its_path_and_bind_nothing(graph: Graph, booked: Any) -> None:
    changes = {"changeLines": [{"id": "nonsense", "quantity": 1}], "removeLines": [booked["id"]]}

    refused = await amend(graph, {"id": booked["id"]}, changes)

    assert refused["submission"] is None
    assert said(refused) == [("BAD_ID", "input.changeLines.0.id"), ("BAD_ID", "input.removeLines.0")]


async def test_a_line_of_another_order_is_refused_before_anything_is_changed(graph: Graph, booked: Any) -> None:
    await graph.done(key="key-of-another-order", source=None)
    other = (await graph(ORDER, by={"document": {"value": "4002"}}))["order"]

    accepted = await amend(graph, {"id": booked["id"]}, {"removeLines": [other["lines"][0]["id"]]})
    await graph.house.work()
    done = await graph.submission(accepted["submission"]["id"])

    assert said(done) == [("UNKNOWN_LINE", "input.removeLines.0")]
    assert graph.house.eu.amendments == []


async def test_a_change_of_nothing_and_a_cancellation_without_a_reason_are_refused(graph: Graph, booked: Any) -> None:
    assert said(await amend(graph, {"id": booked["id"]}, {})) == [("INVALID_INPUT", "input")]
    assert said(await cancel(graph, {"id": booked["id"]}, " ")) == [("INVALID_INPUT", "reason")]


async def test_an_order_is_cancelled_by_its_number_and_again_only_under_another_key(graph: Graph, booked: Any) -> None:
    first = await cancel(graph, BY_NUMBER)
    await graph.house.work()
    replayed = await cancel(graph, BY_NUMBER)
    told = (await graph(ORDER, by={"id": booked["id"]}))["order"]

    assert (first["replayed"], replayed["replayed"]) == (False, True)
    assert (replayed["submission"]["state"], told["status"]) == ("COMPLETED", "CANCELLED")
    assert graph.house.eu.mood.calls.count("cancel_order") == 1


async def test_an_order_that_nobody_has_is_told_at_once_by_number_and_by_the_workflow_by_id(graph: Graph) -> None:
    by_number = await cancel(graph, {"document": {"value": "9999"}})
    by_key = await cancel(graph, {"reference": {"system": "erp-eu", "key": "9999"}})
    await graph.house.work()
    done = await graph.submission(by_key["submission"]["id"])

    assert by_number["submission"] is None
    assert said(by_number) == [("ORDER_NOT_FOUND", "order")]
    assert (done["state"], said(done)) == ("REFUSED", [("SOURCE_REFUSED", "order")])


async def test_an_order_that_is_not_seen_cannot_be_changed(graph: Graph, booked: Any) -> None:
    american = graph.narrowed(legal_entities=frozenset({"US01"}))

    refused = await cancel(american, {"id": booked["id"]})

    assert refused["submission"] is None
    assert said(refused) == [("ORDER_NOT_FOUND", "order")]


async def test_whoever_sees_the_order_changes_it_and_is_answered_again_while_the_systems_are_down(
    graph: Graph, booked: Any
) -> None:
    german = graph.narrowed(legal_entities=frozenset({"DE01"}))
    await cancel(german, {"id": booked["id"]})
    graph.house.eu.faults["*"] = Unavailable("erp-eu", "erp-eu does not answer.")

    again = await cancel(german, {"id": booked["id"]})
    new = await cancel(german, {"id": booked["id"]}, key="key-of-cancelling-twice")

    assert (again["replayed"], again["problems"]) == (True, [])
    assert said(new) == [("SOURCE_UNAVAILABLE", None)]


async def test_a_customer_is_created_once(graph: Graph) -> None:
    graph.house.customer("acc2", name="Beta")
    asked = {**NEW, "source": {"system": "crm", "key": "acc2"}}

    first = (await graph(CREATE, input=asked, key="key-of-the-new-customer"))["createCustomer"]
    await graph.house.work()
    again = (await graph(CREATE, input=asked, key="key-of-the-new-customer"))["createCustomer"]

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert (again["submission"]["operation"], again["submission"]["state"]) == ("CREATE_CUSTOMER", "COMPLETED")
    assert again["submission"]["customer"]["id"]
    [created] = graph.house.eu.created
    assert (created.name, created.crm_key) == ("Beta", "acc2")


async def test_a_customer_is_created_by_whoever_may_and_for_its_own_accounts_and_books(graph: Graph) -> None:
    asked = {**NEW, "source": {"system": "crm", "key": "acc2"}}
    key = "key-of-the-new-customer"
    no_right = graph.narrowed(scopes=frozenset({"orders:write"}))
    of_another = graph.narrowed(accounts=frozenset({"acc1"}))
    american = graph.narrowed(legal_entities=frozenset({"US01"}))

    answers = [(await one(CREATE, input=asked, key=key))["createCustomer"] for one in (no_right, of_another, american)]

    assert [said(answer) for answer in answers] == [
        [("FORBIDDEN", None)],
        [("FORBIDDEN", "input.customer")],
        [("FORBIDDEN", "input.legalEntity")],
    ]


async def test_an_order_is_handed_in_for_cancelling_while_its_systems_are_down(house: House, graph: Graph) -> None:
    for erp in (house.eu, house.us):
        erp.faults["*"] = Unavailable(erp.name, f"{erp.name} does not answer.")

    accepted = await cancel(graph, {"reference": {"system": "erp-eu", "key": "4001"}})
    by_number = await cancel(graph, BY_NUMBER, key="key-of-cancelling-by-number")

    assert (accepted["submission"]["state"], accepted["problems"]) == ("IN_PROGRESS", [])
    assert said(by_number) == [("SOURCE_UNAVAILABLE", None)]
