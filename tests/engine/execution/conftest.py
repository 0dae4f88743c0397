"""Each case is asked of both engines."""

from __future__ import annotations

from typing import cast

import pytest

pytest.register_assert_rewrite("tests.engine.execution.asking")

from tests.engine.execution.asking import Engine, Name  # noqa: E402 - its assertions are read as they are loaded


@pytest.fixture(params=["core", "loom"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(cast("Name", request.param))


@pytest.fixture
def name(engine: Engine) -> Name:
    """Which of both it is, where the specification leaves room and they differ."""
    return engine.name
