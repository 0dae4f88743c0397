"""What the suites for every system share: the system of a place, its company, and the way to all its systems."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.serve import Company
from sources.catalog import Sources, open_sources
from sources.landscape_file import read_landscape


@pytest.fixture
def name(place: tuple[str, str]) -> str:
    return place[1]


@pytest.fixture
def company(place: tuple[str, str], request: pytest.FixtureRequest) -> Company:
    opened: Company = request.getfixturevalue(place[0])
    return opened


@pytest_asyncio.fixture(loop_scope="session")
async def sources(company: Company) -> AsyncIterator[Sources]:
    for sandbox in company.sandboxes.values():
        sandbox.faults.clear()
    opened = open_sources(read_landscape(company.landscape, os.environ))
    yield opened
    await opened.close()
    for sandbox in company.sandboxes.values():
        sandbox.faults.clear()
