"""Asking the gateway as a client does."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import httpx

from gateway.tokens import Signer
from sandbox.serve import Company
from sources.kit.sandbox.story import Deal

SECRET = "a secret of the tests, long enough"
"""What signs the tokens of the journeys."""


@dataclass
class Told:
    """An answer: its data, its errors, its extensions."""

    data: Any
    errors: list[dict[str, Any]]
    extensions: dict[str, Any]

    def error_at(self, *path: str | int) -> dict[str, Any]:
        """The extensions of the one error at this path."""
        [error] = [error for error in self.errors if error.get("path") == list(path)]
        extensions: dict[str, Any] = error["extensions"]
        return extensions


@dataclass
class Asker:
    """A client with a token; `rights` narrows what the token allows, `headers` go with every request."""

    client: httpx.AsyncClient
    signer: Signer
    scopes: Collection[str]
    rights: dict[str, Collection[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(self, query: str, **variables: Any) -> Told:
        """The answer to a query; AssertionError unless it is a GraphQL answer with status 200."""
        token = self.signer.sign(self.scopes, **self.rights)  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {token}", "X-Revgraph-Sources": "true", **self.headers}
        body = {"query": query, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=headers)
        assert response.status_code == 200, response.text
        told = response.json()
        return Told(told.get("data"), told.get("errors", []), told.get("extensions", {}))

    def narrowed(self, **rights: Collection[str]) -> Asker:
        """The same client with fewer rights."""
        return Asker(self.client, self.signer, self.scopes, rights, self.headers)

    def planning(self, wish: str = "true") -> Asker:
        """The same client, which wishes for the plan beside the answer, or for the plan only."""
        return Asker(self.client, self.signer, self.scopes, self.rights, {**self.headers, "X-Revgraph-Plan": wish})


async def words_of(ask: Asker, company: Company) -> dict[str, str]:
    """Ids and numbers of the company's records, by what tests call them."""
    light = company.highlights[0]
    deal = next(deal for deal in company.story.deals if deal.crm_key == light["salesforce"])
    lone = next(deal for deal in company.story.deals if "missing_in_crm" in deal.traits).bookings[0]
    billed = next(deal for deal in company.story.deals if deal.crm_key and deal.bookings and deal.bookings[0].bills)
    buyer = company.story.buyers[deal.buyer]
    fields = "id quote { crmId } customer { id } shipments { id } invoices { id }"
    order = (await ask(f'{{ order(by: {{crmId: "{deal.crm_key}"}}) {{ {fields} }} }}')).data["order"]
    ids = [order["id"], order["customer"]["id"], *(one["id"] for one in order["shipments"] + order["invoices"])]
    words = {
        "order": deal.crm_key, "multi": deal_with(company, "multi_entity").crm_key, "quote": order["quote"]["crmId"],
        "erp": light["erp"], "number": light["erpNumber"], "odd": lone.instance, "lone": lone.number,
        "buyer": buyer.crm_key, "account": buyer.accounts[0].number, "sku": next(iter(company.story.articles)),
        "bill": billed.bookings[0].bills[0].number, "ids": json.dumps(ids), "id": json.dumps(order["id"]),
    }  # fmt: skip
    return {name: word or "" for name, word in words.items()}


def deal_with(company: Company, trait: str) -> Deal:
    """The first deal of the story with a trait, that the CRM has."""
    return next(deal for deal in company.story.deals if trait in deal.traits and deal.crm_key)
