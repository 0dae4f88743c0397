"""The whole way: a pretend company over real HTTP, and the gateway in front of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from graphql import GraphQLSchema

from gateway.app import create_app
from gateway.settings import Settings
from gateway.tokens import Signer
from gateway.wiring import House, open_house, the_schema
from resolvers.access import SCOPES
from sandbox.serve import Company, open_company
from tests.fakes.postgres import Databases
from tests.journeys.asking import SECRET, Asker
from tests.journeys.working import worked


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def company() -> AsyncIterator[Company]:
    async with open_company() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """What lets things happen in the company; of a module that has one of its own."""
    async with httpx.AsyncClient(base_url=company.control, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def graph() -> GraphQLSchema:
    return the_schema()


@pytest_asyncio.fixture(loop_scope="session")
async def house(company: Company, graph: GraphQLSchema) -> AsyncIterator[House]:
    """A gateway of its own for each test: breakers that one test opened are closed for the next."""
    settings = Settings.model_validate({"jwt_secret": SECRET, "landscape": company.landscape})
    async with open_house(settings, os.environ, graph) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def ask(company: Company, house: House) -> AsyncIterator[Asker]:
    """A client that may see everything; the company is well when it comes, and forgets what it was asked before."""
    for sandbox in company.sandboxes.values():
        sandbox.faults.clear()
    app = create_app(house.settings, lambda: open_house(house.settings, os.environ))
    app.state.house = house
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=30) as client:
        asker = Asker(client, Signer(SECRET, house.landscape.tenant), frozenset(SCOPES))
        await asker("{ systems { name } orders(first: 1) { nodes { status } } }")  # signs in where that takes a call
        for sandbox in company.sandboxes.values():
            sandbox.log.clear()
        yield asker
        for sandbox in company.sandboxes.values():
            sandbox.faults.clear()


@pytest.fixture(scope="module")
def url(databases: Databases) -> Iterator[str]:
    """The address of a store of the module's own."""
    with databases.one() as given:
        yield given


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clerk(company: Company, url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    """A client with every right, of a gateway with a store and a worker of the module's own."""
    async with worked(company, url, tmp_path_factory.mktemp("worker")) as (_, asker):
        yield asker
