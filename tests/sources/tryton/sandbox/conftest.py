"""One real ERP a file of tests, restored from the snapshot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sources.tryton.sandbox.install import Installation, install
from sources.tryton.sandbox.serve import Reached, Server, restore


@pytest.fixture(scope="session")
def installation() -> Installation:
    return install()


@pytest.fixture(scope="module")
def reached(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    state = tmp_path_factory.mktemp("tryton")
    restore(state)
    server = Server(state, installation)
    yield server.start()
    server.stop()
