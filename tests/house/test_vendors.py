"""A vendor's folder is entered by its front door, and its sandbox by none of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tests.house.vendors import trespasses


def seed(root: Path, place: str, line: str) -> None:
    for folder in ("sources/acme", "sources/zenith", "sources/kit", str(Path(place).parent)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "__init__.py").touch()
    (root / place).write_text(line)


def test_nobody_here_enters_a_vendors_folder() -> None:
    assert trespasses(ROOT) == []


@pytest.mark.parametrize(
    "place,line,expected",
    [
        ("gateway/x.py", "from sources import acme", "gateway.x -> sources.acme"),
        ("resolvers/x.py", "import sources.acme.odd_name", "resolvers.x -> sources.acme.odd_name"),
        ("sources/catalog.py", "from sources.acme.adapter import A", "sources.catalog -> sources.acme.adapter.A"),
        ("sources/zenith/x.py", "from sources.acme import x", "sources.zenith.x -> sources.acme.x"),
        ("sources/acme/x.py", "from sources.acme.sandbox import app", "sources.acme.x -> sources.acme.sandbox.app"),
        (
            "sources/acme/sandbox/x.py",
            "from sources.acme import values",
            "sources.acme.sandbox.x -> sources.acme.values",
        ),
        ("sandbox/x.py", "from sources.acme import values", "sandbox.x -> sources.acme.values"),
    ],
)
def test_each_way_in_is_seen(tmp_path: Path, place: str, line: str, expected: str) -> None:
    seed(tmp_path, place, line)

    assert trespasses(tmp_path) == [expected]


@pytest.mark.parametrize(
    "place,line",
    [
        ("sources/acme/x.py", "from sources.acme.wire import Row"),
        ("sources/acme/sandbox/x.py", "from sources.acme.sandbox.store import Store"),
        ("sources/acme/sandbox/x.py", "from sources.acme.bus import bus_pb2 as bus"),
        ("sources/acme/x.py", "from sources.kit.http import Caller"),
        ("sandbox/x.py", "from sources.acme.sandbox import app"),
    ],
)
def test_the_open_ways_are_left_open(tmp_path: Path, place: str, line: str) -> None:
    seed(tmp_path, place, line)

    assert trespasses(tmp_path) == []
