"""What people ask for is found, whichever way they name it."""

from __future__ import annotations

import pytest

from sandbox.serve import Company
from tests.journeys.asking import Asker

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDER = "id number crmId status total { amount currencyCode } lines { sku quantity }"


async def test_an_order_is_the_same_by_every_name_it_has(ask: Asker, company: Company) -> None:
    light = company.highlights[0]
    first = await ask(f"query($id: ID!) {{ order(by: {{crmId: $id}}) {{ {ORDER} }} }}", id=light["salesforce"])
    assert first.errors == []
    order = first.data["order"]
    assert order["number"] == light["number"]

    short = (light["salesforce"] or "")[:15]
    for by in (
        f'{{id: "{order["id"]}"}}',
        f'{{crmId: "{short}"}}',
        f'{{reference: {{system: "salesforce", key: "{light["salesforce"]}"}}}}',
        f'{{reference: {{system: "{light["erp"]}", key: "{light["erpNumber"]}"}}}}',
        f'{{document: {{value: "{light["erpNumber"]}"}}}}',
    ):
        again = await ask(
            f'{{ order(by: {by}) {{ {ORDER} }} node(id: "{order["id"]}") {{ ... on Order {{ {ORDER} }} }} }}'
        )
        assert again.errors == [], by
        assert again.data == {"order": order, "node": order}, by


async def test_unknown_names_are_null_without_an_error(ask: Asker) -> None:
    told = await ask(
        """{ a: order(by: {crmId: "801000000000000AAA"}) { id } b: order(by: {document: {value: "999999"}}) { id }
             c: invoice(by: {document: {value: "999999"}}) { id } d: customer(by: {crmId: "001000000000000AAA"}) { id }
             e: quote(by: {crmId: "0Q0000000000000AAA"}) { id } f: product(sku: "no such thing") { id }
             g: order(by: {reference: {system: "sap-eu", key: "999999"}}) { id } }"""
    )

    assert told.errors == []
    assert set(told.data.values()) == {None}


async def test_malformed_names_are_errors_that_say_what_is_wrong(ask: Asker) -> None:
    told = await ask(
        """{ a: order(by: {id: "what?"}) { id } b: order(by: {crmId: "42"}) { id }
             c: order(by: {reference: {system: "sap", key: "1"}}) { id } d: orders(first: 0) { nodes { id } }
             e: orders(after: "nonsense") { nodes { id } }
             f: orders(filter: {legalEntity: "FR01"}) { nodes { id } } }"""
    )

    assert {error["path"][0]: error["extensions"]["code"] for error in told.errors} == {
        "a": "BAD_ID",
        "b": "BAD_ID",
        "c": "UNKNOWN_SYSTEM",
        "d": "BAD_PAGE_SIZE",
        "e": "BAD_CURSOR",
        "f": "UNKNOWN_LEGAL_ENTITY",
    }
    assert all(error["extensions"]["outcome"] == "NOT_APPLIED" for error in told.errors)
    assert "configured: salesforce, sap-eu, erp-us" in told.errors[2]["message"]


async def test_every_node_of_an_order_is_found_again_by_its_id(ask: Asker, company: Company) -> None:
    deal = next(
        d
        for d in company.story.deals
        if d.offer and d.crm_key and any(b.bills and b.bills[0].receipts for b in d.bookings)
    )
    told = await ask(
        """query($id: ID!) { order(by: {crmId: $id}) { customer { id } quote { id } shipments { id }
           invoices { id payments { payment { id } } } } }""",
        id=deal.crm_key,
    )
    assert told.errors == []
    order = told.data["order"]
    ids = [order["customer"]["id"], order["quote"]["id"], order["shipments"][0]["id"], order["invoices"][0]["id"]]
    ids.append(order["invoices"][0]["payments"][0]["payment"]["id"])

    found = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=[*ids, "broken"])

    assert [node and node["__typename"] for node in found.data["nodes"]] == [
        "Customer",
        "Quote",
        "Shipment",
        "Invoice",
        "Payment",
        None,
    ]
    assert [node["id"] for node in found.data["nodes"][:-1]] == ids
    assert found.error_at("nodes", 5)["code"] == "BAD_ID"


async def test_references_of_other_subgraphs_resolve_by_id_and_by_crm_id(ask: Asker, company: Company) -> None:
    key = company.highlights[0]["salesforce"]
    told = await ask("query($id: ID!) { order(by: {crmId: $id}) { id number } }", id=key)

    entities = await ask(
        "query($all: [_Any!]!) { _entities(representations: $all) { ... on Order { id number } } }",
        all=[{"__typename": "Order", "crmId": key}, {"__typename": "Order", "id": told.data["order"]["id"]}],
    )

    assert entities.errors == []
    assert entities.data["_entities"] == [told.data["order"], told.data["order"]]


async def test_a_customer_shows_its_family_its_orders_and_what_it_owes(ask: Asker, company: Company) -> None:
    parents = {buyer.parent for buyer in company.story.buyers.values()}
    parent = next(buyer for number, buyer in company.story.buyers.items() if number in parents and buyer.crm_key)
    told = await ask(
        """query($id: ID!) { customer(by: {crmId: $id}) { name children { nodes { name parent { name } } }
           orders(first: 5) { nodes { number customer { name } } gaps { system } }
           billingAccounts { legalEntity { code } openBalance { amount currencyCode } paymentTerms } } }""",
        id=parent.crm_key,
    )

    assert told.errors == []
    customer = told.data["customer"]
    assert customer["name"] == parent.name
    assert {child["parent"]["name"] for child in customer["children"]["nodes"]} == {parent.name}
    assert all(order["customer"]["name"] == parent.name for order in customer["orders"]["nodes"])
    assert {account["legalEntity"]["code"] for account in customer["billingAccounts"]} <= {"DE01", "US01"}


async def test_products_are_one_over_all_systems(ask: Asker, company: Company) -> None:
    article = next(iter(company.story.articles.values()))
    told = await ask(
        """query($sku: String!) { product(sku: $sku) { sku name listPrice(currencyCode: "EUR") { amount currencyCode }
           references { system } } products(first: 7) { nodes { sku } pageInfo { hasNextPage endCursor } } }""",
        sku=article.sku,
    )

    assert told.errors == []
    product = told.data["product"]
    assert (product["sku"], product["name"]) == (article.sku, article.name)
    assert product["listPrice"] == {"amount": f"{article.prices['EUR']:.2f}", "currencyCode": "EUR"}
    assert {reference["system"] for reference in product["references"]} >= {"salesforce", "sap-eu"}
    assert len(told.data["products"]["nodes"]) == 7


async def test_customers_of_a_legal_entity_are_those_with_an_account_in_its_books(ask: Asker, company: Company) -> None:
    told = await ask('{ customers(first: 200, filter: {legalEntity: "US01"}) { gaps { system } nodes { crmId } } }')

    assert told.errors == []
    assert told.data["customers"]["gaps"] == []
    american = {
        buyer.crm_key
        for buyer in company.story.buyers.values()
        if buyer.crm_key and any(account.instance == "erp-us" for account in buyer.accounts)
    }
    assert {customer["crmId"] for customer in told.data["customers"]["nodes"]} == american
    assert len(american) < len(company.story.buyers)
