"""What holds for every test: no network beyond this machine, and examples that do not race a clock."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.fakes.postgres import Databases
    from workflows.store.opening import Store

# Where a run decides over a change (CI), it tries the same examples each time; anywhere else it looks for new ones.
settings.register_profile("revgraph", deadline=None, max_examples=60)
settings.register_profile("decisive", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("decisive" if os.environ.get("CI") else "revgraph")

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _stay_here(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    connecting, address = arguments
    far = isinstance(connecting, socket.socket) and connecting.family in (socket.AF_INET, socket.AF_INET6)
    if far and isinstance(address, tuple) and address[0] not in _LOOPBACK:
        raise ConnectionRefusedError(f"Tests reach nothing beyond this machine, not even {address[0]}.")


sys.addaudithook(_stay_here)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """A PostgreSQL that starts with the first test that wants one."""
    from tests.fakes.postgres import databases as started  # noqa: PLC0415 - most tests need no database, nor its modules

    with started() as given:
        yield given


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The address of a migrated database that only this test has: for those that start processes or change tables."""
    with databases.one() as url:
        yield url


@pytest.fixture
async def store(databases: Databases) -> AsyncIterator[Store]:
    """A store without a row, open."""
    from workflows.store.opening import Store  # noqa: PLC0415 - as above

    opened = Store(databases.swept())
    yield opened
    await opened.close()
