"""A gateway over a small graph of its own, for tests: no system behind it, every kind of failure in front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema
from pydantic import SecretStr

from canonical.errors import Mistake, OutcomeUnknown, ProblemCategory, Refused, Throttled, Unavailable
from gateway.app import create_app
from gateway.authentication import Authenticator, Keys
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import House, furnish
from sources.catalog import Sources
from sources.kit.call import SourceCall
from sources.landscape import Instance, Landscape

SECRET = "a-secret-of-tests-that-is-long-enough"
SIGNER = Signer(SECRET, "acme")
AUTHENTICATOR = Authenticator(Keys(("HS256",), SECRET), "revgraph-demo", "revgraph", "acme", leeway=5.0)
TOKEN = SIGNER.sign(["orders:read"])
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
LANDSCAPE = Landscape("acme", {"books": Instance("books", "ledger", "erp", "http://127.0.0.1:1")}, {})

SDL = """
type Query {
  hello(name: String! = "you"): String
  me: String
  down: String
  busy: String
  broken: String
  uncertain: String
  forbidden: String
  credit: String
  slow: String
  strange: Strange
  again: Query
  items: [Query!]
  asks: String
  keeps: String
}
type Mutation { write: String }
type Subscription { news(after: String): String }
type Strange { must: String! }
"""


class Root:
    """The root value's stand-in: every field is a method here."""

    def hello(self, info: GraphQLResolveInfo[Any], name: str) -> str:
        return f"hello {name}"

    def me(self, info: GraphQLResolveInfo[Any]) -> str:
        principal = info.context.call.principal
        return f"{principal.subject} {principal.tenant} {sorted(principal.scopes)}"

    async def down(self, info: GraphQLResolveInfo[Any]) -> str:
        raise Unavailable(
            "books", "The books cannot be reached just now.", detail="10.0.0.7:443 refused", retry_after=1.2
        )

    def busy(self, info: GraphQLResolveInfo[Any]) -> str:
        raise Throttled("books", "The books ask for fewer calls.", retry_after=30)

    def broken(self, info: GraphQLResolveInfo[Any]) -> str:
        raise KeyError("hunter2")

    def uncertain(self, info: GraphQLResolveInfo[Any]) -> str:
        raise OutcomeUnknown("books", "The order may or may not be booked.")

    def forbidden(self, info: GraphQLResolveInfo[Any]) -> str:
        raise Mistake("FORBIDDEN", "Your access does not include this.", ProblemCategory.PERMISSION)

    def credit(self, info: GraphQLResolveInfo[Any]) -> str:
        raise Refused("books", "The customer is over its limit.", category=ProblemCategory.CREDIT)

    async def slow(self, info: GraphQLResolveInfo[Any]) -> str:
        await asyncio.Event().wait()
        return "never"

    def strange(self, info: GraphQLResolveInfo[Any]) -> dict[str, None]:
        return {"must": None}

    def again(self, info: GraphQLResolveInfo[Any]) -> Root:
        return self

    def items(self, info: GraphQLResolveInfo[Any]) -> list[Root]:
        return [self] * 150

    def asks(self, info: GraphQLResolveInfo[Any]) -> str:
        record = info.context.call.record
        record.add(SourceCall("books", "orders by number", 12.34, 3))
        record.add(SourceCall("sales", "orders by key", 7.0, 1, "timeout"))
        return "asked"

    def keeps(self, info: GraphQLResolveInfo[Any]) -> str:
        record = info.context.call.record
        record.add(SourceCall("books", "orders by number", 12.34, 3))
        record.add(SourceCall("sales", "customer", 0.41, 2, "kept"))
        record.add(SourceCall("sales", "customer", 0.41, 1, "stale"))
        return "kept"


def schema() -> GraphQLSchema:
    """The small graph, whose fields are the methods of Root."""
    made = build_schema(SDL)
    assert made.query_type is not None
    for name, field in made.query_type.fields.items():
        field.resolve = _resolver(name)
    return made


def _resolver(name: str) -> Any:
    def resolve(_: object, info: GraphQLResolveInfo[Any], **arguments: object) -> object:
        return getattr(Root(), name)(info, **arguments)

    return resolve


@asynccontextmanager
async def gateway(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway with these settings, without a socket in between."""
    chosen = Settings(jwt_secret=SecretStr(SECRET), **settings)

    @asynccontextmanager
    async def open_house() -> AsyncIterator[House]:
        yield furnish(chosen, LANDSCAPE, Sources({}), AUTHENTICATOR, schema())

    app = create_app(chosen, open_house)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


async def ask(client: httpx.AsyncClient, query: str, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
    """The answer to a query, as JSON."""
    answer = await client.post("/graphql", json={"query": query, **more}, headers={**HEADERS, **(headers or {})})
    return answer.json()
