"""Asking the gateway as a client does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import httpx

from gateway.tokens import Signer
from sandbox.serve import Company
from sources.kit.sandbox.story import Deal


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
    """A client with a token; `rights` narrows what the token allows."""

    client: httpx.AsyncClient
    signer: Signer
    scopes: Collection[str]
    rights: dict[str, Collection[str]] = field(default_factory=dict)

    async def __call__(self, query: str, **variables: Any) -> Told:
        """The answer to a query; AssertionError unless it is a GraphQL answer with status 200."""
        token = self.signer.sign(self.scopes, **self.rights)  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {token}", "X-Revgraph-Sources": "true"}
        body = {"query": query, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=headers)
        assert response.status_code == 200, response.text
        told = response.json()
        return Told(told.get("data"), told.get("errors", []), told.get("extensions", {}))

    def narrowed(self, **rights: Collection[str]) -> Asker:
        """The same client with fewer rights."""
        return Asker(self.client, self.signer, self.scopes, rights)


def deal_with(company: Company, trait: str) -> Deal:
    """The first deal of the story with a trait, that the CRM has."""
    return next(deal for deal in company.story.deals if trait in deal.traits and deal.crm_key)
