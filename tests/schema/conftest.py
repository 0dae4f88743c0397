from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from canonical.order import Stage
from tests.fakes.company import order_record
from tests.schema.asking import Graph
from tests.schema.audience import Audience
from tests.workflows.house import House
from workflows.store.opening import Store


@pytest.fixture
def house(store: Store) -> House:
    """A company whose ERPs know the one customer."""
    made = House(store)
    made.customer_of_both()
    return made


@pytest.fixture
def graph(house: House) -> Graph:
    """Its graph, for somebody with all rights."""
    return Graph(house, house.desk)


@pytest.fixture(params=["loom", "core"])
async def audience(house: House, request: pytest.FixtureRequest) -> AsyncIterator[Audience]:
    """Two orders of which something can be told."""
    for key in ("sale1", "sale2"):
        record = order_record("crm", key, days_ago=1, entity="DE01", stage=Stage.SUBMITTED)
        house.crm.books.orders.append(replace(record, customer_key="acc1"))
    made = Audience(house, request.param)
    async with made.hub.open():
        yield made
        for seat in made.seats:
            await seat.leave()
