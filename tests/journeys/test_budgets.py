"""An operation that would ask more of the systems than their budgets allow is refused before it asks any."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from graphql import GraphQLSchema

from gateway.app import create_app
from gateway.tokens import Signer
from gateway.wiring import House, open_house
from resolvers.access import SCOPES
from sandbox.serve import Company
from sources.landscape import Budgets
from tests.journeys.asking import SECRET, Asker
from tests.journeys.patience import patient_house, refurnished
from tests.journeys.test_counting_calls import PAGE

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def house(company: Company, graph: GraphQLSchema) -> AsyncIterator[House]:
    async with patient_house(company, graph, SECRET) as opened:
        yield opened


@asynccontextmanager
async def limited(house: House, company: Company, operation: int | None = None, **systems: int) -> AsyncIterator[Asker]:
    """A client of a gateway with these budgets, over the systems of a house that is open already."""
    of = {name.replace("_", "-"): calls for name, calls in systems.items()}
    instances = {
        name: replace(instance, limits=replace(instance.limits, calls_per_operation=of.get(name)))
        for name, instance in house.landscape.instances.items()
    }
    landscape = replace(house.landscape, instances=instances, budgets=Budgets(operation))
    app = create_app(house.settings, lambda: open_house(house.settings, os.environ))
    app.state.house = refurnished(house.settings, landscape, house, house.schema, SECRET)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway", timeout=30) as client:
        for sandbox in company.sandboxes.values():
            sandbox.log.clear()
        yield Asker(client, Signer(SECRET, landscape.tenant), frozenset(SCOPES))


def asked(company: Company) -> int:
    return sum(len(sandbox.log.asked()) for sandbox in company.sandboxes.values())


async def test_more_calls_to_a_system_than_it_allows_are_refused_before_the_first(
    ask: Asker, house: House, company: Company
) -> None:
    async with limited(house, company, sap_eu=3) as limited_ask:
        told = await limited_ask(PAGE)

    [error] = told.errors
    assert told.data is None
    assert asked(company) == 0
    said: dict[str, Any] = error["extensions"]
    assert (said["code"], said["system"], said["budget"], said["need"]) == ("SOURCE_BUDGET_EXCEEDED", "sap-eu", 3, 4)
    assert (said["category"], said["outcome"], said["retryable"]) == ("INVALID_INPUT", "NOT_APPLIED", False)
    assert error["message"] == (
        "This operation needs up to 4 calls to sap-eu, and 3 are allowed. Most of them are for `orders.nodes.status`:"
        " ask for a smaller page there, for fewer fields, or in several operations."
    )


async def test_all_systems_together_have_a_budget_and_every_one_that_does_not_suffice_is_told(
    ask: Asker, house: House, company: Company
) -> None:
    async with limited(house, company, 9, erp_us=1, salesforce=2) as limited_ask:
        told = await limited_ask(PAGE)

    said = [(e["extensions"]["system"], e["extensions"]["budget"], e["extensions"]["need"]) for e in told.errors]
    assert said == [("erp-us", 1, 4), (None, 9, 10)]
    assert "to all systems together" in told.errors[1]["message"]
    assert asked(company) == 0


async def test_what_is_within_the_budgets_is_answered_each_time(ask: Asker, house: House, company: Company) -> None:
    async with limited(house, company, 10, salesforce=2, sap_eu=4, erp_us=4) as limited_ask:
        answers = [await limited_ask(PAGE) for _ in range(2)]

    assert [told.errors for told in answers] == [[], []]
    assert asked(company) == 20


async def test_a_smaller_page_or_fewer_fields_are_within_the_budget_that_more_was_not(
    ask: Asker, house: House, company: Company
) -> None:
    page = "query($of: Int!) { customers(first: $of) { nodes { children(first: 3) { nodes { name } } } } }"
    async with limited(house, company, salesforce=2) as limited_ask:
        large, small = await limited_ask(page, of=12), await limited_ask(page, of=5)

    assert [error["extensions"]["need"] for error in large.errors] == [4]
    assert small.errors == []


async def test_introspection_beside_it_hides_no_call_from_the_budget(
    ask: Asker, house: House, company: Company
) -> None:
    async with limited(house, company, salesforce=1) as limited_ask:
        told = await limited_ask("{ __schema { queryType { name } } orders(first: 5) { nodes { number } } }")

    assert [error["extensions"]["code"] for error in told.errors] == ["SOURCE_BUDGET_EXCEEDED"]
    assert asked(company) == 0


async def test_the_status_is_that_of_other_questions_that_cannot_be_answered(
    ask: Asker, house: House, company: Company
) -> None:
    modern = {"Accept": "application/graphql-response+json"}
    async with limited(house, company, 1) as limited_ask:
        token = limited_ask.signer.sign(limited_ask.scopes)
        headers = {"Authorization": f"Bearer {token}"}
        body = {"query": "{ orders(first: 5) { nodes { number } } }"}
        legacy = await limited_ask.client.post("/graphql", json=body, headers=headers)
        strict = await limited_ask.client.post("/graphql", json=body, headers={**headers, **modern})

    assert (legacy.status_code, strict.status_code) == (200, 400)
    assert "data" not in legacy.json()
    assert strict.json()["errors"][0]["extensions"]["need"] == 4


async def test_a_plan_tells_the_budgets_and_what_would_be_refused_without_refusing_it(
    ask: Asker, house: House, company: Company
) -> None:
    async with limited(house, company, 40, sap_eu=3) as limited_ask:
        told = await limited_ask.planning("only")(PAGE)

    plan = told.extensions["plan"]
    assert told.errors == []
    assert {one["system"]: one["budget"] for one in plan["systems"]} == {
        "salesforce": None,
        "sap-eu": 3,
        "erp-us": None,
    }
    assert (plan["budget"], plan["exceeded"]) == (40, [{"system": "sap-eu", "budget": 3, "need": 4}])
