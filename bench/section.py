"""One section of docs/benchmarks.md, between marks of its own."""

from __future__ import annotations

from pathlib import Path

REPORT = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def write(name: str, lines: list[str], report: Path = REPORT) -> None:
    """Put the section in the place of the one before, or at the end."""
    mark = f"<!-- {name} -->"
    held = report.read_text() if report.exists() else "# Benchmarks\n\n"
    before, _, rest = held.partition(mark)
    after = rest.partition(mark)[2].lstrip("\n")
    section = "\n".join([mark, *lines, "", mark]) + "\n"
    report.write_text((before if rest else before.rstrip("\n") + "\n\n") + section + after)
