"""mypy strict, on the seam alone, refuses a resolver of the wrong shape."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SNIPPET = """
from __future__ import annotations

from collections.abc import Sequence

from canonical.wanted import Wanted
from engine.seam import batch, derived
from tests.engine.shop import Desk


async def without_wanted(context: Desk, parents: Sequence[int], first: int = 1) -> Sequence[str]:
    return []


async def without_sequence(context: Desk, parents: Sequence[int], wanted: Wanted) -> str | None:
    return None


def without_async(context: Desk, parents: Sequence[int], wanted: Wanted) -> Sequence[str]:
    return []


async def good(context: Desk, parents: Sequence[int], wanted: Wanted, first: int = 1) -> Sequence[str | Exception]:
    return []


async def calls(value: int, other: int) -> str:
    return ""


label: str = batch(good, needs=["number"])
no_wanted = batch(without_wanted)
no_sequence = batch(without_sequence)
no_async = batch(without_async)
two_parents = derived(calls)
"""


def test_wrong_resolvers_are_refused_and_the_right_one_is_not(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(snippet)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    refused = [line for line in checked.stdout.splitlines() if "/snippet.py:" in line and "error:" in line]
    wrong = ["batch(without_wanted)", "batch(without_sequence)", "batch(without_async)", "derived(calls)"]
    numbers = [SNIPPET.splitlines().index(line) + 1 for line in SNIPPET.splitlines() if any(w in line for w in wrong)]
    assert sorted({int(line.split(":")[1]) for line in refused}) == numbers, checked.stdout
