"""What the README asks is understood by the graph, and its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import parse, validate

from schema import build_schema

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md") if "```graphql" in page.read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")


def test_the_operations_of_the_readme_fit_the_graph() -> None:
    found = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)

    assert len(found) == 2
    assert [validate(build_schema()._schema, parse(text)) for text in found] == [[], []]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_operation_on_a_page_fits_the_graph(page: Path) -> None:
    for text in re.findall(r"```graphql\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        assert validate(build_schema()._schema, parse(text)) == []


def test_every_link_of_every_page_leads_to_a_file() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "sources").glob("*/README.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8"))]

    assert len(links) > 50
    assert [(page.name, link) for page, link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_readme_names_only_commands_and_pages_that_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= targets
    pages = [page for page in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in page]
    assert [page for page in pages if not (ROOT / page).exists()] == []
