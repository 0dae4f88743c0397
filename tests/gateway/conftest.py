from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.gateway.pretend import gateway


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with gateway() as opened:
        yield opened
