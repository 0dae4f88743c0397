"""The long form: the whole company, 2,000 orders of 200 customers, told true to the last invoice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.opening import Tale
from sandbox.serve import SMALL, Company, open_company
from tests.journeys.asking import Asker
from tests.journeys.test_truth import every_order, test_shipped_units_are_those_that_left, told_as
from tests.journeys.test_truth import (
    test_bookings_shipments_invoices_and_payments_are_those_of_the_story as test_every_document_is_the_storys,
)

pytestmark = [
    pytest.mark.proof,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("the whole company"),
]

__all__ = ["test_every_document_is_the_storys", "test_shipped_units_are_those_that_left"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def company() -> AsyncIterator[Company]:
    """The demo's own company, in the place of the small one that the short forms ask."""
    async with open_company(Tale(SMALL.profile)) as opened:
        yield opened


async def test_every_order_of_the_year_is_listed_once_newest_first(ask: Asker, company: Company) -> None:
    nodes = await every_order(ask)

    assert len({node["id"] for node in nodes}) == len(nodes)
    assert len(nodes) == len(company.story.deals)
    for deal in company.story.deals:
        told_as(deal, nodes)
