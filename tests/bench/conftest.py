from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bench.peers.desk.serve import Desk, open_desk


@pytest.fixture(scope="session")
def every_record() -> Desk:
    return Desk()


@pytest.fixture
async def desk(every_record: Desk) -> AsyncIterator[tuple[Desk, str]]:
    """The desk, counting from zero, and its address."""
    every_record.calls.clear()
    server, port = await open_desk(every_record)
    yield every_record, f"http://127.0.0.1:{port}"
    server.close()
    await server.wait_closed()
