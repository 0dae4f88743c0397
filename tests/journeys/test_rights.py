"""People see what they may see, in every system at once."""

from __future__ import annotations

import pytest

from sandbox.serve import Company
from tests.journeys.asking import Asker, deal_with

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_legal_entitys_reader_sees_its_orders_only_and_the_query_asks_for_no_other(
    ask: Asker, company: Company
) -> None:
    reader = ask.narrowed(legal_entities={"US01"})

    told = await reader("{ orders(first: 100) { gaps { system } nodes { bookings { legalEntity { code } } } } }")

    assert told.errors == []
    codes = {b["legalEntity"]["code"] for node in told.data["orders"]["nodes"] for b in node["bookings"]}
    assert codes == {"US01"}
    asked = [request.line for request in company.sandboxes["sap-eu"].log.asked("A_SalesOrder")]
    assert not any("1010" in line for line in asked)


async def test_an_order_of_another_legal_entity_is_null_and_no_document_of_it_is_shown(
    ask: Asker, company: Company
) -> None:
    deal = next(
        d
        for d in company.story.deals
        if d.crm_key and {b.entity for b in d.bookings} == {"DE01"} and d.bookings[0].bills
    )
    whole = await ask(
        "query($id: ID!) { order(by: {crmId: $id}) { id invoices { id } shipments { id } } }", id=deal.crm_key
    )
    order = whole.data["order"]
    ids = [order["id"], order["invoices"][0]["id"]]

    told = await ask.narrowed(legal_entities={"US01"})(
        "query($id: ID!, $ids: [ID!]!) { order(by: {crmId: $id}) { id } nodes(ids: $ids) { id } }",
        id=deal.crm_key,
        ids=ids,
    )

    assert told.errors == []
    assert told.data == {"order": None, "nodes": [None, None]}


async def test_a_deal_over_both_entities_shows_each_reader_its_own_booking(ask: Asker, company: Company) -> None:
    deal = deal_with(company, "multi_entity")

    told = await ask.narrowed(legal_entities={"DE01"})(
        "query($id: ID!) { order(by: {crmId: $id}) { bookings { legalEntity { code } } "
        "lines { legalEntity { code } } } }",
        id=deal.crm_key,
    )

    assert told.errors == []
    assert [b["legalEntity"]["code"] for b in told.data["order"]["bookings"]] == ["DE01"]
    assert {line["legalEntity"]["code"] for line in told.data["order"]["lines"]} == {"DE01"}


async def test_a_partners_reader_sees_the_orders_of_its_accounts_only(ask: Asker, company: Company) -> None:
    deal = next(deal for deal in company.story.deals if deal.crm_key and deal.bookings and deal.bookings[0].parcels)
    buyer = company.story.buyers[deal.buyer]
    other = next(d for d in company.story.deals if d.crm_key and d.buyer != deal.buyer)
    reader = ask.narrowed(accounts={buyer.crm_key or ""})

    told = await reader(
        """query($mine: ID!, $other: ID!) { mine: order(by: {crmId: $mine}) { number customer { crmId } }
           other: order(by: {crmId: $other}) { number } customers(first: 50) { nodes { crmId } }
           orders(first: 50) { nodes { customer { crmId } } } }""",
        mine=deal.crm_key,
        other=other.crm_key,
    )

    assert told.errors == []
    assert told.data["mine"]["customer"]["crmId"] == buyer.crm_key
    assert told.data["other"] is None
    assert [customer["crmId"] for customer in told.data["customers"]["nodes"]] == [buyer.crm_key]
    assert {node["customer"]["crmId"] for node in told.data["orders"]["nodes"]} <= {buyer.crm_key}


async def test_without_a_scope_the_section_is_an_error_that_names_it(ask: Asker, company: Company) -> None:
    reader = Asker(ask.client, ask.signer, {"orders:read"})

    told = await reader(
        "query($id: ID!) { order(by: {crmId: $id}) { number invoices { number } customer { name } } }",
        id=company.highlights[0]["salesforce"],
    )

    assert told.data["order"] == {"number": company.highlights[0]["number"], "invoices": None, "customer": None}
    assert {error["extensions"]["code"] for error in told.errors} == {"FORBIDDEN"}
    assert "scope invoices:read" in " ".join(error["message"] for error in told.errors)


async def test_no_token_is_401_with_words(ask: Asker) -> None:
    response = await ask.client.post("/graphql", json={"query": "{ systems { name } }"})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["errors"][0]["message"]
