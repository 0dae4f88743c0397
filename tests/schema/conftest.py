from __future__ import annotations

import pytest

from tests.schema.asking import Graph
from tests.workflows.house import House
from workflows.store.opening import Store


@pytest.fixture
def house(store: Store) -> House:
    """A company whose ERPs know the one customer."""
    made = House(store)
    made.customer()
    made.known_in(made.eu, "C-77")
    made.known_in(made.us, "C-88")
    return made


@pytest.fixture
def graph(house: House) -> Graph:
    """Its graph, for somebody with all rights."""
    return Graph(house, house.desk)
