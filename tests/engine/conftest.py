"""A context as the engine asks for one, which notes what it was told."""

from __future__ import annotations

import pytest

from tests.engine.shop import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
