"""Orders asked through the graph, over fakes of the ports."""

from __future__ import annotations

from canonical.errors import Unavailable
from canonical.order import Stage
from tests.fakes.asking import ask
from tests.fakes.company import Company


async def test_an_order_is_the_same_by_id_crm_id_erp_number_and_reference() -> None:
    company = Company()
    company.sold("sale1")
    company.booked("erp-eu", "77", "sale1")

    first = await ask(company, '{ order(by: {crmId: "sale1"}) { id number crmId total { amount currencyCode } } }')
    assert first.errors is None
    assert first.data
    order = first.data["order"]
    assert order["number"] == "N-77"
    assert order["total"] == {"amount": "1200.00", "currencyCode": "EUR"}
    for by in (
        f'{{id: "{order["id"]}"}}',
        '{document: {value: "N-77"}}',
        '{reference: {system: "erp-eu", key: "77"}}',
        '{reference: {system: "crm", key: "sale1"}}',
    ):
        again = await ask(company, f"{{ order(by: {by}) {{ id number crmId total {{ amount currencyCode }} }} }}")
        assert again.errors is None
        assert again.data == first.data


async def test_an_erp_that_is_down_costs_only_its_sections() -> None:
    company = Company()
    company.sold("sale1")
    company.booked("erp-eu", "77", "sale1")
    company.eu.faults["*"] = Unavailable("erp-eu", "erp-eu does not answer.", retry_after=5)

    result = await ask(
        company,
        '{ order(by: {crmId: "sale1"}) { crmId purchaseOrderNumber shipments { number } status total { amount } } }',
    )

    assert result.data == {
        "order": {"crmId": "sale1", "purchaseOrderNumber": None, "shipments": None, "status": None, "total": None}
    }
    assert result.errors
    assert sorted(error.path or [] for error in result.errors) == [
        ["order", "shipments"],
        ["order", "status"],
        ["order", "total"],
    ]
    assert all(isinstance(error.original_error, Unavailable) for error in result.errors)


async def test_another_legal_entitys_erp_that_is_down_costs_an_order_nothing() -> None:
    company = Company()
    company.sold("sale1", entity="DE01")
    order = company.booked("erp-eu", "77", "sale1")
    company.shipped(order, "S1", 4)
    company.us.faults["*"] = Unavailable("erp-us", "erp-us does not answer.")

    result = await ask(company, '{ order(by: {crmId: "sale1"}) { status fulfillmentStatus shipments { number } } }')

    assert result.errors is None
    assert result.data == {
        "order": {
            "status": "IN_FULFILLMENT",
            "fulfillmentStatus": "PARTIALLY_SHIPPED",
            "shipments": [{"number": "S1"}],
        }
    }


async def test_a_page_lists_each_order_once_newest_first_and_asks_each_system_little() -> None:
    company = Company()
    company.customer("acc1")
    for number in range(6):
        company.sold(f"sale{number}", days_ago=number + 1, stage=Stage.SUBMITTED)
    for number in range(3):
        booking = company.booked("erp-eu", f"{70 + number}", f"sale{number}", days_ago=number + 1)
        company.shipped(booking, f"S{number}", 10)
        company.billed(booking, f"I{number}", 10, paid="1200")

    result = await ask(
        company,
        "{ orders(first: 4) { pageInfo { hasNextPage endCursor } gaps { system } "
        "nodes { number status customer { name } lines { sku shippedQuantity } shipments { number } "
        "invoices { number payments { amount { amount } payment { number } } } payments { amount { amount } } } } }",
    )

    assert result.errors is None
    assert result.data
    page = result.data["orders"]
    assert [node["number"] for node in page["nodes"]] == ["N-70", "N-71", "N-72", "N-sale3"]
    assert [node["status"] for node in page["nodes"]] == ["COMPLETED", "COMPLETED", "COMPLETED", "SUBMITTED"]
    assert page["nodes"][0]["lines"] == [{"sku": "P-1", "shippedQuantity": "10"}]
    assert page["pageInfo"]["hasNextPage"] is True
    assert company.eu.questions() == ["list_orders", "fetch_shipments_of_orders", "fetch_invoices_of_orders"]
    again = await ask(
        company,
        "query($after: Cursor) { orders(first: 4, after: $after) { pageInfo { hasNextPage } nodes { number } } }",
        {"after": page["pageInfo"]["endCursor"]},
    )
    assert again.data == {
        "orders": {"pageInfo": {"hasNextPage": False}, "nodes": [{"number": "N-sale4"}, {"number": "N-sale5"}]}
    }


async def test_a_deal_over_two_legal_entities_is_one_order_with_two_bookings() -> None:
    company = Company()
    company.sold("sale1", entity=None, partner_keys=("N-77", "N-88"))
    company.booked("erp-eu", "77", "sale1", days_ago=2)
    company.booked("erp-us", "88", "sale1", days_ago=1)

    result = await ask(company, "{ orders { nodes { number bookings { erp orderNumber legalEntity { name } } } } }")

    assert result.errors is None
    assert result.data == {
        "orders": {
            "nodes": [
                {
                    "number": "N-sale1",
                    "bookings": [
                        {"erp": "erp-eu", "orderNumber": "N-77", "legalEntity": {"name": "Rhein GmbH"}},
                        {"erp": "erp-us", "orderNumber": "N-88", "legalEntity": {"name": "Rhein Inc."}},
                    ],
                }
            ]
        }
    }


async def test_an_unknown_id_is_null_without_an_error_and_a_malformed_one_is_an_error_in_words() -> None:
    company = Company()

    unknown = await ask(company, '{ order(by: {crmId: "sale9"}) { id } }')
    malformed = await ask(company, '{ order(by: {id: "nonsense"}) { id } }')

    assert (unknown.data, unknown.errors) == ({"order": None}, None)
    assert malformed.errors
    assert "is not an id of this gateway" in malformed.errors[0].message


async def test_rows_of_other_legal_entities_are_neither_asked_for_nor_shown() -> None:
    company = Company()
    company.sold("sale1", entity="DE01")
    company.booked("erp-eu", "77", "sale1")
    company.sold("sale2", entity="US01")
    company.booked("erp-us", "88", "sale2")

    result = await ask(company, "{ orders { nodes { number } } }", legal_entities=frozenset({"US01"}))

    assert result.errors is None
    assert result.data == {"orders": {"nodes": [{"number": "N-88"}]}}
    assert company.us.asked[0].call.view.legal_entities == frozenset({"US01"})


async def test_the_timeline_is_told_in_sentences_and_names_what_is_missing() -> None:
    company = Company()
    company.sold("sale1", days_ago=3, submitted_at=None)
    order = company.booked("erp-eu", "77", "sale1", days_ago=2)
    company.shipped(order, "S1", 4, ship_from="Hamburg")
    company.eu.faults["fetch_invoices_of_orders"] = Unavailable("erp-eu", "erp-eu does not answer.")

    result = await ask(
        company,
        '{ order(by: {crmId: "sale1"}) { timeline { nodes { title system } gaps { system missing reason } } } }',
    )

    assert result.errors is None
    assert result.data == {
        "order": {
            "timeline": {
                "nodes": [
                    {"title": "Order N-sale1 was created", "system": "crm"},
                    {"title": "Order was booked for DE01 as N-77", "system": "erp-eu"},
                    {"title": "Shipment S1 left Hamburg with 4 of 10 units", "system": "erp-eu"},
                ],
                "gaps": [
                    {"system": "erp-eu", "missing": ["invoices and payments"], "reason": "erp-eu does not answer."}
                ],
            }
        }
    }
