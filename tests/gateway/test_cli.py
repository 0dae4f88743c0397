from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.cli_beginning import look_at_store
from sources.catalog import kinds
from sources.vendor_settings import settings_of
from tests.fakes.postgres import Databases

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
        ("worker", "what outlives a request"),
        ("migrate", "Bring the database of DATABASE_URL to this version"),
        ("demo", "Start a pretend company"),
        ("sandbox", "Start the pretend company's systems alone"),
        ("schema", "Print the graph's schema"),
        ("doctor", "Says in words what to fix"),
        ("explain", "Asks no system and needs no credentials"),
        ("settings", "environment variable"),
        ("forget", "the next reader gets them live"),
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
        ("serve", ["--host", "--port", "--landscape", "--workers", "--state", "--reads-only"]),
        ("worker", ["--landscape", "--wait", "--version"]),
        ("demo", ["--port", "--ready-file", "--erp", "--state", "--cache", "--play"]),
        ("sandbox", ["--state", "--ready", "--erp", "--cache"]),
        ("forget", ["system", "concept", "keys", "--landscape"]),
        ("schema", ["--check", "--write"]),
        ("doctor", ["--landscape", "--seconds", "--json"]),
        ("explain", ["--variables", "--operation", "--landscape", "--json"]),
    ],
)
def test_every_option_is_in_the_help(command: str, options: list[str]) -> None:
    said = revgraph(command, "--help").output

    assert [option for option in options if option not in said] == []


@pytest.mark.parametrize("command", ["worker", "migrate"])
def test_without_a_database_there_is_nothing_to_work_on(command: str) -> None:
    said = revgraph(command)

    assert said.exit_code == 2
    assert "There is no DATABASE_URL" in said.output


def test_a_database_is_migrated_by_its_name_in_the_environment(databases: Databases) -> None:
    url = databases.cluster.ensure_database("to_be_migrated")

    said = revgraph("migrate", DATABASE_URL=url)

    assert said.exit_code == 0
    assert "The database is at revision 0004." in said.output


def test_a_database_that_does_not_answer_is_said_in_words_and_without_its_password() -> None:
    said = revgraph("migrate", DATABASE_URL="postgresql://me:hush-hush@/nothing?host=/nowhere")

    assert said.exit_code == 1
    assert "The database cannot be reached: " in said.output
    assert "hush-hush" not in said.output


def test_serving_over_a_database_that_was_never_migrated_is_refused_with_what_to_run(
    databases: Databases, tmp_path: Path
) -> None:
    url = databases.cluster.ensure_database("never_migrated")

    said = revgraph("serve", "--landscape", str(keeping(tmp_path)), REVGRAPH_JWT_SECRET="x" * 32, DATABASE_URL=url)

    assert said.exit_code == 1
    assert "Run `revgraph migrate` with the same DATABASE_URL first." in said.output


def test_a_database_that_is_migrated_while_serving_waits_is_taken(databases: Databases) -> None:
    url = databases.cluster.ensure_database("migrated_meanwhile")

    with ThreadPoolExecutor(1) as beside:
        migrating = beside.submit(revgraph, "migrate", DATABASE_URL=url)
        look_at_store(url, 60.0)

    assert migrating.result().exit_code == 0


def test_who_only_reads_asks_for_no_database(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.embedded.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    where = {"DATABASE_URL": databases.cluster.ensure_database("never_migrated")}
    given = ("--reads-only", "--landscape", str(keeping(tmp_path)))

    said = revgraph("serve", *given, REVGRAPH_JWT_SECRET="x" * 32, **where)

    assert "revgraph migrate" not in said.output
    assert "needs a Redis, and there is none here" in said.output


def test_systems_that_cannot_be_opened_are_named_before_anything_starts(tmp_path: Path) -> None:
    wrong = keeping(tmp_path)
    wrong.write_text(wrong.read_text().replace("[cache", "[instances.settings]\nno_such_setting = 1\n[cache"))

    said = revgraph("serve", "--reads-only", "--landscape", str(wrong), REVGRAPH_JWT_SECRET="x" * 32)

    assert said.exit_code == 1
    assert "These systems cannot be opened as the landscape describes them:" in said.output


def test_serving_without_a_key_is_refused_in_words() -> None:
    said = revgraph("serve")

    assert said.exit_code == 1
    assert "There is no key to verify tokens with: set one of REVGRAPH_JWT_SECRET" in said.output


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_a_wrong_landscape_is_refused_with_its_line_before_anything_starts(tmp_path: Path, command: str) -> None:
    (tmp_path / "revgraph.toml").write_text(LANDSCAPE)

    said = revgraph(command, "--landscape", str(tmp_path / "revgraph.toml"), REVGRAPH_JWT_SECRET="x" * 32)

    assert said.exit_code == 1
    assert 'line 5: instances[0].role: found "CRM"; expected "crm", "erp" or "tax"' in said.output


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


@pytest.mark.parametrize("kind", kinds())
def test_what_a_kind_of_system_can_be_told_is_listed(kind: str) -> None:
    said = revgraph("settings", kind).output

    assert [one.name for one in settings_of(kind) if f"{one.name}\n    {one.meaning}" not in said] == []


def test_a_kind_that_there_is_not_is_refused_with_those_there_are() -> None:
    said = revgraph("settings", "abacus")

    assert said.exit_code == 1
    assert f"expected one of {', '.join(kinds())}." in said.output


def test_where_no_redis_is_to_be_had_serving_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.embedded.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    said = revgraph("serve", "--reads-only", "--landscape", str(keeping(tmp_path)), REVGRAPH_JWT_SECRET="x" * 32)

    assert said.exit_code == 1
    assert "needs a Redis, and there is none here. Set REVGRAPH_REDIS_URL" in said.output


@pytest.mark.parametrize(
    "system,concept,expected",
    [
        ("slaes", "customer", "There is no 'slaes'; expected one of sales."),
        ("sales", "customers", "There is no 'customers'; expected one of customer, quote"),
        ("sales", "customer", "needs a Redis: set REVGRAPH_REDIS_URL"),
    ],
)
def test_what_cannot_be_forgotten_is_said_in_words(tmp_path: Path, system: str, concept: str, expected: str) -> None:
    said = revgraph("forget", system, concept, "--landscape", str(keeping(tmp_path)))

    assert said.exit_code == 1
    assert expected in said.output


def test_a_change_that_reached_no_redis_is_a_failure(tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/nowhere"

    said = revgraph("forget", "sales", "customer", "1", "--landscape", str(keeping(tmp_path)), REDIS_URL=nowhere)

    assert said.exit_code == 1
    assert "Redis did not take the change" in said.output


def keeping(folder: Path) -> Path:
    """A landscape that lets answers be kept."""
    path = folder / "revgraph.toml"
    (folder / "word").write_text("never used")
    words = "".join(f'{name} = {{ file = "word" }}\n' for name in ("client_id", "client_secret"))
    kept = f'[instances.credentials]\n{words}[cache."product"]\nmax_age_seconds = 300\n'
    path.write_text(LANDSCAPE.replace("CRM", "crm").replace("nobody", "salesforce") + kept)
    return path
