from __future__ import annotations

from collections.abc import Iterator

import pytest

from sources.tryton.sandbox.install import install
from sources.tryton.sandbox.serve import Reached, Server, restore


@pytest.fixture(scope="module")
def erp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    """A real Tryton with the company's books. Tests with it carry the marks `tryton` and `xdist_group("tryton")`."""
    state = tmp_path_factory.mktemp("tryton-adapter")
    restore(state)
    server = Server(state, install())
    try:
        yield server.start()
    finally:
        server.stop()
