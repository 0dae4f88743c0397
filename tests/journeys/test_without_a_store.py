"""A gateway whose store is away starts, reads as ever, and accepts nothing."""

from __future__ import annotations

import os

import httpx
import pytest
from graphql import GraphQLSchema

from gateway.app import create_app
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import open_house
from resolvers.access import SCOPES
from sandbox.serve import Company
from tests.journeys.asking import SECRET, Asker

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUBMIT = """
mutation($input: SubmitOrderInput!) { submitOrder(input: $input, idempotencyKey: "key-of-sixteen-letters") {
  submission { id } problems { code retryable outcome }
} }
"""


@pytest.mark.parametrize(
    "url,code",
    [("postgresql://postgres@/nothing?host=/nowhere", "STORE_UNAVAILABLE"), (None, "NO_STORE")],
)
async def test_orders_are_read_and_none_is_accepted(
    company: Company, graph: GraphQLSchema, url: str | None, code: str
) -> None:
    chosen = {"jwt_secret": SECRET, "landscape": company.landscape, "database_url": url}
    async with open_house(Settings.model_validate(chosen), os.environ, graph) as house:
        app = create_app(house.settings, lambda: open_house(house.settings, os.environ))
        app.state.house = house
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
            ask = Asker(client, Signer(SECRET, house.landscape.tenant), frozenset(SCOPES))

            read = await ask("query($id: ID!) { order(by: {crmId: $id}) { number } }", id=_sale(company))
            both = await ask(
                "query($id: ID!) { order(by: {crmId: $id}) { number submissions { id } } }", id=_sale(company)
            )
            order = {"customer": {"crmId": "0015g0000021sN5AAI"}, "currencyCode": "EUR"}
            refused = await ask(SUBMIT, input={**order, "lines": [{"sku": "AC-30", "quantity": 1}]})

    assert read.errors == []
    assert both.data["order"] == {**read.data["order"], "submissions": None}
    assert both.error_at("order", "submissions")["category"] == "SYSTEM_UNAVAILABLE"
    payload = refused.data["submitOrder"]
    assert payload["submission"] is None
    assert [(one["code"], one["outcome"]) for one in payload["problems"]] == [(code, "NOT_APPLIED")]


def _sale(company: Company) -> str | None:
    return company.highlights[0]["salesforce"]
