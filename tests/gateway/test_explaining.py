"""`revgraph explain` shows what an operation will ask of whom, without a system and without a credential."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.test_cli import revgraph

LANDSCAPE = """\
tenant = "acme"
[[instances]]
name = "sales"
kind = "salesforce"
role = "crm"
base_url = "https://sales.example"
[instances.credentials]
client_secret = { env = "NOT_SET_ANYWHERE" }
[[instances]]
name = "books"
kind = "s4hana"
role = "erp"
base_url = "https://books.example"
[[legal_entities]]
code = "DE01"
erp = "books"
codes = { company_code = "1010", sales_organization = "1010" }
"""
PAGE = """\
query Page($first: Int!) { orders(first: $first) { nodes { number status shipments { number } customer { name } } } }
query One { order(by: {crmId: "801000000000000AAA"}) { number } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "revgraph.toml").write_text(LANDSCAPE)
    (tmp_path / "page.graphql").write_text(PAGE)
    return tmp_path


def explained(folder: Path, *more: str) -> tuple[int, str]:
    landscape = ["--landscape", str(folder / "revgraph.toml")]
    said = revgraph("explain", str(folder / "page.graphql"), *landscape, *more)
    return said.exit_code, said.output


def test_levels_systems_calls_and_fields_are_shown_as_a_tree_and_a_table(folder: Path) -> None:
    code, said = explained(folder, "--operation", "Page", "--variables", '{"first": 50}')

    assert code == 0
    lines = [line.strip("│├└─ ") for line in said.splitlines()]
    assert lines[0] == "Page"
    assert "orders(first: 50) Query.orders" in lines
    assert "orders.nodes.shipments Order.shipments of up to 50" in lines
    assert "books: fetch shipments of orders, along with orders.nodes.status" in lines
    assert any(line.startswith("books: fetch shipments of orders: 1 call (lines.quantity, number") for line in lines)
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines()]
    rows = [row for row in cells if len(row) == 4]
    assert [row[:2] for row in rows] == [["sales", "2"], ["books", "4"], ["all together", "6"]]
    assert [row[3] for row in rows] == ["-", "-", "-"]


def test_programs_get_what_the_extension_says(folder: Path) -> None:
    code, said = explained(folder, "--operation", "Page", "--variables", '{"first": 50}', "--json")

    plan: dict[str, Any] = json.loads(said)
    assert code == 0
    assert {one["system"]: one["calls"] for one in plan["systems"]} == {"sales": 2, "books": 4}
    assert plan["levels"][0]["steps"][0]["arguments"] == {"first": 50}
    assert [step["path"] for step in plan["levels"][1]["steps"]] == [
        "orders.nodes.status",
        "orders.nodes.shipments",
        "orders.nodes.customer",
    ]


def test_variables_may_stand_in_a_file(folder: Path) -> None:
    (folder / "v.json").write_text('{"first": 7}')

    _, said = explained(folder, "--operation", "Page", "--variables", f"@{folder / 'v.json'}", "--json")

    assert json.loads(said)["levels"][1]["steps"][0]["parents"] == 7


def test_what_is_over_a_budget_is_shown_all_the_same_and_ends_with_code_1(folder: Path) -> None:
    text = LANDSCAPE + "[budgets]\noperation = 5\n"
    (folder / "revgraph.toml").write_text(text.replace('role = "erp"', 'role = "erp"\nlimits.calls_per_operation = 3'))

    code, said = explained(folder, "--operation", "Page", "--variables", '{"first": 50}')

    assert code == 1
    flat = " ".join(said.split())
    assert "Over budget: This operation needs up to 4 calls to books, and 3 are allowed." in flat
    assert "Over budget: This operation needs up to 6 calls to all systems together, and 5 are allowed." in flat
    assert "orders.nodes.shipments" in said


@pytest.mark.parametrize(
    "text, more, words",
    [
        ("{ orders(first: 5 { nodes { number } } }", [], "line 1, column 19: Syntax Error"),
        ("{ orders { nodes { colour } } }", [], "line 1, column 20: Cannot query field 'colour' on type 'Order'."),
        (PAGE, [], "several operations: say which one with operationName"),
        (PAGE, ["--operation", "Two"], "There is no operation named 'Two'"),
        (PAGE, ["--operation", "Page"], "Variable '$first' has invalid value"),
        (PAGE, ["--operation", "Page", "--variables", "first=5"], "The variables are not JSON"),
        (PAGE, ["--operation", "Page", "--variables", "[5]"], "The variables must be a JSON object"),
        (PAGE, ["--operation", "Page", "--variables", "@gone.json"], "gone.json cannot be read"),
    ],
)
def test_what_is_no_operation_of_the_graph_is_refused_in_words(
    folder: Path, text: str, more: list[str], words: str
) -> None:
    (folder / "page.graphql").write_text(text)

    code, said = explained(folder, *more)

    assert code == 1
    assert words in said


def test_a_field_that_is_asked_wrongly_is_shown_to_ask_nobody(folder: Path) -> None:
    (folder / "page.graphql").write_text("{ orders(first: 900) { nodes { status } } }")

    code, said = explained(folder)

    assert code == 0
    assert "asks nobody: `first` is 900; ask for 1 to 200 at a time." in said


def test_without_a_landscape_it_says_what_to_do(folder: Path) -> None:
    (folder / "revgraph.toml").unlink()

    code, said = explained(folder)

    assert code == 1
    assert "There is no landscape file" in said
    assert "revgraph.example.toml" in said


def test_an_operation_may_come_from_a_pipe(folder: Path) -> None:
    from typer.testing import CliRunner  # noqa: PLC0415

    from gateway.cli import app  # noqa: PLC0415

    said = CliRunner().invoke(
        app,
        ["explain", "-", "--landscape", str(folder / "revgraph.toml"), "--json"],
        input="{ systems { name } }",
    )

    assert said.exit_code == 0
    assert json.loads(said.output)["calls"] == 2
