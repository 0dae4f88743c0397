"""No file beyond 350 lines, no function beyond 40, no module with an empty name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.tail import offences

ROOT = Path(__file__).parents[2]


def write(root: Path, place: str, text: str) -> None:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_nothing_here_has_grown_too_long_or_lost_its_name() -> None:
    assert offences(ROOT) == []


@pytest.mark.parametrize(
    "place,text,expected",
    [
        ("canonical/long.py", "x = 1\n" * 351, "canonical/long.py has 351 lines, 350 is the limit"),
        (
            "gateway/deep.py",
            "class A:\n    async def f(self):\n" + "        x = 1\n" * 40,
            "gateway/deep.py:2 f has 41 lines, 40 is the limit",
        ),
        ("sources/acme/utils.py", "", "sources/acme/utils.py is named 'utils', which says nothing"),
        ("resolvers/common/money.py", "", "resolvers/common/money.py is named 'common', which says nothing"),
    ],
)
def test_each_offence_is_seen_where_it_is_seeded(tmp_path: Path, place: str, text: str, expected: str) -> None:
    write(tmp_path, place, text)

    assert offences(tmp_path) == [expected]


def test_the_limits_themselves_are_allowed(tmp_path: Path) -> None:
    write(tmp_path, "engine/full.py", "def f():\n" + "    x = 1\n" * 39 + "y = 1\n" * 310)

    assert offences(tmp_path) == []
