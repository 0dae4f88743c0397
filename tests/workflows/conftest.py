from __future__ import annotations

import pytest

from tests.workflows.house import House
from workflows.store.opening import Store


@pytest.fixture
def house(store: Store) -> House:
    """A small company, its desk, and a worker that runs whatever waits when it is told to."""
    return House(store)
