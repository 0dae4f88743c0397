"""The README's query is one that the graph understands, and its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

from graphql import parse, validate

from schema import build_schema

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_query_of_the_readme_fits_the_graph() -> None:
    [query] = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)

    assert validate(build_schema()._schema, parse(query)) == []


def test_the_readme_names_only_commands_and_pages_that_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets
    pages = [page for page in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in page]
    assert [page for page in pages if not (ROOT / page).exists()] == []
