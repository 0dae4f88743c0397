from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app

LANDSCAPE = """\
tenant = "acme"
[[instances]]
name = "sales"
kind = "nobody"
role = "CRM"
base_url = "https://sales.example"
"""


def revgraph(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120", "TERM": "dumb", **environment})


@pytest.mark.parametrize(
    "command,promise",
    [
        ("serve", "Serve the graph over the systems"),
        ("worker", "work that outlives a request"),
        ("demo", "Start a pretend company"),
        ("sandbox", "Start the pretend company's systems alone"),
        ("schema", "Print the graph's schema"),
        ("doctor", "Says in words what to fix"),
        ("settings", "environment variable"),
        ("new-source", "Make the folder of a new vendor"),
    ],
)
def test_every_wish_explains_itself_to_somebody_new(command: str, promise: str) -> None:
    said = revgraph(command, "--help")

    assert said.exit_code == 0
    assert promise in said.output
    assert command in revgraph("--help").output


@pytest.mark.parametrize(
    "command,options",
    [
        ("serve", ["--host", "--port", "--landscape", "--workers"]),
        ("demo", ["--port", "--ready-file", "--erp", "--state"]),
        ("sandbox", ["--state", "--ready", "--erp"]),
        ("schema", ["--check", "--write"]),
        ("doctor", ["--landscape", "--seconds", "--json"]),
    ],
)
def test_every_option_is_in_the_help(command: str, options: list[str]) -> None:
    said = revgraph(command, "--help").output

    assert [option for option in options if option not in said] == []


def test_the_worker_says_that_there_is_nothing_to_do_yet() -> None:
    said = revgraph("worker")

    assert said.exit_code == 2
    assert "nothing for a worker to do" in said.output


def test_serving_without_a_key_is_refused_in_words() -> None:
    said = revgraph("serve")

    assert said.exit_code == 1
    assert "There is no key to verify tokens with: set one of REVGRAPH_JWT_SECRET" in said.output


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_a_wrong_landscape_is_refused_with_its_line_before_anything_starts(tmp_path: Path, command: str) -> None:
    (tmp_path / "revgraph.toml").write_text(LANDSCAPE)

    said = revgraph(command, "--landscape", str(tmp_path / "revgraph.toml"), REVGRAPH_JWT_SECRET="x" * 32)

    assert said.exit_code == 1
    assert 'line 5: instances[0].role: found "CRM"; expected "crm" or "erp"' in said.output


def test_a_wrong_setting_is_refused_by_its_variable() -> None:
    said = revgraph("serve", REVGRAPH_DEADLINE_SECONDS="soon")

    assert said.exit_code == 1
    assert "REVGRAPH_DEADLINE_SECONDS" in said.output


def test_the_schema_is_printed_written_and_compared(tmp_path: Path) -> None:
    held = tmp_path / "schema.graphql"

    assert revgraph("schema", "--write", str(held)).exit_code == 0
    assert revgraph("schema").output == held.read_text()
    assert revgraph("schema", "--check", str(held)).exit_code == 0

    held.write_text(held.read_text().replace("type Query {", "type Query {\n  gone: Int"))
    differs = revgraph("schema", "--check", str(held))

    assert differs.exit_code == 1
    assert "-  gone: Int" in differs.output
    assert "--write" in differs.output


def test_a_new_source_is_written_and_the_next_steps_are_told(tmp_path: Path) -> None:
    said = revgraph("new-source", "acme_books", "--into", str(tmp_path))

    assert said.exit_code == 0
    assert (tmp_path / "acme_books" / "adapter.py").exists()
    assert "revgraph doctor" in said.output
    assert revgraph("new-source", "acme_books", "--into", str(tmp_path)).exit_code == 1


def test_all_settings_are_listed() -> None:
    said = revgraph("settings").output

    assert "REVGRAPH_BODY_LIMIT_BYTES\n    Largest request body; a larger one is refused. Usually 2000000." in said
